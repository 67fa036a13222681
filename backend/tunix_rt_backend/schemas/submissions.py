"""Submissions on the wire; what a submission folder says about itself comes from the engine."""

from __future__ import annotations

from datetime import datetime

from tunix_rt_backend.schemas.names import RunId
from tunix_rt_backend.schemas.pages import Body, Wire


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
