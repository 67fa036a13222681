"""The sampler: many prompts through a small batch of cache rows of Tunix's model; the prompt contract is unknown to it.

Waiting prompts are prefilled as one stream of tokens, cut into chunks of a fixed size, so that no padding is computed;
the tokens that all prompts start with are prefilled once. Then all rows decode together; a row that has ended takes the
next prompt. There are few shapes, hence few compilations: a chunk size, a batch size and a cache length.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import UsageError
from tunix_rt.sampling import Completion, Finish, SamplingConfig, SamplingProgress
from tunix_rt.train.decoder import DType, read_spec, read_weights
from tunix_rt.train.decoding import Cache, Chunk, Inserts, Rows, decode, make_cache, prefill, prefill_prefix
from tunix_rt.train.drawing import DrawRule
from tunix_rt.train.tokenizer import Tokenizer

_ROW_STEPS = (1, 8, 16, 32, 64, 128, 256)
_COLUMN_STEP = 64
_PREFIX_STEP = 64
_SHORTEST_PREFIX = 8
"""A shared prefix of fewer tokens is not worth a cache of its own."""
_CALL_STEPS = 32
"""Tokens a row may draw in one call of the compiled loop: how often stop texts, deadline and progress are looked at."""


@dataclass
class _Request:
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


@dataclass
class _Batch:
    """The cache rows and what stands in them; the arrays are the host's copy of `Rows`."""

    cache: Cache
    requests: list[_Request | None]
    tokens: np.ndarray
    lengths: np.ndarray
    remaining: np.ndarray
    keys: np.ndarray
    drawn: np.ndarray
    clock: int = 0

    @classmethod
    def make(cls, cache: Cache, rows: int) -> _Batch:
        zeros = [np.zeros(rows, np.int32) for _ in range(4)]
        return cls(cache, [None] * rows, zeros[0], zeros[1], zeros[2], np.zeros((rows, 2), np.uint32), zeros[3])

    @property
    def idle(self) -> list[int]:
        return [row for row, request in enumerate(self.requests) if request is None]

    def take(self, row: int, request: _Request, limit: int) -> None:
        """Give a cache row to a request: its last prompt token is the next input."""
        self.requests[row] = request
        self.tokens[row], self.lengths[row] = request.own[-1], len(request.own) - 1
        self.remaining[row], self.drawn[row], self.keys[row] = limit, 0, request.key

    def rows(self) -> Rows:
        return Rows(*map(jnp.asarray, (self.tokens, self.lengths, self.remaining, self.keys, self.drawn)))


