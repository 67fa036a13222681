"""Many requests through a small batch of cache rows: who waits, who is prefilled, who decodes, who is done.

Waiting prompts are prefilled in chunks of a fixed size, several prompts in a chunk, so that hardly any padding is
computed. Then all rows decode together; a row that has ended takes the next prompt. There are few shapes, hence few
compilations: a chunk size, a batch size and a cache length. This module does not know models or prompts' meaning.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from tunix_rt.sampling import Finish, SamplingConfig, SamplingProgress
from tunix_rt.train.decoder import DecoderSpec, DType, Weights
from tunix_rt.train.decoding import Cache, Chunk, Inserts, Rows, decode, make_cache, prefill, take_rows
from tunix_rt.train.drawing import DrawRule

_ROW_STEPS = (1, 8, 16, 32, 64, 128, 256)
_WASTE = 1.2
"""So many times as many chunks as needed are taken to keep prompts whole: about what looking into the cache costs."""
_SHRINK = 4
_SHRINK_STEPS = 48
"""A batch of which less than a quarter is busy moves to a smaller one, if it may go on for this many steps: fewer do
not pay for compiling another shape."""
_COLUMN_STEP = 64
_CALL_STEPS = 32
"""Tokens a row may draw in one call of the compiled loop: how often stop texts, deadline and progress are looked at."""


@dataclass
class Engine:
    """What stays the same from one generation to the next."""

    spec: DecoderSpec
    dtype: DType
    max_rows: int
    chunk: int
    eos_ids: tuple[int, ...]
    forbidden: tuple[int, ...]
    decode_text: Callable[[Sequence[int]], str]
    weights: Weights = field(default_factory=dict)
    prefix: Cache | None = None
    """Keys and values of the tokens that all prompts start with."""
    prefix_length: int = 0


@dataclass
class Stats:
    """What a generation did; seconds are wall-clock and hold compilation."""

    prefill_tokens: int = 0
    """Prompt tokens computed for the rows; the shared prefix is not counted, nor the last token of a prompt."""
    prefill_seconds: float = 0.0
    decode_steps: int = 0
    row_steps: int = 0
    """Steps times rows of the batch: `drawn_tokens` of these were of use."""
    decode_seconds: float = 0.0
    step_seconds: float | None = None
    """Of the fastest call of the compiled loop: the time of one step for the whole batch."""
    drawn_tokens: int = 0
    first_token_seconds: float = 0.0
    cut_off: int = 0
    """Completions that the deadline cut off."""


@dataclass
class Request:
    """A prompt on its way: waiting, in a cache row, or done."""

    index: int
    """Place in the caller's list."""
    prompt: list[int]
    """All its tokens."""
    own: list[int]
    """Its tokens after the shared prefix; at least one."""
    key: np.ndarray
    """Its random stream, uint32 [2]."""
    tokens: list[int] = field(default_factory=list)
    logps: list[float] = field(default_factory=list)
    finish: Finish | None = None
    text: str | None = None
    """Set once a stop text was found: the text before it."""


class Piece(NamedTuple):
    """Tokens `begin` to `end` of a prompt, side by side in a chunk."""

    prompt: int
    begin: int
    end: int


def pack(lengths: Sequence[int], size: int) -> list[list[Piece]]:
    """Distribute prompts over chunks of `size` tokens; a piece that goes on from an earlier one stands first.

    Short prompts are kept whole, best fit, longest first: a chunk without a cut prompt need not look into the cache.
    Where that would waste too much, prompts follow each other without a gap and are cut wherever a chunk ends.
    """
    stream = _pack_stream(lengths, size)
    if max(lengths, default=0) > size:
        return stream
    whole = _pack_whole(lengths, size)
    return whole if len(whole) <= _WASTE * len(stream) else stream


