"""Widths: whether both databases can hold a row, told before it is written; it does not know what the row means."""

from __future__ import annotations

from typing import Any

from tunix_rt.errors import DataError
from tunix_rt_backend.tables import Base


def fitting(table: type[Base], values: dict[str, Any]) -> dict[str, Any]:
    """Return the values of a row; raise DataError if one of the databases cannot hold one of them."""
    for name, value in values.items():
        most = getattr(table.__table__.c[name].type, "length", None)
        if isinstance(value, str) and most is not None and len(value) > most:
            raise DataError(f"{name} has {len(value):,} characters, and a row holds at most {most}")
        _check_plain(name, value)
    return values


def _check_plain(name: str, value: Any) -> None:
    if isinstance(value, dict):
        for key, inner in value.items():
            _check_plain(name, key)
            _check_plain(name, inner)
    elif isinstance(value, list):
        for inner in value:
            _check_plain(name, inner)
    elif isinstance(value, str) and "\0" in value:
        raise DataError(f"{name} holds a NUL character, which no text has")
    elif isinstance(value, int) and not -(2**63) <= value < 2**63:
        raise DataError(f"{name} holds a number of more than 63 bits")
