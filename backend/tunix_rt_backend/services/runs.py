"""Runs: start one, find it, end it, go on with it, start it over, delete it; it trains nothing, and knows no HTTP.

`resume` goes on with the same run from its last checkpoint; `retry` starts over, as a new run of the same
configuration, and leaves the old one as it is.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, defer

from tunix_rt.config import GRPOConfig
from tunix_rt.errors import DataError, TunixRtError
from tunix_rt.formats import MANIFEST, Format
from tunix_rt.run import ACTIVE, RunManifest, is_held, read_run_config
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.schemas.runs import OUTPUT_BYTES
from tunix_rt_backend.services import configs, index, jobs, weights
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.services.run_state import NOTHING, progress_of
from tunix_rt_backend.tables import Job, Run

_SLUG_LENGTH = 150
_MESSAGES = {
    "queued": "it waits for a worker; GET …/status says when it begins",
    "preparing": "a worker starts it",
    "running": "it is being worked on; GET …/logs shows what it says",
    "completed": "it is done; GET …/artifacts lists what it made, POST …/evaluate measures it",
    "stopped": "it ended early with what it had learned; resume goes on from its last checkpoint",
    "failed": "it failed; `error` says why, resume goes on from its last checkpoint, retry starts over",
    "cancelled": "it was cancelled; resume goes on from its last checkpoint, retry starts over",
    "interrupted": "its process is gone; resume goes on from its last checkpoint, retry starts over",
}
"""What a person should know about each status."""
_NOTHING_KEPT = {
    "stopped": "it ended early and kept no checkpoint; retry starts over",
    "failed": "it failed before it kept a checkpoint; `error` says why, retry starts over",
    "cancelled": "it was cancelled before it kept a checkpoint; retry starts over",
    "interrupted": "its process is gone, and it kept no checkpoint; retry starts over",
}
"""The same of a run that has nothing to go on from."""
_NEVER_BEGUN = {
    "failed": "it failed before it began; `error` says why, retry starts over",
    "cancelled": "it was cancelled before it began; retry starts over",
}
"""The same of a run that has no folder."""


@dataclass(frozen=True)
class Found:
    """A run, with what its folder and its newest job say."""

    row: Run
    """The row, as the folder is now."""
    manifest: RunManifest | None
    """The folder's manifest; None: there is no folder yet, or it cannot be read."""
    job: Job | None
    """The newest job that makes it; None: it was not started here."""
    problem: str | None
    """Why the folder cannot be read; None: it can, or there is none."""
    folder: RunDir
    """Where the folder is, or would be."""

    @property
    def message(self) -> str:
        """What its status means, and what to do next."""
        return f"run {self.row.run_id} is {self.row.status}: {_meaning(self.row.status, self.folder)}"


def _meaning(status: str, run: RunDir) -> str:
    if not run.manifest.is_file():
        return _NEVER_BEGUN.get(status, _MESSAGES[status])
    return _MESSAGES[status] if progress_of(run) != NOTHING else _NOTHING_KEPT.get(status, _MESSAGES[status])


def start(
    session: Session,
    home: Path,
    config: Format,
    *,
    actor: str,
    priority: int = 0,
    device: str = "auto",
    idempotency_key: str | None = None,
) -> Job:
    """Put a new run into the queue and return its job; the same key and request return the job of the first time."""
    record = config.model_dump(mode="json")
    keyed = jobs.keyed(idempotency_key, "start", [record, device, priority])
    return jobs.repeated(session, keyed) or _start(
        session, home, config, actor=actor, priority=priority, device=device, keyed=keyed
    )


def _start(
    session: Session,
    home: Path,
    config: Format,
    *,
    actor: str,
    priority: int,
    device: str,
    keyed: jobs.Keyed | None,
    retry_of: str | None = None,
) -> Job:
    check_upstream(home, config, session)
    record = config.model_dump(mode="json")
    spec = {"config": record, "device": device} | ({"retry_of": retry_of} if retry_of else {})
    job = jobs.enqueue(
        session,
        kind=record["kind"],
        run_id=_new_id(session, home, record),
        spec=spec,
        priority=priority,
        actor=actor,
        keyed=keyed,
    )
    assert job.run_id is not None
    index.refresh_run(session, home, job.run_id)
    return job