def _pack_stream(lengths: Sequence[int], size: int) -> list[list[Piece]]:
    chunks: list[list[Piece]] = []
    room = 0
    for prompt, length in enumerate(lengths):
        begin = 0
        while begin < length:
            if room == 0:
                chunks.append([])
                room = size
            end = min(length, begin + room)
            chunks[-1].append(Piece(prompt, begin, end))
            room -= end - begin
            begin = end
    return chunks


def _pack_whole(lengths: Sequence[int], size: int) -> list[list[Piece]]:
    chunks: list[list[Piece]] = []
    room: list[int] = []
    for prompt in sorted(range(len(lengths)), key=lambda prompt: -lengths[prompt]):
        length = lengths[prompt]
        if length == 0:
            continue
        fitting = [at for at, free in enumerate(room) if free >= length]
        if not fitting:
            fitting = [len(chunks)]
            chunks.append([])
            room.append(size)
        best = min(fitting, key=lambda at: room[at])
        chunks[best].append(Piece(prompt, 0, length))
        room[best] -= length
    return chunks


@dataclass
class Batch:
    """The cache rows and what stands in them; the arrays are the host's copy of `Rows`."""

    cache: Cache
    requests: list[Request | None]
    tokens: np.ndarray
    lengths: np.ndarray
    remaining: np.ndarray
    keys: np.ndarray
    drawn: np.ndarray
    clock: int = 0

    @classmethod
    def make(cls, cache: Cache, rows: int) -> Batch:
        """Return a batch of idle rows."""
        zeros = [np.zeros(rows, np.int32) for _ in range(4)]
        return cls(cache, [None] * rows, zeros[0], zeros[1], zeros[2], np.zeros((rows, 2), np.uint32), zeros[3])

    @property
    def idle(self) -> list[int]:
        """Rows that no request holds."""
        return [row for row, request in enumerate(self.requests) if request is None]

    def take(self, row: int, request: Request, limit: int) -> None:
        """Give a cache row to a request: its last prompt token is the next input."""
        self.requests[row] = request
        self.tokens[row], self.lengths[row] = request.own[-1], len(request.own) - 1
        self.remaining[row], self.drawn[row], self.keys[row] = limit, 0, request.key

    def rows(self) -> Rows:
        """Return the state of the rows for a call of `decode`."""
        return Rows(*map(jnp.asarray, (self.tokens, self.lengths, self.remaining, self.keys, self.drawn)))


