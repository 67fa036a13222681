"""Comparison: two evaluations of the same items, paired item by item.

It does not know models or how a sample was graded. A is the baseline, B the candidate; every difference is B minus A.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal

from pydantic import Field

from tunix_rt.errors import UsageError
from tunix_rt.evaluation import Evaluation, Sample, TaskRef, item_means
from tunix_rt.formats import Format
from tunix_rt.stats import PairedDelta, holm, minimum_detectable_effect, paired

MetricName = Literal["strict", "lenient", "format", "stop", "truncated", "arithmetic"]
ScoreName = Literal["strict", "lenient"]

_VALUES: dict[MetricName, Callable[[Sample], float | None]] = {
    "strict": lambda sample: sample.strict.value,
    "lenient": lambda sample: sample.lenient.value,
    "format": lambda sample: float(sample.well_formed),
    "stop": lambda sample: float(sample.finish == "stop"),
    "truncated": lambda sample: float(sample.finish == "length"),
    "arithmetic": lambda sample: sample.arithmetic,
}
SIGNIFICANT = 0.05
"""A p below this is called significant."""


class EvaluationRef(Format):
    """One side of a comparison."""

    id: str
    """Name of the evaluation."""
    digest: str
    """Digest of its content."""
    model: str
    """Model that was measured, with its run if it was trained."""
    prompt: str
    """Name of the prompt form."""


class Delta(Format):
    """One metric on both sides, over the items that have a value on both."""

    name: str
    """Metric or family."""
    a_metric: MetricName
    """What was read on side A."""
    b_metric: MetricName
    """What was read on side B."""
    a: float
    """Mean over the paired items on side A."""
    b: float
    """Mean over the paired items on side B."""
    paired: PairedDelta
    """B minus A with interval, exact p, n, gained and lost."""
    adjusted_p: float | None = None
    """p after Holm's correction for the number of families; None where one test stands alone."""


class Comparison(Format):
    """Two evaluations of one task, pair by pair."""

    task: TaskRef
    """The items, the same on both sides."""
    a: EvaluationRef
    """The baseline."""
    b: EvaluationRef
    """The candidate."""
    main: Delta
    """The difference that the comparison is about."""
    metrics: list[Delta]
    """Every metric that both sides have."""
    families: list[Delta]
    """The main difference by family, in order of name."""
    gained: list[str]
    """Items that B has right and A has wrong."""
    lost: list[str]
    """Items that A has right and B has wrong."""
    minimum_detectable_effect: float
    """Smallest difference that so many pairs show 4 times out of 5, with as many changed items as seen (at least 1)."""
    unpaired: int = Field(ge=0)
    """Items that are scored on one side only, or on neither."""
    differences: list[str]
    """What differs between the sides beside the model: prompt form, sampling, dtype, …"""

    def to_text(self) -> str:
        """Return the comparison as aligned plain text."""
        return comparison_text(self)


def compare(
    a: Evaluation, b: Evaluation, *, a_score: ScoreName = "strict", b_score: ScoreName = "strict"
) -> Comparison:
    """Pair two evaluations by item id.

    Args:
        a: The baseline.
        b: The candidate.
        a_score: Score of A in the main difference.
        b_score: Score of B in the main difference.

    Raises UsageError naming what differs if they did not ask the same items.
    """
    _same_task(a.manifest.task, b.manifest.task)
    names = {sample.id for sample in a.samples}
    if names != {sample.id for sample in b.samples}:
        raise UsageError("the evaluations hold different items of the same task; measure both again with one limit")
    main = _delta("main", a.samples, b.samples, a_score, b_score)
    if main is None:
        raise UsageError(f"no item is scored in both {a.id} and {b.id}; nothing can be compared")
    metrics = [delta for name in _VALUES if (delta := _delta(name, a.samples, b.samples, name, name))]
    before, after = _values(a.samples, a_score), _values(b.samples, b_score)
    both = [name for name in before if name in after]
    n = len(both)
    changed = sum(before[name] != after[name] for name in both)
    return Comparison(
        task=a.manifest.task,
        a=_ref(a),
        b=_ref(b),
        main=main,
        metrics=metrics,
        families=_by_family(a, b, a_score, b_score),
        gained=sorted(name for name in both if after[name] > before[name]),
        lost=sorted(name for name in both if after[name] < before[name]),
        minimum_detectable_effect=minimum_detectable_effect(n, discordant=max(changed, 1) / n),
        unpaired=len(names) - n,
        differences=_differences(a, b),
    )


