"""Jobs: put one into the queue, find it, ask for its end; it does not know how a job is carried out.

A job goes `queued` → `running` → `completed | stopped | failed | cancelled`. The worker moves it on; here one only adds
it, and takes it out again while nobody works on it.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, defer

from tunix_rt.formats import digest_value
from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services import audit
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.tables import Job, WorkerRow, utc_now

ACTIVE = ("queued", "running")
"""Statuses of a job that has not ended."""
RUN_KINDS = ("sft", "grpo", "session")
"""Kinds of job that make a run; `eval` measures one, `submission` bundles one."""
TRAINING_KINDS = ("sft", "grpo")
"""Those that are one training: it may end early with what it learned. A session has more to do after it."""


@dataclass(frozen=True)
class Keyed:
    """An idempotency key, with the request that it stands for."""

    key: str
    """The key."""
    verb: str
    """start | resume | retry | evaluate | submit"""
    digest: str
    """Digest of what is asked for."""

    @property
    def request(self) -> dict[str, str]:
        """The request, as the spec of its job keeps it."""
        return {"verb": self.verb, "digest": self.digest}


def keyed(key: str | None, verb: str, asked: Any) -> Keyed | None:
    """Return a key with its request, `asked` being all that makes it another request if it differs; None: no key."""
    return None if key is None else Keyed(key, verb, digest_value(asked))


def enqueue(
    session: Session,
    *,
    kind: str,
    run_id: str | None,
    spec: Mapping[str, Any],
    priority: int = 0,
    actor: str,
    keyed: Keyed | None = None,
    max_attempts: int = 3,
) -> Job:
    """Return a new job at the end of its priority's queue, or the one that the same key and request made before.

    Raises Conflict if the key was used for another request.
    """
    now = utc_now()
    job = Job(
        id=uuid.uuid4(),
        kind=kind,
        run_id=run_id,
        status="queued",
        priority=priority,
        spec=dict(spec) | ({"request": keyed.request} if keyed else {}),
        max_attempts=max_attempts,
        available_at=now,
        actor=actor,
        idempotency_key=keyed.key if keyed else None,
        created_at=now,
    )
    before = repeated(session, keyed)
    if before is not None:
        return before
    try:
        with session.begin_nested():
            session.add(job)
            session.flush()
    except IntegrityError:
        # The same request came twice at once, and the other one was first.
        before = repeated(session, keyed)
        if before is None:
            raise
        return before
    return job


def repeated(session: Session, keyed: Keyed | None) -> Job | None:
    """Return the job that the same request made before; None if none did, or it has no key.

    Raises Conflict if the key was used for another request.
    """
    before = None if keyed is None else session.scalar(select(Job).where(Job.idempotency_key == keyed.key))
    if before is None or keyed is None:
        return None
    request = before.spec.get("request", {})
    if request != keyed.request:
        verb = request.get("verb")
        other = f"to {verb} something else" if verb == keyed.verb else f"to {verb}, and this one asks to {keyed.verb}"
        raise Conflict(
            f"the Idempotency-Key {keyed.key!r} was used for another request ({other}), which made job {before.id}; "
            "take a new key for a new request"
        )
    audit.repeats(session)
    return before


def find(session: Session, job_id: uuid.UUID) -> Job:
    """Return a job; raise NotFound if there is none."""
    job = session.scalar(select(Job).where(Job.id == job_id))
    if job is None:
        raise NotFound(f"there is no job {job_id}; GET /api/jobs lists them")
    return job


def newest(session: Session, run_id: str) -> Job | None:
    """Return the job that made or last worked on a run; None if no job did. Evaluations are not counted."""
    return session.scalar(
        select(Job).where(Job.run_id == run_id, Job.kind.in_(RUN_KINDS)).order_by(Job.seq.desc()).limit(1)
    )


def oldest(session: Session, run_id: str) -> Job | None:
    """Return the job that a run was asked for with; None if no job was."""
    return session.scalar(select(Job).where(Job.run_id == run_id, Job.kind.in_(RUN_KINDS)).order_by(Job.seq).limit(1))


def ends(session: Session) -> dict[str, tuple[Job, Job]]:
    """Return the oldest and the newest job of every run that a job made, by the run's name."""
    found: dict[str, tuple[Job, Job]] = {}
    query = select(Job).where(Job.kind.in_(RUN_KINDS), Job.run_id.is_not(None)).order_by(Job.seq)
    for job in session.scalars(query.options(defer(Job.result))):
        name = str(job.run_id)
        found[name] = (found[name][0] if name in found else job, job)
    return found


def active(session: Session, run_id: str) -> list[Job]:
    """Return the jobs of any kind that wait for or work on a run."""
    query = select(Job).where(Job.run_id == run_id, Job.status.in_(ACTIVE)).order_by(Job.seq)
    return list(session.scalars(query))


def starting_from(session: Session, run_id: str) -> list[str]:
    """Return the runs that wait or are worked on and start from what a run trained."""
    found = session.scalars(select(Job).where(Job.kind == "grpo", Job.status.in_(ACTIVE)).order_by(Job.seq))
    return [str(job.run_id) for job in found if job.spec["config"].get("start") == run_id]


def request_cancel(session: Session, job: Job, *, keep: bool = False) -> Job:
    """End a queued job at once, ask the worker to end a running one.

    `keep`: it shall end `stopped`, as if its time were over. Raises Conflict if it has ended, or has nothing to keep;
    and NotFound if it is gone.
    """
    # A worker may be claiming it at this moment, or somebody may have deleted it with its run.
    held = select(Job).where(Job.id == job.id).with_for_update().execution_options(populate_existing=True)
    if session.scalar(held) is None:
        raise NotFound(f"there is no job {job.id} any more; GET /api/jobs lists them")
    if job.status not in ACTIVE:
        raise Conflict(f"job {job.id} is {job.status}; only a queued or running one can be cancelled")
    if keep and (job.status == "queued" or job.kind not in TRAINING_KINDS):
        why = "it has not begun" if job.status == "queued" else "only a training keeps what it learned by then"
        raise Conflict(f"job {job.id} cannot be stopped: {why}; cancel it")
    if job.status == "queued":
        job.status, job.finished_at = "cancelled", utc_now()
        job.reason = "cancelled before it was started"
    job.cancel_requested = True
    if keep != job.spec.get("keep", False):
        job.spec = {**job.spec, "keep": keep}
    session.flush()
    return job


def list_jobs(
    session: Session,
    *,
    status: str | None,
    kind: str | None,
    run_id: str | None,
    limit: int,
    offset: int,
    cursor: str | None,
) -> tuple[list[Job], Pagination]:
    """Return one page of jobs, the newest first."""
    query = select(Job)
    for column, wanted in ((Job.status, status), (Job.kind, kind), (Job.run_id, run_id)):
        if wanted is not None:
            query = query.where(column == wanted)
    return page(session, query, [(Job.seq, int)], limit=limit, offset=offset, cursor=cursor)


def list_workers(
    session: Session, *, limit: int, offset: int, cursor: str | None
) -> tuple[list[WorkerRow], Pagination]:
    """Return one page of workers, the one that started last first."""
    order = [(WorkerRow.started_at, datetime), (WorkerRow.pid, int)]
    return page(session, select(WorkerRow), order, limit=limit, offset=offset, cursor=cursor)
