"""Runs: start, list, look at, end, go on with, start over, delete, take in."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import PlainTextResponse
from starlette.concurrency import run_in_threadpool

from tunix_rt_backend.deps import Call, ReadCall, WriteCall
from tunix_rt_backend.errors import Unavailable
from tunix_rt_backend.routers.jobs import cancelled
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.jobs import JobRow
from tunix_rt_backend.schemas.names import DatasetKey, IdempotencyKey, ModelName, RunId
from tunix_rt_backend.schemas.pages import Cursor, Limit, Offset, Page
from tunix_rt_backend.schemas.runs import (
    Cancelled,
    Imported,
    PlanReply,
    RunDetail,
    RunKind,
    RunMode,
    RunRequest,
    RunRow,
    RunStarted,
    RunState,
    RunStatus,
    Upstream,
)
from tunix_rt_backend.services import archives, audit, configs, imports, jobs, metrics, plans, runs
from tunix_rt_backend.services.folders import deleting
from tunix_rt_backend.services.metrics import Metrics
from tunix_rt_backend.services.runs import Found
from tunix_rt_backend.tables import Job, Run

starting = APIRouter(tags=["tunix"], responses=problems())
router = APIRouter(tags=["tunix_runs"], responses=problems())

Key = Annotated[
    IdempotencyKey | None,
    Header(description="A key of your choice: the same key and request start one run, however often they come."),
]
_BASE = "/api/tunix/runs"
_IMPORTS = asyncio.Semaphore(2)
"""Imports at a time: each checks every byte of what came in."""


@starting.post("/api/tunix/run", status_code=202, responses={200: {"model": PlanReply}, **problems(404, 409)})
def start_run(
    body: RunRequest,
    call: WriteCall,
    response: Response,
    mode: Annotated[Literal["async"], Query(description="A run always goes through the queue.")] = "async",
    idempotency_key: Key = None,
) -> PlanReply | RunStarted:
    """Plan a run (`dry_run`, the default; answered with 200), or put one into the queue (202)."""
    config = configs.resolve(body, call.home)
    if body.dry_run:
        runs.check_upstream(call.home, config)
        response.status_code = 200
        return _plan_reply(config.model_dump(mode="json"), plans.make(config, call.settings, body.device))
    with call.writing(dataset=body.dataset_key, model=body.model_id, kind=body.kind) as session:
        job = runs.start(
            session,
            call.home,
            config,
            actor=call.principal.name,
            priority=body.priority,
            device=body.device,
            idempotency_key=idempotency_key,
        )
        audit.names(session, job.run_id, job=str(job.id))
    return _started(job, call, response)


def _plan_reply(config: dict[str, Any], made: plans.Planned) -> PlanReply:
    done = made.exit_code == 0 and made.plan is not None
    return PlanReply(
        run_id=None,
        status="completed" if done else "failed",
        mode="dry-run",
        dataset_key=configs.dataset_key(config),
        model_id=configs.base_model(config),
        exit_code=made.exit_code,
        stdout=made.stdout,
        stderr=made.stderr,
        duration_seconds=(made.completed_at - made.started_at).total_seconds(),
        started_at=made.started_at,
        completed_at=made.completed_at,
        message="this is the plan; send dry_run false to start it" if done else plans.last_line(made.stderr),
        plan=made.plan,
    )


def _started(job: Job, call: Call, response: Response) -> RunStarted:
    assert job.run_id is not None
    response.headers["location"] = f"{_BASE}/{job.run_id}"
    message = runs.outcome(call.home, job)
    return RunStarted(run_id=job.run_id, job_id=job.id, status=job.status, message=message)


@router.get(_BASE, responses=problems(404))
def list_runs(
    call: ReadCall,
    status: Annotated[RunStatus | None, Query(description="Exactly this status.")] = None,
    dataset_key: Annotated[DatasetKey | None, Query(description="Trained on this dataset.")] = None,
    mode: Annotated[RunMode | None, Query(description="Started here, found as a folder, or taken in.")] = None,
    kind: Annotated[RunKind | None, Query(description="Exactly this kind.")] = None,
    model_id: Annotated[ModelName | None, Query(description="Of this base model.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Page[RunRow]:
    """List runs, the newest first."""
    filters = {"status": status, "dataset_key": dataset_key, "mode": mode, "kind": kind, "model_id": model_id}
    with call.reading() as session:
        rows, pagination = runs.list_runs(
            session, call.home, filters=filters, limit=limit, offset=offset, cursor=cursor
        )
        return Page(data=[_row(row) for row in rows], pagination=pagination)


def _row(row: Run) -> RunRow:
    return RunRow(
        run_id=row.run_id,
        dataset_key=row.dataset_key,
        dataset_digest=row.dataset_digest,
        model_id=row.model_id,
        mode=row.mode,
        status=row.status,
        started_at=row.started_at,
        duration_seconds=row.duration_seconds,
        metrics=row.results,
        kind=row.kind,
        stage=row.stage,
        created_at=row.created_at,
        completed_at=row.completed_at,
        attempts=row.attempts,
    )


@router.post(
    f"{_BASE}/import",
    status_code=201,
    responses=problems(409),
    openapi_extra={
        "requestBody": {
            "required": True,
            "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in archives.KINDS},
        }
    },
)
async def import_run(request: Request, call: WriteCall) -> Imported:
    """Take in runs made elsewhere: a zip of a run's folder, or of a home folder with runs, datasets and evaluations."""
    if _IMPORTS.locked():
        raise Unavailable("two imports are at work; send this one when they have ended", retry_after=10)
    async with _IMPORTS, archives.received(request.headers, request.stream(), call.home) as archive:
        return await run_in_threadpool(_import, call, archive)