def better_base(*bases: Evaluation) -> Evaluation:
    """Return the base measurement with the highest lenient accuracy; the first one if equal."""
    scored = [base for base in bases if base.manifest.metrics.lenient is not None]
    if not scored:
        raise UsageError("no base measurement has a scored item; measure the base first")
    return max(scored, key=lambda base: base.manifest.metrics.lenient.value if base.manifest.metrics.lenient else -1.0)


def compare_with_base(bases: Sequence[Evaluation], tuned: Evaluation) -> Comparison:
    """Compare the tuned model's strict accuracy with the lenient accuracy of the better base measurement.

    The choice favours the base twice: its better prompt, and an answer that counts wherever it stands.
    """
    return compare(better_base(*bases), tuned, a_score="lenient", b_score="strict")


def _values(samples: Sequence[Sample], metric: MetricName) -> dict[str, float]:
    value = _VALUES[metric]
    return item_means(
        [sample for sample in samples if not sample.was_cut and value(sample) is not None],
        lambda sample: value(sample) or 0.0,
    )


def _delta(
    name: str, a: Sequence[Sample], b: Sequence[Sample], a_metric: MetricName, b_metric: MetricName
) -> Delta | None:
    before, after = _values(a, a_metric), _values(b, b_metric)
    both = [item for item in before if item in after]
    if not both:
        return None
    left, right = [before[item] for item in both], [after[item] for item in both]
    return Delta(
        name=name,
        a_metric=a_metric,
        b_metric=b_metric,
        a=sum(left) / len(both),
        b=sum(right) / len(both),
        paired=paired(left, right),
    )


def _by_family(a: Evaluation, b: Evaluation, a_score: ScoreName, b_score: ScoreName) -> list[Delta]:
    deltas: list[Delta] = []
    for family in sorted({sample.family for sample in a.samples}):
        left = [sample for sample in a.samples if sample.family == family]
        right = [sample for sample in b.samples if sample.family == family]
        delta = _delta(family, left, right, a_score, b_score)
        if delta is not None:
            deltas.append(delta)
    adjusted = holm([delta.paired.p for delta in deltas])
    return [delta.model_copy(update={"adjusted_p": p}) for delta, p in zip(deltas, adjusted, strict=True)]


def _ref(evaluation: Evaluation) -> EvaluationRef:
    manifest = evaluation.manifest
    model = manifest.model.name + (f" + {manifest.model.run}" if manifest.model.run else "")
    return EvaluationRef(id=manifest.id, digest=manifest.digest, model=model, prompt=manifest.prompt.name)


def _same_task(a: TaskRef, b: TaskRef) -> None:
    if a.digest == b.digest:
        return
    pairs = zip(a.model_dump().items(), b.model_dump().items(), strict=True)
    parts = [f"{key}: {left} and {right}" for (key, left), (_, right) in pairs if left != right]
    raise UsageError("the evaluations asked different items and cannot be paired; " + "; ".join(parts))


def _differences(a: Evaluation, b: Evaluation) -> list[str]:
    """Return what a reader must know before blaming the model for a difference."""
    left, right = a.manifest, b.manifest
    facts: list[tuple[str, object, object]] = [
        ("prompt contract", left.contract_digest, right.contract_digest),
        ("prompt form", left.prompt.name, right.prompt.name),
        ("worked examples", ", ".join(left.prompt.shots) or "none", ", ".join(right.prompt.shots) or "none"),
        ("max_new_tokens", left.sampling.max_new_tokens, right.sampling.max_new_tokens),
        ("temperature", left.sampling.temperature, right.sampling.temperature),
        ("top_p", left.sampling.top_p, right.sampling.top_p),
        ("completions per item", left.num_samples, right.num_samples),
        ("dtype", left.provenance.dtype, right.provenance.dtype),
        ("device", left.provenance.device, right.provenance.device),
        ("code", left.provenance.git_commit, right.provenance.git_commit),
    ]
    return [f"{name}: {one} → {other}" for name, one, other in facts if one != other]


