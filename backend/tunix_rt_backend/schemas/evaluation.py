"""Evaluations, comparisons and the leaderboard on the wire; what an evaluation folder holds comes from the engine."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any, Literal

from pydantic import ConfigDict, Field

from tunix_rt.base_models import BASE_MODELS
from tunix_rt.config import EvalConfig
from tunix_rt.evaluation import Estimate
from tunix_rt_backend.schemas.names import ModelName, TaskName
from tunix_rt_backend.schemas.pages import Body, Page, Seed, Wire

_DEFAULT = EvalConfig()


class EvaluationSettings(Body):
    """How a model is measured; what is left out is as `tunix-rt eval` has it."""

    task: TaskName = _DEFAULT.task
    """Name of the task, with its split: `dev-reasoning-v1:heldout`; GET /api/tasks lists them."""
    limit: int | None = Field(None, ge=1, le=100_000)
    """Measure only the first so many items; None: all."""
    prompt: Literal["contract", "few_shot", "few_shot_plain", "few_shot_turns"] = _DEFAULT.prompt
    """Ask under the prompt contract, or after worked examples; `few_shot` means `few_shot_plain`."""
    shots: int = Field(_DEFAULT.shots, ge=1, le=32)
    """Worked examples of the few-shot prompt."""
    few_shot_pool: TaskName = "dev-reasoning-v1"
    """Task that gives the worked examples."""
    max_new_tokens: int = Field(_DEFAULT.max_new_tokens, ge=1, le=8192)
    """Longest completion, in tokens."""
    temperature: float = Field(_DEFAULT.temperature, ge=0, le=10)
    """0: greedy; above: sampled."""
    top_p: float = Field(_DEFAULT.top_p, gt=0, le=1)
    """Keep the most likely tokens whose probabilities sum to this."""
    num_samples: int = Field(_DEFAULT.num_samples, ge=1, le=256)
    """Completions per item; more than one needs a temperature above 0."""
    batch_size: int = Field(_DEFAULT.batch_size, ge=1, le=4096)
    """Sequences decoded at a time."""
    seed: Seed = _DEFAULT.seed
    """Seed of the sampling and of the choice of worked examples."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Type of the arithmetic."""
    priority: int = Field(0, ge=-100, le=100)
    """Place in the queue: higher goes first."""


class EvaluateBody(EvaluationSettings):
    """A request to measure what a run trained."""

    judge_override: None = None
    """Kept for clients of the earlier system: only null, since answers are compared, not judged."""


class EvaluationBody(EvaluationSettings):
    """A request to measure a base model."""

    model: ModelName = Field(json_schema_extra={"enum": [*BASE_MODELS]})
    """Name of the base model."""


class EvaluationQueued(Wire):
    """An evaluation that waits for a worker."""

    job_id: uuid.UUID
    """Job that measures; GET /api/jobs/{job_id} says how far it is, and its result names the evaluation."""
    run_id: str | None
    """Run whose model is measured; None: a base model."""
    status: str
    """Status of the job."""


class EvaluationSummary(Wire):
    """An evaluation in a list."""

    evaluation_id: str
    """Name of the evaluation and of its folder."""
    digest: str
    """Digest of its content."""
    run_id: str | None
    """Run whose model was measured; None: a base model."""
    model_id: str
    """Base model."""
    adapter_digest: str | None
    """Digest of the trained weights on top of it; None: a base model."""
    dataset_key: str | None
    """Dataset that the run was trained on; None: a base model, or the run is not here."""
    task: str
    """Name of the task."""
    task_split: str
    """Split of the task."""
    task_digest: str
    """Digest of the items that were asked."""
    contract_digest: str
    """Digest of the prompt contract."""
    prompt: str
    """contract | few_shot_plain | few_shot_turns"""
    n: int
    """Items with a score."""
    items: int | None
    """Items that were asked; None: the row was kept by another version, `tunix-rt index` makes it again."""
    strict: Estimate | None
    """Share of right answers in their place, with its 95 % interval; None: nothing is scored."""
    lenient: Estimate | None
    """Share of right answers found anywhere, with its 95 % interval; None: nothing is scored."""
    git_commit: str | None
    """Commit of the code that measured."""
    device: str | None
    """Device that measured."""
    evaluated_at: datetime
    """When it ended."""
    imported: bool
    """Whether it was taken in from elsewhere: its figures follow from its samples, but nobody here saw them made."""
    verified: bool
    """Whether its items are those of the task on this machine, and all verdicts were made again from them."""
    stale: bool
    """Whether its run trained on since: these are figures of weights that are gone, and rank only among `all`."""


