"""Whether a run goes on, as its viewers should see it: from its folder, and from its jobs where it has any.

It does not know what a viewer is.
"""

from __future__ import annotations

import contextlib
import uuid
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from tunix_rt.formats import MANIFEST
from tunix_rt.run import ACTIVE, is_held
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.services import index, jobs
from tunix_rt_backend.services.files import has_folder, list_beneath, opening_beneath
from tunix_rt_backend.tables import Job, Run

NOTHING = (0, 0)
"""Progress of a run that has kept nothing yet: there is nothing that it could go on from."""
_MANIFEST_BYTES = 16 * 2**20


@dataclass(frozen=True)
class State:
    """How far a run is."""

    status: str
    """Status of the run, `interrupted` if its process died without a word."""
    stage: str
    """What is being done, or was done last."""
    is_over: bool
    """Whether nothing more will be written, unless somebody resumes the run."""
    exit_code: int | None
    """How its newest command ended; None: no command of this service, or it has not."""
    logs: tuple[tuple[Path, str], ...]
    """The log's parts in order, each as a folder and a path beneath it."""


def read_state(home: Path, sessions: sessionmaker[Session], run_id: str) -> State:
    """Return how far a run is; raise NotFound if there is neither a folder nor a row of it."""
    with sessions() as session:
        columns = (Job.id, Job.status, Job.exit_code, Job.started_at)
        query = select(*columns).where(Job.run_id == run_id, Job.kind.in_(jobs.RUN_KINDS)).order_by(Job.seq)
        found = session.execute(query).all()
        row = None if found else session.execute(select(Run.status, Run.stage).where(Run.run_id == run_id)).first()
    folder = home / "runs" / run_id
    there = has_folder(folder)
    if not found and row is None and not there:
        raise NotFound(f"there is no run {run_id!r}; GET /api/tunix/runs lists them")
    manifest = read_manifest(folder) if there else {}
    status = str(manifest.get("status", row.status if row else "queued"))
    stage = str(manifest.get("stage", row.stage if row else "queued"))
    if not found:
        if status in ACTIVE and there and not is_held(RunDir(folder)):
            status = str(read_manifest(folder).get("status", status))  # it may have ended between the two looks
            status = "interrupted" if status in ACTIVE else status
        return State(status, stage, status not in (*ACTIVE, "queued"), None, _attempts(folder) if there else ())
    job = found[-1]
    waits, works = job.status == "queued", job.status == "running"
    if works and index.is_of_earlier_attempt(manifest.get("started"), job.started_at):
        status = status if status in ACTIVE and is_held(RunDir(folder)) else "preparing"
    if not works and (waits or status in (*ACTIVE, "queued") or job.status == "cancelled"):
        status = job.status  # the manifest of a run whose command is not at work does not say so itself
    logs = tuple((_job_folder(home, one.id), "output.log") for one in found)
    return State(status, stage, not waits and not works, None if waits or works else job.exit_code, logs)


def progress_of(run: RunDir | None) -> tuple[int, int]:
    """Return a mark that changes whenever a run keeps new work: its newest checkpoint, and its last whole phase."""
    if run is None:
        return NOTHING
    steps = run.checkpoints.iterdir() if run.checkpoints.is_dir() else ()
    newest = max((int(step.name) for step in steps if step.name.isdigit() and (step / MANIFEST).is_file()), default=0)
    return newest, run.state.stat().st_mtime_ns if run.state.is_file() else 0


def read_manifest(folder: Path) -> dict[str, Any]:
    """Return what the manifest in a run's folder says; nothing if it cannot be read."""
    with contextlib.suppress(NotFound, orjson.JSONDecodeError), opening_beneath(folder, "manifest.json") as file:
        said = orjson.loads(file.read(0, min(file.size, _MANIFEST_BYTES)))
        return said if isinstance(said, dict) else {}
    return {}


def _job_folder(home: Path, job_id: uuid.UUID) -> Path:
    return home / "jobs" / str(job_id)


def _attempts(folder: Path) -> tuple[tuple[Path, str], ...]:
    with contextlib.suppress(NotFound):
        numbered = {
            int(number): (folder / "logs", file.path)
            for file in list_beneath(folder / "logs")
            if (number := file.path.removeprefix("attempt-").removesuffix(".log")).isascii() and number.isdigit()
        }
        return tuple(numbered[number] for number in sorted(numbered))
    return ()
