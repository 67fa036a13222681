"""The sampler: completes prompts with Tunix's model. It does not know the prompt contract.

How prompts share a batch is the business of `generation`; the arithmetic is in `decoding` and `drawing`.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import UsageError
from tunix_rt.sampling import Completion, SamplingConfig, SamplingProgress
from tunix_rt.train.decoder import DType, read_spec, read_weights
from tunix_rt.train.decoding import Cache, prefill_prefix
from tunix_rt.train.generation import Engine, Generation, Request, Stats, rounded
from tunix_rt.train.tokenizer import Tokenizer

_PREFIX_STEP = 64
_SHORTEST_PREFIX = 8
"""A shared prefix of fewer tokens is not worth a cache of its own."""


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
        self._model, self._tokenizer = model, tokenizer
        self._scale = None if lora is None else lora.alpha / lora.rank
        self._max_context, self._with_logps = max_context, with_logps
        self._prefix: tuple[int, ...] = ()
        self._engine = Engine(
            spec=read_spec(model),
            dtype=dtype or ("bfloat16" if own == "bfloat16" else "float32"),
            max_rows=max_rows,
            chunk=chunk,
            eos_ids=tokenizer.eos_ids,
            forbidden=tuple(sorted({tokenizer.pad_id, tokenizer.bos_id, *forbidden} - set(tokenizer.eos_ids))),
            decode_text=tokenizer.decode,
        )
        self.stats = Stats()
        """What the last call did and how long it took."""
        self.refresh()

    def refresh(self) -> None:
        """Read the weights of the model again: after training steps."""
        engine = self._engine
        engine.weights = read_weights(
            self._model,
            lora_scale=self._scale,
            dtype=engine.dtype,
            forbidden=engine.forbidden,
            positions=self._max_context,
            before=engine.weights or None,
        )
        engine.prefix, self._prefix = None, ()

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
        counted in `stats.cut_off`. Raises UsageError if a prompt with its completion does not fit into `max_context`.
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
        self.stats = Stats()
        if not prompts:
            return []
        requests = self._make_requests(prompts, config.seed, prefix)
        with_logps = self._with_logps or config.temperature > 0
        generation = Generation(self._engine, config, requests, self.stats, with_logps=with_logps)
        generation.run(progress=progress, deadline=deadline)
        return [self._completion(request, with_logps) for request in requests]

    def _make_requests(
        self, prompts: Sequence[Sequence[int]], seed: int, prefix: Sequence[int] | None
    ) -> list[Request]:
        shared = _shared_length(prompts, prefix)
        self._set_prefix(tuple(prompts[0][:shared]))
        seen: dict[tuple[int, ...], int] = {}
        requests = []
        for index, prompt in enumerate(prompts):
            ids = tuple(int(token) for token in prompt)
            seen[ids] = copy = seen.get(ids, -1) + 1
            requests.append(Request(index, list(ids), list(ids[shared:]), _stream(seed, ids, copy)))
        return requests

    def _set_prefix(self, ids: tuple[int, ...]) -> None:
        if ids == self._prefix:
            return
        cache: Cache | None = None
        if ids:
            padded = np.zeros(rounded(len(ids), _PREFIX_STEP), np.int32)
            padded[: len(ids)] = ids
            cache = prefill_prefix(self._engine.spec, self._engine.weights, jnp.asarray(padded))
        self._engine.prefix, self._engine.prefix_length, self._prefix = cache, len(ids), ids

    def _completion(self, request: Request, with_logps: bool) -> Completion:
        ids = request.tokens
        ended = bool(ids) and ids[-1] in self._tokenizer.eos_ids
        text = request.text
        return Completion(
            text=self._tokenizer.decode(ids[:-1] if ended else ids) if text is None else text,
            token_ids=ids,
            logps=request.logps if with_logps else None,
            finish=request.finish or "length",
            prompt_tokens=len(request.prompt),
        )


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


def enable_compilation_cache(home: Path) -> None:
    """Keep compiled functions, so that the next process starts without compiling them.

    They are under `<home>/cache`, or where JAX's own variable `JAX_COMPILATION_CACHE_DIR` says.
    """
    options: dict[str, Any] = {
        "jax_compilation_cache_dir": os.environ.get("JAX_COMPILATION_CACHE_DIR") or str(home / "cache" / "jax"),
        "jax_persistent_cache_min_compile_time_secs": 0,  # a session compiles a hundred small functions
    }
    for name, value in options.items():
        jax.config.update(name, value)
