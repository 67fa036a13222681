"""The loss of fine-tuning: float32 cross-entropy that forms logits for trained tokens only, a tile at a time.

Tunix's own loss forms logits, their log-softmax and a one-hot for every position, `[B, L, V]` each. Here the hidden
states of the trained positions `[n, D]` meet the embedding `[V, D]` tile by tile; a running maximum and sum (online
softmax, arXiv 1805.02867) give the loss, and the same tile, while it lies in the cache, gives its part of the gradient
of the hidden states, so that logits are formed once and never kept. It does not know data, optimiser or model sizes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
from flax import nnx
from jax import lax

TILE = 1024
"""Vocabulary rows a tile: `TILE * D` floats fit a core's share of the L3 cache."""
BUCKETS = 16
"""The trained positions of a batch are counted in sixteenths of all its positions; one program holds all the sizes."""


def packed_loss(
    model: Any,
    tokens: jax.Array,
    segments: jax.Array,
    positions: jax.Array,
    trained: jax.Array,
    normaliser: jax.Array,
) -> jax.Array:
    """Return the summed cross-entropy of all trained tokens divided by `normaliser`, in nats, float32 `[]`.

    Args:
        model: Tunix's Gemma, called through its `__call__`, so that LoRA takes part.
        tokens: `[B, L]`.
        segments: `[B, L]`; a token sees the earlier tokens of its own segment, and 0 is filler.
        positions: `[B, L]`, from 0 in each segment.
        trained: `[B, L]`; whether the token at a place is asked of the place before it.
        normaliser: `[]`; trained tokens that the loss is a mean over.
    """
    softcap = getattr(model, "final_logits_softcap", None)
    with hidden_states(model):
        hidden, _ = model(tokens, positions, None, block_diagonal(segments))
    width, size = hidden.shape[-1], tokens.size
    places = jnp.nonzero((trained & (positions > 0)).reshape(size), size=size, fill_value=0)[0]
    count = jnp.sum(trained & (positions > 0))
    chosen = hidden.reshape(size, width)[places - 1]
    targets = tokens.reshape(size)[places]
    total = summed_cross_entropy(
        chosen, model.embedder.input_embedding[...], targets, count, softcap=softcap, frozen=has_lora(model)
    )
    return total / normaliser


def block_diagonal(segments: jax.Array) -> jax.Array:
    """Return the causal mask of packed rows `[B, L, L]`: true where a token may see another."""
    length = segments.shape[-1]
    same = (segments[:, :, None] == segments[:, None, :]) & (segments[:, :, None] != 0)
    return same & jnp.tril(jnp.ones((length, length), jnp.bool_))


def has_lora(model: Any) -> bool:
    """Return whether training changes an adapter and leaves the embedding as it is."""
    return any(isinstance(value, nnx.LoRAParam) for _, value in nnx.iter_graph(model))


@contextlib.contextmanager
def hidden_states(model: Any) -> Iterator[None]:
    """Let `model(...)` return its last hidden states `[B, L, D]` instead of logits, while a function is traced.

    Qwix hooks LoRA into the model's `__call__`, so that no part of it can be called alone; instead its last two
    operations, the product with the embedding and Gemma 2's soft cap, are made to do nothing. Not for several threads.
    """
    embedder = type(model.embedder)
    decode, softcap = embedder.decode, getattr(model, "final_logits_softcap", None)
    embedder.decode = _keep
    if softcap is not None:
        model.final_logits_softcap = None
    try:
        yield
    finally:
        embedder.decode = decode
        if softcap is not None:
            model.final_logits_softcap = softcap


def _keep(embedder: Any, hidden: jax.Array) -> jax.Array:
    return hidden


