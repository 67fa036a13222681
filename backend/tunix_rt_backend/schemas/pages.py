"""Pages of a list: a cursor where one stopped, and how many rows one gets; it does not know what is listed."""

from __future__ import annotations

from typing import Annotated, Generic, TypeVar

from fastapi import Query
from pydantic import BaseModel, ConfigDict

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
