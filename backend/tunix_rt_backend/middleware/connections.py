"""Connections: the head of a request may be only so large and so slow; it does not know what the request means.

uvicorn waits for ever for a head, and keeps all of it: without this, idle clients could hold every connection
and a single header could fill the memory.
"""

from __future__ import annotations

import asyncio
from typing import Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tunix_rt_backend.middleware.origins import HEAD_BYTES

HEAD_SECONDS = 15.0
"""Longest that the head of a request may take to arrive, from the first byte or the start of the connection."""
_ARRIVING_BYTES = 2 * HEAD_BYTES
"""Most bytes that are taken in before a head is complete; what has arrived whole is measured by `origins`."""


class HttpProtocol(HttpToolsProtocol):
    """HTTP over one connection, with limits on the head of a request; for `uvicorn.Config(http=…)`."""

    head_bytes = 0
    head_timer: asyncio.TimerHandle | None = None
    in_head = True

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for the first request."""
        super().connection_made(transport)
        self._start_timer()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop waiting."""
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


def server_options() -> dict[str, Any]:
    """Return what `uvicorn.Config` needs beside the application: our limits and log, and no proxy believed."""
    return {
        "http": HttpProtocol,
        "ws": "none",
        "loop": "uvloop",
        "access_log": False,
        "log_config": None,
        "server_header": False,
        "proxy_headers": False,
        "timeout_keep_alive": 30,
    }
