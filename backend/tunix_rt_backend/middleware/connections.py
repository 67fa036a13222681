"""Connections: one address holds only so many, and the head of a request may be only so large and so slow.

uvicorn waits for ever for a head, keeps all of it, and takes every connection: without this, one idle client could hold
every file that the system lets the service open, and a single header could fill the memory. It does not know what a
request means.
"""

from __future__ import annotations

import asyncio
import functools
import logging
from collections import Counter
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tunix_rt_backend import addresses
from tunix_rt_backend.addresses import Networks
from tunix_rt_backend.middleware.origins import HEAD_BYTES
from tunix_rt_backend.settings import Settings

logger = logging.getLogger(__name__)

HEAD_SECONDS = 15.0
"""Longest that the head of a request may take to arrive, from the first byte or the start of the connection."""
_ARRIVING_BYTES = 2 * HEAD_BYTES
"""Most bytes that are taken in before a head is complete; what has arrived whole is measured by `origins`."""


class Holders:
    """Who holds how many connections."""

    def __init__(self, most: int, uncounted: Networks) -> None:
        self.most = most
        """Connections of one address, at most."""
        self.uncounted = uncounted
        """Whose connections are not counted, since they speak for many."""
        self.held: Counter[str] = Counter()

    def holder(self, peer: str) -> str | None:
        """Return what the connections of a peer are counted under; None: they are not."""
        address = addresses.parse(peer)
        if address is None or addresses.is_in(address, self.uncounted):
            return None
        return addresses.group_of(address)

    def take(self, holder: str) -> bool:
        """Count one connection more; return whether it is one too many."""
        self.held[holder] += 1
        return self.held[holder] > self.most

    def give_back(self, holder: str) -> None:
        """Count one connection less."""
        self.held[holder] -= 1
        if not self.held[holder]:
            del self.held[holder]


def holders_of(settings: Settings) -> Holders:
    """Return the count that a service keeps: connections of this machine and of trusted proxies are not in it."""
    return Holders(settings.connections_per_address, (*addresses.LOOPBACK, *settings.trusted_proxies))


class HttpProtocol(HttpToolsProtocol):
    """HTTP over one connection, with limits on the head of a request; for `uvicorn.Config(http=…)`."""

    head_bytes = 0
    head_timer: asyncio.TimerHandle | None = None
    in_head = True
    holder: str | None = None

    def __init__(self, *words: Any, holders: Holders, **named: Any) -> None:
        super().__init__(*words, **named)
        self.holders = holders

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request, unless the peer holds too many connections."""
        super().connection_made(transport)
        self.holder = self.holders.holder(self.client[0] if self.client else "")
        if self.holder is not None and self.holders.take(self.holder):
            logger.info("too many connections: %s", self.holder)
            self._refuse(b"429 Too Many Requests")
        else:
            self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
        if self.holder is not None:
            self.holders.give_back(self.holder)
        self._stop_timer()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Take bytes in, unless the head that they belong to is too large."""
        if self.in_head:
            self.head_bytes += len(data)
            if self.head_timer is None:
                self._start_timer()
        super().data_received(data)
        if self.in_head and self.head_bytes > _ARRIVING_BYTES and not self.transport.is_closing():
            self._refuse(b"431 Request Header Fields Too Large")

    def on_headers_complete(self) -> None:
        """Begin the request."""
        self.in_head, self.head_bytes = False, 0
        self._stop_timer()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """Wait for the next head."""
        self.in_head = True
        super().on_message_complete()

    def _start_timer(self) -> None:
        self.head_timer = self.loop.call_later(HEAD_SECONDS, self._refuse, b"408 Request Timeout")

    def _stop_timer(self) -> None:
        if self.head_timer is not None:
            self.head_timer.cancel()
            self.head_timer = None

    def _refuse(self, status: bytes) -> None:
        self._stop_timer()
        self.transport.write(b"HTTP/1.1 " + status + b"\r\nconnection: close\r\ncontent-length: 0\r\n\r\n")
        self.transport.close()


def server_options(settings: Settings) -> dict[str, Any]:
    """Return what `uvicorn.Config` needs beside the application: our limits and log, and no proxy believed."""
    return {
        "http": functools.partial(HttpProtocol, holders=holders_of(settings)),
        "ws": "none",
        "loop": "uvloop",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": 30,
    }
