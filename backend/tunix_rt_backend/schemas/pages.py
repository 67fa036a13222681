"""Pages of a list: a cursor where one stopped, and how many rows one gets; it does not know what is listed."""

from __future__ import annotations

import re
import typing
from datetime import datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, model_validator

Row = TypeVar("Row")

Limit = Annotated[int, Query(ge=1, le=1000, description="Most rows of this page.")]
Offset = Annotated[
    int, Query(ge=0, le=10_000, description="Rows to pass over; a cursor is faster and never skips or repeats a row.")
]
Cursor = Annotated[
    str | None,
    Query(max_length=512, pattern=r"^[A-Za-z0-9_-]+$", description="`next_cursor` of the page before this one."),
]


class Wire(BaseModel):
    """Base of what goes over the wire; an unknown key is an error."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, allow_inf_nan=False)


class Body(Wire):
    """Base of what is sent to the service: a number is a number there, neither "5" nor true."""

    @model_validator(mode="before")
    @classmethod
    def _kinds_are_meant(cls, values: Any) -> Any:
        if isinstance(values, dict):
            for name, value in values.items():
                field = cls.model_fields.get(name)
                if field is not None and isinstance(value, str | bool | int | float):
                    _check_kind(name, value, _leaves(field.annotation))
        return values


def _leaves(annotation: Any) -> set[Any]:
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is Annotated:
        return _leaves(arguments[0])
    return set().union(*map(_leaves, arguments)) if arguments else {annotation}


def _check_kind(name: str, value: str | bool | int | float, kinds: set[Any]) -> None:
    plain = kinds - {type(None)}
    if plain and plain <= {int, float} and isinstance(value, str | bool):
        raise ValueError(f"{name} is a number; got {value!r}")
    if plain == {bool} and not isinstance(value, bool):
        raise ValueError(f"{name} is true or false; got {value!r}")


def _in_words(value: Any) -> Any:
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d[Tt ]", value):
        raise ValueError("expected a moment such as 2026-11-24T12:00:00Z")
    return value


Moment = Annotated[datetime, AwareDatetime, BeforeValidator(_in_words)]
"""A moment with its time zone, as RFC 3339 writes it; a bare number is none."""


class Pagination(Wire):
    """Where the next page begins."""

    limit: int
    """Most rows of a page."""
    offset: int
    """Rows passed over."""
    next_offset: int | None
    """Offset of the next page; None: this is the last one, or a cursor was used."""
    next_cursor: str | None
    """Cursor of the next page; None: this is the last one."""


class Page(Wire, Generic[Row]):
    """One page of a list."""

    data: list[Row]
    """The rows, newest first unless said otherwise."""
    pagination: Pagination
    """Where the next page begins."""
