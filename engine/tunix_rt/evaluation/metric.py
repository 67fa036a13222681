"""Metrics: samples added up, each figure with its n and its 95 % interval.

It does not know where samples come from. Several completions of one item count as one item with their mean.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from pydantic import Field

from tunix_rt.evaluation.sample import Sample
from tunix_rt.formats import Format
from tunix_rt.stats import bootstrap_mean, pass_at_k, wilson

_RESAMPLES = 2_000
"""Draws of a bootstrap; its ends then move by less than a tenth of the interval's width from seed to seed."""


class Estimate(Format):
    """A share or a mean over evaluated items, with its 95 % interval."""

    value: float
    """The measured share (0 to 1) or mean."""
    low: float
    """Lower end of the 95 % interval."""
    high: float
    """Upper end of the 95 % interval."""
    n: int = Field(ge=1)
    """Items behind the value."""


class Metrics(Format):
    """What was measured over a set of items; a metric without a single item behind it is None, never 0."""

    items: int
    """Items evaluated, unscored ones included."""
    n: int
    """Items with a score."""
    unscored: dict[str, int]
    """Items without a score, counted by reason."""
    strict: Estimate | None
    """Share of right answers that stand where the prompt's form puts them, in a well-formed completion."""
    lenient: Estimate | None
    """Share of right answers found anywhere in the completion."""
    format: Estimate | None
    """Share of completions in exactly the form that the prompt asks for."""
    stop: Estimate | None
    """Share of completions that the model ended itself."""
    truncated: Estimate | None
    """Share of completions cut off at `max_new_tokens`."""
    arithmetic: Estimate | None
    """Share of completions without a wrong equation, of those that write at least one that can be recomputed."""
    tokens: Estimate | None
    """Mean number of generated tokens."""
    pass_at: dict[str, Estimate] = Field(default_factory=dict)
    """Chance that at least one of k completions is right (strict), by k; empty with one completion per item."""


def measure(samples: Sequence[Sample]) -> Metrics:
    """Return the metrics over samples; several completions of one item count as one item with their mean."""
    scored = [sample for sample in samples if sample.strict.value is not None]
    unscored = Counter({s.id: s.strict.explanation for s in samples if s.strict.value is None}.values())
    finished = [sample for sample in samples if not sample.was_cut]
    checked = [sample for sample in finished if sample.arithmetic is not None]
    return Metrics(
        items=len({sample.id for sample in samples}),
        n=len({sample.id for sample in scored}),
        unscored=dict(sorted(unscored.items())),
        strict=_share(scored, lambda sample: sample.strict.value or 0.0),
        lenient=_share(scored, lambda sample: sample.lenient.value or 0.0),
        format=_share(finished, lambda sample: float(sample.well_formed)),
        stop=_share(finished, lambda sample: float(sample.finish == "stop")),
        truncated=_share(finished, lambda sample: float(sample.finish == "length")),
        arithmetic=_share(checked, lambda sample: sample.arithmetic or 0.0),
        tokens=_mean(finished, lambda sample: float(sample.tokens)),
        pass_at=_pass_at(scored),
    )


def figures(samples: Sequence[Sample]) -> dict[str, Any]:
    """Return every figure of an evaluation by its field there: over all samples, and over groups of them."""
    return {
        "metrics": measure(samples),
        "by_family": measure_groups(samples, lambda sample: sample.family),
        "by_domain": measure_groups(samples, lambda sample: sample.domain),
        "by_difficulty": measure_groups(samples, lambda sample: str(sample.difficulty)),
    }


def measure_groups(samples: Sequence[Sample], key: Callable[[Sample], str]) -> dict[str, Metrics]:
    """Return the metrics of each group of samples, in order of the group's name."""
    groups: dict[str, list[Sample]] = {}
    for sample in samples:
        groups.setdefault(key(sample), []).append(sample)
    return {name: measure(groups[name]) for name in sorted(groups)}


def item_means(samples: Iterable[Sample], value: Callable[[Sample], float]) -> dict[str, float]:
    """Return the mean value of each item, by item id in order of appearance."""
    values: dict[str, list[float]] = {}
    for sample in samples:
        values.setdefault(sample.id, []).append(value(sample))
    return {name: sum(found) / len(found) for name, found in values.items()}


def _share(samples: Sequence[Sample], value: Callable[[Sample], float]) -> Estimate | None:
    """Return a share with Wilson's interval; partial or repeated scores get a bootstrap over items instead."""
    means = list(item_means(samples, value).values())
    if not means:
        return None
    if any(mean not in (0.0, 1.0) for mean in means) or len(means) != len(samples):
        return _mean(samples, value)
    interval = wilson(round(sum(means)), len(means))
    return Estimate(value=interval.value, low=interval.low, high=interval.high, n=len(means))


def _mean(samples: Sequence[Sample], value: Callable[[Sample], float]) -> Estimate | None:
    means = list(item_means(samples, value).values())
    return _bootstrap(means) if means else None


def _bootstrap(values: Sequence[float]) -> Estimate:
    interval = bootstrap_mean(values, resamples=_RESAMPLES)
    return Estimate(value=interval.value, low=interval.low, high=interval.high, n=len(values))


def _pass_at(samples: Sequence[Sample]) -> dict[str, Estimate]:
    right = item_means(samples, lambda sample: float(sample.strict.value == 1.0))
    counts = Counter(sample.id for sample in samples)
    draws = min(counts.values(), default=1)
    found: dict[str, Estimate] = {}
    k = 1
    while draws > 1 and k <= draws:
        chances = [pass_at_k(counts[name], round(mean * counts[name]), k) for name, mean in right.items()]
        found[str(k)] = _bootstrap(chances)
        k = draws if k < draws < 2 * k else 2 * k
    return found
