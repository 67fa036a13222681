"""A guard for test suites: no connection leaves this machine, so that a test that needs the network fails at once."""

import ipaddress
import socket
from collections.abc import Iterator
from typing import Any

import pytest


def guard() -> Iterator[None]:
    """Refuse, while it runs, every connection to an address that is not this machine's own."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        host = address[0] if isinstance(address, tuple) else "localhost"
        if host != "localhost" and not ipaddress.ip_address(host).is_loopback:
            raise OSError(f"tests use no network; {host} was asked for")
        connect(self, address)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", guarded)
        yield