class Judge(Wire):
    """What decided whether an answer is right."""

    name: str
    """Name of the rule."""
    version: str
    """Version of tunix-rt whose graders were used."""


class NamedMetric(Wire):
    """A metric by its name, with its 95 % interval."""

    name: str
    """strict | lenient | format | stop | truncated | arithmetic | tokens"""
    value: float
    """The share (0 to 1) or mean."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""
    n: int
    """Items behind it."""


class RunEvaluation(Wire):
    """The newest evaluation of a run, in the words of the earlier system."""

    evaluation_id: str
    """Name of the evaluation."""
    run_id: str
    """The run."""
    score: float | None
    """Strict accuracy, 0 to 100; None: nothing is scored."""
    primary_score: float | None
    """Strict accuracy, 0 to 1; None: nothing is scored."""
    verdict: str
    """What was found, in a sentence."""
    metrics: dict[str, float]
    """Metrics by name; one without a single item behind it is left out."""
    detailed_metrics: list[NamedMetric]
    """The same with intervals."""
    judge: Judge
    """What decided whether an answer is right."""
    evaluated_at: datetime
    """When it ended."""
    stale: bool
    """Whether the run trained on since: these are figures of weights that are gone; measure it again."""


class TaskSummary(Wire):
    """A task that models are measured on."""

    name: str
    """Name, as requests give it."""
    version: str | None
    """Version; None: it cannot be read now."""
    split: str | None
    """Split."""
    items: int | None
    """How many items it holds."""
    digest: str | None
    """Digest of its items."""
    license: str | None
    """Licence of its items."""
    source: str | None
    """Where its items come from."""
    problem: str | None
    """Why it cannot be read now; None: it can."""


class Scorecard(Wire):
    """How many items stand behind a score."""

    n_items: int | None
    """Items that were asked; None as in `items`."""
    n_scored: int
    """Items with a score."""
    n_skipped: int | None
    """Items without one; None as in `items`."""
    primary_score: float | None
    """The score that the board is ordered by, 0 to 1."""


class LeaderboardRow(EvaluationSummary):
    """One row of the leaderboard."""

    rank: int | None
    """Place; rows that cannot be told apart share it. None: nothing is scored, or it is imported and not verified."""
    tied: int
    """Other rows of the same rank."""
    p: float | None
    """Adjusted p of the difference from the first row of its rank; None for that row itself."""
    leader: str | None
    """Evaluation of the first row of its rank."""
    is_base: bool
    """Whether it is an untrained base model."""
    score: float | None
    """The score that the board is ordered by, 0 to 100."""
    primary_score: float | None
    """The score that the board is ordered by, 0 to 1."""
    scorecard: Scorecard
    """How many items stand behind it."""


class MeasuredItems(Wire):
    """Items of a task that evaluations asked, and that have a board of their own."""

    task_digest: str
    """Digest of the items; asked for as `task_digest`, it gives their board."""
    n: int
    """Items with a score, in the evaluation that has most."""
    evaluations: int
    """Evaluations that asked these items."""
    newest: datetime
    """When the newest of them ended."""


class Leaderboard(Page[LeaderboardRow]):
    """Evaluations of one task and one prompt contract, the best first."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    task: str | None
    """Name of the task; None: nothing was measured yet."""
    task_digest: str | None
    """Digest of the items; only evaluations of the same items are compared."""
    other_digests: list[MeasuredItems]
    """Other items of this task that were measured under this contract, such as its first 50: most items first."""
    contract_digest: str
    """Digest of the prompt contract."""
    ordered_by: Literal["strict", "lenient"]
    """Score that decides."""
    total: int
    """Rows of the board, filters aside."""
    method: str
    """How ranks are made."""
    filters: dict[str, Any]
    """Filters that were applied; ranks are those of the whole board."""
