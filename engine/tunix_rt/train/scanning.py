"""The greedy token without all logits in float32: a scan in bfloat16 finds candidates, and a bound proves the choice.

A product of halved precision is off by at most what the rounded parts can make of it (Cauchy–Schwarz). Only tokens that
may be the best within that bound are computed in float32; if there are more of them than are looked at, the caller is
told. This module does not know how hidden states come about.
"""

from __future__ import annotations

import time
from functools import partial

import jax
import jax.numpy as jnp

Scan = dict[str, jax.Array]
"""`table [V, D]`, the embedding in bfloat16, `norms [V]` of its rows, and `lost [V]`: norms of what rounding took."""

BLOCK = 256
_BLOCKS = 16
"""Blocks of the vocabulary that candidates come from."""
_CANDIDATES = 32
_SUMMING = 4e-5
"""Relative error of a float32 sum of up to 4,096 products, with room: the bound must hold for the sums as computed."""
_SMALLEST = 2 * BLOCK * _BLOCKS
"""A smaller vocabulary is not worth a scan."""


_NEVER = -1e30


_TRIAL = 64 * BLOCK, 64
"""Vocabulary and rows of the products that are timed before a scan is made."""


def scan_pays(embed: jax.Array) -> bool:
    """Return whether a product in bfloat16 is enough faster here than in float32; many CPUs have no instruction for it.

    It is timed, which takes half a second. The answer changes speed, not tokens.
    """
    if len(embed) < _SMALLEST or len(embed) % BLOCK:
        return False

    @jax.jit
    def product(table: jax.Array, hidden: jax.Array) -> jax.Array:
        return jnp.einsum("vd,bd->vb", table, hidden, preferred_element_type=jnp.float32).max(axis=0)

    seconds = []
    for dtype in ("bfloat16", "float32"):
        table = embed[: _TRIAL[0]].astype(dtype)
        hidden = jnp.ones((_TRIAL[1], embed.shape[1]), dtype)
        product(table, hidden).block_until_ready()
        times = []
        for _ in range(5):
            started = time.perf_counter()
            product(table, hidden).block_until_ready()
            times.append(time.perf_counter() - started)
        seconds.append(min(times))
    return seconds[0] < 0.8 * seconds[1]


@partial(jax.jit, static_argnames="forbidden")
def make_scan(embed: jax.Array, *, forbidden: tuple[int, ...]) -> Scan:
    """Return what a scan needs of an embedding `[V, D]` in float32; forbidden tokens are never found."""
    table = embed.astype(jnp.bfloat16)
    lost = jnp.linalg.norm(embed - table.astype(jnp.float32), axis=1)
    # Masking the logits instead would cost a pass over all of them at every step.
    lost = lost.at[jnp.array(forbidden, jnp.int32)].set(_NEVER)
    return {"table": table, "norms": jnp.linalg.norm(embed, axis=1), "lost": lost}


def best_tokens(embed: jax.Array, scan: Scan, hidden: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the token with the greatest logit a row `[B]`, and whether that is proven `[B]`."""
    batch = len(hidden)
    rough = hidden.astype(jnp.bfloat16)
    logits = jnp.einsum("vd,bd->vb", scan["table"], rough, preferred_element_type=jnp.float32)
    length = jnp.linalg.norm(hidden, axis=1)
    off = jnp.linalg.norm(hidden - rough.astype(jnp.float32), axis=1) + _SUMMING * length
    # E·x − E'·x' = E·(x − x') + (E − E')·x', and x' is hardly longer than x.
    cut = 1.01 * length
    norms, lost, logits = (
        array.reshape(-1, BLOCK, *array.shape[1:]) for array in (scan["norms"], scan["lost"], logits)
    )
    ceiling = logits + norms[..., None] * off + lost[..., None] * cut  # [V / block, block, B], only ever reduced
    # Both results of top_k are used whole: XLA sorts everything as soon as one of them is sliced.
    highest, near = jax.lax.top_k(ceiling.max(axis=1).T, _BLOCKS)  # [B, blocks]
    row = jnp.arange(batch)[:, None]
    # Added up again: the whole ceiling would be written to memory for these few.
    found = logits[near, :, row] + norms[near] * off[:, None, None] + lost[near] * cut[:, None, None]
    ceilings, place = jax.lax.top_k(found.reshape(batch, -1), _CANDIDATES)
    candidates = jnp.take_along_axis(near, place // BLOCK, axis=1) * BLOCK + place % BLOCK
    exact = jnp.einsum("bkd,bd->bk", embed[candidates], hidden, precision=jax.lax.Precision.HIGHEST)
    exact = jnp.where(ceilings > _NEVER / 2, exact, 2 * _NEVER)
    best = exact.max(axis=1)
    tokens = jnp.min(jnp.where(exact == best[:, None], candidates, len(embed)), axis=1)
    return tokens.astype(jnp.int32), best > jnp.maximum(ceilings.min(axis=1), highest.min(axis=1))
