"""Runs that are deleted while somebody asks something else of them: one is first, and the other is told so."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, delete, event
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from made import RUN, make_run
from starting import BASE, start
from tunix_rt.run import update_run
from tunix_rt_backend import db
from tunix_rt_backend.errors import NotFound, ServiceError
from tunix_rt_backend.schemas.evaluation import EvaluateBody
from tunix_rt_backend.services import evaluations, index, jobs, runs
from tunix_rt_backend.services.folders import deleting
from tunix_rt_backend.tables import Job, Run


@pytest.mark.parametrize("verb", ["resume", "evaluate"])
@pytest.mark.parametrize("first", ["delete", "queue"])
def test_deleted_run_does_not_come_back(app: FastAPI, home: Path, verb: str, first: str) -> None:
    update_run(make_run(home), status="stopped")
    folder, after = home / "runs" / RUN, contextlib.ExitStack()
    with app.state.sessions() as session:
        index.index_run(session, folder)
        session.commit()

    def remove(session: Session) -> None:
        runs.remove(session, home, RUN)
        after.enter_context(deleting(folder))

    def queue(session: Session) -> None:
        if verb == "resume":
            runs.resume(session, home, RUN, actor="local")
        else:
            body = EvaluateBody(task="nano-arithmetic:heldout")
            evaluations.request_of_run(session, home, RUN, body, actor="local", idempotency_key=None)

    works: dict[str, Callable[[Session], None]] = {"delete": remove, "queue": queue}

    def second() -> str:
        (other,) = set(works) - {first}
        try:
            with app.state.sessions() as session:
                db.writing(session)
                works[other](session)
                session.commit()
        except ServiceError as error:
            return type(error).__name__
        return "done"

    with after, app.state.sessions() as session, ThreadPoolExecutor(1) as pool:
        db.writing(session)
        works[first](session)
        waiting = pool.submit(second)
        wait([waiting], 0.5)
        session.commit()
        after.close()
        assert waiting.result(60) == {"delete": "NotFound", "queue": "Conflict"}[first]
        session.rollback()
        left = (session.get(Run, RUN) is not None, bool(jobs.active(session, RUN)), folder.is_dir())
    assert left == {"delete": (False, False, False), "queue": (True, True, True)}[first]


def test_job_that_goes_between_two_looks_is_told(
    client: TestClient, app: FastAPI, session: Session, home: Path
) -> None:
    run_id = start(client)["run_id"]
    gone: list[str] = []

    def go(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        # before the oldest job is looked for, when the newest was found
        if not gone and "FROM jobs" in statement and "ORDER BY jobs.seq" in statement and "DESC" not in statement:
            gone.append(statement)
            connection.exec_driver_sql("DELETE FROM jobs")

    event.listen(app.state.engine, "before_cursor_execute", go)
    assert client.post(f"{BASE}/{run_id}/cancel").status_code == 404
    event.remove(app.state.engine, "before_cursor_execute", go)
    assert gone
    assert client.get(BASE).status_code == 200
    job = jobs.newest(session, run_id)
    assert job is not None
    session.execute(delete(Job), execution_options={"synchronize_session": False})
    with pytest.raises(NotFound, match="any more"):
        jobs.request_cancel(session, job)
