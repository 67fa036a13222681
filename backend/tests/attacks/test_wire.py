"""Attacks below HTTP: bytes that two servers read in two ways, and heads and bodies that never end."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import uvicorn

from attacked import SECRET, served
from tunix_rt_backend.middleware import connections
from tunix_rt_backend.middleware.connections import server_options
from tunix_rt_backend.settings import Settings


@pytest.fixture(scope="module")
def port(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a real server with our protocol and short patience."""
    root = tmp_path_factory.mktemp("wire")
    home = root / "home"
    home.mkdir()
    (home / "tunix_rt.db").write_bytes(sqlite_template.read_bytes())
    with pytest.MonkeyPatch.context() as patch, served(root, Settings(home=home, request_seconds=0.5)) as world:
        patch.setattr(connections, "HEAD_SECONDS", 0.5)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(world.app, **server_options(world.app.state.settings)))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        yield listening.getsockname()[1]
        server.should_exit = True
        thread.join()
        listening.close()


def raw(port: int, *parts: bytes, pause: float = 0.0, wait: float = 1.2) -> bytes:
    """Send bytes as they are, and return what comes back until the server closes or stays silent."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(wait)
        found = b""
        try:
            for part in parts:
                connection.sendall(part)
                time.sleep(pause)
            while data := connection.recv(65536):
                found += data
        except OSError:
            pass
        return found


H = b"Host: localhost\r\n"
POST = b"POST /api/tokens HTTP/1.1\r\n" + H + b"Content-Type: application/json\r\n"
HIDDEN = b"DELETE /api/tunix/runs/victim-1 HTTP/1.1\r\n" + H + b"\r\n"

WIRE = {
    "two lengths": POST + b"Content-Length: 2\r\nContent-Length: 44\r\n\r\n{}" + HIDDEN,
    "the same length twice": POST + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "lengths in a list": POST + b"Content-Length: 2, 2\r\n\r\n{}",
    "length and chunks": POST + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n" + HIDDEN,
    "odd coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "two codings": POST + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + HIDDEN,
    "coding with a tab": POST + b"Transfer-Encoding:\x0bchunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "coding before a space": POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + HIDDEN,
    "negative length": POST + b"Content-Length: -1\r\n\r\n{}",
    "signed length": POST + b"Content-Length: +2\r\n\r\n{}",
    "hexadecimal length": POST + b"Content-Length: 0x2\r\n\r\n{}",
    "length of 400 digits": POST + b"Content-Length: " + b"9" * 400 + b"\r\n\r\n{}",
    "length of 5 GB, politely": POST + b"Content-Length: 5000000000\r\nExpect: 100-continue\r\n\r\n",
    "chunk of many digits": POST + b"Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n{}",
    "chunk that is none": POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n{}",
    "folded header": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A: b\r\n c: d\r\n\r\n",
    "bare carriage return": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A: b\rX-Evil: 1\r\n\r\n",
    "NUL in a header": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A: b\x00\r\n\r\n",
    "space in a header's name": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X A: b\r\n\r\n",
    "header without a colon": b"GET /api/tokens HTTP/1.1\r\n" + H + b"X-A\r\n\r\n",
    "no host": b"GET /api/tokens HTTP/1.1\r\n\r\n",
    "no host, in old HTTP": b"GET /api/tokens HTTP/1.0\r\n\r\n",
    "two hosts": b"GET /api/tokens HTTP/1.1\r\n" + H + b"Host: evil.example\r\n\r\n",
    "another host": b"GET /api/tokens HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "whole address of another host": b"GET http://evil.example/api/x HTTP/1.1\r\nHost: evil.example\r\n\r\n",
    "HTTP/0.9": b"GET /api/tokens\r\n",
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/9.9": b"GET /api/tokens HTTP/9.9\r\n" + H + b"\r\n",
    "no HTTP": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" * 20,
    "tunnel": b"CONNECT evil.example:443 HTTP/1.1\r\n" + H + b"\r\n",
    "path that climbs": b"GET /../../../etc/passwd HTTP/1.1\r\n" + H + b"\r\n",
    "path of a run that climbs": b"GET /api/tunix/runs/victim-1/artifacts/../../../secret.txt/download HTTP/1.1\r\n"
    + H
    + b"\r\n",
    "path with a dot": b"GET /api/tunix/runs/victim-1/artifacts/./manifest.json HTTP/1.1\r\n" + H + b"\r\n",
    "path that begins twice": b"GET //etc/passwd HTTP/1.1\r\n" + H + b"\r\n",
    "path with a backslash": b"GET /..\\..\\etc\\passwd HTTP/1.1\r\n" + H + b"\r\n",
    "path with raw bytes": b"GET /\xff\xfe HTTP/1.1\r\n" + H + b"\r\n",
    "path with a line end": b"GET /api/x%0d%0aX-Evil:%201 HTTP/1.1\r\n" + H + b"\r\n",
    "endless path": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n" + H + b"\r\n",
    "endless header": b"GET /api/health HTTP/1.1\r\n" + H + b"X-A: " + b"a" * 1_000_000 + b"\r\n\r\n",
    "endless headers": b"GET /api/health HTTP/1.1\r\n" + H + b"X-A: b\r\n" * 50_000 + b"\r\n",
    "header that never ends": b"GET /api/health HTTP/1.1\r\n" + H + b"X-A: " + b"a" * 300_000,
    "head that never ends": b"GET /api/health HTTP/1.1\r\n" + H,
    "body that never comes": POST + b"Content-Length: 100\r\n\r\n{",
}  # fmt: skip


@pytest.mark.parametrize("name", WIRE)
def test_no_bytes_on_the_wire_fool_the_server(port: int, name: str) -> None:
    waits = name.endswith(("never ends", "never comes"))
    answer = raw(port, WIRE[name], pause=1.0 if waits else 0.0)
    heads = [line for line in answer.split(b"\r\n") if line.startswith(b"HTTP/1.1 ")]
    # The connection is closed without a word, or with one refusal; what was hidden behind it is not answered.
    assert all(line.split()[1].startswith(b"4") for line in heads), answer[:500]
    assert len(heads) <= 1, answer[:500]
    assert b"\r\nx-evil" not in answer.lower()
    assert SECRET.encode() not in answer
    assert (
        raw(port, b"GET /api/tunix/runs/victim-1 HTTP/1.1\r\n" + H + b"Connection: close\r\n\r\n").split()[1] == b"200"
    )


def test_large_body_is_refused_before_it_is_sent(port: int) -> None:
    assert b"100 Continue" not in raw(port, WIRE["length of 5 GB, politely"])


def test_slow_head_is_cut_off(port: int) -> None:
    began = time.monotonic()
    raw(port, *[b"GET /api/health HTTP/1.1\r\n", H, *[b"X-A: b\r\n"] * 60], pause=0.05)
    assert time.monotonic() - began < 4


def test_idle_connections_are_closed(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.settimeout(5)
        assert b"408" in connection.recv(1000)


def test_websocket_is_not_spoken(port: int) -> None:
    head = b"GET /api/health HTTP/1.1\r\n" + H + b"Connection: Upgrade\r\nUpgrade: websocket\r\n"
    answer = raw(port, head + b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n")
    assert b" 101 " not in answer
