"""The queue: one table; a worker claims a job, renews its lease, and gives it back or ends it; it knows no command.

    queued ──claim──▶ running ──finish──▶ completed | stopped | failed | cancelled
       ▲                 │
       └──release, reap──┘

Two workers never get one job: PostgreSQL skips the rows that another transaction holds, SQLite lets one writer in at a
time (`db.writing` before the first call). A job that was cancelled while it waited, or that has no attempt left, is
claimed once more, to be closed: whoever claims it sees that its process is gone and its run says how it ended.
Functions take a session and never commit.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import ColumnElement, and_, exists, func, not_, or_, select, update
from sqlalchemy.orm import Session, aliased

from tunix_rt import __version__
from tunix_rt_backend.db import is_sqlite
from tunix_rt_backend.tables import Job, WorkerRow, utc_now
from tunix_rt_backend.worker import host

_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
"""Seconds before the first retry, and at most; each wait is twice the one before."""
_FORGET_AFTER = timedelta(days=1)
"""How long the row of a worker that is gone is kept."""


def clock(session: Session) -> datetime:
    """Return the present moment; PostgreSQL tells it, so that workers on several machines agree."""
    if is_sqlite(session):
        return utc_now()
    moment: datetime = session.execute(select(func.clock_timestamp())).scalar_one()
    return moment


def register(session: Session, worker_id: uuid.UUID, *, pid: int, slots: int) -> None:
    """Enter a worker, alive from now."""
    session.merge(
        WorkerRow(
            id=worker_id,
            host=host.host_name(),
            pid=pid,
            version=__version__,
            slots=slots,
            started_at=utc_now(),  # by the clock of this machine, which its processes are told by
            heartbeat_at=clock(session),
            stopped_at=None,
        )
    )


def deregister(session: Session, worker_id: uuid.UUID) -> None:
    """Say that a worker has ended."""
    session.execute(update(WorkerRow).where(WorkerRow.id == worker_id).values(stopped_at=clock(session)))


class Claimed(NamedTuple):
    """A job that a worker has got."""

    job: Job
    closing: bool
    """Whether it shall not be carried out any more, only be closed."""
    before: str | None
    """Why the attempt before this one ended; None: there was none."""


def _closing() -> ColumnElement[bool]:
    return or_(Job.cancel_requested, Job.attempts >= Job.max_attempts)


def _claimable(now: datetime, closing_only: bool) -> ColumnElement[bool]:
    if closing_only:
        return and_(Job.status == "queued", _closing())
    other = aliased(Job)
    busy = exists().where(other.run_id == Job.run_id, other.status == "running", other.id != Job.id)
    return and_(Job.status == "queued", or_(_closing(), and_(Job.available_at <= now, not_(busy))))


def is_waiting(session: Session, *, closing_only: bool = False) -> bool:
    """Return whether a job can be claimed; reading only, so that an idle worker takes no lock."""
    query = select(Job.seq).where(_claimable(clock(session), closing_only)).limit(1)
    return session.execute(query).first() is not None


def is_empty(session: Session) -> bool:
    """Return whether no job waits, be it for its time."""
    return session.execute(select(Job.seq).where(Job.status == "queued").limit(1)).first() is None


def claim(
    session: Session,
    worker_id: uuid.UUID,
    *,
    lease_seconds: float,
    closing_only: bool = False,
    except_for: Collection[uuid.UUID] = (),
) -> Claimed | None:
    """Give a worker the next job, by priority and then age; None if there is none.

    A job of a run that another job still works on waits. `closing_only`: only one that shall be closed, which needs no
    slot. A claim counts as an attempt, unless the job shall only be closed. `except_for`: jobs whose process this
    worker still has, though it lost them.
    """
    now = clock(session)
    query = (
        select(Job)
        .where(_claimable(now, closing_only), Job.id.not_in(except_for))
        .order_by(Job.priority.desc(), Job.seq)
        .limit(1)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    job = session.scalars(query).first()
    if job is None:
        return None
    closing, before = job.cancel_requested or job.attempts >= job.max_attempts, job.reason
    if not closing:
        job.reason = None  # it is no reason of what goes on now
        job.attempts += 1
        job.started_at = now
    job.status = "running"
    job.worker_id = worker_id
    job.lease_until = now + timedelta(seconds=lease_seconds)
    job.pid = job.exit_code = None
    session.flush()
    return Claimed(job, closing, before)


def _held(worker_id: uuid.UUID, job_ids: Collection[uuid.UUID]) -> ColumnElement[bool]:
    return and_(Job.worker_id == worker_id, Job.status == "running", Job.id.in_(job_ids))


def held(
    session: Session, worker_id: uuid.UUID, job_ids: Collection[uuid.UUID]
) -> dict[uuid.UUID, Literal["cancel", "stop"] | None]:
    """Return which of these jobs are still this worker's, each with how it shall end; None: it goes on."""
    rows = session.execute(select(Job.id, Job.cancel_requested, Job.spec).where(_held(worker_id, job_ids)))
    wishes: dict[bool, Literal["cancel", "stop"]] = {False: "cancel", True: "stop"}
    return {row.id: wishes[bool(row.spec.get("keep"))] if row.cancel_requested else None for row in rows}


