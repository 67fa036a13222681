"""Requests as such: each gets an id, one line in the log, and its place in the figures; it knows no route."""

from __future__ import annotations

import logging
import re
import time
import uuid

from fastapi import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from tunix_rt_backend.middleware.answers import with_safe_headers
from tunix_rt_backend.problem import internal
from tunix_rt_backend.telemetry import REQUEST_ID, count_request

logger = logging.getLogger(__name__)

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")
_GONE = 499
"""Status in the log and the figures of a request whose client went away before the answer."""


class Requests:
    """Count, time and log each request; an error that nothing else caught is answered here, so that it is seen too."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `scope["request_id"]`."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        began, status = time.perf_counter(), _GONE
        request_id = scope["request_id"] = _given_id(scope) or uuid.uuid4().hex
        REQUEST_ID.set(request_id)

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = with_safe_headers(list(message["headers"]), request_id)
            await send(message)

        try:
            await self.app(scope, receive, answer)
        except Exception as error:
            if status != _GONE:  # the answer has begun: all that is left is to break the connection off
                raise
            response = await internal(Request(scope), error)
            await response(scope, receive, answer)
        finally:
            seconds = time.perf_counter() - began
            route = getattr(scope.get("route"), "path", "unmatched")
            count_request(scope["method"], route, status, seconds)
            if logger.isEnabledFor(logging.INFO):
                fields = {
                    "method": scope["method"],
                    "route": route,
                    "status": status,
                    "ms": round(1000 * seconds, 2),
                    "actor": scope.get("actor"),
                }
                logger.info("%s %s %d", scope["method"], route, status, extra={"fields": fields})


def _given_id(scope: Scope) -> str | None:
    for name, value in scope["headers"]:
        if name == b"x-request-id" and _ID.fullmatch(value):
            return str(value, "ascii")
    return None
