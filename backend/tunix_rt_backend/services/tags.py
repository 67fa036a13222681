"""Tags: words that people put on traces, many at a time; it does not know how traces are found."""

from __future__ import annotations

import uuid
from typing import Any

from sqlalchemy import delete, func, literal
from sqlalchemy import select as choose
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from tunix_rt_backend.db import is_sqlite
from tunix_rt_backend.errors import Unprocessable
from tunix_rt_backend.schemas.traces import TagBody, TracesTagged
from tunix_rt_backend.services import audit, traces
from tunix_rt_backend.tables import Trace, TraceTag

MOST = 32
"""Most tags of a trace."""


def change(session: Session, body: TagBody) -> TracesTagged:
    """Put tags on traces and take tags off; one that is so already, or a trace that is gone, is no error.

    Raises Unprocessable if a trace would have too many.
    """
    named = choose(Trace.seq).where(Trace.id.in_(body.trace_ids)).order_by(Trace.seq)
    seqs = session.scalars(named.with_for_update(read=True, key_share=True)).all()
    gone = delete(TraceTag).where(TraceTag.tag.in_(body.remove), TraceTag.seq.in_(seqs))
    changed = _changed(session, gone)
    insert: Any = sqlite.insert if is_sqlite(session) else postgresql.insert
    for tag in sorted(set(body.add)):
        chosen = choose(Trace.seq, literal(tag)).where(Trace.seq.in_(seqs))
        changed += _changed(session, insert(TraceTag).from_select(["seq", "tag"], chosen).on_conflict_do_nothing())
    counted = choose(TraceTag.seq).where(TraceTag.seq.in_(seqs)).group_by(TraceTag.seq).having(func.count() > MOST)
    if session.scalar(counted.limit(1)) is not None:
        raise Unprocessable(f"a trace would have more than {MOST} tags; take some off first; nothing was changed")
    if not changed:
        audit.repeats(session)
    audit.names(session, " ".join([*(f"+{tag}" for tag in body.add), *(f"-{tag}" for tag in body.remove)]))
    return TracesTagged(matching=len(seqs), changed=changed)


def _changed(session: Session, statement: Any) -> int:
    options = {"synchronize_session": False}
    return len(session.execute(statement.returning(TraceTag.seq), execution_options=options).all())


def of_trace(session: Session, trace_id: uuid.UUID) -> list[str]:
    """Return the tags of a trace in alphabetical order; raise NotFound."""
    seq = traces.read(session, trace_id).seq
    return sorted(session.scalars(choose(TraceTag.tag).where(TraceTag.seq == seq)))