def percent(value: float, digits: int = 1) -> str:
    """Return a share as a percentage."""
    return f"{100 * value:.{digits}f} %"


def points(value: float) -> str:
    """Return a difference of shares as signed percentage points, with a true minus sign."""
    shown = f"{100 * value:+.1f}"
    return "0.0" if shown in ("+0.0", "-0.0") else shown.replace("-", "−")


def p_text(p: float) -> str:
    """Return a p value with two significant digits, `< 0.0001` below that."""
    if p < 0.0001:
        return "< 0.0001"
    return f"{p:.4f}" if p < 0.001 else f"{p:.3f}" if p < 0.1 else f"{p:.2f}"


def verdict(comparison: Comparison) -> str:
    """Return one sentence that says what the main difference shows, and what it does not."""
    delta = comparison.main.paired
    figures = (
        f"{points(delta.delta)} points (95 % interval {points(delta.low)} to {points(delta.high)}, "
        f"exact McNemar p {'' if delta.p < 0.0001 else '= '}{p_text(delta.p)}, n = {delta.n} pairs)"
    )
    if delta.p < SIGNIFICANT and delta.delta > 0:
        return f"B is better than A by {figures}."
    if delta.p < SIGNIFICANT and delta.delta < 0:
        return f"B is worse than A by {figures}."
    return (
        f"Not significant: {figures}. A true difference below {100 * comparison.minimum_detectable_effect:.1f} points "
        "would be missed more often than once in five such tests."
    )


def comparison_text(comparison: Comparison) -> str:
    """Return the comparison as aligned plain text."""
    task = comparison.task
    lines = [
        f"task  {task.name} {task.version} {task.split}, {task.items} items, {task.digest[:19]}",
        f"A     {comparison.a.model}, {comparison.a.prompt}  ({comparison.a.id})",
        f"B     {comparison.b.model}, {comparison.b.prompt}  ({comparison.b.id})",
        "",
        *_table(_rows(comparison), "metric"),
        "",
        *_table(comparison.families, "family"),
        "",
        verdict(comparison),
        f"gained {len(comparison.gained)}, lost {len(comparison.lost)}, not paired {comparison.unpaired}",
    ]
    if comparison.differences:
        lines += ["differs beside the model:", *(f"  {difference}" for difference in comparison.differences)]
    return "\n".join(lines) + "\n"


def _rows(comparison: Comparison) -> list[Delta]:
    main = comparison.main
    if main.a_metric == main.b_metric:
        return comparison.metrics
    return [main.model_copy(update={"name": f"B {main.b_metric}, A {main.a_metric}"}), *comparison.metrics]


def _table(deltas: Sequence[Delta], title: str) -> list[str]:
    adjusted = any(delta.adjusted_p is not None for delta in deltas)
    head = [title, "n", "A", "B", "B − A", "95 % interval", "gained", "lost", "p", *(["p (Holm)"] if adjusted else [])]
    rows = [head]
    for delta in deltas:
        pair = delta.paired
        rows.append(
            [
                delta.name,
                str(pair.n),
                percent(delta.a),
                percent(delta.b),
                points(pair.delta),
                f"{points(pair.low)} … {points(pair.high)}",
                str(pair.gained),
                str(pair.lost),
                p_text(pair.p),
                *([p_text(delta.adjusted_p)] if delta.adjusted_p is not None else []),
            ]
        )
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    text = [
        " | ".join(
            [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True))]
        )
        for row in rows
    ]
    return [text[0], "-+-".join("-" * width for width in widths), *text[1:]]
