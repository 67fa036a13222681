"""Connections: one address holds only so many, and gets its place back when it closes one."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest
import uvicorn

from tunix_rt_backend.app import create_app
from tunix_rt_backend.middleware.connections import Holders, HttpProtocol, holders_of, server_options
from tunix_rt_backend.settings import Settings

ASK = b"GET /api/health HTTP/1.1\r\nHost: localhost\r\n\r\n"


@pytest.fixture
def port(sqlite_settings: Settings) -> Iterator[int]:
    """The port of a real server that counts the connections of this machine as those of any other."""
    counting = partial(HttpProtocol, holders=Holders(3, uncounted=()))
    listening = socket.create_server(("127.0.0.1", 0))
    options = server_options(sqlite_settings) | {"http": counting}
    server = uvicorn.Server(uvicorn.Config(create_app(sqlite_settings), **options))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()
    listening.close()


def status(connection: socket.socket) -> bytes:
    connection.sendall(ASK)
    return connection.recv(4096).split()[1]


def connect(port: int, source: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=5, source_address=(source, 0))


def test_one_address_holds_only_so_many_connections(port: int) -> None:
    held = [connect(port) for _ in range(3)]
    assert [status(one) for one in held] == [b"200"] * 3
    with connect(port) as refused:
        assert refused.recv(4096).startswith(b"HTTP/1.1 429 ")
    with connect(port, "127.0.0.2") as other:
        assert status(other) == b"200"
    held.pop().close()
    time.sleep(0.1)
    with connect(port) as again:
        assert status(again) == b"200"
    for one in held:
        one.close()


@pytest.mark.parametrize(
    ("peer", "counted"),
    [("127.0.0.1", False), ("::1", False), ("::ffff:127.0.0.1", False), ("10.0.0.7", False), ("", False),
     ("192.0.2.1", True), ("2a00::1", True)],
)  # fmt: skip
def test_this_machine_and_trusted_proxies_hold_any_number(peer: str, counted: bool) -> None:
    holders = holders_of(Settings(trusted_proxies="10.0.0.0/24"))  # type: ignore[arg-type]
    assert (holders.holder(peer) is not None) is counted


def test_what_nobody_holds_is_forgotten() -> None:
    holders = holders_of(Settings(connections_per_address=1))
    assert [holders.take("a"), holders.take("a")] == [False, True]
    holders.give_back("a")
    holders.give_back("a")
    assert not holders.held
