"""Addresses: the client behind trusted proxies, and what counts as one client."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from tunix_rt_backend.addresses import client_of, group_of, parse

TRUSTED = [ip_network("10.0.0.0/8"), ip_network("2001:db8::/32")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", ["198.51.100.1"], "192.0.2.1"), ("10.0.0.1", [], "10.0.0.1"), ("10.0.0.1", [""], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1"], "198.51.100.1"), ("10.0.0.1", ["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
        ("10.0.0.1", ["1.1.1.1", "198.51.100.1, 10.0.0.2"], "198.51.100.1"), ("10.0.0.1", ["10.0.0.3"], "10.0.0.3"),
        ("10.0.0.1", ["198.51.100.1, x"], "10.0.0.1"), ("::ffff:10.0.0.1", ["198.51.100.1"], "198.51.100.1"),
        ("2001:db8::1", ["2a00::1"], "2a00::1"), ("", ["198.51.100.1"], None),
        ("10.0.0.1", ["198.51.100.1:5678"], "198.51.100.1"), ("10.0.0.1", ["[2a00::1]:443"], "2a00::1"),
        ("10.0.0.1", ["1.1.1.1, [2a00::1], 10.0.0.2:80"], "2a00::1"), ("10.0.0.1", [":80"], "10.0.0.1"),
        ("10.0.0.1", ["[198.51.100.1"], "10.0.0.1"), ("10.0.0.1", ["[]:1"], "10.0.0.1"),
        ("10.0.0.1", ["198.51.100.1:x"], "10.0.0.1"), ("10.0.0.1", ["2a00::1:80"], "2a00::1:80"),
    ],
)  # fmt: skip
def test_client_is_the_last_one_that_no_proxy_of_ours_is(peer: str, forwarded: list[str], expected: str | None) -> None:
    found = client_of(peer, forwarded, TRUSTED)
    assert (found and str(found)) == expected


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("192.0.2.1", "192.0.2.2", False), ("192.0.2.1", "::ffff:192.0.2.1", True),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2", False), ("2a00::1", "2a00::2", True),
        ("2a00::1%eth0", "2a00::1", True), ("2a00::1", "2a00:0:0:1::1", False),
    ],
)  # fmt: skip
def test_clients_are_told_apart_by_address_and_in_ipv6_by_network(one: str, other: str, same: bool) -> None:
    assert (group_of(parse(one)) == group_of(parse(other))) is same
