"""Keyset pagination: a cursor is the sort key of the last row seen; it does not know what is listed.

A cursor costs the same on page 1 and on page 10,000, and rows that arrive meanwhile neither repeat nor hide others.
"""

from __future__ import annotations

import base64
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

import orjson
from sqlalchemy import ColumnElement, CompoundSelect, Integer, Select, and_, bindparam, or_, union_all
from sqlalchemy.orm import Session

from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.schemas.pages import MOST_OFFSET, Pagination

Row = TypeVar("Row")


def encode_cursor(values: Sequence[Any]) -> str:
    """Return the sort key of a row as an opaque text."""
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    return base64.urlsafe_b64encode(orjson.dumps(plain, default=str)).decode().rstrip("=")


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("another list's cursor")
    return moment.astimezone(UTC)


_READERS: dict[type, Any] = {datetime: _moment, uuid.UUID: uuid.UUID}
"""How a value is read that JSON writes as a text."""


def decode_cursor(cursor: str, kinds: Sequence[type]) -> list[Any]:
    """Return the sort key in a cursor; raise NotFound if it is none of ours."""
    try:
        values = orjson.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
        if not isinstance(values, list) or len(values) != len(kinds):
            raise ValueError("another list's cursor")
        pairs = list(zip(kinds, values, strict=True))
        found = [_READERS[kind](value) if kind in _READERS else value for kind, value in pairs]
        wrong = [value for kind, value in zip(kinds, found, strict=True) if type(value) is not kind]
        if wrong or any(isinstance(value, int) and not 0 <= value < 2**63 for value in found):
            raise ValueError("another list's cursor")
        if any(isinstance(value, str) and "\0" in value for value in found):
            raise ValueError("another list's cursor")
    except (ValueError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise NotFound("there is no such page: the cursor is not one that this list gave; begin without one") from error
    return found


def page(
    session: Session,
    query: Select[Any],
    order: Sequence[tuple[Any, type]],
    *,
    limit: int,
    offset: int = 0,
    cursor: str | None = None,
) -> tuple[list[Any], Pagination]:
    """Return one page of a query's rows, newest (largest key) first, and where the next page begins.

    `order` names the columns of the sort key with their types, the most significant first; together they are unique.
    Columns of the key must be among the attributes of the returned rows.
    """
    columns = [column for column, _ in order]
    if cursor is not None:
        query = query.where(_before(columns, decode_cursor(cursor, [kind for _, kind in order])))
        offset = 0
    query = query.order_by(*(column.desc() for column in columns)).limit(limit + 1).offset(offset or None)
    found = session.execute(query).all()
    rows: list[Any] = [row[0] if len(row) == 1 else row for row in found]
    return _cut(rows, columns, limit=limit, offset=offset, cursor=cursor)


def parts_in_order(parts: Sequence[Select[Any]], columns: Sequence[Any], *, later: bool) -> CompoundSelect[Any]:
    """Return the statement of a list on PostgreSQL that is cut into parts, each older than the one before it.

    A part is not looked at once those before it have filled the page. The order of its answer is that of the parts,
    since nothing sorts it and a part that calls a function of ours is never read by two processes. `page_of_parts`
    gives its values, so that it can be made once; `later`: of a page that begins at a cursor.
    """
    most = bindparam("most", type_=Integer)
    if later:
        last = [bindparam(f"last_{column.key}", type_=column.type) for column in columns]
        parts = [part.where(_before(columns, last)) for part in parts]
    ordered = [part.order_by(*(column.desc() for column in columns)).limit(most) for part in parts]
    return union_all(*ordered).limit(most)


def page_of_parts(
    session: Session,
    statement: CompoundSelect[Any],
    values: Mapping[str, Any],
    order: Sequence[tuple[Any, type]],
    *,
    limit: int,
    cursor: str | None,
) -> tuple[list[Any], Pagination]:
    """Return one page of what `parts_in_order` lists; `values` are those of its parts."""
    columns = [column for column, _ in order]
    known = dict(values) | {"most": limit + 1}
    if cursor is not None:
        last = decode_cursor(cursor, [kind for _, kind in order])
        known |= {f"last_{column.key}": value for column, value in zip(columns, last, strict=True)}
    rows: list[Any] = list(session.execute(statement, known))
    return _cut(rows, columns, limit=limit, offset=0, cursor=cursor)


def _cut(
    rows: list[Any], columns: Sequence[Any], *, limit: int, offset: int, cursor: str | None
) -> tuple[list[Any], Pagination]:
    """Return the first rows, and where the page after them begins."""
    more, rows = len(rows) > limit, rows[:limit]
    last = [getattr(rows[-1], column.key) for column in columns] if more else None
    return rows, following(last, limit=limit, offset=offset, cursor=cursor)


def following(last: Sequence[Any] | None, *, limit: int, offset: int, cursor: str | None) -> Pagination:
    """Return where the page after this one begins; `last` is the sort key of its last row, None: no row follows."""
    by_offset = last is not None and cursor is None and offset + limit <= MOST_OFFSET
    return Pagination(
        limit=limit,
        offset=offset,
        next_offset=offset + limit if by_offset else None,
        next_cursor=None if last is None else encode_cursor(last),
    )


def _before(columns: Sequence[Any], values: Sequence[Any]) -> ColumnElement[bool]:
    """Return the condition that a row comes after the cursor in descending order."""
    either = []
    for place in range(len(columns)):
        same = [columns[i] == values[i] for i in range(place)]
        either.append(and_(*same, columns[place] < values[place]))
    # The first column alone bounds the scan of the index; the rest only breaks its ties.
    return and_(columns[0] <= values[0], or_(*either))
