"""What a run trained, as something else needs it: there, and not about to change; it reads no weight."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy.orm import Session

from tunix_rt.formats import MANIFEST
from tunix_rt.run import is_held
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.services import jobs
from tunix_rt_backend.services.index import hold_run


def check(home: Path, run_id: str) -> None:
    """Raise Conflict if a run has no trained weights, or a process works on it."""
    run = RunDir(home / "runs" / run_id)
    if is_held(run):
        raise _may_change(run_id, "running")
    if not (run.adapter / MANIFEST).is_file():
        raise Conflict(f"run {run_id} has no trained weights yet; wait for its end, or resume it, and ask again")


def hold(session: Session, home: Path, run_id: str) -> None:
    """Keep a run with its weights as it is until the transaction ends.

    Raises NotFound for an unknown run, Conflict if it has no trained weights or may yet get others.
    """
    if hold_run(session, home / "runs" / run_id) is None:
        raise NotFound(f"there is no run {run_id!r}; GET /api/tunix/runs lists them")
    newest = jobs.newest(session, run_id)
    if newest is not None and newest.status in jobs.ACTIVE:
        raise _may_change(run_id, newest.status)
    check(home, run_id)


def _may_change(run_id: str, status: str) -> Conflict:
    return Conflict(f"run {run_id} is {status}, and its trained weights may change; wait for its end, and ask again")
