"""Tunix's policy losses from log-probabilities of our own making: no `[B, L, V]` logits, fewer tokens computed.

Tunix forms the logits of every position, the prompt's as well, and computes a prompt once for each of its completions.
Here logits are formed for the tokens of completions alone, tile by tile (`loss.token_logps`), and completions of one
prompt stand behind each other in one row that holds the prompt once: each sees the prompt and itself. Everything else,
from the ratio to the mean over completions, is Tunix's. It does not know rollouts, rewards or optimiser.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from flax import nnx
from tunix.rl import algo_core, common, function_registry
from tunix.rl.inference.inference_worker import InferenceWorker

from tunix_rt.train.loss import has_lora, hidden_states, token_logps

POLICY_LOSS = "tunix-rt-grpo"
"""Name under which Tunix finds `policy_loss`."""
_SIZES = 4
"""Completions fill most of their matrix, so that few sizes waste little and save time compiling."""


@function_registry.register_policy_loss_fn(POLICY_LOSS)  # type: ignore[untyped-decorator]
def policy_loss(model: Any, train_example: Any, algo_config: Any, pad_id: int, eos_id: int) -> Any:
    """Return what Tunix's loss `grpo` returns, `(loss, aux)`; called while a function is traced, in one thread."""

    def logps(
        *_: Any, prompt_tokens: jax.Array, completion_tokens: jax.Array, **__: Any
    ) -> tuple[jax.Array, jax.Array]:
        return completion_logps(
            model,
            prompt_tokens,
            completion_tokens,
            pad_id=pad_id,
            temperature=algo_config.temperature,
            group=algo_config.num_generations,
            with_entropy=True,
        )

    with _put(common, "compute_per_token_logps", logps), _put(algo_core, "compute_entropy_from_logits", lambda it: it):
        return algo_core.grpo_loss_fn(model, train_example, algo_config, pad_id, eos_id)


@contextlib.contextmanager
def _put(module: Any, name: str, function: Any) -> Iterator[None]:
    """Let Tunix's loss call `function`: it asks for logits only to take the entropy of them."""
    before = getattr(module, name)
    setattr(module, name, function)
    try:
        yield
    finally:
        setattr(module, name, before)


def completion_logps(
    model: Any,
    prompts: jax.Array,
    completions: jax.Array,
    *,
    pad_id: int,
    temperature: float,
    group: int,
    with_entropy: bool = False,
) -> tuple[jax.Array, jax.Array]:
    """Return log-probability and entropy of every token of a completion, 0 for filler, float32 `[B, C]`.

    Args:
        model: Tunix's Gemma, called through its `__call__`, so that LoRA takes part.
        prompts: `[B, P]`, filler on the left; `group` equal ones follow each other.
        completions: `[B, C]`, filler on the right.
        pad_id: The filler.
        temperature: What the logits are divided by.
        group: Completions of one prompt.
        with_entropy: Whether the entropy is asked for; it is 0 otherwise, and has no gradient.
    """
    (batch, width), length = prompts.shape, completions.shape[1]
    together = completions_a_row(group, width, length, sliding_window(model))
    rows = batch // together
    tokens = jnp.concatenate([prompts[::together], completions.reshape(rows, together * length)], axis=1)
    real = tokens != pad_id
    segments = jnp.concatenate([jnp.zeros(width, jnp.int32), jnp.repeat(1 + jnp.arange(together), length)])
    of_prompt = jnp.cumsum(real[:, :width], axis=1)
    of_completion = of_prompt[:, -1:] + jnp.tile(jnp.arange(length), together)
    positions = jnp.concatenate([jnp.maximum(of_prompt - 1, 0), of_completion], axis=1)
    seen = (segments[None] == 0) | (segments[None] == segments[:, None])
    mask = (seen & jnp.tril(jnp.ones_like(seen)))[None] & real[:, None, :]
    softcap = getattr(model, "final_logits_softcap", None)
    with hidden_states(model):
        hidden, _ = model(tokens, positions=positions, cache=None, attention_mask=mask)

    # The first token of a completion is asked of the last place of its prompt, every other of the place before it.
    places = jnp.nonzero(real[:, width:].reshape(-1), size=completions.size, fill_value=0)[0]
    row, column = jnp.divmod(places, together * length)
    before = jnp.where(column % length == 0, width - 1, width + column - 1)
    count = jnp.sum(real[:, width:])
    found = token_logps(
        hidden[row, before],
        model.embedder.input_embedding[...],
        completions.reshape(-1)[places],
        count,
        softcap=softcap,
        temperature=temperature,
        frozen=has_lora(model),
        with_entropy=with_entropy,
        buckets=_SIZES,
    )
    logps, entropy = (jnp.zeros(completions.size).at[places].add(each).reshape(batch, length) for each in found)
    return logps, entropy


def completions_a_row(group: int, width: int, length: int, window: int | None) -> int:
    """Return how many completions stand behind one prompt: a divisor of `group`, as many as a sliding window holds.

    Tunix counts its window in places of the row, so that a later completion would lose sight of the prompt.
    """
    fitting = [n for n in range(2, group + 1) if group % n == 0 and (window is None or width + n * length <= window)]
    return max(fitting, default=1)


def sliding_window(model: Any) -> int | None:
    """Return how far a token sees in the layers that see least; None: everything."""
    windows = [getattr(module, "sliding_window_size", None) for _, module in nnx.iter_modules(model)]
    return min((window for window in windows if window is not None), default=None)


@partial(jax.jit, static_argnames=("pad_id", "temperature", "group"))
def compiled_logps(
    graph: Any, state: Any, prompts: jax.Array, completions: jax.Array, *, pad_id: int, temperature: float, group: int
) -> jax.Array:
    """Return `completion_logps` of the model that `nnx.split` took apart, without the entropy."""
    model = nnx.merge(graph, state)
    return completion_logps(model, prompts, completions, pad_id=pad_id, temperature=temperature, group=group)[0]


class ReferenceWorker(InferenceWorker):  # type: ignore[misc]
    """Tunix's worker with the reference alone, whose log-probabilities are made as the policy's are."""

    def __init__(self, reference: nnx.Module, group: int) -> None:
        super().__init__({"reference": reference})
        self._group = group

    def get_ref_per_token_logps(
        self, prompt_tokens: jax.Array, completion_tokens: jax.Array, pad_id: int, eos_id: int, temperature: float = 1.0
    ) -> jax.Array:
        """Return the log-probabilities `[B, C]` of completions `[B, C]` under the reference."""
        graph, state = self._model_states["reference"]
        return compiled_logps(
            graph, state, prompt_tokens, completion_tokens, pad_id=pad_id, temperature=temperature, group=self._group
        )
