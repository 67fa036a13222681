"""The application: made here, and nothing else; work lives in the services, HTTP words in the routers."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

from anyio import to_thread
from fastapi import FastAPI

from tunix_rt import __version__
from tunix_rt_backend.db import make_engine, make_readers, make_sessions
from tunix_rt_backend.handlers import add_exception_handlers
from tunix_rt_backend.middleware import add_middleware
from tunix_rt_backend.routers import API_ROUTES, TAGS, fences
from tunix_rt_backend.services.access import LastUse, Lockout
from tunix_rt_backend.services.metrics import Metrics
from tunix_rt_backend.services.tails import Tails, closing_on_signals
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.web import add_pages


@contextlib.asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """End streams when the service is asked to end, and close the database's connections when it has."""
    # More threads than this only wait for each other: Python runs one at a time.
    to_thread.current_default_thread_limiter().total_tokens = app.state.settings.threads
    with closing_on_signals(app.state.tails):
        yield
    app.state.last_use.close()
    app.state.engine.dispose()


def create_app(settings: Settings | None = None, *, open_access: bool = True) -> FastAPI:
    """Return the service.

    `open_access` lets requests without a token in, with every right; `tunix-rt serve` sets it on loopback only.
    """
    app = FastAPI(
        title="tunix-rt",
        version=__version__,
        summary="Reasoning traces, datasets, runs and evaluations.",
        # The routes as they are: a router that is included has each of them made anew by its first request.
        routes=[*fences(), *API_ROUTES],
        lifespan=lifespan,
        openapi_url="/api/openapi.json",
        openapi_tags=TAGS,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings or Settings()
    app.state.open_access = open_access
    app.state.engine = make_engine(app.state.settings)
    app.state.sessions = make_sessions(app.state.engine)
    app.state.readers = make_readers(app.state.engine)
    app.state.lockout = Lockout(app.state.settings)
    app.state.last_use = LastUse(app.state.sessions)
    app.state.metrics = Metrics(app.state.settings.home)
    app.state.tails = Tails(app.state.settings.home, app.state.sessions, app.state.settings.sse_poll_seconds)
    add_middleware(app)
    add_pages(app)
    add_exception_handlers(app)
    return app
