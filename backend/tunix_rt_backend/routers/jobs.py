"""Jobs: the queue as one sees it, and the workers that empty it."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Query

from tunix_rt_backend.deps import ReadCall, WriteCall
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.jobs import JobDetail, JobKind, JobRow, JobStatus, Worker
from tunix_rt_backend.schemas.names import RunId
from tunix_rt_backend.schemas.pages import Cursor, Limit, Offset, Page
from tunix_rt_backend.schemas.runs import Cancelled
from tunix_rt_backend.services import audit, jobs, runs
from tunix_rt_backend.tables import Job, utc_now

router = APIRouter(tags=["tunix_runs"], responses=problems())


@router.get("/api/jobs", responses=problems(404))
def list_jobs(
    call: ReadCall,
    status: Annotated[JobStatus | None, Query(description="Exactly this status.")] = None,
    kind: Annotated[JobKind | None, Query(description="Exactly this kind.")] = None,
    run_id: Annotated[RunId | None, Query(description="Jobs that make or measure this run.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Page[JobRow]:
    """List jobs, the newest first."""
    with call.reading() as session:
        rows, pagination = jobs.list_jobs(
            session, status=status, kind=kind, run_id=run_id, limit=limit, offset=offset, cursor=cursor
        )
        return Page(data=[JobRow.model_validate(row) for row in rows], pagination=pagination)


@router.get("/api/jobs/{job_id}", responses=problems(404))
def get_job(job_id: uuid.UUID, call: ReadCall) -> JobDetail:
    """Return a job with what it was asked to do and what became of it."""
    with call.reading() as session:
        return JobDetail.model_validate(jobs.find(session, job_id))


@router.post("/api/jobs/{job_id}/cancel", responses=problems(404, 409))
def cancel_job(job_id: uuid.UUID, call: WriteCall) -> Cancelled:
    """End a job: at once if it waits, through its worker if it runs."""
    with call.writing(str(job_id)) as session:
        job = runs.cancel_job(session, call.home, jobs.find(session, job_id))
        audit.names(session, job_id, run=job.run_id)
    return cancelled(job)


def cancelled(job: Job) -> Cancelled:
    """Return what became of a request to end a job."""
    if job.status == "cancelled":
        message = "it had not begun, and is cancelled"
        return Cancelled(message=message, run_id=job.run_id, job_id=job.id, status="cancelled")
    # The first words are those of the earlier service.
    message = "Run cancellation requested: its worker tells it to end, and kills it if it does not"
    return Cancelled(message=message, run_id=job.run_id, job_id=job.id, status="cancel_requested")


@router.get("/api/workers", responses=problems(404))
def list_workers(call: ReadCall, limit: Limit = 50, offset: Offset = 0, cursor: Cursor = None) -> Page[Worker]:
    """List workers, the one that started last first; those that ended are listed for a while."""
    with call.reading() as session:
        rows, pagination = jobs.list_workers(session, limit=limit, offset=offset, cursor=cursor)
    heard_of = utc_now() - timedelta(seconds=call.settings.lease_seconds)
    workers = [
        Worker(
            id=row.id,
            host=row.host,
            pid=row.pid,
            version=row.version,
            slots=row.slots,
            started_at=row.started_at,
            heartbeat_at=row.heartbeat_at,
            stopped_at=row.stopped_at,
            alive=row.stopped_at is None and row.heartbeat_at > heard_of,
        )
        for row in rows
    ]
    return Page(data=workers, pagination=pagination)
