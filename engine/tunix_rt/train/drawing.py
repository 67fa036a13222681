"""From hidden states to tokens: greedy, or drawn with a temperature inside the most probable mass.

It does not know layers or caches. Logits stand as `[V, B]`, vocabulary first: the matrix product is fastest that way on
CPUs, and a reduction over the vocabulary runs over whole rows. Blocks of the vocabulary are reduced first, so that the
big array is read once for the maximum and once for the sum.
"""

from __future__ import annotations

from dataclasses import dataclass

import jax
import jax.numpy as jnp

from tunix_rt.train.scanning import Scan, best_tokens

_BLOCK = 256
_BISECTIONS = 30
_NEAR = 64
"""Blocks in which the most probable mass is looked for first."""
_DEEP = 40.0
"""Tokens this far (in log-probability) below the best have no weight in float32."""


@dataclass(frozen=True)
class DrawRule:
    """What is static about drawing; it is a key of the compiled functions."""

    greedy: bool
    with_top_p: bool
    with_logps: bool
    eos_ids: tuple[int, ...]
    forbidden: tuple[int, ...]
    """Token ids that are never generated."""


def draw_tokens(
    embed: jax.Array,  # [V, D]
    hidden: jax.Array,  # [B, D], after the last norm
    *,
    scan: Scan | None,
    keys: jax.Array,  # [B, 2] uint32
    drawn: jax.Array,  # [B], how many tokens each row has drawn before: its place in the random stream
    temperature: jax.Array,
    top_p: jax.Array,
    rule: DrawRule,
    softcap: float | None,
) -> tuple[jax.Array, jax.Array]:
    """Return one token a row `[B]` and its log-probability `[B]` (zeros, if they are not wanted).

    Log-probabilities are those of the model at this temperature (1 if greedy) over the whole vocabulary: before `top_p`
    and with the forbidden tokens in it, as a trainer computes them again.
    """

    def from_all_logits() -> tuple[jax.Array, jax.Array]:
        logits = jnp.einsum("vd,bd->vb", embed, hidden.astype(embed.dtype), preferred_element_type=jnp.float32)
        if softcap is not None:
            logits = jnp.tanh(logits / softcap) * softcap
        return _draw(logits, keys, drawn, temperature=temperature, top_p=top_p, rule=rule)

    if scan is None or not rule.greedy or rule.with_logps:
        return from_all_logits()
    tokens, proven = best_tokens(embed, scan, hidden)  # a soft cap changes no order
    none = jnp.zeros(len(tokens), jnp.float32)
    return jax.lax.cond(jnp.all(proven), lambda: (tokens, none), from_all_logits)


def _draw(
    logits: jax.Array,  # [V, B]
    keys: jax.Array,
    drawn: jax.Array,
    *,
    temperature: jax.Array,
    top_p: jax.Array,
    rule: DrawRule,
) -> tuple[jax.Array, jax.Array]:
    if not rule.greedy:
        logits = logits / temperature
    size, batch = logits.shape
    forbidden = jnp.array(rule.forbidden, jnp.int32)
    outside = logits[forbidden]  # [F, B]
    logits = logits.at[forbidden].set(-jnp.inf)
    block = min(_BLOCK, size)
    padded = jnp.pad(logits, ((0, -size % block), (0, 0)), constant_values=-jnp.inf) if size % block else logits
    blocks = padded.reshape(-1, block, batch)
    highest = blocks.max(axis=1)  # [V / block, B]
    top = highest.max(axis=0)
    column = jnp.arange(batch)

    if rule.greedy:
        index = highest.argmax(axis=0)
        inside = blocks[index, :, column]  # [B, block]
        place = inside.argmax(axis=1)
    else:
        weight = jnp.exp(blocks - top)
        if rule.with_top_p:
            weight = jnp.where(weight >= nucleus(weight, top_p), weight, 0.0)
        uniform = jax.vmap(lambda key, count: jax.random.uniform(jax.random.fold_in(key, count), (2,)))(keys, drawn)
        index = _pick(weight.sum(axis=1).T, uniform[:, 0])
        place = _pick(weight[index, :, column], uniform[:, 1])
        inside = blocks[index, :, column]
    tokens = (index * block + place).astype(jnp.int32)
    if not rule.with_logps:
        return tokens, jnp.zeros(batch, jnp.float32)
    total = jnp.exp(blocks - top).sum(axis=1).sum(axis=0) + jnp.exp(outside - top).sum(axis=0)
    return tokens, inside[column, place] - top - jnp.log(total)


def _pick(weight: jax.Array, uniform: jax.Array) -> jax.Array:
    """Draw an index a row from weights `[B, N]` with one number a row, uniform in [0, 1)."""
    reached = jnp.cumsum(weight, axis=1)
    target = jnp.minimum(uniform * reached[:, -1], reached[:, -1] * (1 - 1e-6))
    # The second condition: rounding must not run onto an index without weight.
    return jnp.argmax((reached > target[:, None]) & (weight > 0), axis=1)


def nucleus(weight: jax.Array, top_p: jax.Array) -> jax.Array:
    """Return the largest weight `[B]` such that the tokens with at least it hold `top_p` of all (arXiv 1904.09751).

    It is looked for in the few blocks with the greatest weights; where that does not prove it, in the whole vocabulary.
    """
    wanted = top_p * weight.sum(axis=1).sum(axis=0)
    if len(weight) <= _NEAR:
        return _threshold(weight, wanted)
    # Both results of top_k are used whole: XLA sorts everything as soon as one of them is sliced.
    highest, index = jax.lax.top_k(weight.max(axis=1).T, _NEAR)  # [B, near]
    near = weight[index, :, jnp.arange(len(index))[:, None]]  # [B, near, block]
    found = _threshold(near.transpose(1, 2, 0), wanted)
    proven = jnp.all(found > highest.min(axis=1))
    return jax.lax.cond(proven, lambda: found, lambda: _threshold(weight, wanted))


def _threshold(weight: jax.Array, wanted: jax.Array) -> jax.Array:
    """Return the largest value `[B]` for which the weights of at least it sum up to `wanted`; greatest weight is 1.

    Found by bisection of its logarithm: no sort of the vocabulary.
    """

    def narrow(_: int, bounds: tuple[jax.Array, jax.Array]) -> tuple[jax.Array, jax.Array]:
        low, high = bounds
        middle = (low + high) / 2
        mass = jnp.where(weight >= jnp.exp(middle), weight, 0.0).sum(axis=1).sum(axis=0)
        enough = mass >= wanted
        return jnp.where(enough, middle, low), jnp.where(enough, high, middle)

    batch = weight.shape[-1]
    low, _ = jax.lax.fori_loop(0, _BISECTIONS, narrow, (jnp.full(batch, -_DEEP), jnp.zeros(batch)))
    return jnp.exp(low)
