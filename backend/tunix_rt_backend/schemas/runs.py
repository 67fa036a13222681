"""Runs as they go over the wire: a request, a row of the list, a page of details; what is on disk is the engine's."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field

from tunix_rt.base_models import BASE_MODELS
from tunix_rt_backend.schemas.jobs import JobRow
from tunix_rt_backend.schemas.names import DatasetKey, ModelName, RunId
from tunix_rt_backend.schemas.pages import Body, Seed, Wire

RunStatus = Literal["queued", "preparing", "running", "completed", "stopped", "failed", "cancelled", "interrupted"]
RunMode = Literal["async", "local", "import"]
RunKind = Literal["sft", "grpo", "session"]
OUTPUT_BYTES = 10_240
"""Most bytes of a command's output that an answer carries: the last ones."""


class RunRequest(Body):
    """What to train, on what, and how; what is left out has the engine's default."""

    dataset_key: DatasetKey | None = None
    """Frozen dataset to train on; a session builds its own and takes none."""
    model_id: ModelName = Field(json_schema_extra={"enum": [*BASE_MODELS]})
    """Base model, by its name in `tunix-rt models list`."""
    output_dir: None = None
    """Kept for clients of the earlier system: only null, since every run has a folder of its own."""
    dry_run: bool = True
    """Plan only, and start nothing."""
    learning_rate: Annotated[float, Field(gt=0, le=1)] | None = None
    """Peak learning rate."""
    weight_decay: Annotated[float, Field(ge=0, le=1)] | None = None
    """Decoupled weight decay."""
    num_epochs: Annotated[float, Field(gt=0, le=100)] | None = None
    """Passes over the training split."""
    batch_size: Annotated[int, Field(ge=1, le=512)] | None = None
    """Packed rows of one micro-batch."""
    max_seq_length: Annotated[int, Field(ge=8, le=32_768)] | None = None
    """Tokens of one packed row."""
    overlong: Literal["refuse", "drop"] | None = None
    """What becomes of traces that are longer than a row: the run is refused, or they are left out."""
    device: Literal["auto", "cpu", "cuda"] = "auto"
    """Where to compute; `auto`: the fastest that the worker has. A plan asks this machine, a run that of its worker."""
    kind: RunKind = "sft"
    """One fine-tuning, one reinforcement learning, or a whole session with its measurements."""
    start: RunId | None = None
    """Run whose trained model reinforcement learning starts from, which has the same base model; None: the base."""
    method: Literal["lora", "full"] | None = None
    """Train a low-rank adapter, or every weight."""
    lora_rank: Annotated[int, Field(ge=1, le=1024)] | None = None
    """Rank of the adapter."""
    max_steps: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """Optimiser updates."""
    max_examples: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """Use at most so many training examples."""
    time_budget_minutes: Annotated[float, Field(gt=0, le=525_600)] | None = None
    """Stop cleanly inside so many minutes."""
    seed: Seed | None = None
    """Seed of everything that is drawn."""
    priority: Annotated[int, Field(ge=-100, le=100)] = 0
    """Place in the queue: higher goes first."""
    config: dict[str, Any] = Field(default_factory=dict)
    """Any other key of the configuration, nested or dotted: `{"lora": {"alpha": 16}}`, `{"lora.alpha": 16}`."""


class RunStarted(Wire):
    """A run that waits for a worker."""

    run_id: str
    """Id of the run."""
    job_id: uuid.UUID
    """Job in the queue that will carry it out."""
    status: str
    """Status of the job: `queued`, or a later one if the same request came before."""
    message: str
    """What happens now, and where to look."""


class RunRow(Wire):
    """A run in a list."""

    model_config = ConfigDict(from_attributes=True)

    run_id: str
    """Id of the run."""
    dataset_key: str | None
    """Dataset that it is trained on."""
    dataset_digest: str | None
    """Digest of that dataset's folder as the run found it; None: not begun, or trained on none."""
    model_id: str
    """Base model."""
    mode: str
    """async: started here; local: found as a folder; import: taken in from elsewhere."""
    status: str
    """queued | preparing | running | completed | stopped | failed | cancelled | interrupted."""
    started_at: datetime | None
    """When its newest attempt began; None while it waits."""
    duration_seconds: float | None
    """Length of the newest attempt; time in the queue is not counted."""
    metrics: dict[str, Any]
    """The run's own last figures."""
    kind: str
    """sft | grpo | session."""
    stage: str
    """What is being done, or was done last."""
    created_at: datetime
    """When it was asked for."""
    completed_at: datetime | None
    """When its newest attempt ended."""
    attempts: int
    """How often a process has worked on it."""


