"""Shapes of what lies in a run's folder, as they go over the wire."""

from __future__ import annotations

from pydantic import Field, model_validator

from tunix_rt.rewards import RewardsConfig
from tunix_rt.samples import StepSamples
from tunix_rt_backend.schemas.pages import Body, Pagination, Wire


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
    """What a few validation prompts were answered while a run was trained."""

    data: list[StepSamples]
    """What the model answered at each measurement, in the order of its updates; none without `sample_prompts`."""
    pagination: Pagination
    """Where the next page begins."""


class ReplayBody(Body):
    """What a run's stored rollouts are scored again with, and which of them."""

    rewards: RewardsConfig
    """The other rewards, without a term of kind judge."""
    first_step: int = Field(1, ge=1, lt=2**31)
    """First update whose groups are scored."""
    last_step: int | None = Field(None, ge=1, lt=2**31)
    """Last one; None: all to the end."""

    @model_validator(mode="after")
    def _is_a_range(self) -> ReplayBody:
        if self.last_step is not None and self.last_step < self.first_step:
            raise ValueError("last_step comes before first_step")
        return self