def _import(call: Call, archive: archives.Archive) -> Imported:
    with archives.unpacked(archive, archive.path.with_name("files"), call.settings) as folder:
        return take_in(call, folder)


def take_in(call: Call, incoming: Path) -> Imported:
    """Check a folder that came in, put it in, and write its rows; no transaction is open while files are hashed."""
    found = imports.check(call.home, incoming)
    with call.reading() as session:
        imports.check_free(session, found)
    with imports.placed(call.home, found), call.writing() as session:
        written = imports.record(session, call.home, found)
        audit.names(session, ", ".join(run.run_id for run in found.runs), **written)
        if not written:
            audit.repeats(session)
    for run_id in found.folders["runs"]:
        metrics.precompute(call.home, run_id)
    return Imported(runs=found.runs, datasets=written.get("datasets", []), evaluations=written.get("evaluations", []))


@router.get(f"{_BASE}/{{run_id}}", responses=problems(404))
def get_run(run_id: RunId, call: ReadCall) -> RunDetail:
    """Return a run with its configuration, its figures, its error, its job and what it was made from."""
    with call.reading() as session:
        found = runs.find(session, call.home, run_id)
    return _detail(found, runs.output_of(call.home, found.job))


def _detail(found: Found, output: str) -> RunDetail:
    row, manifest, job = found.row, found.manifest, found.job
    base = f"{_BASE}/{row.run_id}"
    parts = ("status", "config", "metrics", "rollouts", "samples", "logs", "artifacts", "evaluation")
    return RunDetail(
        run_id=row.run_id,
        status=row.status,
        mode=row.mode,
        dataset_key=row.dataset_key,
        model_id=row.model_id,
        exit_code=_exit_code(job),
        stdout=plans.one_line(job.result) if job and job.result else "",
        stderr=output,
        duration_seconds=row.duration_seconds,
        started_at=row.started_at,
        completed_at=row.completed_at,
        message=found.message,
        kind=row.kind,
        stage=row.stage,
        created_at=row.created_at,
        attempts=row.attempts,
        seed=row.seed,
        config=row.config,
        results=row.results,
        error=row.error,
        inputs=_upstream(manifest.inputs) if manifest else {},
        outputs=_upstream(manifest.outputs) if manifest else {},
        timings=manifest.timings if manifest else {},
        git_commit=row.git_commit,
        device=row.device,
        problem=found.problem,
        job=JobRow.model_validate(job) if job else None,
        links={part: f"{base}/{part}" for part in parts} | ({"job": f"/api/jobs/{job.id}"} if job else {}),
    )


def _exit_code(job: Job | None) -> int | None:
    """Return how a job's command ended; None while it has not: what is kept then is of an earlier attempt."""
    return None if job is None or job.status in jobs.ACTIVE else job.exit_code


