"""The queue as seen from outside."""

from __future__ import annotations

import threading

import pytest
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.orm import Session

from tunix_rt_backend import db
from tunix_rt_backend.errors import Conflict
from tunix_rt_backend.services import jobs
from tunix_rt_backend.tables import Job


def test_same_key_and_request_make_one_job_however_many_come_at_once(app: FastAPI, session: Session) -> None:
    found: list[object] = []

    def ask() -> None:
        with app.state.sessions() as own:
            db.writing(own)
            keyed = jobs.keyed("k", "evaluate", {"n": 1.5})
            job = jobs.enqueue(own, kind="eval", run_id=None, spec={"n": 1.5}, actor="local", keyed=keyed)
            own.commit()
            found.append(job.id)

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert len(set(found)) == 1
    assert len(session.scalars(select(Job)).all()) == 1
    keyed = jobs.keyed("k", "evaluate", {"n": 2})
    with pytest.raises(Conflict, match="another request"):
        jobs.enqueue(session, kind="eval", run_id=None, spec={"n": 2}, actor="local", keyed=keyed)


def test_jobs_without_a_key_are_all_made(session: Session) -> None:
    for _ in range(2):
        jobs.enqueue(session, kind="eval", run_id="r", spec={}, actor="local")
    assert [job.status for job in jobs.active(session, "r")] == ["queued", "queued"]
    assert jobs.newest(session, "r") is None, "a measurement makes no run"


@pytest.mark.parametrize("status", ["completed", "stopped", "failed", "cancelled"])
def test_ended_job_is_not_cancelled(session: Session, status: str) -> None:
    job = jobs.enqueue(session, kind="sft", run_id="r", spec={}, actor="local")
    job.status = status
    session.flush()
    with pytest.raises(Conflict, match=status):
        jobs.request_cancel(session, job)