class TunixRtSampler:
    """Completes prompts with a Tunix `Gemma3` or `Gemma`, with or without Qwix LoRA; implements `sampling.Sampler`.

    The weights are read when it is made and at each `refresh()`; LoRA is merged into a private copy, and the model is
    never changed. Results do not depend on the batch: not on `max_rows`, nor on the other prompts or their order. A
    random stream belongs to (seed, prompt, how many times this prompt came before in the list).

    Args:
        model: The model; it must stay alive only for `refresh()`.
        tokenizer: Its tokenizer; `eos_ids` end a completion, `pad_id` and `bos_id` are never generated.
        lora: The LoRAConfig of a model with LoRA weights.
        dtype: Of weights and cache; None: that of the model. Norms, softmax and sums are float32 in both.
        max_rows: Completions that are decoded at once.
        chunk: Prompt tokens that are prefilled at once.
        max_context: Tokens of a prompt and its completion together that are accepted.
        with_logps: Return log-probabilities when greedy as well; drawn completions always have them.
        forbidden: Further token ids that are never generated.
    """

    def __init__(
        self,
        model: Any,
        tokenizer: Tokenizer,
        *,
        lora: LoRAConfig | None = None,
        dtype: DType | None = None,
        max_rows: int = 64,
        chunk: int = 256,
        max_context: int = 8192,
        with_logps: bool = False,
        forbidden: Sequence[int] = (),
    ) -> None:
        own = str(model.embedder.input_embedding[...].dtype)
        self._dtype: DType = dtype or ("bfloat16" if own == "bfloat16" else "float32")
        self._model, self._tokenizer = model, tokenizer
        self._scale = None if lora is None else lora.alpha / lora.rank
        self._spec = read_spec(model)
        self._max_rows, self._chunk, self._max_context = max_rows, chunk, max_context
        self._with_logps = with_logps
        self._forbidden = tuple(sorted({tokenizer.pad_id, tokenizer.bos_id, *forbidden} - set(tokenizer.eos_ids)))
        self._prefix: tuple[tuple[int, ...], Cache | None] = ((), None)
        self.cut_off = 0
        """Completions of the last call that its deadline cut off."""
        self.refresh()

    def refresh(self) -> None:
        """Read the weights of the model again: after training steps."""
        self._weights = read_weights(self._model, lora_scale=self._scale, dtype=self._dtype)
        self._prefix = ((), None)

    def generate(
        self,
        prompts: Sequence[str],
        config: SamplingConfig,
        *,
        shared_prefix: str | None = None,
        progress: SamplingProgress | None = None,
        deadline: float | None = None,
    ) -> list[Completion]:
        """Complete every prompt; results are in the order of the prompts.

        What `deadline` (of `time.monotonic()`) cuts off is returned as far as it came, with finish `length`, and is
        counted in `cut_off`. Raises UsageError if a prompt with its completion does not fit into `max_context`.
        """
        encoded = [[self._tokenizer.bos_id, *ids] for ids in self._tokenizer.encode_batch(prompts)]
        hint = None if shared_prefix is None else [self._tokenizer.bos_id, *self._tokenizer.encode(shared_prefix)]
        return self.generate_tokens(encoded, config, prefix=hint, progress=progress, deadline=deadline)

    def generate_tokens(
        self,
        prompts: Sequence[Sequence[int]],
        config: SamplingConfig,
        *,
        prefix: Sequence[int] | None = None,
        progress: SamplingProgress | None = None,
        deadline: float | None = None,
    ) -> list[Completion]:
        """Do as `generate` does with prompts that are tokens already, begin-of-text included."""
        for index, prompt in enumerate(prompts):
            if not 0 < len(prompt) <= self._max_context - config.max_new_tokens:
                raise UsageError(
                    f"prompt {index} has {len(prompt)} tokens, and {config.max_new_tokens} may follow; expected 1"
                    f" to {self._max_context} together: shorten it, lower max_new_tokens or raise max_context"
                )
        self.cut_off = 0
        if not prompts:
            return []
        requests = self._make_requests(prompts, config.seed, prefix)
        _Generation(self, config, requests, progress, deadline).run()
        self.cut_off = sum(request.finish is None for request in requests)
        return [self._completion(request, config) for request in requests]

    def _make_requests(
        self, prompts: Sequence[Sequence[int]], seed: int, prefix: Sequence[int] | None
    ) -> list[_Request]:
        shared = _shared_length(prompts, prefix)
        self._set_prefix(tuple(prompts[0][:shared]))
        seen: dict[tuple[int, ...], int] = {}
        requests = []
        for index, prompt in enumerate(prompts):
            ids = tuple(int(token) for token in prompt)
            seen[ids] = copy = seen.get(ids, -1) + 1
            requests.append(_Request(index, list(ids), list(ids[shared:]), _stream(seed, ids, copy)))
        return requests

    def _set_prefix(self, ids: tuple[int, ...]) -> None:
        if ids == self._prefix[0]:
            return
        cache = None
        if ids:
            padded = np.zeros(_rounded(len(ids), _PREFIX_STEP), np.int32)
            padded[: len(ids)] = ids
            cache = prefill_prefix(self._spec, self._weights, jnp.asarray(padded))
        self._prefix = (ids, cache)

    def _completion(self, request: _Request, config: SamplingConfig) -> Completion:
        ids = request.tokens
        ended = bool(ids) and ids[-1] in self._tokenizer.eos_ids
        text = request.text
        return Completion(
            text=self._tokenizer.decode(ids[:-1] if ended else ids) if text is None else text,
            token_ids=ids,
            logps=request.logps if self._with_logps or config.temperature > 0 else None,
            finish=request.finish or "length",
            prompt_tokens=len(request.prompt),
        )