def _upstream(refs: dict[str, Any]) -> dict[str, Upstream]:
    return {part: Upstream(kind=ref.kind, key=ref.key, digest=ref.digest) for part, ref in refs.items()}


@router.get(f"{_BASE}/{{run_id}}/status", responses=problems(404))
def get_run_status(run_id: RunId, call: ReadCall) -> RunState:
    """Say how far a run is."""
    with call.reading() as session:
        found = runs.find(session, call.home, run_id)
    row, job = found.row, found.job
    return RunState(
        run_id=row.run_id,
        status=row.status,
        stage=row.stage,
        queued_at=job.created_at if job else None,
        started_at=row.started_at,
        completed_at=row.completed_at,
        exit_code=_exit_code(job),
        attempts=row.attempts,
    )


@router.get(
    f"{_BASE}/{{run_id}}/config",
    response_model=dict[str, Any],
    responses={200: {"content": {"application/yaml": {"schema": {"type": "object"}}}}, **problems(404, 409)},
)
def get_run_config(
    run_id: RunId,
    call: ReadCall,
    request: Request,
    form: Annotated[Literal["json", "yaml"] | None, Query(alias="format", description="Goes before Accept.")] = None,
) -> Any:
    """Return the configuration that is in force, as JSON or as a YAML file that a command runs."""
    with call.reading() as session:
        config = runs.find(session, call.home, run_id).row.config
    if form == "yaml" or (form is None and "yaml" in request.headers.get("accept", "")):
        configs.from_record(config, f"run {run_id!r}")  # a file that no command reads is none
        return PlainTextResponse(configs.to_yaml(config), media_type="application/yaml")
    return config


@router.post(f"{_BASE}/{{run_id}}/cancel", responses=problems(404, 409))
def cancel_run(run_id: RunId, call: WriteCall) -> Cancelled:
    """End a run: at once if it waits, through its worker if it runs; its last checkpoint is kept."""
    with call.writing() as session:
        job = runs.cancel(session, call.home, run_id)
        audit.names(session, run_id, job=str(job.id))
    return cancelled(job)


@router.post(f"{_BASE}/{{run_id}}/stop", responses=problems(404, 409))
def stop_run(run_id: RunId, call: WriteCall) -> Cancelled:
    """End a training after its present update as if its time were over: it is `stopped`, and what it learned counts."""
    with call.writing() as session:
        job = runs.cancel(session, call.home, run_id, keep=True)
        audit.names(session, run_id, job=str(job.id))
    message = "its worker tells it to save what it has learned and to end; it can be measured and resumed then"
    return Cancelled(message=message, run_id=job.run_id, job_id=job.id, status="stop_requested")


@router.post(f"{_BASE}/{{run_id}}/retry", status_code=202, responses=problems(404, 409))
def retry_run(run_id: RunId, call: WriteCall, response: Response, idempotency_key: Key = None) -> RunStarted:
    """Start a run over, as a new run of the same configuration; the old one stays as it is."""
    with call.writing() as session:
        job = runs.retry(session, call.home, run_id, actor=call.principal.name, idempotency_key=idempotency_key)
        audit.names(session, job.run_id, job=str(job.id), retry_of=run_id)
    return _started(job, call, response)


@router.post(f"{_BASE}/{{run_id}}/resume", status_code=202, responses=problems(404, 409))
def resume_run(run_id: RunId, call: WriteCall, response: Response, idempotency_key: Key = None) -> RunStarted:
    """Go on with the same run from its last checkpoint."""
    with call.writing() as session:
        job = runs.resume(session, call.home, run_id, actor=call.principal.name, idempotency_key=idempotency_key)
        audit.names(session, run_id, job=str(job.id))
    return _started(job, call, response)


@router.delete(f"{_BASE}/{{run_id}}", status_code=204, responses=problems(404, 409))
def delete_run(run_id: RunId, call: WriteCall, request: Request) -> None:
    """Delete a run with its files; what was made from it (evaluations, submissions) stays."""
    kept: Metrics = request.app.state.metrics
    with contextlib.ExitStack() as after, call.writing(run_id) as session:
        runs.remove(session, call.home, run_id)
        after.enter_context(deleting(call.home / "runs" / run_id))
    kept.forget(run_id)
