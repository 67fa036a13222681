"""Log-probabilities of tokens in float32, and the loss of fine-tuning: logits for trained tokens only, tile by tile.

Tunix's own losses form logits, their log-softmax and a one-hot for every position, `[B, L, V]` each. Here the hidden
states of the trained positions `[n, D]` meet the embedding `[V, D]` tile by tile; a running maximum and sum (online
softmax, arXiv 1805.02867) give the normaliser, and the same tile, while it lies in the cache, gives its part of the
gradient of the hidden states, so that logits are formed once and never kept. It does not know data, optimiser or model
sizes.
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
    """Return the cross-entropy summed over the first `count` of `n` positions, float32 `[]`; see `token_logps`."""
    logps, _ = token_logps(hidden, embedding, targets, count, softcap=softcap, frozen=frozen, tile=tile)
    return -jnp.sum(logps)


def token_logps(
    hidden: jax.Array,
    embedding: jax.Array,
    targets: jax.Array,
    count: jax.Array,
    *,
    softcap: float | None = None,
    temperature: float = 1.0,
    frozen: bool = True,
    with_entropy: bool = False,
    tile: int = TILE,
    buckets: int = BUCKETS,
) -> tuple[jax.Array, jax.Array]:
    """Return log-probability and entropy in nats of the first `count` of `n` positions, 0 for others, float32 `[n]`.

    Args:
        hidden: Last hidden states `[n, D]`.
        embedding: Output (and input) embedding `[V, D]`; it gets no gradient where it is `frozen`.
        targets: Token that each position should predict `[n]`.
        count: How many positions count; the rest is filler. The work is proportional to it, in steps of `n / buckets`.
        softcap: Gemma 2's bound `c` of the logits: `c * tanh(logit / c)`.
        temperature: What the logits are divided by, after that.
        frozen: Whether the embedding stays as it is.
        with_entropy: Whether the entropy is asked for; it is 0 otherwise, and has no gradient.
        tile: Vocabulary rows at a time.
        buckets: Sizes that are compiled, at most one a tile; each costs time to compile.
    """
    rows = min(tile, embedding.shape[0])
    # Each size costs compile time, and a vocabulary of few tiles has little to save.
    ways = _Ways(softcap, temperature, frozen, with_entropy, rows, min(buckets, embedding.shape[0] // rows))
    return _logps(ways, hidden, embedding, targets, count)


class _Ways(NamedTuple):
    softcap: float | None
    temperature: float
    frozen: bool
    with_entropy: bool
    tile: int
    buckets: int


class _Softmax(NamedTuple):
    logsumexp: jax.Array  # [n]
    entropy: jax.Array  # [n]
    pull: jax.Array  # [n, D], the gradient of logsumexp by the hidden states; [n, 1] if it was not asked for


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _logps(
    ways: _Ways, hidden: jax.Array, embedding: jax.Array, targets: jax.Array, count: jax.Array
) -> tuple[jax.Array, jax.Array]:
    return _forward(ways, hidden, embedding, targets, count, with_pull=False)[0]


def _forward(
    ways: _Ways,
    hidden: jax.Array,
    embedding: jax.Array,
    targets: jax.Array,
    count: jax.Array,
    *,
    with_pull: bool = True,
) -> tuple[tuple[jax.Array, jax.Array], tuple[jax.Array, ...]]:
    n, pulled = hidden.shape[0], with_pull and ways.frozen

    def compute(size: int) -> tuple[jax.Array, ...]:
        some, mask = hidden[:size], _mask(size, count)
        softmax = _online_softmax(ways, some, embedding, with_pull=pulled)
        logits, rows, slope = _targets(ways, some, embedding, targets[:size])
        found = [mask * (logits - softmax.logsumexp), mask * softmax.entropy, softmax.logsumexp]
        if pulled:
            found.append(((slope[:, None] * rows - softmax.pull) * mask[:, None]).astype(hidden.dtype))
        return tuple(jnp.pad(array, ((0, n - size), *((0, 0),) * (array.ndim - 1))) for array in found)

    logps, entropy, *kept = _by_size(count, n, ways.buckets, compute)
    if ways.frozen:
        return (logps, entropy), tuple(kept[1:])
    return (logps, entropy), (kept[0], hidden, embedding, targets, count)


def _backward(
    ways: _Ways, saved: tuple[jax.Array, ...], cotangents: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array | None, None, None]:
    cotangent = cotangents[0]
    if ways.frozen:
        (toward,) = saved
        return toward * cotangent[:, None].astype(toward.dtype), None, None, None
    logsumexp, hidden, embedding, targets, count = saved
    n = hidden.shape[0]

    def compute(size: int) -> tuple[jax.Array, jax.Array]:
        some, weight = hidden[:size], _mask(size, count) * cotangent[:size]
        toward, each = _both_gradients(ways, some, embedding, logsumexp[:size], -weight)
        _, rows, slope = _targets(ways, some, embedding, targets[:size])
        sloped = (slope * weight)[:, None]
        each = each.at[targets[:size]].add(sloped * some.astype(jnp.float32))
        return jnp.pad(toward + sloped * rows, ((0, n - size), (0, 0))).astype(hidden.dtype), each

    toward, each = _by_size(count, n, ways.buckets, compute)
    return toward, each.astype(embedding.dtype), None, None


_logps.defvjp(_forward, _backward)


def _by_size(count: jax.Array, n: int, buckets: int, compute: Callable[[int], Any]) -> Any:
    """Return `compute(size)` for the smallest multiple of `n / buckets` that holds `count` positions."""
    step = -(-n // buckets)
    sizes = sorted({min(size, n) for size in range(step, n + step, step)})
    branch = jnp.clip((count + step - 1) // step - 1, 0, len(sizes) - 1)
    return lax.switch(branch, [partial(compute, size) for size in sizes])


def _mask(size: int, count: jax.Array) -> jax.Array:
    return (jnp.arange(size) < count).astype(jnp.float32)


def _dot(a: jax.Array, b: jax.Array, contract: tuple[int, int]) -> jax.Array:
    """Multiply in the type of the embedding `b`, sum up in float32."""
    axes = (((contract[0],), (contract[1],)), ((), ()))
    return lax.dot_general(a.astype(b.dtype), b, axes, preferred_element_type=jnp.float32)


def _capped(ways: _Ways, logits: jax.Array) -> tuple[jax.Array, jax.Array | None]:
    """Return the logits and how fast they move with the product they come from; None for as fast."""
    heat = ways.temperature
    if ways.softcap is None:
        return (logits, None) if heat == 1 else (logits / heat, jnp.float32(1 / heat))
    bounded = jnp.tanh(logits / ways.softcap)
    return ways.softcap / heat * bounded, (1 - bounded**2) / heat


def _targets(
    ways: _Ways, hidden: jax.Array, embedding: jax.Array, targets: jax.Array
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return logit `[n]`, embedding row `[n, D]` and slope `[n]` of each target."""
    rows = embedding[targets].astype(jnp.float32)
    logits, slope = _capped(ways, jnp.sum(hidden.astype(jnp.float32) * rows, axis=-1))
    return logits, rows, jnp.broadcast_to(1.0 if slope is None else slope, logits.shape)


