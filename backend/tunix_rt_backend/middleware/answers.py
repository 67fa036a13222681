"""Answers: packed for those who ask, headers that keep a browser safe, and how a request is refused."""

from __future__ import annotations

from fastapi import Request
from starlette.middleware.gzip import GZipMiddleware, GZipResponder
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunix_rt_backend.errors import ServiceError
from tunix_rt_backend.problem import problem

Header = tuple[bytes, bytes]

ALWAYS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), geolocation=(), microphone=()"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cache-control", b"private, no-cache"),
)
"""Headers of every answer that does not set its own: data is no page, and belongs to whoever asked."""


def with_safe_headers(headers: list[Header], request_id: str) -> list[Header]:
    """Return an answer's headers with the request's id and what keeps a browser safe."""
    there = {name for name, _ in headers}
    return [*headers, *(one for one in ALWAYS if one[0] not in there), (b"x-request-id", request_id.encode())]


async def refuse(error: ServiceError, scope: Scope, receive: Receive, send: Send, *, close: bool = False) -> None:
    """Answer a request with a problem; `close` ends the connection, since the rest of the body is not read."""
    response = problem(Request(scope), error)
    if close:
        response.headers["connection"] = "close"
    await response(scope, receive, send)


class Compress(GZipMiddleware):
    """Pack answers with gzip for those who accept it: never an event stream, and nothing that is served in ranges."""

    def __init__(self, app: ASGIApp) -> None:
        super().__init__(app, minimum_size=1024, compresslevel=4)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, and pack what comes back."""
        wanted = scope["type"] == "http" and any(
            name == b"accept-encoding" and b"gzip" in value for name, value in scope["headers"]
        )
        if not wanted:
            await self.app(scope, receive, send)
            return
        responder = _Responder(self.app, self.minimum_size, compresslevel=self.compresslevel)
        await responder(scope, receive, send)


class _Responder(GZipResponder):
    plain = False

    async def send_with_compression(self, message: Message) -> None:
        """Send a message packed; or as it is where ranges can be asked for, whose bytes are those on disk."""
        if message["type"] == "http.response.start":
            self.plain = any(name == b"accept-ranges" for name, _ in message["headers"])
        if self.plain:
            await self.send(message)
        else:
            await super().send_with_compression(message)