def summed_cross_entropy(
    hidden: jax.Array,
    embedding: jax.Array,
    targets: jax.Array,
    count: jax.Array,
    *,
    softcap: float | None = None,
    frozen: bool = True,
    tile: int = TILE,
) -> jax.Array:
    """Return the cross-entropy summed over the first `count` of `n` positions, float32 `[]`.

    Args:
        hidden: Last hidden states `[n, D]`.
        embedding: Output (and input) embedding `[V, D]`; it gets no gradient where it is `frozen`.
        targets: Token that each position should predict `[n]`.
        count: How many positions count; the rest is filler. The work is proportional to it, in steps of `n / BUCKETS`.
        softcap: Gemma 2's bound `c` of the logits: `c * tanh(logit / c)`.
        frozen: Whether the embedding stays as it is.
        tile: Vocabulary rows at a time.
    """
    return _total(_Ways(softcap, frozen, min(tile, embedding.shape[0])), hidden, embedding, targets, count)


class _Ways(NamedTuple):
    softcap: float | None
    frozen: bool
    tile: int


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _total(ways: _Ways, hidden: jax.Array, embedding: jax.Array, targets: jax.Array, count: jax.Array) -> jax.Array:
    def forward(size: int) -> jax.Array:
        logsumexp, _ = _online_softmax(ways, hidden[:size], embedding, with_pull=False)
        target_logits, _, _ = _targets(ways, hidden[:size], embedding, targets[:size])
        return jnp.sum(_mask(size, count) * (logsumexp - target_logits))

    return _by_size(count, hidden.shape[0], forward)


def _forward(
    ways: _Ways, hidden: jax.Array, embedding: jax.Array, targets: jax.Array, count: jax.Array
) -> tuple[jax.Array, tuple[jax.Array, jax.Array | None]]:
    def frozen(size: int) -> tuple[jax.Array, jax.Array]:
        some, mask = hidden[:size], _mask(size, count)
        logsumexp, pull = _online_softmax(ways, some, embedding, with_pull=True)
        target_logits, rows, slope = _targets(ways, some, embedding, targets[:size])
        toward = (pull - slope[:, None] * rows) * mask[:, None]
        return jnp.sum(mask * (logsumexp - target_logits)), _pad(toward, hidden)

    def full(size: int) -> tuple[jax.Array, jax.Array, jax.Array]:
        some, mask = hidden[:size], _mask(size, count)
        logsumexp, _ = _online_softmax(ways, some, embedding, with_pull=False)
        target_logits, rows, slope = _targets(ways, some, embedding, targets[:size])
        toward, each = _both_gradients(ways, some, embedding, logsumexp, mask)
        toward -= (slope * mask)[:, None] * rows
        each = each.at[targets[:size]].add(-(slope * mask)[:, None] * some.astype(jnp.float32))
        return jnp.sum(mask * (logsumexp - target_logits)), _pad(toward, hidden), each

    if ways.frozen:
        loss, toward = _by_size(count, hidden.shape[0], frozen)
        return loss, (toward, None)
    loss, toward, each = _by_size(count, hidden.shape[0], full)
    return loss, (toward, each.astype(embedding.dtype))


def _backward(
    ways: _Ways, saved: tuple[jax.Array, jax.Array | None], cotangent: jax.Array
) -> tuple[jax.Array, jax.Array | None, None, None]:
    toward, each = saved
    scaled = None if each is None else each * cotangent.astype(each.dtype)
    return toward * cotangent.astype(toward.dtype), scaled, None, None


_total.defvjp(_forward, _backward)


