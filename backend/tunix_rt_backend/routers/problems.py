"""What every route may answer besides its success, for the OpenAPI page; it knows no route."""

from __future__ import annotations

from typing import Any

from tunix_rt_backend.errors import BY_STATUS, Problem

_ANY = (400, 401, 403, 404, 408, 413, 415, 422, 429, 431, 503)


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Return the documentation of the problems that any route may answer, and of the named ones."""
    return {
        status: {
            "description": BY_STATUS[status].title,
            "model": Problem,
            "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in sorted({*_ANY, *statuses})
    }
