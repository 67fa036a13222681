"""Packed batches: rendered traces as tokens, several to a row, in an order that depends on nothing but the seed.

It does not know the model or the loss. One row of length L holds whole examples one after another:

    tokens     BOS p p p c c E BOS p p c c c E  0  0      p prompt, c completion, E end of turn
    segments    1  1 1 1 1 1 1  2  2 2 2 2 2 2  0  0      0 is filler
    positions   0  1 2 3 4 5 6  0  1 2 3 4 5 6  0  0      start again in each segment
    trained     .  . . . x x x  .  . . x x x x  .  .      tokens that the loss asks for

A segment begins with prompt tokens, so that its first token is never asked of the segment before it.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tunix_rt.errors import DataError, RenderError
from tunix_rt.prompt import trace_name
from tunix_rt.trace import ReasoningTrace, RenderedTrace, canonical, parse_completion, render
from tunix_rt.train.tokenizer import Tokenizer

Ints = NDArray[np.int32]
Batch = dict[str, NDArray[Any]]
"""`tokens`, `segments`, `positions` int32 `[B, L]`, `trained` bool `[B, L]`, `normaliser` float32 `[]`."""


@dataclass(frozen=True)
class Example:
    """One trace as tokens."""

    name: str
    """Id of the trace."""
    tokens: Ints
    """Begin-of-text, prompt, completion, end of turn: `[n]`."""
    prompt_length: int
    """How many tokens are given and not trained."""

    @property
    def trained(self) -> int:
        """How many tokens the loss asks for."""
        return len(self.tokens) - self.prompt_length


def encode(traces: Iterable[ReasoningTrace], tokenizer: Tokenizer) -> list[Example]:
    """Return traces as tokens, in order.

    Raises RenderError naming the trace whose trained tokens are none, do not end the turn, or lose a part of it.
    """
    kept = list(traces)
    rendered = [_render(trace) for trace in kept]
    prompts = tokenizer.encode_batch([text.prompt for text in rendered])
    completions = tokenizer.encode_batch([text.completion for text in rendered])
    examples = []
    for trace, prompt, completion in zip(kept, prompts, completions, strict=True):
        _check(trace, completion, tokenizer)
        tokens = np.array([tokenizer.bos_id, *prompt, *completion], np.int32)
        examples.append(Example(trace_name(trace), tokens, 1 + len(prompt)))
    return examples


def _render(trace: ReasoningTrace) -> RenderedTrace:
    try:
        return render(trace)
    except RenderError as error:
        raise RenderError(f"trace {trace_name(trace)}: {error}") from error


def _check(trace: ReasoningTrace, completion: Sequence[int], tokenizer: Tokenizer) -> None:
    # What the model learns to write must read back as the trace, whatever the tokenizer did to it.
    name = trace_name(trace)
    if not completion:
        raise RenderError(f"trace {name} has no trained token; its completion is empty for this tokenizer")
    if completion[-1] != tokenizer.end_of_turn_id:
        raise RenderError(f"trace {name} does not end with the end-of-turn token; the model would never stop")
    parsed = parse_completion(tokenizer.decode(completion))
    if parsed.answer != trace.final_answer:
        raise RenderError(
            f"trace {name} loses its answer as tokens: {trace.final_answer!r} reads back {parsed.answer!r}"
        )
    if not parsed.well_formed or parsed.steps != [step.content for step in canonical(trace).steps]:
        raise RenderError(f"trace {name} loses a trace step as tokens; remove the characters that do not read back")


def fitting(examples: Sequence[Example], max_length: int, *, drop: bool = False) -> tuple[list[Example], list[str]]:
    """Return the examples that fit into a row, and the names of those that do not; nothing is ever cut.

    Raises RenderError naming the longest, unless `drop` says that too long examples may be left out.
    """
    long = [example for example in examples if len(example.tokens) > max_length]
    if long and not drop:
        longest = max(long, key=lambda example: len(example.tokens))
        raise RenderError(
            f"{len(long)} of {len(examples)} traces are longer than max_length={max_length} tokens and would lose "
            f"their answer; the longest is {longest.name} with {len(longest.tokens)}. Raise max_length, or set "
            "overlong=drop to leave such traces out"
        )
    if len(long) == len(examples):
        raise DataError(f"none of {len(examples)} traces fits into max_length={max_length} tokens; raise max_length")
    return [example for example in examples if len(example.tokens) <= max_length], [example.name for example in long]


def best_fit(lengths: Sequence[int], order: Sequence[int], capacity: int) -> list[list[int]]:
    """Return rows of indices whose lengths sum to at most `capacity`.

    Longest first, each into the fullest row that still takes it (best-fit decreasing, at most 11/9 of the fewest rows
    plus one: D. S. Johnson 1973); `order` decides between equal lengths, so that rows differ from epoch to epoch.
    """
    rows: list[list[int]] = []
    room: list[tuple[int, int]] = []
    for index in sorted(order, key=lambda item: -lengths[item]):
        place = bisect.bisect_left(room, (lengths[index], -1))
        if place == len(room):
            rows.append([index])
            left, row = capacity - lengths[index], len(rows) - 1
        else:
            left, row = room.pop(place)
            rows[row].append(index)
            left -= lengths[index]
        bisect.insort(room, (left, row))
    return rows


class PackedData:
    """Every micro-batch of a training, by number: batch `i` is the same whenever and wherever it is asked for.

    Epoch after epoch is packed anew, its rows shuffled and joined to one endless series of rows; micro-batch `i` is the
    `i`-th group of `batch_size` rows, and `accumulation` micro-batches make one update.
    """

    def __init__(
        self, examples: Sequence[Example], *, max_length: int, batch_size: int = 1, accumulation: int = 1, seed: int = 0
    ) -> None:
        """Plan over examples that fit into `max_length`."""
        if not examples:
            raise DataError("there is no example to train on")
        self._examples = examples
        self._lengths = [len(example.tokens) for example in examples]
        self.max_length, self.batch_size, self.accumulation, self._seed = max_length, batch_size, accumulation, seed
        self._epoch = lru_cache(maxsize=2)(self._pack_epoch)

    def _pack_epoch(self, epoch: int) -> list[list[int]]:
        rng = np.random.Generator(np.random.PCG64([self._seed, epoch]))
        rows = best_fit(self._lengths, rng.permutation(len(self._examples)).tolist(), self.max_length)
        return [rows[index] for index in rng.permutation(len(rows))]

    @property
    def size(self) -> int:
        """How many examples there are."""
        return len(self._examples)

    @cached_property
    def epoch_rows(self) -> int:
        """Rows of one epoch; the number is the same for each, as it depends on the lengths alone."""
        return len(self._epoch(0))

    @cached_property
    def epoch_steps(self) -> float:
        """Updates of one epoch; not a whole number where an update takes rows of two epochs."""
        return self.epoch_rows / (self.batch_size * self.accumulation)

    @cached_property
    def useful_share(self) -> float:
        """Part of all positions that carry a token."""
        return sum(self._lengths) / (self.epoch_rows * self.max_length)

    @cached_property
    def trained_share(self) -> float:
        """Part of all positions that are trained."""
        return sum(example.trained for example in self._examples) / (self.epoch_rows * self.max_length)

    def _row(self, number: int) -> list[Example]:
        epoch, place = divmod(number, self.epoch_rows)
        return [self._examples[index] for index in self._epoch(epoch)[place]]

    def _rows(self, number: int) -> list[list[Example]]:
        return [self._row(number * self.batch_size + row) for row in range(self.batch_size)]

    def first_examples(self, count: int) -> list[Example]:
        """Return the first examples in the order of training."""
        return [example for number in range(min(count, self.epoch_rows)) for example in self._row(number)][:count]

    def counts(self, number: int) -> tuple[int, int]:
        """Return how many tokens micro-batch `number` holds, and how many of them are trained."""
        examples = [example for row in self._rows(number) for example in row]
        return sum(len(example.tokens) for example in examples), sum(example.trained for example in examples)

    def names(self, number: int) -> list[str]:
        """Return the traces in micro-batch `number`."""
        return [example.name for row in self._rows(number) for example in row]

    def position(self, micro_batches: int) -> dict[str, int | float]:
        """Return where the data stands after so many micro-batches, for people."""
        rows = micro_batches * self.batch_size
        return {"micro_batches": micro_batches, "rows": rows, "epoch": round(rows / self.epoch_rows, 4)}

    def batch(self, number: int) -> Batch:
        """Return micro-batch `number`.

        Its `normaliser` is the mean number of trained tokens over the micro-batches of its update: where each loss is
        divided by it, the mean over the micro-batches is the mean over all trained tokens, however they are spread.
        """
        first = number - number % self.accumulation
        group = range(first, first + self.accumulation)
        trained = [self.counts(member)[1] for member in group]
        return fill(self._rows(number), self.max_length, normaliser=sum(trained) / self.accumulation)


def fill(rows: Sequence[Sequence[Example]], max_length: int, *, normaliser: float) -> Batch:
    """Lay rows of examples out as one batch `[B, L]`."""
    shape = (len(rows), max_length)
    tokens, segments, positions = (np.zeros(shape, np.int32) for _ in range(3))
    trained = np.zeros(shape, np.bool_)
    for row, examples in enumerate(rows):
        start = 0
        for segment, example in enumerate(examples, start=1):
            span = slice(start, start + len(example.tokens))
            tokens[row, span] = example.tokens
            segments[row, span] = segment
            positions[row, span] = np.arange(len(example.tokens))
            trained[row, start + example.prompt_length : span.stop] = True
            start = span.stop
    return {
        "tokens": tokens,
        "segments": segments,
        "positions": positions,
        "trained": trained,
        "normaliser": np.asarray(normaliser, np.float32),
    }


def eval_batches(
    examples: Sequence[Example], *, max_length: int, batch_size: int, most: int, seed: int = 0
) -> list[Batch]:
    """Return at most `most` batches for the validation loss; the mean of their losses is the mean over trained tokens.

    Which examples are measured depends on the seed alone. The last batch is filled up with empty rows.
    """
    order = np.random.Generator(np.random.PCG64(seed)).permutation(len(examples)).tolist()
    rows = best_fit([len(example.tokens) for example in examples], order, max_length)
    rows = rows[: most * batch_size]
    count = -(-len(rows) // batch_size)
    rows += [[] for _ in range(count * batch_size - len(rows))]
    trained = sum(examples[index].trained for row in rows for index in row)
    groups = [rows[start : start + batch_size] for start in range(0, len(rows), batch_size)]
    return [
        fill([[examples[index] for index in row] for row in group], max_length, normaliser=trained / count)
        for group in groups
    ]
