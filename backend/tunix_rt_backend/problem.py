"""A problem as an answer: `application/problem+json`; it does not know which errors become which problem."""

from __future__ import annotations

import logging

import orjson
from starlette.requests import Request
from starlette.responses import Response

from tunix_rt_backend.errors import TYPE_PREFIX, Problem, ServiceError

logger = logging.getLogger(__name__)


def problem(request: Request, error: ServiceError) -> Response:
    """Return an error as the answer to a request."""
    body = Problem(
        type=TYPE_PREFIX + error.name,
        title=error.title,
        status=error.status,
        detail=error.detail,
        instance=request.scope["path"],  # `request.url` would trip over a broken Host header
        request_id=request.scope.get("request_id", ""),
        errors=error.errors,
    )
    content = orjson.dumps(body.model_dump(mode="json"))
    return Response(content, error.status, error.headers, media_type="application/problem+json")


async def internal(request: Request, error: Exception) -> Response:
    """Log an error that nothing else caught, and say no more of it than that it happened."""
    logger.error("internal error: %s %s", request.method, request.scope["path"], exc_info=error)
    return problem(request, ServiceError("something broke here; the log has the request id"))
