"""Pages of a JSON Lines file that at most grows, read by byte offsets; it does not know what a line means.

A cursor is the file's name, the offset of a line and its number, so that page 10,000 costs what page 1 does.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, BinaryIO, TypeVar

import orjson

from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services.pages import decode_cursor, encode_cursor

MOST_BYTES = 8 * 2**20
"""A page ends early, but not before its first line, when its lines are longer than this together."""

Row = TypeVar("Row")


def page(
    stream: BinaryIO,
    name: str,
    read: Callable[[bytes, int], Row | None],
    *,
    limit: int,
    cursor: str | None,
    most: int = MOST_BYTES,
    within: tuple[int, int] | None = None,
) -> tuple[list[Row], Pagination]:
    """Return the rows of one page, in their order, and where the next page begins.

    `read` makes a row of a line and its number, or None of a line that is passed over. At most about `most` bytes are
    looked through. `within`: only the lines between these offsets, of which the first has number 0. Raises Conflict for
    a line that alone has more than `most`.
    """
    low, high = within or (0, stream.seek(0, 2))
    start, number = _place(stream, name, cursor, low, high)
    first, size = number, 0
    rows: list[Row] = []
    stream.seek(start)
    while len(rows) < limit and size < most and start + size < high and (line := stream.readline(most)):
        if len(line) == most and not line.endswith(b"\n"):
            raise Conflict(f"row {number} of {name} has more than {most:,} bytes; look into the file itself")
        row = read(line, number)
        if row is not None:
            rows.append(row)
        number += 1
        size += len(line)
    more = start + size < high
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


def _place(stream: BinaryIO, name: str, cursor: str | None, low: int, high: int) -> tuple[int, int]:
    if cursor is None:
        return low, 0
    file, start, number = decode_cursor(cursor, [str, int, int])
    known = file == name and low < start <= high and number > 0
    stream.seek(start - 1 if known else 0)
    if not known or stream.read(1) != b"\n":
        raise NotFound(f"there is no such page: the cursor is not one that the list of {name} gave; begin without one")
    return start, number
