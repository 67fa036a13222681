"""ReportData: everything that a report shows; a part that is not there says why.

It does not know HTML. The session recipe and `runs show` fill it; the functions below derive its larger parts from
evaluations and from the metrics of a run.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from pydantic import Field

from tunix_rt.budget import BudgetReport
from tunix_rt.comparison import Comparison
from tunix_rt.evaluation import Estimate, Evaluation, Metrics, Sample
from tunix_rt.formats import Format
from tunix_rt.provenance import Provenance

Role = Literal["base_contract", "base_few_shot", "sft", "tuned"]
Change = Literal["gained", "lost", "both right", "both wrong"]


class Missing(Format):
    """Stands where a part of the report is not there."""

    missing: str = Field(min_length=1)
    """Why it is not there, and what would make it."""


class Measurement(Format):
    """One evaluation in short."""

    role: Role
    """Which of the measurements."""
    label: str
    """What a reader calls it."""
    evaluation: str
    """Id of the evaluation."""
    prompt: str
    """Name of the prompt form."""
    shots: int
    """Worked examples in the prompt."""
    metrics: Metrics
    """What was measured, over all items."""


class Result(Format):
    """The measurements side by side, and the paired difference that the session is about."""

    task: str
    """Name, version and split of the task."""
    measurements: list[Measurement]
    """Base under the contract, base few-shot, fine-tuned if reinforcement learning followed, tuned."""
    comparison: Comparison | Missing
    """Tuned (strict) against the better base measurement (lenient)."""


class FamilyRow(Format):
    """One family of items before and after."""

    family: str
    """Name of the family."""
    difficulty: float
    """Mean difficulty of its items, 1 to 5."""
    base: Estimate | None
    """The better base measurement, lenient; None if no item is scored automatically."""
    tuned: Estimate | None
    """The tuned model, strict; None if no item is scored automatically."""


class TracePair(Format):
    """One item answered before and after training."""

    change: Change
    """What training did to it."""
    base: Sample
    """The better base measurement."""
    tuned: Sample
    """The tuned model."""


class Point(Format):
    """One value at one optimiser step."""

    step: int = Field(ge=0)
    """Optimiser updates done."""
    value: float
    """The value."""
    low: float | None = None
    """Lower end of its 95 % interval; None if it has none."""
    high: float | None = None
    """Upper end of its 95 % interval; None if it has none."""


class Training(Format):
    """How the fine-tuning went."""

    loss: list[Point]
    """Training loss, nats per trained token."""
    eval_loss: list[Point]
    """Loss on the validation split."""
    learning_rate: list[Point]
    """Learning rate."""
    facts: dict[str, str]
    """Figures for the reader: steps, tokens, tokens/s, peak memory, why it ended."""


class PreviewToken(Format):
    """One token of a training example."""

    text: str
    """Its text."""
    trained: bool
    """Whether the loss is taken on it."""


class Preview(Format):
    """One training example as the model sees it."""

    title: str
    """Which example."""
    tokens: list[PreviewToken]
    """Its tokens in order."""


class DatasetCard(Format):
    """What the model was trained on."""

    key: str
    """Name and version."""
    digest: str
    """Digest of its content."""
    counts: dict[str, int]
    """Rows read, rejected, duplicates, quarantined, train, valid, in the order they are to be shown."""
    families: dict[str, int]
    """Training rows by family."""
    licences: list[str]
    """Licences of its sources."""


class Link(Format):
    """One link of the provenance chain."""

    kind: str
    """`dataset`, `run`, `evaluation`, `base model`, `export`, …"""
    name: str
    """Its name."""
    digest: str
    """Digest of its content."""
    facts: dict[str, str] = Field(default_factory=dict)
    """Further facts, such as licence or number of files."""


class Command(Format):
    """One command that repeats a part of the work."""

    command: str
    """The command line."""
    purpose: str
    """What it does."""


class ReportData(Format):
    """Everything that a report shows."""

    title: str
    """Heading of the page."""
    run: str
    """Id of the run."""
    status: str
    """How the run ended."""
    created: str
    """When the report's data was complete, UTC."""
    model: str
    """Base model and method, such as `gemma3-270m, LoRA rank 16`."""
    result: Result | Missing
    """The measurements and their difference."""
    families: list[FamilyRow] | Missing
    """Accuracy by family."""
    traces: list[TracePair] | Missing
    """Items before and after."""
    training: Training | Missing
    """Loss, learning rate and facts."""
    previews: list[Preview] | Missing
    """Examples with their token mask."""
    dataset: DatasetCard | Missing
    """What was trained on."""
    budget: BudgetReport | Missing
    """Time planned and used."""
    chain: list[Link] | Missing
    """Digests from the dataset to the exports."""
    provenance: Provenance | Missing
    """Code, packages and machine."""
    commands: list[Command] | Missing
    """How to reproduce."""
    limits: list[str] = Field(default_factory=list)
    """What a reader must not conclude."""