class Generation:
    """One call of the sampler."""

    def __init__(
        self, engine: Engine, config: SamplingConfig, requests: list[Request], stats: Stats, *, with_logps: bool
    ) -> None:
        self._engine, self._config, self._requests, self._stats = engine, config, requests, stats
        # Sorted by length, rows of a batch end at about the same time; copies of a prompt stand together.
        self._waiting = deque(sorted(requests, key=lambda request: (len(request.own), request.own, request.index)))
        rows = _batch_rows(len(requests), engine.max_rows)
        longest = max(len(request.own) for request in requests) + config.max_new_tokens - 1
        self._batch = Batch.make(make_cache(engine.spec, rows, rounded(longest, _COLUMN_STEP), engine.dtype), rows)
        self._rule = DrawRule(
            greedy=config.temperature == 0,
            with_top_p=config.temperature > 0 and config.top_p < 1,
            with_logps=with_logps,
            eos_ids=engine.eos_ids,
            forbidden=engine.forbidden,
        )
        # A single short prompt need not pay for a whole chunk.
        few = sum(len(request.own) - 1 for request in requests) <= engine.chunk // 4
        self._chunk = engine.chunk // 4 if few else engine.chunk
        self._seconds_a_step: float | None = None
        self._deadline: float | None = None

    def run(self, *, progress: SamplingProgress | None, deadline: float | None) -> None:
        """Prefill and decode in turns until every request is done or the deadline has come."""
        self._deadline = deadline
        started = time.monotonic()
        while not self._late():
            idle = self._batch.idle
            busy = len(self._batch.requests) - len(idle)
            if self._waiting and (len(idle) >= self._patience() or not busy):
                self._admit(idle)
            elif busy:
                self._shrink(busy)
                self._decode()
                self._stats.first_token_seconds = self._stats.first_token_seconds or time.monotonic() - started
                if progress is not None:
                    done = sum(request.finish is not None for request in self._requests)
                    progress(done, len(self._requests), self._stats.drawn_tokens)
            else:
                break
        self._stats.cut_off = sum(request.finish is None for request in self._requests)

    def _late(self) -> bool:
        return self._deadline is not None and time.monotonic() >= self._deadline

    def _patience(self) -> int:
        # A refill of a few rows fills no chunk; waiting for many leaves rows idle.
        return max(1, len(self._batch.requests) // 8)

    def _admit(self, idle: list[int]) -> None:
        """Take waiting prompts into idle rows and prefill them; copies of a prompt are computed once."""
        started = time.monotonic()
        groups: list[tuple[Request, list[int]]] = []
        for row in idle[: len(self._waiting)]:
            request = self._waiting.popleft()
            if groups and groups[-1][0].own == request.own:
                groups[-1][1].append(row)
            else:
                groups.append((request, [row]))
            self._batch.take(row, request, self._config.max_new_tokens)
        # The last token of a prompt is the first input of decoding.
        for pieces in pack([len(request.own) - 1 for request, _ in groups], self._chunk):
            if self._late():
                return
            self._prefill(groups, pieces)
        jax.block_until_ready(self._batch.cache)
        self._stats.prefill_seconds += time.monotonic() - started

    def _prefill(self, groups: list[tuple[Request, list[int]]], pieces: list[Piece]) -> None:
        engine, batch = self._engine, self._batch
        tokens, positions = np.zeros(self._chunk, np.int32), np.zeros(self._chunk, np.int32)
        segments = np.full(self._chunk, -1, np.int32)
        inserts = np.zeros((5, len(batch.requests)), np.int32)
        count = offset = 0
        for segment, (group, begin, end) in enumerate(pieces):
            request, rows = groups[group]
            place = slice(offset, offset + end - begin)
            tokens[place], segments[place] = request.own[begin:end], segment
            positions[place] = engine.prefix_length + np.arange(begin, end)
            for row in rows:
                inserts[:, count] = row, offset, begin, end, batch.clock - batch.lengths[row]
                count += 1
            offset += end - begin
        first = groups[pieces[0].prompt][1][0]
        history = first, batch.clock - batch.lengths[first], pieces[0].begin, engine.prefix_length
        batch.cache = prefill(
            engine.spec,
            engine.weights,
            batch.cache,
            engine.prefix,
            chunk=Chunk(*map(jnp.asarray, (tokens, positions, segments, *map(np.int32, history)))),
            inserts=Inserts(*map(jnp.asarray, (np.int32(count), *inserts))),
            with_history=pieces[0].begin > 0,
        )
        self._stats.prefill_tokens += offset

    def _shrink(self, busy: int) -> None:
        """Move the last busy rows into a smaller batch, whose steps are faster."""
        old, rows = self._batch, _batch_rows(busy, self._engine.max_rows)
        if self._waiting or rows * _SHRINK > len(old.requests) or old.remaining.max() < _SHRINK_STEPS:
            return
        kept = [row for row, request in enumerate(old.requests) if request is not None]
        kept += old.idle[: rows - len(kept)]
        self._batch = Batch(
            cache=take_rows(old.cache, jnp.asarray(kept, jnp.int32), heads=self._engine.spec.num_kv_heads),
            requests=[old.requests[row] for row in kept],
            tokens=old.tokens[kept],
            lengths=old.lengths[kept],
            remaining=old.remaining[kept],
            keys=old.keys[kept],
            drawn=old.drawn[kept],
            clock=old.clock,
        )

    def _decode(self) -> None:
        engine, batch, config = self._engine, self._batch, self._config
        started = time.monotonic()
        batch.cache, output = decode(
            engine.spec,
            engine.weights,
            batch.cache,
            engine.prefix,
            np.int32(engine.prefix_length),
            rows=batch.rows(),
            clock=np.int32(batch.clock),
            steps=np.int32(self._steps()),
            patience=np.int32(self._patience() if self._waiting else len(batch.requests)),
            temperature=np.float32(config.temperature or 1.0),
            top_p=np.float32(config.top_p),
            rule=self._rule,
            columns=_CALL_STEPS,
        )
        steps = int(output.steps)
        tokens, logps = np.asarray(output.tokens), np.asarray(output.logps)
        seconds = time.monotonic() - started
        self._seconds_a_step = seconds / steps
        self._stats.decode_steps += steps
        self._stats.row_steps += steps * len(batch.requests)
        self._stats.decode_seconds += seconds
        self._stats.step_seconds = min(self._stats.step_seconds or self._seconds_a_step, self._seconds_a_step)
        batch.clock += steps
        for row, request in enumerate(batch.requests):
            if request is not None:
                self._receive(row, request, tokens[row, :steps], logps[row, :steps])

    def _steps(self) -> int:
        if self._seconds_a_step is None:
            return 1  # to learn the time of a step, and to show a first token early
        if self._deadline is None:
            return _CALL_STEPS
        return max(1, min(_CALL_STEPS, int((self._deadline - time.monotonic()) / self._seconds_a_step)))

    def _receive(self, row: int, request: Request, tokens: np.ndarray, logps: np.ndarray) -> None:
        """Add the drawn tokens of a row to its request, up to where it ends."""
        batch = self._batch
        count = min(len(tokens), int(batch.remaining[row]))
        for step in range(count):
            if tokens[step] in self._engine.eos_ids:
                count, request.finish = step + 1, "stop"
                break
        request.tokens += [int(token) for token in tokens[:count]]
        if self._rule.with_logps:
            request.logps += [float(logp) for logp in logps[:count]]
        self._stats.drawn_tokens += count
        batch.lengths[row] += count
        batch.drawn[row] += count
        batch.remaining[row] -= count
        if request.finish is None and batch.remaining[row] == 0:
            request.finish = "length"
        if self._config.stop:
            self._look_for_stop(request)
        if request.finish is not None:
            batch.requests[row], batch.remaining[row] = None, 0
        else:
            batch.tokens[row] = request.tokens[-1]

    def _look_for_stop(self, request: Request) -> None:
        decode_text, eos_ids = self._engine.decode_text, self._engine.eos_ids
        ids = request.tokens[:-1] if request.tokens and request.tokens[-1] in eos_ids else request.tokens
        text = decode_text(ids)
        found = [at for at in (text.find(stop) for stop in self._config.stop) if at >= 0]
        if not found:
            return
        # Keep the fewest tokens whose text holds the whole stop text.
        low, high = 1, len(ids)
        while low < high:
            middle = (low + high) // 2
            holds = any(stop in decode_text(ids[:middle]) for stop in self._config.stop)
            low, high = (low, middle) if holds else (middle + 1, high)
        text = decode_text(ids[:low])
        request.text = text[: min(at for at in (text.find(stop) for stop in self._config.stop) if at >= 0)]
        request.tokens, request.logps = request.tokens[:low], request.logps[:low]
        request.finish = "stop"


def _batch_rows(requests: int, limit: int) -> int:
    """Return the batch size for so many requests: one of few."""
    return min(next((step for step in _ROW_STEPS if step >= requests), limit), limit)


def rounded(length: int, step: int) -> int:
    """Return a length rounded up to `step`, or to an eighth of its power of two if that is coarser: few shapes."""
    coarse = max(step, 1 << max(0, length.bit_length() - 3))
    return -(-length // coarse) * coarse
