"""Submissions: bundle a run with all that speaks for it, list the bundles; the engine writes and checks them."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tunix_rt.errors import MissingError, TunixRtError
from tunix_rt.run import RunDir
from tunix_rt.submission import SUBMISSIONS, SubmissionManifest, bundle
from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services.index import index_submission
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.tables import EvaluationRow, Run, SubmissionRow


def evaluations_of(session: Session, run_id: str) -> list[str]:
    """Return the ids of a run's evaluations; raise NotFound if there is no such run."""
    if session.get(Run, run_id) is None:
        raise NotFound(f"there is no run {run_id!r}; GET /api/tunix/runs lists them")
    return list(session.scalars(select(EvaluationRow.evaluation_id).where(EvaluationRow.run_id == run_id)))


def make(home: Path, run_id: str, evaluations: list[str], *, with_rows: bool) -> SubmissionManifest:
    """Write the submission of a run, or return the one of the same content; no transaction is open meanwhile.

    Raises Conflict if the run has not ended, was not measured, or names an evaluation that is gone.
    """
    run = RunDir(home / "runs" / run_id)
    if not run.manifest.is_file():
        raise Conflict(f"run {run_id} has not begun yet; wait for its end")
    try:
        return bundle(home, run, evaluations=evaluations, with_rows=with_rows)
    except MissingError as error:
        raise Conflict(f"run {run_id} cannot be bundled: {_told(error, home)}") from error
    except TunixRtError as error:
        raise type(error)(_told(error, home)) from error


def _told(error: Exception, home: Path) -> str:
    """Return what an error says without the server's path of the home folder."""
    return str(error).replace(f"{home}/", "")


def record(session: Session, home: Path, submission_id: str) -> bool:
    """Write the row of a submission; return whether it is new."""
    is_new = session.get(SubmissionRow, submission_id) is None
    index_submission(session, folder_of(home, submission_id))
    return is_new


def list_submissions(
    session: Session, *, run_id: str | None, limit: int, offset: int, cursor: str | None
) -> tuple[list[SubmissionRow], Pagination]:
    """Return one page of submissions, the newest first."""
    query = select(SubmissionRow)
    if run_id is not None:
        query = query.where(SubmissionRow.run_id == run_id)
    order = [(SubmissionRow.created_at, datetime), (SubmissionRow.submission_id, str)]
    return page(session, query, order, limit=limit, offset=offset, cursor=cursor)


def find(session: Session, submission_id: str) -> SubmissionRow:
    """Return the row of a submission; raise NotFound if there is none."""
    row = session.get(SubmissionRow, submission_id)
    if row is None:
        raise NotFound(f"there is no submission {submission_id!r}; GET /api/submissions lists them")
    return row


def remove(session: Session, submission_id: str) -> None:
    """Take a submission out of the index; raise NotFound if it is not there."""
    session.delete(find(session, submission_id))
    session.flush()


def folder_of(home: Path, submission_id: str) -> Path:
    """Return the folder of a submission."""
    return home / SUBMISSIONS / submission_id
