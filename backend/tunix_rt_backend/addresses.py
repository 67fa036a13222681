"""Addresses of clients: whose a request is behind a proxy, and what counts as one client; it knows no request."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

Address = IPv4Address | IPv6Address
Networks = Sequence[IPv4Network | IPv6Network]
LOOPBACK: Networks = (IPv4Network("127.0.0.0/8"), IPv6Network("::1/128"))
"""Addresses of this machine itself."""

_WITH_PORT = re.compile(r"\[(?P<six>[^\]]*)\](?::\d+)?|(?P<four>[^:]*):\d+")
"""An address as some proxies write it: `192.0.2.1:5678`, `[2001:db8::1]:443`."""


def parse(text: str) -> Address | None:
    """Return an address, an IPv4 one that IPv6 wraps as itself; None: it is none, such as that of a Unix socket.

    A port after it is left out.
    """
    text = text.strip()
    if written := _WITH_PORT.fullmatch(text):
        text = written["six"] or written["four"] or ""
    try:
        found = ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def is_in(address: Address, networks: Networks) -> bool:
    """Return whether an address belongs to one of some networks."""
    return any(address in network for network in networks)


def client_of(peer: str, forwarded: Sequence[str], trusted: Networks) -> Address | None:
    """Return the address of a client: the peer's, or what trusted proxies say of it in X-Forwarded-For.

    Each proxy adds, on the right, whom it heard. So an entry is believed only while all to its right are trusted:
    whatever a client writes itself stands further left.
    """
    found = parse(peer)
    for entry in reversed(",".join(forwarded).split(",")):
        if found is None or not is_in(found, trusted):
            break
        before = parse(entry)
        if before is None:
            break
        found = before
    return found


def group_of(address: Address | None) -> str:
    """Return what failures and connections are counted under: of IPv6 the network, since one host has all of it."""
    if address is None:
        return "local"
    return str(address) if address.version == 4 else str(ipaddress.ip_network((address, 64), strict=False))
