"""Pages of a JSON Lines file that no longer changes, read by byte offsets; it does not know what a line means.

A cursor is the file's name, the offset of a line and its number, so that page 10,000 costs what page 1 does.
"""

from __future__ import annotations

from typing import Any, BinaryIO

import orjson

from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services.pages import decode_cursor, encode_cursor

MOST_BYTES = 8 * 2**20
"""A page ends early, but not before its first line, when its lines are longer than this together."""


def page(
    stream: BinaryIO, name: str, *, limit: int, cursor: str | None
) -> tuple[list[tuple[int, dict[str, Any]]], Pagination]:
    """Return `(number, value)` of the lines of one page, in their order, and where the next page begins."""
    start, number = _place(stream, name, cursor)
    first, size = number, 0
    rows: list[tuple[int, dict[str, Any]]] = []
    stream.seek(start)
    while len(rows) < limit and size < MOST_BYTES and (line := stream.readline()):
        rows.append((number, value_of(line, name, number)))
        number += 1
        size += len(line)
    more = bool(stream.read(1))
    following = encode_cursor([name, start + size, number]) if more else None
    return rows, Pagination(limit=limit, offset=first, next_offset=None, next_cursor=following)


def value_of(line: bytes, name: str, number: int) -> dict[str, Any]:
    """Return a line's value; raise Conflict if it is damaged."""
    try:
        value = orjson.loads(line)
        if not isinstance(value, dict):
            raise ValueError("no object")
    except ValueError as error:
        raise Conflict(f"row {number} of {name} is damaged ({error}); restore the file, or build it again") from error
    return value


def _place(stream: BinaryIO, name: str, cursor: str | None) -> tuple[int, int]:
    if cursor is None:
        return 0, 0
    file, start, number = decode_cursor(cursor, [str, int, int])
    stream.seek(max(start - 1, 0))
    if file != name or start < 1 or number < 1 or stream.read(1) != b"\n":
        raise NotFound(f"there is no such page: the cursor is not one that the list of {name} gave; begin without one")
    return start, number
