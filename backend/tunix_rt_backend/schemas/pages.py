"""Pages of a list: a cursor where one stopped, and how many rows one gets; it does not know what is listed."""

from __future__ import annotations

import functools
import re
import typing
from datetime import UTC, datetime
from typing import Annotated, Any, Generic, TypeVar

from fastapi import Query
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)

Row = TypeVar("Row")

MOST = 2**53 - 1
"""Largest whole number that every reader of JSON reads alike."""
NO_NUL = r"^[^\x00]*$"
Text = Annotated[str, StringConstraints(pattern=NO_NUL)]
"""A text that a database can keep: NUL is no character there."""
Seed = Annotated[int, Field(ge=0, lt=2**31)]
"""What decides whatever is drawn."""

MOST_OFFSET = 10_000
"""Rows that may be passed over without a cursor: the database reads them all."""
Limit = Annotated[int, Query(ge=1, le=1000, description="Most rows of this page.")]
Offset = Annotated[
    int,
    Query(ge=0, le=MOST_OFFSET, description="Rows to pass over; a cursor is faster and never skips or repeats a row."),
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

    @field_validator("*", mode="before")
    @classmethod
    def _kind_is_meant(cls, value: Any, info: ValidationInfo) -> Any:
        kinds, said = _plain_kinds(cls).get(info.field_name or "", ((), ""))
        if kinds and value is not None and type(value) not in kinds:
            raise ValueError(f"expected {said}")
        return value


@functools.cache
def _plain_kinds(model: type[BaseModel]) -> dict[str, tuple[tuple[type, ...], str]]:
    """Return the fields that are numbers, or true or false, with the types that JSON has for them."""
    found: dict[str, tuple[tuple[type, ...], str]] = {}
    for name, field in model.model_fields.items():
        kinds = _leaves(field.annotation) - {type(None)}
        if kinds and kinds <= {int, float}:
            found[name] = ((int, float), "a number")
        elif kinds == {bool}:
            found[name] = ((bool,), "true or false")
    return found


def _leaves(annotation: Any) -> set[Any]:
    arguments = typing.get_args(annotation)
    if typing.get_origin(annotation) is Annotated:
        return _leaves(arguments[0])
    return set().union(*map(_leaves, arguments)) if arguments else {annotation}


def _in_words(value: Any) -> Any:
    if isinstance(value, str) and not re.match(r"\d{4}-\d\d-\d\d[Tt ]", value):
        raise ValueError("expected a moment such as 2026-11-24T12:00:00Z")
    return value


def _in_utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC)
    except OverflowError:  # at the ends of the calendar, those ends
        return (datetime.min if moment.year == 1 else datetime.max).replace(tzinfo=UTC)


Moment = Annotated[AwareDatetime, BeforeValidator(_in_words), AfterValidator(_in_utc)]
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

    # Each kind of page would look for these texts in the source anew, which took a second of the service's start.
    model_config = ConfigDict(use_attribute_docstrings=False)

    data: list[Row] = Field(description="The rows, newest first unless said otherwise.")
    pagination: Pagination = Field(description="Where the next page begins.")
