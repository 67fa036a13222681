"""How an attempt of a job ended, read from its run's manifest first and from its exit code after; it starts nothing."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tunix_rt.errors import TunixRtError
from tunix_rt.formats import MANIFEST, locked
from tunix_rt.provenance import now
from tunix_rt.run import RunError, read_run, update_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.services.kept import part
from tunix_rt_backend.services.run_state import NOTHING, progress_of
from tunix_rt_backend.tables import Job
from tunix_rt_backend.worker import command

logger = logging.getLogger(__name__)

Asked = Literal["cancel", "stop", "memory", "release", "lost"]
"""Why the worker ended a command: somebody cancelled it, or stopped it to keep what it learned; it took too much
memory; the worker ends; the job is another's."""
_TOLD = (130, 143)
"""Exit codes of a command that was told to end and ended whole."""


@dataclass(frozen=True)
class Outcome:
    """What becomes of a job after an attempt."""

    status: Literal["completed", "stopped", "failed", "cancelled", "retry", "release", "lost"]
    """An end; or `retry`: again, and this one counts; `release`: again, as if nothing was; `lost`: another has it."""
    reason: str | None = None
    """Why, in a sentence."""
    exit_code: int | None = None
    """Exit code of the command; negative: the signal that ended it."""
    result: dict[str, Any] | None = None
    """The JSON object that the command printed last."""


def finished_before(home: Path, job: Job) -> Outcome | None:
    """Return how a job ended if an earlier attempt did all the work and only its worker could not say so."""
    printed = command.read_object(command.job_dir(home, job).stdout)
    run = command.run_dir(home, job)
    if run is not None:
        if run.manifest.is_file() and read_run(run).status == "completed":
            return Outcome("completed", result=printed or command.read_object(run.result))
        return None
    if job.kind == "submission":
        printed = part(printed, "manifest")  # beside it stand papers, and where on this machine they are
    made = part(printed, "id")
    if isinstance(made, str) and (home / command.MADE[job.kind] / made / MANIFEST).is_file():
        return Outcome("completed", result=printed)
    return None


def judge(home: Path, job: Job, code: int, asked: Asked | None, memory_limit: int | None, log_start: int) -> Outcome:
    """Return how an attempt ended, and write it into the run's manifest where the run could not do so itself."""
    if asked == "lost":
        return Outcome("lost")
    done = finished_before(home, job)
    if done is not None:
        return Outcome("completed", exit_code=code, result=done.result)
    if asked == "stop" and (stopped := _stopped(home, job)) is not None:
        return Outcome("stopped", "somebody stopped it; what it learned is kept", code, stopped)
    if asked in ("stop", "cancel"):
        return close(home, job, "cancelled", None, code)
    if asked == "memory":
        return close(
            home, job, "failed", f"it used more than the {memory_limit or 0:,} bytes of memory it may use", code
        )
    if asked == "release":
        return Outcome("release", "the worker was told to end", code)
    if code in _TOLD:
        return Outcome("retry", "somebody told the process to end", code)
    if code < 0 or code > 128:
        return Outcome("retry", f"the process was killed by signal {-code if code < 0 else code - 128}", code)
    run = command.run_dir(home, job)
    folder = command.job_dir(home, job)
    manifest = read_run(run) if run is not None and run.manifest.is_file() else None
    if code == 0 and manifest is not None and manifest.status == "stopped":
        return Outcome(
            "stopped", "its time was over; what it learned is kept", code, command.read_object(folder.stdout)
        )
    if manifest is not None and manifest.status == "failed" and manifest.error is not None:
        return Outcome("failed", f"{manifest.error.stage}: {manifest.error.message}", code)
    said = (command.last_words(folder.output, log_start) or "it said nothing").replace(f"{home.absolute()}/", "")
    if code == 0:
        return Outcome("retry", f"it ended without a result; its last words: {said}", code)
    return close(home, job, "failed", said, code)


def _stopped(home: Path, job: Job) -> dict[str, Any] | None:
    """Return the result of a run that ended early and whole; None if it was cut before it had learned anything."""
    run = command.run_dir(home, job)
    if run is None or not run.manifest.is_file():
        return None
    manifest = read_run(run)
    whole = manifest.status == "stopped" and "run" in manifest.outputs
    return command.read_object(run.result) if whole else None


def close(
    home: Path, job: Job, status: Literal["cancelled", "failed"], reason: str | None, code: int | None = None
) -> Outcome:
    """End a job whose process is gone; its run's manifest says the same, and its checkpoints stay as they are."""
    run = command.run_dir(home, job)
    if run is not None and run.manifest.is_file():
        try:
            _close_run(run, status, reason)
        except TunixRtError as error:
            logger.warning("run not closed: id=%s: %s", run.id, error)
    if run is None:
        return Outcome(status, reason or "it was cancelled", code)
    kept = progress_of(run) != NOTHING
    hint = "`resume` goes on from its last checkpoint" if kept else "it has no checkpoint, `retry` starts over"
    return Outcome(status, reason or f"it was cancelled; {hint}", code)


def _close_run(run: RunDir, status: Literal["cancelled", "failed"], reason: str | None) -> None:
    with locked(run.path):
        manifest = read_run(run)
        if manifest.status == "completed":
            return
        error = RunError(stage=manifest.stage, type="Ended", message=reason) if reason else None
        update_run(run, status=status, finished=manifest.finished or now(), error=error)