def _by_size(count: jax.Array, n: int, compute: Callable[[int], Any]) -> Any:
    """Return `compute(size)` for the smallest number of sixteenths of `n` that holds `count` positions."""
    step = -(-n // BUCKETS)
    sizes = sorted({min(size, n) for size in range(step, n + step, step)})
    branch = jnp.clip((count + step - 1) // step - 1, 0, len(sizes) - 1)
    return lax.switch(branch, [partial(compute, size) for size in sizes])


def _mask(size: int, count: jax.Array) -> jax.Array:
    return (jnp.arange(size) < count).astype(jnp.float32)


def _pad(some: jax.Array, like: jax.Array) -> jax.Array:
    return jnp.pad(some, ((0, like.shape[0] - some.shape[0]), (0, 0))).astype(like.dtype)


def _dot(a: jax.Array, b: jax.Array, contract: tuple[int, int]) -> jax.Array:
    """Multiply in the type of the embedding `b`, sum up in float32."""
    axes = (((contract[0],), (contract[1],)), ((), ()))
    return lax.dot_general(a.astype(b.dtype), b, axes, preferred_element_type=jnp.float32)


def _capped(ways: _Ways, logits: jax.Array) -> tuple[jax.Array, jax.Array | None]:
    """Return the logits and how fast they move with the product they come from; None for as fast."""
    if ways.softcap is None:
        return logits, None
    bounded = jnp.tanh(logits / ways.softcap)
    return ways.softcap * bounded, 1 - bounded**2


def _targets(
    ways: _Ways, hidden: jax.Array, embedding: jax.Array, targets: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return logit `[n]`, embedding row `[n, D]` and slope `[n]` of each target."""
    rows = embedding[targets].astype(jnp.float32)
    logits, slope = _capped(ways, jnp.sum(hidden.astype(jnp.float32) * rows, axis=-1))
    return logits, rows, jnp.ones_like(logits) if slope is None else slope


def _over_tiles(ways: _Ways, embedding: jax.Array, start: Any, body: Callable[[Any, Any, jax.Array], Any]) -> Any:
    """Fold `body(carry, first row, tile)` over the vocabulary; the last tile may be shorter."""
    whole, rest = divmod(embedding.shape[0], ways.tile)

    def one(index: jax.Array, carry: Any) -> Any:
        return body(carry, index * ways.tile, lax.dynamic_slice_in_dim(embedding, index * ways.tile, ways.tile))

    carry = lax.fori_loop(0, whole, one, start)
    return body(carry, whole * ways.tile, embedding[whole * ways.tile :]) if rest else carry


def _online_softmax(
    ways: _Ways, hidden: jax.Array, embedding: jax.Array, *, with_pull: bool
) -> tuple[jax.Array, jax.Array]:
    """Return `logsumexp` over the vocabulary `[n]` and its gradient by the hidden states `[n, D]`."""

    def body(carry: Any, _: Any, rows: jax.Array) -> Any:
        top, total, pull = carry
        logits, slope = _capped(ways, _dot(hidden, rows, (1, 1)))
        new_top = jnp.maximum(top, jnp.max(logits, axis=-1))
        weights, fade = jnp.exp(logits - new_top[:, None]), jnp.exp(top - new_top)
        total = total * fade + jnp.sum(weights, axis=-1)
        if with_pull:
            sloped = weights if slope is None else weights * slope
            pull = pull * fade[:, None] + _dot(sloped, rows, (1, 0))
        return new_top, total, pull

    n = hidden.shape[0]
    start = (jnp.full((n,), -1e30), jnp.zeros((n,)), jnp.zeros(hidden.shape if with_pull else (n, 1)))
    top, total, pull = _over_tiles(ways, embedding, start, body)
    return top + jnp.log(total), pull / total[:, None]


def _both_gradients(
    ways: _Ways, hidden: jax.Array, embedding: jax.Array, logsumexp: jax.Array, mask: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Return the gradients of the masked sum of `logsumexp` by hidden states `[n, D]` and embedding `[V, D]`.

    The weights must be final before they meet the hidden states, so that logits are formed a second time: a quarter
    more work than keeping them would be, and no `[n, V]` in memory.
    """

    def body(carry: Any, first: Any, rows: jax.Array) -> Any:
        toward, each = carry
        logits, slope = _capped(ways, _dot(hidden, rows, (1, 1)))
        weights = jnp.exp(logits - logsumexp[:, None]) * mask[:, None]
        sloped = weights if slope is None else weights * slope
        toward += _dot(sloped, rows, (1, 0))
        return toward, lax.dynamic_update_slice_in_dim(each, _dot(sloped, hidden, (0, 0)), first, 0)

    start = (jnp.zeros(hidden.shape, jnp.float32), jnp.zeros(embedding.shape, jnp.float32))
    result: tuple[jax.Array, jax.Array] = _over_tiles(ways, embedding, start, body)
    return result
