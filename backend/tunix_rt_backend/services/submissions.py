"""Submissions: what a run is bundled into, asked for, found, read and checked; the engine writes and checks them."""

from __future__ import annotations

import zipfile
from datetime import datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tunix_rt.config import SessionConfig
from tunix_rt.submission import BUNDLE, PAPERS, SUBMISSIONS, Forecast, Rechecked, forecast
from tunix_rt_backend.errors import Conflict, NotFound, Unavailable, Unprocessable
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.schemas.submissions import SubmissionPlanBody
from tunix_rt_backend.services import apart, configs, jobs, weights
from tunix_rt_backend.services.files import opening_beneath
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import EvaluationRow, Job, SubmissionRow

_LONGEST_PAPER = 2**20
"""Bytes of a paper at most; a write-up of 1,500 words has 10,000."""


def request(
    session: Session, home: Path, run_id: str, *, with_rows: bool, actor: str, idempotency_key: str | None
) -> Job:
    """Queue the bundling of a run with its weights, evaluations and papers; equal content is one submission.

    Raises NotFound for an unknown run, Conflict if it has no trained weights, may yet get others, or was not measured.
    """
    weights.hold(session, home, run_id)
    measured = select(EvaluationRow.evaluation_id).where(EvaluationRow.run_id == run_id, EvaluationRow.n > 0)
    if session.scalar(measured.limit(1)) is None:
        raise Conflict(
            f"run {run_id} has no evaluation with a score; POST /api/tunix/runs/{run_id}/evaluate measures it"
        )
    spec = {"config": {"with_rows": with_rows}}
    keyed = jobs.keyed(idempotency_key, "submit", [run_id, spec])
    return jobs.enqueue(session, kind="submission", run_id=run_id, spec=spec, actor=actor, keyed=keyed)


def plan(body: SubmissionPlanBody, home: Path) -> Forecast:
    """Return what a session would take of what Kaggle gives; raise Unprocessable if the request is no session."""
    config = configs.resolve(body.session, home)
    if not isinstance(config, SessionConfig):
        raise Unprocessable(f"session.kind is {body.session.kind}; only a whole session is planned for Kaggle")
    return forecast(config, owned_hours=body.hours_left)


def verify(settings: Settings, submission_id: str, samples: int) -> Rechecked:
    """Hash a submission again and grade its stored answers again, in a process of its own.

    Raises Conflict naming what changed, Unprocessable for a figure that does not follow, Unavailable if it takes longer
    than a request may.
    """
    limit = settings.request_seconds
    try:
        found = apart.run(settings, "verification", seconds=limit, submission_id=submission_id, samples=samples)
    except TimeoutError as error:
        raise Unavailable(
            f"{submission_id} was not checked within {limit:.0f} s; `tunix-rt submit verify {submission_id}` takes as "
            "long as it needs",
            retry_after=30,
        ) from error
    return Rechecked.model_validate(found)


def papers(home: Path, submission_id: str) -> dict[str, str | None]:
    """Return the papers in a bundle by their names; None: it holds no such paper. Raise Conflict for a damaged bundle.

    They are text as it was bundled; `verify` says whether their figures follow from the samples.
    """
    folder = folder_of(home, submission_id)
    with opening_beneath(folder, BUNDLE) as file, open(file.descriptor, "rb", closefd=False) as stream:
        try:
            with zipfile.ZipFile(stream) as archive:
                sizes = {entry.filename: entry.file_size for entry in archive.infolist() if not entry.compress_type}
                names = {name: f"{PAPERS}/{name}.md" for name in ("writeup", "video", "checklist")}
                return {
                    name: archive.read(path).decode() if sizes.get(path, _LONGEST_PAPER + 1) <= _LONGEST_PAPER else None
                    for name, path in names.items()
                }
        except (zipfile.BadZipFile, EOFError, RuntimeError, OSError, ValueError) as error:
            raise Conflict(f"the bundle of {submission_id} is damaged ({error}); bundle the run again") from error


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
