"""Query parameters: which ones a route declares, so that a misspelt one is refused, not left out.

It knows no route by name: what FastAPI has read from the route's function says it all.
"""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel


def known(dependant: Any) -> list[str]:
    """Return the names of the query parameters that a function declares, one by one or as the fields of a model."""
    found = []
    for field in dependant.query_params:
        model = field.field_info.annotation
        if isinstance(model, type) and issubclass(model, BaseModel):
            found += [one.alias or name for name, one in model.model_fields.items()]
        else:
            found.append(field.alias)
    for inner in dependant.dependencies:
        found += known(inner)
    return found


def check(request: Request) -> None:
    """Raise RequestValidationError if a request has a query parameter that its route does not declare."""
    if not request.scope["query_string"]:
        return
    names = known(request.scope["route"].dependant)
    wrong = [name for name in request.query_params if name not in names]
    if wrong:
        found = [{"type": "extra_forbidden", "loc": ("query", name), "msg": "there is no such key"} for name in wrong]
        raise RequestValidationError(found)
