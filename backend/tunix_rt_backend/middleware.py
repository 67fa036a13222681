"""What happens to every request before its route: ids, limits, hosts, origins, headers; it knows no route."""

from __future__ import annotations

import uuid

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send


class RequestId:
    """Give each request an id."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `scope["request_id"]`."""
        scope["request_id"] = uuid.uuid4().hex
        await self.app(scope, receive, send)


def add_middleware(app: FastAPI) -> None:
    """Add what every request passes through, the outermost last."""
    app.add_middleware(RequestId)
