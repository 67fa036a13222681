"""Audit: what the entry of a transaction will say of it, told while it is open; whoever commits writes the entry.

    with call.writing() as session:
        row = traces.create(session, trace)
        audit.names(session, row.id)

It does not know who asks.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

_NOTE = "audit"


@dataclass
class Note:
    """What is known so far of the change that a transaction makes."""

    target: str | None = None
    """What is changed, by its id or name."""
    detail: dict[str, Any] = field(default_factory=dict)
    """More about it."""
    repeated: bool = False
    """Whether the request was answered before, so that nothing changes and there is no entry."""


def note_of(session: Session) -> Note:
    """Return the note of a session's transaction."""
    note: Note = session.info.setdefault(_NOTE, Note())
    return note


def names(session: Session, target: object, **detail: Any) -> None:
    """Say what a transaction changes, by its id or name."""
    note = note_of(session)
    note.target = str(target)
    note.detail |= detail


def repeats(session: Session) -> None:
    """Say that the request of a transaction was answered before, and changes nothing."""
    note_of(session).repeated = True
