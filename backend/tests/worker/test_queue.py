"""The queue: each job once, by priority and age; leases that end, and what becomes of jobs whose worker is gone."""

from __future__ import annotations

import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from tunix_rt_backend import db
from tunix_rt_backend.services import jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job, WorkerRow, utc_now
from tunix_rt_backend.worker import host, queue

LEASE = 30.0
ME, OTHER = uuid.UUID(int=1), uuid.UUID(int=2)

COMPETITOR = """
import sys, uuid
from tunix_rt_backend import db
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.worker import queue
sessions, me = db.make_sessions(db.make_engine(Settings())), uuid.uuid4()
print("ready", flush=True)
sys.stdin.readline()
while True:
    with sessions() as session:
        db.writing(session)
        claimed = queue.claim(session, me, lease_seconds=30)
        session.commit()
    if claimed is None:
        break
    print(claimed.job.id, flush=True)
    with sessions() as session:
        db.writing(session)
        assert queue.finish(session, me, claimed.job.id, status="completed")
        session.commit()
"""


@pytest.fixture
def sessions(settings: Settings) -> Iterator[sessionmaker[Session]]:
    engine = db.make_engine(settings)
    yield db.make_sessions(engine)
    engine.dispose()


def add(sessions: sessionmaker[Session], count: int = 1, run_id: str | None = None, **changes: Any) -> list[uuid.UUID]:
    with sessions() as session:
        made = [jobs.enqueue(session, kind="sft", run_id=run_id, spec={}, actor="test") for _ in range(count)]
        for job in made:
            for name, value in changes.items():
                setattr(job, name, value)
        session.commit()
        return [job.id for job in made]


def claim(sessions: sessionmaker[Session], worker: uuid.UUID = ME, **words: Any) -> queue.Claimed | None:
    with sessions() as session:
        db.writing(session)
        claimed = queue.claim(session, worker, lease_seconds=LEASE, **words)
        session.commit()
        return claimed


def claimed_id(sessions: sessionmaker[Session], worker: uuid.UUID = ME, **words: Any) -> uuid.UUID | None:
    claimed = claim(sessions, worker, **words)
    return claimed.job.id if claimed else None


def read(sessions: sessionmaker[Session], job_id: uuid.UUID) -> Job:
    with sessions() as session:
        return session.execute(select(Job).where(Job.id == job_id)).scalar_one()


def change(sessions: sessionmaker[Session], job_id: uuid.UUID, **values: Any) -> None:
    with sessions() as session:
        session.execute(update(Job).where(Job.id == job_id).values(**values))
        session.commit()


def reap(sessions: sessionmaker[Session]) -> list[uuid.UUID]:
    with sessions() as session:
        db.writing(session)
        found = [job.id for job in queue.reap(session)]
        session.commit()
        return found


def test_fifty_jobs_and_four_workers_give_each_job_once(settings: Settings, sessions: sessionmaker[Session]) -> None:
    added = add(sessions, 50)
    environment = {"TUNIX_RT_HOME": str(settings.home), "TUNIX_RT_DATABASE_URL": settings.url}
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", COMPETITOR],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    said = []
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        said += worker.communicate(timeout=60)[0].split()
        assert worker.returncode == 0
    assert sorted(said) == sorted(map(str, added))
    assert {read(sessions, job_id).status for job_id in added} == {"completed"}
    assert {read(sessions, job_id).attempts for job_id in added} == {1}


def test_higher_priority_goes_first_and_in_one_priority_the_older(sessions: sessionmaker[Session]) -> None:
    low, first, second = add(sessions), add(sessions, priority=5), add(sessions, priority=5)
    assert [claimed_id(sessions) for _ in range(4)] == [*first, *second, *low, None]


def test_claim_gives_a_lease_and_counts_an_attempt(sessions: sessionmaker[Session]) -> None:
    add(sessions)
    claimed = claim(sessions)
    assert claimed is not None
    job = claimed.job
    assert (job.status, job.attempts, job.worker_id, claimed.closing) == ("running", 1, ME, False)
    assert job.lease_until is not None
    assert timedelta(seconds=25) < job.lease_until - utc_now() < timedelta(seconds=35)


def test_job_is_not_claimed_before_its_time(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions, available_at=utc_now() + timedelta(hours=1))
    assert claimed_id(sessions) is None
    change(sessions, job_id, available_at=utc_now() - timedelta(seconds=1))
    assert claimed_id(sessions) == job_id


def test_second_job_of_a_run_waits_for_the_first(sessions: sessionmaker[Session]) -> None:
    first, second = add(sessions, 2, run_id="one")
    (other,) = add(sessions, run_id="two")
    assert [claimed_id(sessions), claimed_id(sessions), claimed_id(sessions)] == [first, other, None]
    with sessions() as session:
        db.writing(session)
        assert queue.finish(session, ME, first, status="completed")
        session.commit()
    assert claimed_id(sessions) == second


def test_expired_lease_gives_the_job_back_with_a_growing_wait(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions, max_attempts=10)
    waits = []
    for attempt in range(1, 4):
        assert claimed_id(sessions) == job_id
        assert reap(sessions) == []
        change(sessions, job_id, lease_until=utc_now() - timedelta(seconds=1))
        assert reap(sessions) == [job_id]
        job = read(sessions, job_id)
        assert (job.status, job.attempts, job.worker_id) == ("queued", attempt, None)
        assert "did not renew its lease" in (job.reason or "")
        waits.append((job.available_at - utc_now()).total_seconds())
        change(sessions, job_id, available_at=utc_now() - timedelta(seconds=1))
    assert waits == pytest.approx([1, 2, 4], abs=0.7)


