"""Bodies of requests: how large, how slow, how deep; it does not know what they mean.

A body that is no upload is taken in whole and looked at before any parser sees it. An upload passes through as a stream
whose bytes are counted.
"""

from __future__ import annotations

import asyncio
import re

import orjson
from starlette.concurrency import run_in_threadpool
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunix_rt_backend.errors import BadRequest, ServiceError, TimedOut, TooLarge, UnsupportedMedia
from tunix_rt_backend.middleware.answers import refuse
from tunix_rt_backend.settings import Settings

BATCH = "/api/traces/batch"
UPLOADS = frozenset({"/api/datasets/ingest", "/api/tunix/runs/import"})
"""Routes that read their body as a stream, packed or not."""

_INLINE_BYTES = 256 * 1024
"""Up to here a body is looked at in the event loop; a larger one would hold other requests up."""
_NOT_STRUCTURE = bytes(set(range(256)) - set(b'"[]{}'))
_BRACKETS = bytes.maketrans(b"{}", b"[]")
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


class Bodies:
    """Refuse bodies that are too large, too slow, too deep, packed or not text; the route sees the others."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with its body checked, or counted as it arrives."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        length, coding, json, body, kinds = None, b"", False, False, 0
        for name, value in scope["headers"]:
            if name == b"content-length":
                length, body = int(value), body or value != b"0"
            elif name == b"transfer-encoding":
                body = True
            elif name == b"content-encoding":
                coding = value.strip().lower()
            elif name == b"content-type":
                json = json or b"json" in value.lower()
                kinds += 1
        if not body:
            await self.app(scope, receive, send)
            return
        path = scope["path"]
        limit = self._limit(path)
        if kinds > 1:
            await refuse(BadRequest("give one Content-Type, not several"), scope, receive, send, close=True)
        elif length is not None and length > limit:
            await refuse(_too_large(limit), scope, receive, send, close=True)
        elif path in UPLOADS:
            await self.app(scope, self._counted(receive, limit), send)
        elif coding not in (b"", b"identity"):
            refusal = UnsupportedMedia("a packed body is read by uploads only; send this one unpacked")
            await refuse(refusal, scope, receive, send, close=True)
        else:
            await self._whole(scope, receive, send, limit, json)

    def _limit(self, path: str) -> int:
        if path in UPLOADS:
            return self.settings.upload_max_bytes
        return self.settings.batch_max_bytes if path == BATCH else self.settings.trace_max_bytes

    def _counted(self, receive: Receive, limit: int) -> Receive:
        """Return a `receive` that raises when an upload is too large, or when nothing comes for too long."""
        seen, over = 0, False

        async def counted() -> Message:
            nonlocal seen, over
            if over:
                return await receive()
            try:
                async with asyncio.timeout(self.settings.request_seconds):
                    message = await receive()
            except TimeoutError as error:
                raise _too_slow(self.settings.request_seconds) from error
            seen += len(message.get("body", b""))
            over = not message.get("more_body", False)
            if seen > limit:
                raise _too_large(limit)
            return message

        return counted

    async def _whole(self, scope: Scope, receive: Receive, send: Send, limit: int, json: bool) -> None:
        """Take the body in, look at it, and pass it on in one piece."""
        parts: list[bytes] = []
        size, more = 0, True
        try:
            async with asyncio.timeout(self.settings.request_seconds):
                while more:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        return
                    parts.append(message.get("body", b""))
                    size += len(parts[-1])
                    more = message.get("more_body", False)
                    if size > limit:
                        await refuse(_too_large(limit), scope, receive, send, close=True)
                        return
        except TimeoutError:
            await refuse(_too_slow(self.settings.request_seconds), scope, receive, send, close=True)
            return
        body = b"".join(parts)
        if json:
            depth = self.settings.json_max_depth
            error = (
                check_json(body, depth) if size < _INLINE_BYTES else await run_in_threadpool(check_json, body, depth)
            )
            if error is not None:
                await refuse(error, scope, receive, send)
                return
        given = False

        async def again() -> Message:
            nonlocal given
            if given:
                return await receive()
            given = True
            return {"type": "http.request", "body": body, "more_body": False}

        await self.app(scope, again, send)


def check_json(body: bytes, max_depth: int) -> ServiceError | None:
    """Return what is wrong with a JSON text before it is parsed: its depth, or text that no database can keep.

    Works by operations on the whole body in C, so that it costs a fraction of parsing.
    """
    if depth_exceeds(body, max_depth):
        return BadRequest(f"the JSON is nested deeper than {max_depth} levels; send it flatter")
    try:
        body.decode()
    except UnicodeDecodeError as error:
        return BadRequest(f"the body is not UTF-8: byte {error.start:,} is wrong; send JSON as UTF-8")
    if b"\0" in body or (b"\\u0000" in body and _NUL.search(body)):
        return BadRequest("the JSON holds a NUL character (\\u0000), which no text here can keep; take it out")
    if _SURROGATE.search(body):
        try:
            orjson.loads(body)
        except orjson.JSONDecodeError as error:
            return BadRequest(f"the JSON cannot be read: {error}; half of a surrogate pair is no character")
    return None


def depth_exceeds(body: bytes, max_depth: int) -> bool:
    """Return whether the brackets of a JSON text are nested deeper than allowed; a broken text may pass."""
    if body.count(b"[") + body.count(b"{") <= max_depth:
        return False
    quotes = body.replace(b"\\\\", b"").replace(b'\\"', b"").translate(None, _NOT_STRUCTURE)
    brackets = b"".join(quotes.split(b'"')[::2]).translate(_BRACKETS)  # every second part is inside a string
    too_deep = b"[" * (max_depth + 1)
    for _ in range(max_depth):  # each round takes the innermost pairs away, and so one level
        if too_deep in brackets or b"[]" not in brackets:
            break
        brackets = brackets.replace(b"[]", b"")
    return too_deep in brackets or b"[]" in brackets


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"the body is larger than {limit:,} bytes; send it in parts")


def _too_slow(seconds: float) -> TimedOut:
    return TimedOut(f"the body did not arrive within {seconds:g} s; send it again")
