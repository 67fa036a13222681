"""Submissions: plan one, bundle a run, list, read, verify and download the bundles."""

from __future__ import annotations

import contextlib
from typing import Annotated

from fastapi import APIRouter, Header, Path, Query, Response

from tunix_rt.submission import BUNDLE, Rechecked, SubmissionManifest
from tunix_rt_backend.deps import ReadCall, WriteCall
from tunix_rt_backend.routers.downloads import FILE_ANSWERS, Asked, serve
from tunix_rt_backend.routers.etags import NOT_MODIFIED, IfNoneMatch, is_known
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.names import IdempotencyKey, RunId, SubmissionId
from tunix_rt_backend.schemas.pages import Cursor, Limit, Offset, Page
from tunix_rt_backend.schemas.submissions import (
    SubmissionBody,
    SubmissionPapers,
    SubmissionPlan,
    SubmissionPlanBody,
    SubmissionQueued,
    SubmissionSummary,
    VerifyBody,
)
from tunix_rt_backend.services import audit, kept, submissions
from tunix_rt_backend.services.files import open_beneath
from tunix_rt_backend.services.folders import deleting
from tunix_rt_backend.tables import SubmissionRow

router = APIRouter(prefix="/api/submissions", tags=["submissions"], responses=problems(404))

SubmissionPath = Annotated[SubmissionId, Path(description="Name of the submission.")]
Key = Annotated[IdempotencyKey | None, Header(description="Names the request, so that a repeated one asks only once.")]


@router.get("")
def list_submissions(
    call: ReadCall,
    run_id: Annotated[RunId | None, Query(description="Only submissions of this run.")] = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Page[SubmissionSummary]:
    """List submissions, the newest first."""
    with call.reading() as session:
        rows, pagination = submissions.list_submissions(
            session, run_id=run_id, limit=limit, offset=offset, cursor=cursor
        )
    return Page(data=[_summary(row) for row in rows], pagination=pagination)


def _summary(row: SubmissionRow) -> SubmissionSummary:
    evaluations = kept.part(row.manifest, "evaluations")
    return SubmissionSummary(
        submission_id=row.submission_id,
        run_id=row.run_id,
        digest=row.digest,
        bytes=row.bytes,
        evaluations=len(evaluations) if isinstance(evaluations, dict) else None,
        created_at=row.created_at,
    )


@router.post("", status_code=202, responses=problems(404, 409))
def create_submission(body: SubmissionBody, call: WriteCall, idempotency_key: Key = None) -> SubmissionQueued:
    """Queue the bundling of a run with its weights, evaluations, papers and the manifest of its dataset."""
    with call.writing() as session:
        job = submissions.request(
            session,
            call.home,
            body.run_id,
            with_rows=body.with_rows,
            actor=call.principal.name,
            idempotency_key=idempotency_key,
        )
        audit.names(session, job.id, run=body.run_id)
    return SubmissionQueued(job_id=job.id, run_id=body.run_id, status=job.status)


@router.post("/plan")
def plan_submission(body: SubmissionPlanBody, call: ReadCall) -> SubmissionPlan:
    """Forecast minutes, quota and disk of a session on Kaggle; nothing is started."""
    found = submissions.plan(body, call.home)
    return SubmissionPlan(fits=found.fits, forecast=found)


@router.get("/{submission_id}", response_model=SubmissionManifest, responses=problems(409) | NOT_MODIFIED)
def read_submission(submission_id: SubmissionPath, call: ReadCall, if_none_match: IfNoneMatch = None) -> Response:
    """Return what a submission says about itself: every file in it with its digest, and what it was made from."""
    with call.reading() as session:
        row = submissions.find(session, submission_id)
    etag = f'"{row.digest}"'
    if is_known(if_none_match, etag):
        return Response(status_code=304, headers={"etag": etag})
    manifest = kept.whole(SubmissionManifest, row.manifest, f"submission {submission_id!r}")
    return Response(manifest.model_dump_json(), headers={"etag": etag}, media_type="application/json")


@router.get(
    "/{submission_id}/download", response_class=Response, responses=FILE_ANSWERS | NOT_MODIFIED | problems(404, 416)
)
def download_submission(submission_id: SubmissionPath, call: ReadCall, asked: Asked) -> Response:
    """Download the bundle, whole or in part."""
    with call.reading() as session:
        submissions.find(session, submission_id)
    file = open_beneath(submissions.folder_of(call.home, submission_id), BUNDLE)
    return serve(asked, file, f"{submission_id}.zip")


@router.get("/{submission_id}/papers", responses=problems(409))
def read_submission_papers(submission_id: SubmissionPath, call: ReadCall) -> SubmissionPapers:
    """Return the write-up, the video script and the checklist in a bundle."""
    with call.reading() as session:
        submissions.find(session, submission_id)
    return SubmissionPapers(**submissions.papers(call.home, submission_id))


@router.post("/{submission_id}/verify", responses=problems(409))
def verify_submission(submission_id: SubmissionPath, call: ReadCall, body: VerifyBody | None = None) -> Rechecked:
    """Hash a submission again, grade its stored answers again, and add its figures up again; nothing is kept."""
    with call.reading() as session:
        submissions.find(session, submission_id)
    return submissions.verify(call.settings, submission_id, (body or VerifyBody()).samples)


@router.delete("/{submission_id}", status_code=204)
def delete_submission(submission_id: SubmissionPath, call: WriteCall) -> None:
    """Delete a submission; the run, its evaluations and its dataset stay."""
    with contextlib.ExitStack() as after, call.writing(submission_id) as session:
        submissions.remove(session, submission_id)
        after.enter_context(deleting(submissions.folder_of(call.home, submission_id)))
