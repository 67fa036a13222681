"""Sessions that read beside those that write, over one pool of connections."""

from __future__ import annotations

from fastapi import FastAPI
from sqlalchemy import func, insert, select

import arithmetic_rows
from tunix_rt_backend.services.rows import row_values
from tunix_rt_backend.tables import Trace, utc_now


def test_a_session_that_writes_is_a_transaction_after_one_that_read(app: FastAPI) -> None:
    rows = [row_values(trace, created_at=utc_now()) for trace in arithmetic_rows.traces(3)]
    count = select(func.count()).select_from(Trace)
    for kept in (False, True):
        with app.state.readers() as session:
            assert session.scalar(count) == 0
        with app.state.sessions() as session:
            session.execute(insert(Trace), rows)
            assert session.scalar(count) == 3
            if kept:
                session.commit()
    with app.state.readers() as session:
        assert session.scalar(count) == 3
    assert app.state.engine.pool.checkedout() == 0
    assert app.state.engine.pool.checkedin() == 1, "all of it went over one connection"