def check_upstream(home: Path, config: Format, session: Session | None = None) -> None:
    """Raise NotFound if the dataset or the run that a configuration names is not here, Conflict if that has no weights.

    With a session neither can be deleted until its transaction ends.
    """
    folder = configs.folder_of(home, config)
    if session is not None and folder is not None:
        index.hold_dataset(session, folder)
    if folder is not None and not (folder / MANIFEST).is_file():
        raise NotFound(f"there is no dataset {folder.name!r}; GET /api/datasets lists them")
    if isinstance(config, GRPOConfig) and config.start is not None:
        if session is not None:
            weights.hold(session, home, config.start)
        else:
            weights.check(home, config.start)


def _new_id(session: Session, home: Path, config: Mapping[str, Any]) -> str:
    """Return a name for a run, in the form that the engine gives names in."""
    slug = config["name"] if config["kind"] == "session" else str(config["dataset"])
    slug = re.sub(r"[^A-Za-z0-9_-]+", "-", slug)[:_SLUG_LENGTH].strip("-_")
    while True:
        name = f"{time.strftime('%Y-%m-%d', time.gmtime())}-{config['kind']}-{slug}-{secrets.token_hex(4)}"
        if session.get(Run, name) is None and not (home / "runs" / name).exists():
            return name


def find(session: Session, home: Path, run_id: str) -> Found:
    """Return a run as its folder says; the row is what the index remembers where there is no readable folder.

    Raises NotFound if there is neither folder nor row.
    """
    folder = home / "runs" / run_id
    newest = jobs.newest(session, run_id)
    oldest = jobs.oldest(session, run_id) if newest else None
    problem = None
    if (folder / MANIFEST).is_file():
        try:
            record = index.run_record(folder)
            values = index.recorded_values(record, oldest, newest)
            return Found(Run(**values), record.manifest, newest, None, record.run)
        except (TunixRtError, OSError) as error:
            problem = str(error).replace(str(home.absolute()), "").replace(str(home), "")
    elif newest is not None and oldest is not None:
        try:
            return Found(Run(**index.waiting_values(oldest, newest)), None, newest, None, RunDir(folder))
        except DataError as error:
            problem = str(error)
    row = session.get(Run, run_id)
    if row is None:
        why = f"it cannot be read: {problem}" if problem else "GET /api/tunix/runs lists them"
        raise NotFound(f"there is no run {run_id!r}; {why}")
    return Found(row, None, newest, problem, RunDir(folder))


def list_runs(
    session: Session,
    home: Path,
    *,
    filters: Mapping[str, str | None],
    limit: int,
    offset: int,
    cursor: str | None,
) -> tuple[list[Run], Pagination]:
    """Return one page of runs, the newest first; `filters` names columns and the values that they must have."""
    query = select(Run).options(defer(Run.config), defer(Run.error))
    for name, wanted in filters.items():
        if wanted is not None:
            query = query.where(getattr(Run, name) == wanted)
    order = [(Run.created_at, datetime), (Run.run_id, str)]
    rows, pagination = page(session, query, order, limit=limit, offset=offset, cursor=cursor)
    # Few runs are worked on at a time, and only their rows can be behind their folders.
    return [find(session, home, row.run_id).row if row.status in ACTIVE else row for row in rows], pagination


def cancel(session: Session, home: Path, run_id: str, *, keep: bool = False) -> Job:
    """End a run: at once if it waits, through its worker if it runs; its last checkpoint is kept.

    `keep`: what it learned counts, as if its time were over; only a training that a worker has begun.
    """
    found = find(session, home, run_id)
    if found.job is None or found.job.status not in jobs.ACTIVE:
        outside = found.row.status in ACTIVE
        hint = (
            "it was started outside the service; stop it where it was started" if outside else "there is nothing to end"
        )
        raise Conflict(f"run {run_id} is {found.row.status}; {hint}")
    return cancel_job(session, home, found.job, keep=keep)


def cancel_job(session: Session, home: Path, job: Job, *, keep: bool = False) -> Job:
    """End any job, and say so in the row of the run that it makes."""
    jobs.request_cancel(session, job, keep=keep)
    if job.run_id is not None and job.kind in jobs.RUN_KINDS:
        index.refresh_run(session, home, job.run_id)
    return job


