"""Jobs and workers as they go over the wire; what a job means is said in `tables`."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict

from tunix_rt_backend.schemas.pages import Wire

JobStatus = Literal["queued", "running", "completed", "stopped", "failed", "cancelled"]
JobKind = Literal["sft", "grpo", "session", "eval", "submission"]


class JobRow(Wire):
    """An item of the queue."""

    model_config = ConfigDict(from_attributes=True)

    id: uuid.UUID
    """Id of the job."""
    kind: str
    """sft | grpo | session | eval | submission."""
    run_id: str | None
    """Run that it makes (sft, grpo, session), measures (eval) or bundles (submission)."""
    status: str
    """queued | running | completed | stopped | failed | cancelled."""
    priority: int
    """Higher goes first; in one priority the older."""
    attempts: int
    """How often a worker began it."""
    max_attempts: int
    """Attempts without new work that are allowed."""
    cancel_requested: bool
    """Whether somebody asked for its end."""
    worker_id: uuid.UUID | None
    """Worker that has it, or had it last."""
    exit_code: int | None
    """Exit code of its command; negative: the signal that ended it; None: it has not ended."""
    reason: str | None
    """Why it ended as it did, in a sentence."""
    actor: str
    """Who asked for it."""
    created_at: datetime
    """When it was asked for."""
    started_at: datetime | None
    """When its newest attempt began."""
    finished_at: datetime | None
    """When it ended."""


class JobDetail(JobRow):
    """A job with all that is known of it."""

    spec: dict[str, Any]
    """What it was asked to do."""
    result: dict[str, Any] | None
    """The JSON object that its command printed last."""
    available_at: datetime
    """Not claimed before this moment."""
    lease_until: datetime | None
    """Until when it is its worker's without a further word."""


class Worker(Wire):
    """A process that carries jobs out."""

    id: uuid.UUID
    """Id of the worker."""
    host: str
    """Machine that it runs on."""
    pid: int
    """Its process there."""
    version: str
    """Version of tunix-rt."""
    slots: int
    """Jobs that it carries out at a time."""
    started_at: datetime
    """When it began."""
    heartbeat_at: datetime
    """When it was last heard of."""
    stopped_at: datetime | None
    """When it ended in order; None: it has not."""
    alive: bool
    """Whether it was heard of within a lease."""