def test_claimed_job_has_no_reason_of_an_earlier_attempt(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions)
    change(sessions, job_id, reason="it was killed")
    with sessions() as session:
        db.writing(session)
        claimed = queue.claim(session, ME, lease_seconds=30)
        session.commit()
    assert claimed is not None
    assert (claimed.before, read(sessions, job_id).reason) == ("it was killed", None)


def test_heartbeat_renews_leases_of_its_own_jobs_only(sessions: sessionmaker[Session]) -> None:
    mine, others = add(sessions, 2)
    assert (claimed_id(sessions), claimed_id(sessions, OTHER)) == (mine, others)
    old = utc_now() + timedelta(seconds=1)
    for job_id in (mine, others):
        change(sessions, job_id, lease_until=old)
    with sessions() as session:
        db.writing(session)
        queue.register(session, ME, pid=1, slots=2)
        queue.heartbeat(session, ME, [mine, others], lease_seconds=LEASE)
        session.commit()
    assert read(sessions, mine).lease_until > old  # type: ignore[operator]
    assert read(sessions, others).lease_until == old


def test_progress_lets_the_count_of_attempts_begin_anew(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions, attempts=1, max_attempts=3)
    assert claimed_id(sessions) == job_id
    assert read(sessions, job_id).attempts == 2
    with sessions() as session:
        queue.heartbeat(session, ME, [job_id], lease_seconds=LEASE, progressed=[job_id])
        session.commit()
    assert read(sessions, job_id).attempts == 1


def test_worker_that_lost_its_job_changes_nothing(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions)
    assert claimed_id(sessions) == job_id
    change(sessions, job_id, lease_until=utc_now() - timedelta(seconds=1))
    reap(sessions)
    change(sessions, job_id, available_at=utc_now() - timedelta(seconds=1))
    assert claimed_id(sessions, except_for=[job_id]) is None
    assert claimed_id(sessions, OTHER) == job_id
    with sessions() as session:
        db.writing(session)
        assert queue.held(session, ME, [job_id]) == {}
        assert not queue.finish(session, ME, job_id, status="failed")
        assert not queue.release(session, ME, job_id, reason="", counted=True)
        session.commit()
    job = read(sessions, job_id)
    assert (job.status, job.worker_id, job.attempts) == ("running", OTHER, 2)


def test_release_without_counting_leaves_the_job_as_it_was(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions)
    assert claimed_id(sessions) == job_id
    with sessions() as session:
        db.writing(session)
        assert queue.release(session, ME, job_id, reason="the worker was told to end", counted=False)
        session.commit()
    assert (read(sessions, job_id).status, read(sessions, job_id).attempts) == ("queued", 0)
    assert claimed_id(sessions) == job_id


def test_job_without_attempts_left_is_claimed_once_more_to_be_closed(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions, attempts=3, max_attempts=3, available_at=utc_now() + timedelta(hours=1))
    claimed = claim(sessions, closing_only=True)
    assert claimed is not None
    assert (claimed.job.id, claimed.closing, claimed.job.attempts) == (job_id, True, 3)


def test_cancelled_job_that_waits_is_claimed_to_be_closed_though_all_slots_are_taken(
    sessions: sessionmaker[Session],
) -> None:
    plain, cancelled = add(sessions, 2)
    change(sessions, cancelled, cancel_requested=True)
    assert claimed_id(sessions, closing_only=True) == cancelled
    assert claimed_id(sessions, closing_only=True) is None
    assert claimed_id(sessions) == plain


def test_cancel_is_told_to_the_worker_that_holds_the_job(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions)
    assert claimed_id(sessions) == job_id
    with sessions() as session:
        assert queue.held(session, ME, [job_id]) == {job_id: None}
        jobs.request_cancel(session, jobs.find(session, job_id))
        session.commit()
    with sessions() as session:
        assert queue.held(session, ME, [job_id]) == {job_id: "cancel"}
        jobs.request_cancel(session, jobs.find(session, job_id), keep=True)
        assert queue.held(session, ME, [job_id]) == {job_id: "stop"}


def test_dead_worker_of_this_machine_is_noticed_before_its_lease_is_over(sessions: sessionmaker[Session]) -> None:
    (job_id,) = add(sessions)
    dead = subprocess.Popen([sys.executable, "-c", ""])
    with sessions() as session:
        queue.register(session, OTHER, pid=dead.pid, slots=1)
        session.commit()
    dead.wait()
    assert claimed_id(sessions, OTHER) == job_id
    with sessions() as session:
        db.writing(session)
        assert str(dead.pid) in queue.bury(session, ME)[0]
        session.commit()
    assert reap(sessions) == [job_id]


def test_worker_of_another_machine_is_not_judged_by_its_process_id(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        queue.register(session, OTHER, pid=2**22 + 1, slots=1)
        session.execute(update(WorkerRow).values(host="elsewhere"))
        session.commit()
        assert queue.bury(session, ME) == []


def test_process_id_that_is_used_again_is_another_process() -> None:
    began = host.started_at(1)
    assert began is not None
    assert host.is_alive(1, began)
    assert not host.is_alive(1, began - 60)
