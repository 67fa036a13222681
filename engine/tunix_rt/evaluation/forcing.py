"""Forced start: how often a model is right when the first character of a worked trace is written for it.

A gain of reinforcement learning that is gone under a forced start was a change of manner, not of ability. It does not
know how the model was trained.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from tunix_rt.evaluation.metric import Estimate, measure
from tunix_rt.evaluation.sample import Sample, grade_sample
from tunix_rt.formats import Format
from tunix_rt.prompt import contract_form
from tunix_rt.sampling import Sampler, SamplingConfig
from tunix_rt.tasks import Item, Task
from tunix_rt.trace import render


class ForcedStart(Format):
    """Accuracy of completions whose reasoning was begun for the model."""

    n: int = Field(ge=0)
    """Scored items."""
    strict: Estimate | None
    """Accuracy of answers that follow the form, with a 95 % interval; None if nothing was scored."""


def opening(item: Item) -> str | None:
    """Return what the model finds written: the opening tag and the first character of the item's own first step."""
    if item.trace is None:
        return None
    completion, first = render(item.trace).completion, item.trace.steps[0].content
    return completion[: completion.index(first) + 1]


def force_start(sampler: Sampler, task: Task, max_new_tokens: int, *, deadline: float | None = None) -> ForcedStart:
    """Measure a model, greedily under the prompt contract, on the items that have a trace.

    What `deadline`, a `time.monotonic()`, cuts off has no score.
    """
    form = contract_form()
    begun = [(item, start) for item in task.items if (start := opening(item))]
    found = sampler.generate(
        [form.render(item.prompt) + start for item, start in begun],
        SamplingConfig(max_new_tokens=max_new_tokens, stop=form.stop),
        shared_prefix=form.prefix,
        deadline=deadline,
    )
    samples: Sequence[Sample] = [
        grade_sample(
            task,
            item,
            0,
            completion.model_copy(update={"text": start + completion.text}),
            form,
            cut_limit=max_new_tokens if deadline else None,
        )
        for (item, start), completion in zip(begun, found, strict=True)
    ]
    if not samples:
        return ForcedStart(n=0, strict=None)
    metrics = measure(samples)
    return ForcedStart(n=metrics.n, strict=metrics.strict)
