"""Blocks of traces on PostgreSQL: a search finds the same with and without them, and none is kept too early."""

from __future__ import annotations

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from tunix_rt.trace import make_trace
from tunix_rt_backend.schemas.traces import TraceQuery
from tunix_rt_backend.services import blocks, traces

pytestmark = pytest.mark.parametrize("settings", ["postgresql"], indirect=True)

COUNT = 60
QUERIES = (
    {"q": "every"}, {"q": "old"}, {"q": "third"}, {"q": "old third"}, {"q": "absent"}, {"q": "eve*"}, {"q": "thi* old"},
    {"q": '"every third"'}, {"q": '"third every"'}, {"q": "STRASSE"}, {"q": "1.5"}, {"q": "every", "family": "f1"},
    {"family": "f1", "source": "s2"}, {"family": "f1", "source": "s1"}, {"q": "old", "source": "s2"},
)  # fmt: skip


def write(session: Session, begin: int, end: int) -> None:
    """Write traces; every third one says so, the first twenty are old, and each of two filters has a few values."""
    made = []
    for n in range(begin, end):
        words = ["every", *(["third"] if n % 3 == 0 else []), *(["old", "stra\u00dfe 1.5"] if n < 20 else [])]
        made.append(make_trace(" ".join(words), ["a"], str(n), family=f"f{n % 2}", source=f"s{n % 4}"))
    traces.create(session, made)
    session.commit()


def walked(session: Session, **query: str) -> list[str]:
    """Return the answers of every match, page by page."""
    found: list[str] = []
    cursor = None
    while True:
        rows, page = traces.list_traces(session, TraceQuery(**query, limit=3, cursor=cursor))
        found += [row.final_answer for row in rows]
        cursor = page.next_cursor
        if cursor is None:
            return found
        assert len(rows) == 3


def test_searches_find_the_same_with_blocks_and_without(
    app: FastAPI, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "SIZE", 4)
    write(session, 0, COUNT)
    before = [walked(session, **query) for query in QUERIES]
    assert before[1] == [str(n) for n in range(19, -1, -1)]
    assert [len(found) for found in before[2:5]] == [20, 7, 0]
    session.rollback()
    assert sum(iter(lambda: blocks.keep_settled(app.state.sessions), 0)) == COUNT // 4
    assert session.execute(select(blocks.places()), blocks.values("old", [])).one() == (COUNT, 24)
    assert [walked(session, **query) for query in QUERIES] == before
    write(session, COUNT, COUNT + 6)
    assert walked(session, q="third") == ["63", "60", *before[2]]
    assert walked(session, q="old") == before[1]
    first = session.query(traces.Trace).filter_by(final_answer="19").one()
    traces.remove(session, first.id)
    session.commit()
    assert walked(session, q="old") == before[1][1:]


def test_no_block_is_kept_while_somebody_may_add_to_it(
    app: FastAPI, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(blocks, "SIZE", 4)
    with app.state.sessions() as slow:
        traces.create(slow, [make_trace("slow", ["a"], "slow")])  # it has a number, and is not committed
        write(session, 0, 12)
        assert blocks.keep_settled(app.state.sessions) == 0
        slow.commit()
    assert blocks.keep_settled(app.state.sessions) > 0
    assert walked(session, q="slow") == ["slow"]
