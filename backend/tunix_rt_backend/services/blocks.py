"""Which words stand in which stretch of PostgreSQL's traces, so that a search passes over those without its own.

PostgreSQL's search index knows no order, and whoever reads back from the newest trace finds a word soon only if it is
spread evenly. A block is 1,024 places of `seq`; once no trace can be added to it, its words are kept in one row. A
deleted trace leaves its words there: a block is then looked at in vain. SQLite keeps none: its index is read in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from psycopg.errors import LockNotAvailable
from sqlalchemy import ARRAY, CTE, BigInteger, Text, bindparam, cast, column, func, select, table, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from tunix_rt_backend.db import is_sqlite

SIZE = 1024
"""Places of `seq` in a block."""
_AT_ONCE = 16
"""Blocks that are kept in one transaction: about a second of the database's work."""

_FIRST = text("SELECT coalesce((SELECT max(block) + 1 FROM trace_blocks), (SELECT min(seq) / :size FROM traces), 0)")
_KEEP = text("""
    INSERT INTO trace_blocks (block, words)
    SELECT block, ARRAY(
        SELECT DISTINCT word FROM traces, unnest(tsvector_to_array(search)) AS word
        WHERE seq >= block * :size AND seq < (block + 1) * :size
    )
    FROM generate_series(CAST(:first AS bigint), CAST(:last AS bigint)) AS block
    ON CONFLICT DO NOTHING
""")


def places() -> CTE:
    """Return where traces that have what `values` names may stand: one row of two `seq`.

    `kept`: from here on no block is kept yet. `end`: the end of the newest block that holds every word, which is not
    above `kept`. They are looked up once a statement, and the planner does not know their values.
    """
    size = bindparam("block_size", type_=BigInteger)
    after: Any = func.coalesce((func.max(column("block")) + 1) * size, 0, type_=BigInteger)
    first = select(after.label("kept")).select_from(table("trace_blocks")).subquery()
    newest = func.newest_block(bindparam("block_words", type_=Text), cast(bindparam("block_lexemes"), ARRAY(Text)))
    end = func.least(first.c.kept, (func.coalesce(newest, -1) + 1) * size, type_=BigInteger)
    return select(first.c.kept, end.label("end")).cte("places").prefix_with("MATERIALIZED")


def values(words: str, lexemes: Sequence[str]) -> dict[str, Any]:
    """Return the values of `places` for traces with all these words, and all these lexemes of filters."""
    return {"block_words": words, "block_lexemes": list(lexemes), "block_size": SIZE}


def keep_settled(sessions: sessionmaker[Session]) -> int:
    """Keep the words of the next full blocks, a few at a time; return how many. On SQLite there is nothing to do."""
    with sessions() as session:
        last = None if is_sqlite(session) else _settled(session)
    if last is None:
        return 0
    with sessions() as session:
        first: int = session.execute(_FIRST, {"size": SIZE}).scalar_one()
        count = max(0, min(_AT_ONCE, (last + 1) // SIZE - first))
        if count:
            session.execute(_KEEP, {"size": SIZE, "first": first, "last": first + count - 1})
            session.commit()
    return count


def _settled(session: Session) -> int | None:
    """Return a `seq` up to which no trace will be added any more; None: somebody is adding some now.

    The lock is had only while no transaction has written, and whoever draws a number has taken its own lock before.
    """
    try:
        session.execute(text("LOCK TABLE traces IN SHARE MODE NOWAIT"))
    except OperationalError as error:
        if isinstance(error.orig, LockNotAvailable):
            return None
        raise
    last: int = session.execute(text("SELECT coalesce(max(seq), -1) FROM traces")).scalar_one()
    return last