class _Generation:
    """One call of the sampler: who waits, who is in the batch, when to stop."""

    def __init__(
        self,
        sampler: TunixRtSampler,
        config: SamplingConfig,
        requests: list[_Request],
        progress: SamplingProgress | None,
        deadline: float | None,
    ) -> None:
        self.sampler, self.config, self.requests = sampler, config, requests
        self.progress, self.deadline = progress, deadline
        # Sorted by length, rows of a batch end at about the same time; copies of a prompt stand together.
        self.waiting = deque(sorted(requests, key=lambda request: (len(request.own), request.own, request.index)))
        rows = next((step for step in _ROW_STEPS if step >= min(len(requests), sampler._max_rows)), sampler._max_rows)
        longest = max(len(request.own) for request in requests) + config.max_new_tokens - 1
        columns = _rounded(longest, _COLUMN_STEP)
        rows = min(rows, sampler._max_rows)
        self.batch = _Batch.make(make_cache(sampler._spec, rows, columns, sampler._dtype), rows)
        self.rule = DrawRule(
            greedy=config.temperature == 0,
            with_top_p=config.temperature > 0 and config.top_p < 1,
            with_logps=sampler._with_logps or config.temperature > 0,
            eos_ids=sampler._tokenizer.eos_ids,
            forbidden=sampler._forbidden,
        )
        self.tokens_drawn = 0
        self.seconds_a_step: float | None = None

    def run(self) -> None:
        """Prefill and decode in turns until every request is done or the deadline has come."""
        while not self._late():
            idle = self.batch.idle
            busy = len(self.batch.requests) - len(idle)
            if self.waiting and (len(idle) >= self._patience() or not busy):
                self._admit(idle)
            elif busy:
                self._decode()
            else:
                return

    def _late(self) -> bool:
        return self.deadline is not None and time.monotonic() >= self.deadline

    def _patience(self) -> int:
        # A refill of a few rows fills no chunk; waiting for many leaves rows idle.
        return max(1, len(self.batch.requests) // 8)

    def _admit(self, idle: list[int]) -> None:
        """Take waiting prompts into idle rows and prefill them; copies of a prompt are computed once."""
        groups: list[tuple[_Request, list[int]]] = []
        for row in idle[: len(self.waiting)]:
            request = self.waiting.popleft()
            if groups and groups[-1][0].own == request.own:
                groups[-1][1].append(row)
            else:
                groups.append((request, [row]))
            self.batch.take(row, request, self.config.max_new_tokens)
        stream = [(group, place) for group, (request, _) in enumerate(groups) for place in range(len(request.own) - 1)]
        size = self.sampler._chunk
        for begin in range(0, len(stream), size):
            if self._late():
                return
            self._prefill(groups, stream[begin : begin + size])

    def _prefill(self, groups: list[tuple[_Request, list[int]]], part: list[tuple[int, int]]) -> None:
        sampler, batch = self.sampler, self.batch
        size, shared = sampler._chunk, len(sampler._prefix[0])
        tokens, positions, segments = np.zeros(size, np.int32), np.zeros(size, np.int32), np.full(size, -1, np.int32)
        inserts = np.zeros((5, len(batch.requests)), np.int32)
        first_group, history = part[0]
        count = 0
        for offset, (group, place) in enumerate(part):
            request, rows = groups[group]
            tokens[offset], positions[offset] = request.own[place], shared + place
            segments[offset] = group - first_group
            if offset + 1 == len(part) or part[offset + 1][0] != group:
                begin = history if group == first_group else 0
                for row in rows:
                    start = batch.clock - batch.lengths[row]
                    inserts[:, count] = row, offset - (place - begin), begin, place + 1, start
                    count += 1
        row = groups[first_group][1][0]
        place_before = row, batch.clock - batch.lengths[row], history, shared
        batch.cache = prefill(
            sampler._spec,
            sampler._weights,
            batch.cache,
            sampler._prefix[1],
            Chunk(*map(jnp.asarray, (tokens, positions, segments, *map(np.int32, place_before)))),
            Inserts(*map(jnp.asarray, (np.int32(count), *inserts))),
            with_history=history > 0,
        )

    def _decode(self) -> None:
        sampler, batch, config = self.sampler, self.batch, self.config
        started = time.monotonic()
        batch.cache, output = decode(
            sampler._spec,
            sampler._weights,
            batch.cache,
            sampler._prefix[1],
            np.int32(len(sampler._prefix[0])),
            batch.rows(),
            np.int32(batch.clock),
            np.int32(self._steps()),
            np.int32(self._patience() if self.waiting else len(batch.requests)),
            np.float32(config.temperature or 1.0),
            np.float32(config.top_p),
            rule=self.rule,
            columns=_CALL_STEPS,
        )
        steps = int(output.steps)
        tokens, logps = np.asarray(output.tokens), np.asarray(output.logps)
        self.seconds_a_step = (time.monotonic() - started) / steps
        batch.clock += steps
        for row, request in enumerate(batch.requests):
            if request is not None:
                self._receive(row, request, tokens[row, :steps], logps[row, :steps])
        if self.progress is not None:
            done = sum(request.finish is not None for request in self.requests)
            self.progress(done, len(self.requests), self.tokens_drawn)

    def _steps(self) -> int:
        if self.deadline is None or self.seconds_a_step is None:
            # The first call is short, to learn the time of a step and to show a first token early.
            return _CALL_STEPS if self.seconds_a_step is not None else 1
        return max(1, min(_CALL_STEPS, int((self.deadline - time.monotonic()) / self.seconds_a_step)))

    def _receive(self, row: int, request: _Request, tokens: np.ndarray, logps: np.ndarray) -> None:
        """Add the drawn tokens of a row to its request, up to where it ends."""
        batch, eos_ids = self.batch, self.sampler._tokenizer.eos_ids
        count = min(len(tokens), int(batch.remaining[row]))
        for step in range(count):
            if tokens[step] in eos_ids:
                count, request.finish = step + 1, "stop"
                break
        request.tokens += [int(token) for token in tokens[:count]]
        if self.rule.with_logps:
            request.logps += [float(logp) for logp in logps[:count]]
        self.tokens_drawn += count
        batch.lengths[row] += count
        batch.drawn[row] += count
        batch.remaining[row] -= count
        if request.finish is None and batch.remaining[row] == 0:
            request.finish = "length"
        if self.config.stop:
            self._look_for_stop(request)
        if request.finish is not None:
            batch.requests[row], batch.remaining[row] = None, 0
        else:
            batch.tokens[row] = request.tokens[-1]

    def _look_for_stop(self, request: _Request) -> None:
        decode_text, eos_ids = self.sampler._tokenizer.decode, self.sampler._tokenizer.eos_ids
        ids = request.tokens[:-1] if request.tokens and request.tokens[-1] in eos_ids else request.tokens
        text = decode_text(ids)
        found = [at for at in (text.find(stop) for stop in self.config.stop) if at >= 0]
        if not found:
            return
        # Keep the fewest tokens whose text holds the whole stop text.
        low, high = 1, len(ids)
        while low < high:
            middle = (low + high) // 2
            holds = any(stop in decode_text(ids[:middle]) for stop in self.config.stop)
            low, high = (low, middle) if holds else (middle + 1, high)
        text = decode_text(ids[:low])
        request.text = text[: min(at for at in (text.find(stop) for stop in self.config.stop) if at >= 0)]
        request.tokens, request.logps = request.tokens[:low], request.logps[:low]
        request.finish = "stop"


def _rounded(length: int, step: int) -> int:
    """Return a length rounded up to `step`, or to an eighth of its power of two if that is coarser: few shapes."""
    coarse = max(step, 1 << max(0, length.bit_length() - 3))
    return -(-length // coarse) * coarse


def _shared_length(prompts: Sequence[Sequence[int]], prefix: Sequence[int] | None) -> int:
    """Return how many tokens all prompts (and the prefix that was named) start with; one token must remain of each."""
    others = list(prompts[1:]) if prefix is None else [*prompts[1:], prefix]
    if not others:
        return 0
    shared = min(len(prompt) - 1 for prompt in prompts)
    first = prompts[0]
    for other in others:
        shared = next((at for at in range(min(shared, len(other))) if first[at] != other[at]), min(shared, len(other)))
    return shared if shared >= _SHORTEST_PREFIX else 0


def _stream(seed: int, prompt: tuple[int, ...], copy: int) -> np.ndarray:
    """Return the random stream of a prompt as two 32-bit words."""
    text = f"{seed} {copy} {' '.join(map(str, prompt))}".encode()
    return np.frombuffer(hashlib.blake2b(text, digest_size=8).digest(), np.uint32).copy()


def enable_compilation_cache(folder: str) -> None:
    """Keep compiled functions in a folder, so that the next process starts without compiling them."""
    options: dict[str, Any] = {
        "jax_compilation_cache_dir": folder,
        "jax_persistent_cache_min_compile_time_secs": 0.3,
    }
    for name, value in options.items():
        jax.config.update(name, value)  # type: ignore[no-untyped-call]