class Upstream(Wire):
    """Something that a run was made from, or made."""

    kind: str
    """dataset, base_model, evaluation, output, …"""
    key: str
    """Its name."""
    digest: str
    """Digest of its files."""


class RunReply(Wire):
    """A run, or the plan of one, in the shape that clients of the earlier service read."""

    run_id: str | None
    """Id of the run; None: a plan makes none."""
    status: str
    """Status of the run; of a plan `completed` or `failed`."""
    mode: str
    """async | local | import | dry-run."""
    dataset_key: str | None
    """Dataset."""
    model_id: str
    """Base model."""
    output_dir: str = ""
    """Always empty: the files of a run are read by its artifacts."""
    exit_code: int | None
    """Exit code of the command; None: it has not ended."""
    stdout: str
    """The result that the command printed; of a plan all that it printed as data, its last 10 KB."""
    stderr: str
    """The last 10 KB of the log: what every attempt said, as `GET …/logs` tells it."""
    duration_seconds: float | None
    """Length of the newest attempt."""
    started_at: datetime | None
    """When it began."""
    completed_at: datetime | None
    """When it ended."""
    message: str
    """What the status means, and what to do next."""


class PlanReply(RunReply):
    """What a run would do."""

    plan: dict[str, Any] | None
    """The engine's plan: updates, tokens, bytes, seconds; None if none could be made."""


class RunDetail(RunReply):
    """A run with all that is known of it."""

    kind: str
    """sft | grpo | session."""
    stage: str
    """What is being done, or was done last."""
    created_at: datetime
    """When it was asked for."""
    attempts: int
    """How often a process has worked on it."""
    seed: int
    """Seed of the configuration."""
    config: dict[str, Any]
    """The resolved configuration."""
    results: dict[str, Any]
    """The run's own last figures."""
    error: dict[str, Any] | None
    """Why the newest attempt failed: `{stage, type, message}`."""
    inputs: dict[str, Upstream]
    """What it was made from, by part."""
    outputs: dict[str, Upstream]
    """What it made, by part."""
    timings: dict[str, float]
    """Seconds by phase."""
    git_commit: str | None
    """Commit of the code."""
    device: str | None
    """Accelerator or processor that did the arithmetic."""
    problem: str | None
    """Why its folder cannot be read, so that this is what the index remembers; None: this is the folder's own word."""
    job: JobRow | None
    """The newest job that worked on it; None: it was not started here."""
    links: dict[str, str]
    """Paths of what belongs to it."""


class RunState(Wire):
    """How far a run is."""

    run_id: str
    """Id of the run."""
    status: str
    """queued | preparing | running | completed | stopped | failed | cancelled | interrupted."""
    stage: str
    """What is being done, or was done last."""
    queued_at: datetime | None
    """When its newest job was put into the queue; None: it was not started here."""
    started_at: datetime | None
    """When its newest attempt began; None while it waits."""
    completed_at: datetime | None
    """When its newest attempt ended."""
    exit_code: int | None
    """Exit code of the command; None: it has not ended."""
    attempts: int
    """How often a process has worked on it."""


class Cancelled(Wire):
    """What became of a request to end."""

    message: str
    """What happens now."""
    run_id: str | None
    """Id of the run."""
    job_id: uuid.UUID
    """The job that ends."""
    status: Literal["cancelled", "cancel_requested", "stop_requested"]
    """`cancelled`: it had not begun; otherwise its worker ends it, and keeps its last checkpoint."""


class ImportedRun(Wire):
    """A run that was taken in."""

    run_id: str
    """Id of the run."""
    replayed: bool
    """Whether the same run was here before; nothing was changed."""
    files: int
    """Files that it has."""
    bytes: int
    """Bytes that they hold."""
    verified: list[str]
    """What equals its recorded digests: its own files, and what it names that is here."""
    unverified: list[str]
    """Files of the run that it keeps no digest of."""
    missing_upstream: list[str]
    """What it names that is not here."""


class Imported(Wire):
    """What was taken in."""

    runs: list[ImportedRun]
    """Runs."""
    datasets: list[str]
    """Datasets that came along and were not here."""
    evaluations: list[str]
    """Evaluations that came along and were not here."""
