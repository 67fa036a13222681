"""Shapes of what lies in a run's folder, as they go over the wire."""

from __future__ import annotations

from typing import Any

from tunix_rt_backend.schemas.pages import Pagination, Wire


class Artifact(Wire):
    """A file of a run."""

    name: str
    """Name of the file."""
    size: int
    """Bytes."""
    path: str
    """Path beneath the run, with `/`: what GET …/artifacts/{path} takes."""
    digest: str | None
    """Digest that the run recorded when it ended; None: not recorded, as for logs."""


class Artifacts(Wire):
    """Files of a run, sorted by path."""

    artifacts: list[Artifact]
    """The files of this page."""
    pagination: Pagination
    """Where the next page begins."""
    total: int
    """Files in all."""


class RunSamples(Wire):
    """What went into a run, and what came out of it."""

    preview: dict[str, Any] | None
    """Tokens of the first examples with their loss mask; None: not written yet, or not the first page."""
    data: list[dict[str, Any]]
    """Rows of the run's samples.jsonl, in their order; none if the recipe writes no samples."""
    pagination: Pagination
    """Where the next page begins."""