def resume(session: Session, home: Path, run_id: str, *, actor: str, idempotency_key: str | None = None) -> Job:
    """Put a run into the queue once more, to go on from its last checkpoint (from its start if it has none)."""
    keyed = jobs.keyed(idempotency_key, "resume", run_id)
    before = jobs.repeated(session, keyed)
    if before is not None:
        return before
    index.hold_run(session, home / "runs" / run_id)
    found = find(session, home, run_id)
    _check_idle(found)
    if found.manifest is None:
        raise Conflict(f"run {run_id} has nothing to go on from: {found.problem or 'it never began'}; retry it instead")
    config = read_run_config(RunDir(home / "runs" / run_id))
    configs.check_names(config)
    outside = sorted(part for part, ref in found.manifest.inputs.items() if not _is_inside(ref.path))
    if outside:
        raise Conflict(
            f"run {run_id} was made from a {outside[0]} outside this service's home folder; retry it, or resume it by "
            f"`tunix-rt runs resume {run_id}` where that is"
        )
    check_upstream(home, config, session)
    spec: dict[str, Any] = {"config": config.model_dump(mode="json")}
    if found.job is not None:
        spec["device"] = found.job.spec.get("device", "auto")
    job = jobs.enqueue(session, kind=found.manifest.kind, run_id=run_id, spec=spec, actor=actor, keyed=keyed)
    index.refresh_run(session, home, run_id)
    return job


def retry(session: Session, home: Path, run_id: str, *, actor: str, idempotency_key: str | None = None) -> Job:
    """Start a run over: a new run of the same configuration, from the start; the old one stays as it is."""
    keyed = jobs.keyed(idempotency_key, "retry", run_id)
    before = jobs.repeated(session, keyed)
    if before is not None:
        return before
    found = find(session, home, run_id)
    _check_idle(found)
    config = configs.from_record(found.row.config, f"run {run_id!r}")
    configs.check_names(config)
    return _start(
        session,
        home,
        config,
        actor=actor,
        priority=found.job.priority if found.job else 0,
        device=found.job.spec.get("device", "auto") if found.job else "auto",
        keyed=keyed,
        retry_of=run_id,
    )


def outcome(home: Path, job: Job) -> str:
    """Return what became of a request that made a job, and where to look."""
    if job.status == "queued":
        return f"it waits for a worker; GET /api/tunix/runs/{job.run_id}/status says when it begins"
    meaning = _meaning(job.status, RunDir(home / "runs" / str(job.run_id)))
    return f"the same request came before, and its job is {job.status}: {meaning}"


def _check_idle(found: Found) -> None:
    """Raise Conflict for a run that is done, or that somebody works on or waits for."""
    run_id, status = found.row.run_id, found.row.status
    if status == "completed":
        raise Conflict(
            f"run {run_id} is completed, and stays as it is; POST /api/tunix/runs/{run_id}/evaluate measures it, "
            "POST /api/tunix/run starts a new one"
        )
    if status in ACTIVE:
        raise Conflict(f"run {run_id} is {status}; cancel it first, or wait for its end")
    if found.job is not None and found.job.status in jobs.ACTIVE:
        raise Conflict(f"run {run_id} has a job that has not ended; cancel it first")


def remove(session: Session, home: Path, run_id: str) -> None:
    """Delete the row and the jobs of a run; raise Conflict while somebody works on it. The folder stays."""
    index.hold_run(session, home / "runs" / run_id)
    _check_exists(session, home, run_id)
    busy = jobs.active(session, run_id)
    if busy:
        raise Conflict(f"run {run_id} has a {busy[0].kind} job that is {busy[0].status}; cancel it first")
    if users := jobs.starting_from(session, run_id):
        raise Conflict(f"run {', '.join(users)} starts from run {run_id}; wait for it, or cancel it first")
    if is_held(RunDir(home / "runs" / run_id)):
        raise Conflict(f"a process works on run {run_id}; stop it first")
    session.execute(delete(Job).where(Job.run_id == run_id))
    session.execute(delete(Run).where(Run.run_id == run_id))


def _check_exists(session: Session, home: Path, run_id: str) -> None:
    """Raise NotFound if there is neither a row nor a folder of a run, whole or not."""
    if session.get(Run, run_id) is None and not (home / "runs" / run_id).is_dir():
        raise NotFound(f"there is no run {run_id!r}; GET /api/tunix/runs lists them")


def output_of(home: Path, job: Job | None) -> str:
    """Return the last words of a job's command."""
    if job is None:
        return ""
    try:
        with (home / "jobs" / str(job.id) / "output.log").open("rb") as stream:
            stream.seek(max(0, stream.seek(0, 2) - OUTPUT_BYTES))
            return stream.read(OUTPUT_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ""


def _is_inside(path: str) -> bool:
    """Return whether a recorded path lies under the home folder."""
    return not Path(path).is_absolute() and ".." not in Path(path).parts
