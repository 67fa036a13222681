"""Submissions on the wire; what a submission folder says about itself comes from the engine."""

from __future__ import annotations

import uuid
from datetime import datetime

from pydantic import Field

from tunix_rt.submission import Forecast
from tunix_rt_backend.schemas.names import RunId
from tunix_rt_backend.schemas.pages import Body, Wire
from tunix_rt_backend.schemas.runs import RunRequest


class SubmissionBody(Body):
    """A request to bundle a run."""

    run_id: RunId
    """A run that ended, with trained weights and at least one evaluation."""
    with_rows: bool = False
    """Put the rows of its dataset into the bundle, beside the dataset's manifest."""


class SubmissionSummary(Wire):
    """A submission in a list."""

    submission_id: str
    """Name of the submission and of its folder."""
    run_id: str
    """Run whose model is submitted."""
    digest: str
    """Digest of the content."""
    bytes: int
    """Size of the folder."""
    evaluations: int | None
    """Evaluations in the bundle; None: the row was kept by another version, `tunix-rt index` makes it again."""
    created_at: datetime
    """When it was bundled."""


class SubmissionQueued(Wire):
    """A submission that waits to be made."""

    job_id: uuid.UUID
    """Job in the queue; once it is completed, its `result` is the manifest of the submission."""
    run_id: str
    """Run that is bundled."""
    status: str
    """Status of the job: `queued`, or a later one if the same request came before."""


class SubmissionPapers(Wire):
    """What a submission says to its readers, in Markdown, made from the run's own figures."""

    writeup: str | None
    """The write-up; None: the bundle holds none."""
    video: str | None
    """Script and shots of the video; None: the bundle holds none."""
    checklist: str | None
    """What is done and what is left to do; None: the bundle holds none."""


class SubmissionPlanBody(Body):
    """A session that is to run on Kaggle."""

    session: RunRequest
    """The session, as POST /api/tunix/run takes it with kind session; `dry_run` means nothing here."""
    hours_left: float = Field(20.0, ge=0, le=1000)
    """TPU hours that are left of this week."""


class SubmissionPlan(Wire):
    """Whether a session fits into what Kaggle gives."""

    fits: bool
    """Whether it stays within every limit."""
    forecast: Forecast
    """What it takes of each limit, and what to change."""


class VerifyBody(Body):
    """How much of a submission is graded again."""

    samples: int = Field(2000, ge=1, le=100_000)
    """Samples of each evaluation at most; with more than these a random part is graded."""
