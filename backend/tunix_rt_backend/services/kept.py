"""What rows keep as JSON, read by a version that may be another one than wrote it; it does not know what that is."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from tunix_rt_backend.errors import Conflict

logger = logging.getLogger(__name__)

Shape = TypeVar("Shape", bound=BaseModel)

AGAIN = "run `tunix-rt index`, which makes it again from its folder"
"""What to do about a row of the index."""


def whole(shape: type[Shape], values: Any, row: str, *, hint: str = AGAIN) -> Shape:
    """Return what a row keeps; raise Conflict if another version wrote it. `row` names it, `hint` says what to do."""
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        raise Conflict(_sentence(error, row, hint)) from error


def listed(shape: type[Shape], values: Mapping[str, Any], row: str) -> Shape:
    """Return a row of a list: what this version cannot read of it is None, and the other rows stay readable."""
    try:
        return shape.model_validate(values)
    except ValidationError as error:
        logger.warning("%s", _sentence(error, row, AGAIN))
        unread = {str(one["loc"][0]) for one in error.errors()}
        return whole(shape, {**values, **dict.fromkeys(unread)}, row)


def part(value: Any, name: str) -> Any:
    """Return a part of a JSON object; None if it is no object, or has no such part."""
    return value.get(name) if isinstance(value, dict) else None


def _sentence(error: ValidationError, row: str, hint: str) -> str:
    first = error.errors(include_url=False)[0]
    field = ".".join(map(str, first["loc"])) or "the whole of it"
    return f"the row of {row} was kept by another version of tunix-rt ({field}: {first['msg']}); {hint}"
