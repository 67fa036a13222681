"""ETags: an answer that a client has already is not sent again (RFC 9110, section 13.1.2); it knows no route."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Header

IfNoneMatch = Annotated[
    str | None, Header(max_length=4096, description="ETags of the answers that you have; 304 if one still holds.")
]

NOT_MODIFIED: dict[int | str, dict[str, Any]] = {304: {"description": "You have it already: its ETag still holds"}}
"""For the `responses` of a route that answers 304."""


def is_known(if_none_match: str | None, etag: str) -> bool:
    """Return whether a client has the answer of an ETag."""
    known = [one.strip().removeprefix("W/") for one in (if_none_match or "").split(",")]
    return etag in known or "*" in known
