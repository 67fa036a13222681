"""The prompts of reinforcement learning: those that fit, in an order that only the seed and the step decide.

It does not know models, rewards or updates.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from tunix_rt.errors import ConfigError, DataError
from tunix_rt.prompt import contract_form, trace_name
from tunix_rt.tasks import Item, Task
from tunix_rt.trace import ReasoningTrace
from tunix_rt.train.tokenizer import Tokenizer


def fitting_prompts(
    traces: Iterable[ReasoningTrace], tokenizer: Tokenizer, max_tokens: int
) -> tuple[list[ReasoningTrace], list[str], int]:
    """Return the traces whose rendered prompt has at most so many tokens, the names of the others, the longest length.

    Lengths count begin-of-text. A prompt that another trace asked before is left out silently: one group is enough.
    Raises DataError if no prompt fits.
    """
    form = contract_form()
    found = list({trace.prompt: trace for trace in traces}.values())
    lengths = [1 + len(ids) for ids in tokenizer.encode_batch([form.render(trace.prompt) for trace in found])]
    kept = [trace for trace, length in zip(found, lengths, strict=True) if length <= max_tokens]
    if not kept:
        raise DataError(
            f"none of {len(found)} prompts has at most {max_tokens} tokens (the shortest has {min(lengths, default=0)})"
            "; raise max_prompt_tokens"
        )
    too_long = [trace_name(trace) for trace, length in zip(found, lengths, strict=True) if length > max_tokens]
    return kept, too_long, max(length for length in lengths if length <= max_tokens)


class Prompts:
    """The prompts of every step: each epoch is a permutation of its own, and a batch that it does not fill is left out.

    Args:
        traces: Training traces; only their prompts are shown to the policy.
        per_step: Prompts of one step.
        seed: Seed of the order.
    """

    def __init__(self, traces: Sequence[ReasoningTrace], *, per_step: int, seed: int) -> None:
        if len(traces) < per_step:
            raise ConfigError(
                f"{len(traces)} prompts are left and prompts_per_step is {per_step}; lower it, or give more prompts"
            )
        self.traces, self._per_step, self._seed = list(traces), per_step, seed
        self._texts = [contract_form().render(trace.prompt) for trace in traces]
        self.steps_per_epoch = len(traces) // per_step

    def rows(self, step: int) -> list[int]:
        """Return which traces are asked in a step, from 0."""
        epoch, place = divmod(step, self.steps_per_epoch)
        order = np.random.Generator(np.random.PCG64([self._seed, epoch])).permutation(len(self.traces))
        return [int(row) for row in order[place * self._per_step : (place + 1) * self._per_step]]

    def batch(self, step: int) -> dict[str, Any]:
        """Return a step's prompts in the form that Tunix's learners take: columns as arrays of objects."""
        rows = self.rows(step)
        return {"prompts": np.array([self._texts[row] for row in rows], dtype=object), "row": np.array(rows)}

    def position(self, step: int) -> dict[str, Any]:
        """Return where the data stands after so many steps, for people and for the record."""
        return {"epoch": round(step / self.steps_per_epoch, 4), "prompts": step * self._per_step}


def without(traces: Iterable[ReasoningTrace], names: Collection[str]) -> Iterator[ReasoningTrace]:
    """Yield the traces that are not named."""
    left_out = set(names)
    return (trace for trace in traces if trace_name(trace) not in left_out)


def short_items(task: Task, tokenizer: Tokenizer, *, max_tokens: int, limit: int) -> Task:
    """Return a task with the first items, at most `limit`, whose prompts have at most so many tokens."""
    form, kept = contract_form(), list[Item]()
    for item in task.items:
        if len(kept) < limit and 1 + len(tokenizer.encode(form.render(item.prompt))) <= max_tokens:
            kept.append(item)
    return Task(task.name, task.version, task.split, tuple(kept), task.license, task.source, task.grader)