def heartbeat(
    session: Session,
    worker_id: uuid.UUID,
    job_ids: Collection[uuid.UUID],
    *,
    lease_seconds: float,
    progressed: Collection[uuid.UUID] = (),
) -> None:
    """Say that a worker is alive, and renew the leases of its jobs.

    Jobs in `progressed` have kept new work since their attempt began; their count of attempts begins anew, so that
    only attempts in a row that achieve nothing use up a job.
    """
    now = clock(session)
    session.execute(update(WorkerRow).where(WorkerRow.id == worker_id).values(heartbeat_at=now, stopped_at=None))
    lease = now + timedelta(seconds=lease_seconds)
    session.execute(update(Job).where(_held(worker_id, job_ids)).values(lease_until=lease))
    if progressed:
        session.execute(update(Job).where(_held(worker_id, progressed)).values(attempts=1))


def note_process(session: Session, worker_id: uuid.UUID, job_id: uuid.UUID, pid: int) -> None:
    """Record the process group of a job's command."""
    session.execute(update(Job).where(_held(worker_id, [job_id])).values(pid=pid))


def finish(
    session: Session,
    worker_id: uuid.UUID,
    job_id: uuid.UUID,
    *,
    status: str,
    reason: str | None = None,
    exit_code: int | None = None,
    result: dict[str, Any] | None = None,
) -> bool:
    """End a job; return False if it is this worker's no longer, and leave it alone."""
    job = _own(session, worker_id, job_id)
    if job is None:
        return False
    job.status, job.reason, job.exit_code, job.result = status, reason, exit_code, result
    job.finished_at = clock(session)
    job.lease_until = None
    return True


def release(
    session: Session,
    worker_id: uuid.UUID,
    job_id: uuid.UUID,
    *,
    reason: str,
    counted: bool,
    exit_code: int | None = None,
) -> bool:
    """Put a job back into the queue; return False if it is this worker's no longer.

    `counted`: the attempt counts and the next one waits; else it is as if it had not been claimed.
    """
    job = _own(session, worker_id, job_id)
    if job is None:
        return False
    if not counted:
        job.attempts = max(0, job.attempts - 1)
    job.exit_code = exit_code
    _queue(job, clock(session), reason, wait=counted)
    return True


def _own(session: Session, worker_id: uuid.UUID, job_id: uuid.UUID) -> Job | None:
    query = select(Job).where(_held(worker_id, [job_id])).with_for_update().execution_options(populate_existing=True)
    return session.scalars(query).first()


def _queue(job: Job, now: datetime, reason: str, *, wait: bool) -> None:
    seconds = min(_FIRST_WAIT * 2 ** max(0, job.attempts - 1), _LONGEST_WAIT) if wait else 0.0
    job.status, job.reason = "queued", reason
    job.available_at = now + timedelta(seconds=seconds)
    job.worker_id = job.lease_until = job.pid = None


def bury(session: Session, worker_id: uuid.UUID) -> list[str]:
    """Expire the leases of workers of this machine whose process is gone; return what was found, in words.

    Without this a job of a killed worker waits until its lease is over.
    """
    here = host.host_name()
    living = select(WorkerRow).where(WorkerRow.host == here, WorkerRow.stopped_at.is_(None), WorkerRow.id != worker_id)
    now = clock(session)
    found = []
    for row in session.scalars(living.with_for_update(skip_locked=True)):
        began = host.started_at(row.pid)
        if began is not None and began <= row.started_at.timestamp() + 1:
            continue
        row.stopped_at = now
        session.execute(update(Job).where(Job.worker_id == row.id, Job.status == "running").values(lease_until=now))
        found.append(f"worker {row.id} (process {row.pid}) is gone")
    return found


def reap(session: Session) -> list[Job]:
    """Put jobs whose lease is over back into the queue, and forget workers that ended long ago; return the jobs."""
    now = clock(session)
    query = (
        select(Job)
        .where(Job.status == "running", Job.lease_until <= now)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    jobs = list(session.scalars(query))
    for job in jobs:
        _queue(job, now, f"worker {job.worker_id} did not renew its lease: it died or was suspended", wait=True)
    old = select(WorkerRow).where(WorkerRow.heartbeat_at < now - _FORGET_AFTER).with_for_update(skip_locked=True)
    for row in session.scalars(old):
        session.delete(row)
    return jobs
