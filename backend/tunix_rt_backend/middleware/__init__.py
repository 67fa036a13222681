"""What happens to every request before its route: ids, limits, hosts, origins, headers; it knows no route's work.

All are plain ASGI classes, since what wraps answers as whole objects breaks streams.
"""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

from tunix_rt_backend.middleware.answers import Compress
from tunix_rt_backend.middleware.bodies import Bodies
from tunix_rt_backend.middleware.origins import Origins
from tunix_rt_backend.middleware.requests import Requests
from tunix_rt_backend.settings import Settings


def add_middleware(app: FastAPI) -> None:
    """Add what every request passes through, the outermost last."""
    settings: Settings = app.state.settings
    app.add_middleware(Bodies, settings=settings)
    app.add_middleware(Compress)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=settings.allowed_origins,
            allow_methods=("GET", "POST", "PUT", "PATCH", "DELETE"),
            allow_headers=(
                "Authorization",
                "Idempotency-Key",
                "If-None-Match",
                "Last-Event-ID",
                "Range",
                "X-Request-Id",
            ),
            expose_headers=("Content-Disposition", "Content-Range", "ETag", "Retry-After", "X-Request-Id"),
        )  # no credentials: another origin's page shows a token, and never the cookie
    app.add_middleware(Origins, settings=settings)
    app.add_middleware(Requests)