def _over_tiles(ways: _Ways, embedding: jax.Array, start: Any, body: Callable[[Any, Any, jax.Array], Any]) -> Any:
    """Fold `body(carry, first row, tile)` over the vocabulary; the last tile may be shorter."""
    whole, rest = divmod(embedding.shape[0], ways.tile)

    def one(index: jax.Array, carry: Any) -> Any:
        return body(carry, index * ways.tile, lax.dynamic_slice_in_dim(embedding, index * ways.tile, ways.tile))

    carry = lax.fori_loop(0, whole, one, start)
    return body(carry, whole * ways.tile, embedding[whole * ways.tile :]) if rest else carry


def _online_softmax(ways: _Ways, hidden: jax.Array, embedding: jax.Array, *, with_pull: bool) -> _Softmax:
    def body(carry: Any, _: Any, rows: jax.Array) -> Any:
        top, total, mean, pull = carry
        logits, slope = _capped(ways, _dot(hidden, rows, (1, 1)))
        new_top = jnp.maximum(top, jnp.max(logits, axis=-1))
        weights, fade = jnp.exp(logits - new_top[:, None]), jnp.exp(top - new_top)
        total = total * fade + jnp.sum(weights, axis=-1)
        if ways.with_entropy:
            mean = mean * fade + jnp.sum(weights * logits, axis=-1)
        if with_pull:
            sloped = weights if slope is None else weights * slope
            pull = pull * fade[:, None] + _dot(sloped, rows, (1, 0))
        return new_top, total, mean, pull

    n = hidden.shape[0]
    zeros = jnp.zeros((n,))
    start = (jnp.full((n,), -1e30), zeros, zeros, jnp.zeros(hidden.shape if with_pull else (n, 1)))
    top, total, mean, pull = _over_tiles(ways, embedding, start, body)
    logsumexp = top + jnp.log(total)
    entropy = logsumexp - mean / total if ways.with_entropy else zeros
    return _Softmax(logsumexp, entropy, pull / total[:, None])


def _both_gradients(
    ways: _Ways, hidden: jax.Array, embedding: jax.Array, logsumexp: jax.Array, mask: jax.Array
) -> tuple[jax.Array, jax.Array]:
    """Return the gradients of the sum of `logsumexp * mask` by hidden states `[n, D]` and embedding `[V, D]`.

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
