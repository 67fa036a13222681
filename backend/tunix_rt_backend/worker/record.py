"""What the database learns of a job's folders: the rows of its run and its evaluations; it knows no process."""

from __future__ import annotations

import logging
import threading
import uuid
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import DataError
from sqlalchemy.orm import Session

from tunix_rt.errors import TunixRtError
from tunix_rt.run import read_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.services import index, metrics
from tunix_rt_backend.tables import Job
from tunix_rt_backend.worker import command
from tunix_rt_backend.worker.executor import Execution
from tunix_rt_backend.worker.outcome import Outcome

logger = logging.getLogger(__name__)


class Changes:
    """Which executions have something new to tell: their process, or another manifest of their run."""

    def __init__(self) -> None:
        self.seen: dict[uuid.UUID, tuple[int, int]] = {}
        """Process and time of the manifest, as last told, of each job."""

    def has_changed(self, execution: Execution) -> bool:
        """Return whether there is something new since this was last asked."""
        manifest = execution.run.manifest if execution.run else None
        written = manifest.stat().st_mtime_ns if manifest and manifest.is_file() else 0
        found = (execution.process.pid if execution.process else 0, written)
        changed = self.seen.get(execution.job.id, (0, 0)) != found
        self.seen[execution.job.id] = found
        return changed

    def forget(self, execution: Execution) -> None:
        """Forget an execution that has ended."""
        self.seen.pop(execution.job.id, None)


def run_changed(session: Session, home: Path, job: Job) -> None:
    """Bring the row of the run that a job makes up to date."""
    if command.run_dir(home, job) is not None:
        _index(session, _index_run, home / "runs" / str(job.run_id))


def job_ended(session: Session, home: Path, job: Job, outcome: Outcome) -> None:
    """Bring the rows of everything that a job made up to date."""
    run_changed(session, home, job)
    made = (outcome.result or {}).get("id")
    if job.kind in command.MADE and isinstance(made, str):
        _index(session, _INDEXED[job.kind], home / command.MADE[job.kind] / made)
    if job.kind == "session" and outcome.status == "completed":
        manifest = read_run(RunDir(home / "runs" / str(job.run_id)))
        for ref in (*manifest.inputs.values(), *manifest.outputs.values()):
            if ref.kind in _INDEXED:
                _index(session, _INDEXED[ref.kind], home / ref.path)


def curves_kept(home: Path, job: Job, outcome: Outcome) -> None:
    """Thin out the metrics of a run that has ended, beside other work, so that the first look is a short one."""
    if outcome.status == "completed" and command.run_dir(home, job) is not None:
        threading.Thread(target=metrics.precompute, args=(home, str(job.run_id)), daemon=True).start()


def _index_run(session: Session, folder: Path) -> object:
    """Write the row of a run that may have no folder yet."""
    return index.refresh_run(session, folder.parent.parent, folder.name)


_INDEXED: dict[str, Callable[[Session, Path], object]] = {
    "dataset": index.index_dataset,
    "evaluation": index.index_evaluation,
    "eval": index.index_evaluation,
    "submission": index.index_submission,
}


def _index(session: Session, write: Callable[[Session, Path], object], folder: Path) -> None:
    """Write a row; a folder that is broken has none, which is no reason to lose the rest."""
    try:
        with session.begin_nested():
            write(session, folder)
    except (TunixRtError, OSError, DataError, OverflowError) as error:
        logger.warning("no row for %s: %s", folder, error)
