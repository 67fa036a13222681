"""Errors to answers: every error leaves as `application/problem+json`; it knows no route."""

from __future__ import annotations

import logging
import sqlite3
import typing
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel
from sqlalchemy.exc import DataError, DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from tunix_rt.errors import MissingError, TunixRtError, UsageError
from tunix_rt_backend import queries
from tunix_rt_backend.errors import (
    BY_STATUS,
    BadRequest,
    MethodNotAllowed,
    NotFound,
    ServiceError,
    Unavailable,
    Unprocessable,
)
from tunix_rt_backend.problem import internal, problem
from tunix_rt_backend.routers import ROUTERS

logger = logging.getLogger(__name__)


def add_exception_handlers(app: FastAPI) -> None:
    """Answer every error as a problem."""

    @app.exception_handler(ServiceError)
    async def refused(request: Request, error: ServiceError) -> Response:
        return problem(request, error)

    @app.exception_handler(RequestValidationError)
    async def invalid(request: Request, error: RequestValidationError) -> Response:
        found = [_field(request, one) for one in error.errors()]
        kind: type[ServiceError] = Unprocessable
        if any(one["field"].startswith("path.") for one in found):
            kind = NotFound  # nothing has such a name
        elif any(one["kind"] == "json_invalid" for one in found):
            kind = BadRequest
        first = f"{found[0]['field']}: {found[0]['message']}" if found else "the request is not valid"
        more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
        return problem(request, kind(f"{first}{more}; correct it and send it again", errors=found))

    @app.exception_handler(HTTPException)
    async def http(request: Request, error: HTTPException) -> Response:
        asked = f"{request.method} {request.url.path}"
        if error.status_code == 405:
            allowed = ", ".join(sorted(_methods(request))) or (error.headers or {}).get("Allow", "")
            detail = f"{asked}: this address takes {allowed}; /api/docs lists what there is"
            return problem(request, MethodNotAllowed(detail, Allow=allowed))
        kind = BY_STATUS.get(error.status_code, BadRequest)
        answer = kind(f"{asked}: {error.detail}; /api/docs lists what there is")
        answer.headers.update(error.headers or {})
        return problem(request, answer)

    @app.exception_handler(TunixRtError)
    async def engine_refused(request: Request, error: TunixRtError) -> Response:
        status = 404 if isinstance(error, MissingError) else 409 if isinstance(error, UsageError) else 422
        return problem(request, BY_STATUS[status](str(error)))

    @app.exception_handler(DataError)
    @app.exception_handler(OverflowError)
    @app.exception_handler(UnicodeEncodeError)
    async def unstorable(request: Request, error: Exception) -> Response:
        said = "a number beyond 64 bits, a NUL byte or half of a surrogate pair cannot be kept; remove it"
        return problem(request, Unprocessable(said))

    @app.exception_handler(DBAPIError)
    @app.exception_handler(PoolTimeoutError)
    async def database(request: Request, error: Exception) -> Response:
        if is_down(error):
            logger.warning("database does not answer: %s", error)
            return problem(
                request, Unavailable("the database does not answer; nothing acknowledged is lost, try again")
            )
        return await internal(request, error)


def _methods(request: Request) -> set[str]:
    """Return every method that the path of a request knows; each route alone knows only its own."""
    found: dict[str, set[str]] = {}
    for router in ROUTERS:
        for route in router.routes:
            if route.matches(request.scope)[0] is not Match.NONE:
                found.setdefault(getattr(route, "path", ""), set()).update(getattr(route, "methods", None) or ())
    fixed = found.get(request.scope["path"])  # a fixed path is not also the name in `/api/traces/{trace_id}`
    return fixed or set().union(*found.values())


def is_down(error: Exception) -> bool:
    """Return whether an error says that the database cannot be reached, is locked, full or shutting down."""
    if isinstance(error, PoolTimeoutError | InterfaceError):
        return True
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return True
    if not isinstance(error, OperationalError):
        return False
    if not isinstance(error.orig, sqlite3.Error):
        return True
    return any(word in str(error.orig) for word in ("locked", "busy", "disk", "full", "unable to open", "readonly"))


def _field(request: Request, error: Any) -> dict[str, Any]:
    message = error["msg"]
    if error["type"] == "extra_forbidden" and (known := _known(request, error["loc"])):
        message = f"there is no such key; there are {', '.join(known)}"
    return {"field": ".".join(str(part) for part in error["loc"]), "message": message, "kind": error["type"]}


def _known(request: Request, place: tuple[str | int, ...]) -> list[str]:
    """Return the keys that there are where a request has an unknown one."""
    route: Any = request.scope["route"]
    if place[0] != "body":
        return queries.known(route.dependant)
    models = _models(route.body_field.field_info.annotation)
    for part in place[1:-1]:
        if isinstance(part, str):
            models = [
                inner
                for model in models
                if part in model.model_fields
                for inner in _models(model.model_fields[part].annotation)
            ]
    return list(models[0].model_fields) if len(models) == 1 else []


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models in a type such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in typing.get_args(annotation) for model in _models(part)]