_LABELS: dict[Role, str] = {
    "base_contract": "Base, contract prompt",
    "base_few_shot": "Base, few-shot prompt",
    "sft": "Fine-tuned, contract prompt",
    "tuned": "Tuned, contract prompt",
}


def measurement(role: Role, evaluation: Evaluation) -> Measurement:
    """Return an evaluation in short."""
    manifest = evaluation.manifest
    return Measurement(
        role=role,
        label=_LABELS[role],
        evaluation=manifest.id,
        prompt=manifest.prompt.name,
        shots=len(manifest.prompt.shots),
        metrics=manifest.metrics,
    )


def family_rows(base: Evaluation, tuned: Evaluation) -> list[FamilyRow]:
    """Return every family of the task, the easy ones first; none is left out."""
    rows: list[FamilyRow] = []
    for family, after in tuned.manifest.by_family.items():
        levels = [sample.difficulty for sample in tuned.samples if sample.family == family]
        before = base.manifest.by_family.get(family)
        difficulty = sum(levels) / len(levels)
        lenient = before.lenient if before else None
        rows.append(FamilyRow(family=family, difficulty=difficulty, base=lenient, tuned=after.strict))
    return sorted(rows, key=lambda row: (round(row.difficulty, 1), row.family))


_WANTED: tuple[tuple[Change, int], ...] = (("gained", 4), ("lost", 2), ("both wrong", 3), ("both right", 1))


def trace_pairs(base: Evaluation, tuned: Evaluation, *, seed: int = 0) -> list[TracePair]:
    """Choose items to show: gained, lost, both wrong, both right, each kind from as many families as there are.

    Only the seed and the ids choose, never how well an item looks.
    """
    before = {sample.id: sample for sample in base.samples if sample.index == 0}
    groups: dict[Change, list[TracePair]] = {change: [] for change, _ in _WANTED}
    for sample in tuned.samples:
        other = before.get(sample.id)
        if sample.index or other is None or sample.strict.value is None or other.lenient.value is None:
            continue
        was, is_now = other.lenient.value == 1.0, sample.strict.value == 1.0
        change: Change = ("both right" if was else "gained") if is_now else ("lost" if was else "both wrong")
        groups[change].append(TracePair(change=change, base=other, tuned=sample))
    chosen: list[TracePair] = []
    for change, count in _WANTED:
        ranked = sorted(groups[change], key=lambda pair: hashlib.sha256(f"{seed}\n{pair.tuned.id}".encode()).digest())
        seen: dict[str, int] = {}
        order: list[tuple[int, int]] = []
        for position, pair in enumerate(ranked):
            seen[pair.tuned.family] = seen.get(pair.tuned.family, 0) + 1
            order.append((seen[pair.tuned.family], position))
        chosen += [ranked[position] for _, position in sorted(order)[:count]]
    return chosen


def curve(records: Iterable[Mapping[str, Any]], name: str) -> list[Point]:
    """Return one metric of a run's `metrics.jsonl` as points, in order of step; the last value of a step counts."""
    values = {int(record["step"]): float(record[name]) for record in records if name in record and "step" in record}
    return [Point(step=step, value=value) for step, value in sorted(values.items())]


def preview_tokens(texts: Sequence[str], trained: Sequence[bool]) -> list[PreviewToken]:
    """Return tokens with their mask."""
    return [PreviewToken(text=text, trained=flag) for text, flag in zip(texts, trained, strict=True)]
