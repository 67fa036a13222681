"""The forward pass of the sampler: prompts into the cache, then token after token out of it. All functions are pure.

It does not know text, requests or scheduling. A cache column of a row holds one token; which columns a token may see
follows from positions alone, so that rows of any age share one batch:

    B rows · S columns of a layer's ring · T tokens of a prefill chunk · P tokens of the shared prefix
    K key/value heads · G query heads for each of them · H head size · D model size · V vocabulary

Decoding writes column `clock % S` for every row, so that a column's age, and hence its position, is known without any
bookkeeping; a layer with a sliding window keeps a ring of only its window.
"""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp

from tunix_rt.train.decoder import DecoderSpec, LayerSpec, Weights
from tunix_rt.train.drawing import DrawRule, draw_tokens

Cache = list[dict[str, jax.Array]]
"""For each layer `k [B·K, S, H]` and `v [B·K, H, S]`: as first factors, the order in which a few queries read them
fastest. Rows and heads are one dimension: with a reshape between update and product XLA copies the whole cache at every
step."""

_MASKED = -1e30
_FEW = 64
"""So many rows, at most, are multiplied faster with the weight first."""
_FAR = 1 << 30
"""A key position that no query may see."""


class Chunk(NamedTuple):
    """T prompt tokens, cut from several prompts that stand one behind the other."""

    tokens: jax.Array  # [T]
    positions: jax.Array  # [T], from the start of the whole prompt, prefix included
    segments: jax.Array  # [T], which prompt of the chunk; -1 is filler
    history_row: jax.Array  # the cache row with the earlier tokens of segment 0
    history_start: jax.Array  # first ring column, unreduced, of that row
    history_length: jax.Array  # its tokens in the cache so far
    prefix_length: jax.Array


class Inserts(NamedTuple):
    """Where the tokens of a chunk go: one entry a cache row; the first `used` entries count."""

    used: jax.Array
    row: jax.Array  # [B]
    offset: jax.Array  # [B], index in the chunk of the first token
    begin: jax.Array  # [B], own position of that token (the prefix not counted)
    end: jax.Array  # [B], own position after the last
    start: jax.Array  # [B], ring column, unreduced, of own position 0


class Rows(NamedTuple):
    """The state of the batch between decoding steps."""

    tokens: jax.Array  # [B], the next input
    lengths: jax.Array  # [B], own tokens in the cache, the prefix not counted
    remaining: jax.Array  # [B], how many tokens may still be drawn; 0 is an idle row
    keys: jax.Array  # [B, 2] uint32, the random stream of each row
    drawn: jax.Array  # [B], tokens drawn so far


class Output(NamedTuple):
    """What a call of `decode` drew: the first `steps` columns are used."""

    tokens: jax.Array  # [B, N]
    logps: jax.Array  # [B, N]
    steps: jax.Array


def make_cache(spec: DecoderSpec, rows: int, columns: int, dtype: str) -> Cache:
    """Return an empty cache; a sliding layer gets at most its window."""
    cache = []
    for layer in spec.layers:
        size = ring_size(layer, columns)
        lanes = rows * spec.num_kv_heads
        cache.append(
            {"k": jnp.zeros((lanes, size, spec.head_dim), dtype), "v": jnp.zeros((lanes, spec.head_dim, size), dtype)}
        )
    return cache


def ring_size(layer: LayerSpec, columns: int) -> int:
    """Return how many columns a layer keeps."""
    return columns if layer.window is None else min(columns, layer.window)


@partial(jax.jit, static_argnames="heads")
def take_rows(cache: Cache, rows: jax.Array, *, heads: int) -> Cache:
    """Return a smaller cache that holds these rows."""
    lanes = (rows[:, None] * heads + jnp.arange(heads)[None]).reshape(-1)
    return jax.tree.map(lambda array: array[lanes], cache)


def _norm(x: jax.Array, scale: jax.Array) -> jax.Array:
    return x * jax.lax.rsqrt(jnp.mean(jnp.square(x), axis=-1, keepdims=True) + 1e-6) * scale


def _matmul(x: jax.Array, weight: jax.Array) -> jax.Array:
    """Multiply `[T, K]` with a weight `[N, K]`."""
    if len(x) > _FEW:
        return jnp.einsum("tk,nk->tn", x.astype(weight.dtype), weight, preferred_element_type=jnp.float32)
    return _large_first("nk,tk->nt", weight, x.astype(weight.dtype)).T


def _large_first(subscripts: str, large: jax.Array, small: jax.Array) -> jax.Array:
    """Multiply what is large with what is small.

    XLA's CPU library packs its second factor at every call, which takes longer than a product with a few rows. So the
    large one stands first; the barrier keeps XLA from turning the product round.
    """
    return jax.lax.optimization_barrier(jnp.einsum(subscripts, large, small, preferred_element_type=jnp.float32))


def _angles(spec: DecoderSpec, weights: Weights, positions: jax.Array) -> dict[LayerSpec, tuple[jax.Array, jax.Array]]:
    """Return sine and cosine `[N, H/2]` of the rotary angles for each kind of layer."""
    kinds = dict.fromkeys(spec.layers)
    return {
        layer: (sine[positions], cosine[positions])
        for layer, (sine, cosine) in zip(kinds, weights["rotary"], strict=True)
    }


def _rotate(x: jax.Array, angle: tuple[jax.Array, jax.Array]) -> jax.Array:
    sine, cosine = (part[:, None, :] for part in angle)
    first, second = jnp.split(x, 2, axis=-1)
    return jnp.concatenate([first * cosine - second * sine, second * cosine + first * sine], axis=-1)


def _embed(weights: Weights, tokens: jax.Array) -> jax.Array:
    embed = weights["embed"]
    scale = jnp.sqrt(embed.shape[1]).astype(embed.dtype)
    return (embed[tokens] * scale).astype(jnp.float32)


def _project(
    spec: DecoderSpec, layer: dict[str, Any], x: jax.Array, angle: tuple[jax.Array, jax.Array]
) -> tuple[jax.Array, jax.Array, jax.Array]:
    """Return rotated, scaled queries `[N, K, G, H]`, rotated keys and values `[N, K, H]`."""
    heads, kv, size = spec.num_heads, spec.num_kv_heads, spec.head_dim
    norms = layer["norms"]
    qkv = _matmul(_norm(x, norms["attention_in"]), layer["qkv"])
    q, k, v = jnp.split(qkv, [heads * size, (heads + kv) * size], axis=-1)
    q, k, v = (part.reshape(len(x), -1, size) for part in (q, k, v))
    if "query" in norms:
        q, k = _norm(q, norms["query"]), _norm(k, norms["key"])
    q = _rotate(q, angle) * spec.query_scale
    dtype = layer["qkv"].dtype
    return q.reshape(len(x), kv, heads // kv, size).astype(dtype), _rotate(k, angle).astype(dtype), v.astype(dtype)


def _after_attention(layer: dict[str, Any], x: jax.Array, encoded: jax.Array) -> jax.Array:
    norms = layer["norms"]
    y = _matmul(encoded.reshape(len(x), -1), layer["out"])
    x = x + (_norm(y, norms["attention_out"]) if "attention_out" in norms else y)
    gate, up = jnp.split(_matmul(_norm(x, norms["mlp_in"]), layer["gate_up"]), 2, axis=-1)
    y = _matmul(jax.nn.gelu(gate) * up, layer["down"])
    return x + (_norm(y, norms["mlp_out"]) if "mlp_out" in norms else y)


def _probabilities(spec: DecoderSpec, scores: jax.Array, mask: jax.Array) -> jax.Array:
    if spec.attention_softcap is not None:
        scores = jnp.tanh(scores / spec.attention_softcap) * spec.attention_softcap
    return jax.nn.softmax(jnp.where(mask, scores, _MASKED), axis=-1)


def _visible(layer: LayerSpec, query: jax.Array, key: jax.Array) -> jax.Array:
    """Return whether a query position sees a key position (both broadcast)."""
    visible = key <= query
    return visible if layer.window is None else visible & (query - key < layer.window)


def _packed_layer(
    spec: DecoderSpec,
    layer_spec: LayerSpec,
    layer: dict[str, Any],
    x: jax.Array,
    chunk: Chunk,
    *,
    angle: tuple[jax.Array, jax.Array],
    context: list[tuple[jax.Array, jax.Array, jax.Array, int | None]],
    last: bool,
) -> tuple[jax.Array, dict[str, jax.Array]]:
    """Run one layer over a chunk; `context` is what stands before it: keys, values, positions, segment (None: all)."""
    q, k, v = _project(spec, layer, x, angle)
    own = {"k": k.transpose(1, 0, 2), "v": v.transpose(1, 2, 0)}
    if last:  # nobody reads the hidden states of a prompt after its keys and values are known
        return x, own
    masks = [
        _visible(layer_spec, chunk.positions[:, None], positions[None])
        & (True if segment is None else (chunk.segments == segment)[:, None])
        for _, _, positions, segment in context
    ]
    same = (chunk.segments[:, None] == chunk.segments[None]) & (chunk.segments >= 0)[None]
    masks.append(_visible(layer_spec, chunk.positions[:, None], chunk.positions[None]) & same)
    mask = jnp.concatenate(masks, axis=1) if context else masks[0]
    keys = jnp.concatenate([*(keys for keys, *_ in context), own["k"]], axis=1)
    values = jnp.concatenate([*(values for _, values, *_ in context), own["v"]], axis=2)
    size, heads, group, _ = q.shape
    lanes = q.transpose(1, 0, 2, 3).reshape(heads, size * group, -1)
    scores = jnp.einsum("knh,ksh->kns", lanes, keys, preferred_element_type=jnp.float32)
    scores = scores.reshape(heads, size, group, -1)
    probabilities = _probabilities(spec, scores, mask[None, :, None]).astype(values.dtype)
    lanes = probabilities.reshape(heads, size * group, -1)
    encoded = jnp.einsum("kns,khs->knh", lanes, values, preferred_element_type=jnp.float32)
    encoded = encoded.reshape(heads, size, group, -1).transpose(1, 0, 2, 3)
    return _after_attention(layer, x, encoded), own


@partial(jax.jit, static_argnames="spec")
def prefill_prefix(spec: DecoderSpec, weights: Weights, tokens: jax.Array) -> Cache:
    """Return keys `[K, P, H]` and values `[K, H, P]` of every layer for a text that all prompts start with."""
    positions = jnp.arange(len(tokens))
    zero = jnp.int32(0)
    chunk = Chunk(tokens, positions, jnp.zeros_like(tokens), zero, zero, zero, zero)
    angles, x, prefix = _angles(spec, weights, positions), _embed(weights, tokens), []
    for index, (layer_spec, layer) in enumerate(zip(spec.layers, weights["layers"], strict=True)):
        last = index == len(spec.layers) - 1
        x, own = _packed_layer(spec, layer_spec, layer, x, chunk, angle=angles[layer_spec], context=[], last=last)
        prefix.append(own)
    return prefix


@partial(jax.jit, static_argnames=("spec", "with_history"), donate_argnames="cache")
def prefill(
    spec: DecoderSpec,
    weights: Weights,
    cache: Cache,
    prefix: Cache | None,
    *,
    chunk: Chunk,
    inserts: Inserts,
    with_history: bool,
) -> Cache:
    """Put the keys and values of a chunk of prompts into their cache rows; no logits are formed.

    Several rows may take the same tokens (many completions of one prompt), and segment 0 may go on from tokens that
    earlier chunks put into the cache (`with_history`).
    """
    angles, x, fresh = _angles(spec, weights, chunk.positions), _embed(weights, chunk.tokens), []
    for index, (layer_spec, layer) in enumerate(zip(spec.layers, weights["layers"], strict=True)):
        context: list[tuple[jax.Array, jax.Array, jax.Array, int | None]] = []
        if prefix is not None:
            place = jnp.arange(prefix[index]["k"].shape[1])
            place = jnp.where(place < chunk.prefix_length, place, _FAR)
            context.append((prefix[index]["k"], prefix[index]["v"], place, None))
        if with_history:
            keys, values = (_lanes(cache[index][name], chunk.history_row, spec.num_kv_heads) for name in "kv")
            own = _ring_positions(keys.shape[1], chunk.history_start, chunk.history_length)
            context.append((keys, values, jnp.where(own >= 0, own + chunk.prefix_length, _FAR), 0))
        last = index == len(spec.layers) - 1
        x, own_kv = _packed_layer(
            spec, layer_spec, layer, x, chunk, angle=angles[layer_spec], context=context, last=last
        )
        fresh.append(own_kv)
    return jax.lax.fori_loop(0, inserts.used, partial(_insert_row, fresh, inserts), cache)


def _ring_positions(size: int, start: jax.Array, length: jax.Array) -> jax.Array:
    """Return the own position that each ring column holds after `length` tokens; negative: none of this prompt."""
    return length - 1 - jnp.mod(start + length - 1 - jnp.arange(size), size)


def _lanes(cache: jax.Array, row: jax.Array, heads: int) -> jax.Array:
    return jax.lax.dynamic_slice_in_dim(cache, row * heads, heads)


def _insert_row(fresh: Cache, inserts: Inserts, entry: jax.Array, cache: Cache) -> Cache:
    row, begin = inserts.row[entry], inserts.begin[entry]
    result = []
    for new, old in zip(fresh, cache, strict=True):
        heads = len(new["k"])
        own = _ring_positions(old["k"].shape[1], inserts.start[entry], inserts.end[entry])
        is_new = own >= begin
        source = jnp.where(is_new, inserts.offset[entry] + own - begin, 0)
        keys = jnp.where(is_new[:, None], new["k"][:, source], _lanes(old["k"], row, heads))
        values = jnp.where(is_new, new["v"][:, :, source], _lanes(old["v"], row, heads))
        result.append(
            {
                "k": jax.lax.dynamic_update_slice_in_dim(old["k"], keys, row * heads, 0),
                "v": jax.lax.dynamic_update_slice_in_dim(old["v"], values, row * heads, 0),
            }
        )
    return result


def _decode_hidden(
    spec: DecoderSpec,
    weights: Weights,
    cache: Cache,
    prefix: Cache | None,
    prefix_length: jax.Array,
    *,
    rows: Rows,
    clock: jax.Array,
) -> tuple[jax.Array, Cache]:
    """Run one token of every row; return the normed hidden states `[B, D]` and the cache with the token in it."""
    positions = prefix_length + rows.lengths
    angles, x, result = _angles(spec, weights, positions), _embed(weights, rows.tokens), []
    for index, (layer_spec, layer) in enumerate(zip(spec.layers, weights["layers"], strict=True)):
        q, k, v = _project(spec, layer, x, angles[layer_spec])
        heads, size = k.shape[1], cache[index]["k"].shape[1]
        column = jnp.mod(clock, size)
        k, v, lanes = k.reshape(-1, 1, spec.head_dim), v.reshape(-1, spec.head_dim, 1), q.reshape(-1, *q.shape[2:])
        keys = jax.lax.dynamic_update_slice_in_dim(cache[index]["k"], k, column, axis=1)
        values = jax.lax.dynamic_update_slice_in_dim(cache[index]["v"], v, column, axis=2)
        result.append({"k": keys, "v": values})
        age = jnp.mod(clock - jnp.arange(size), size)
        masks = [age[None] <= rows.lengths[:, None]]  # a ring of a sliding layer is no longer than its window
        scores = [_split(_large_first("nsh,ngh->nsg", keys, lanes).transpose(0, 2, 1), heads)]
        if prefix is not None:
            place = jnp.arange(prefix[index]["k"].shape[1])
            place = jnp.where(place < prefix_length, place, _FAR)
            masks.append(_visible(layer_spec, positions[:, None], place[None]))
            scores.append(jnp.einsum("bkgh,kph->bkgp", q, prefix[index]["k"], preferred_element_type=jnp.float32))
        mask = jnp.concatenate(masks, axis=-1)[:, None, None]
        probabilities = _probabilities(spec, jnp.concatenate(scores, axis=-1), mask).astype(values.dtype)
        own = probabilities[..., :size].reshape(*lanes.shape[:2], size)
        encoded = _split(_large_first("nhs,ngs->nhg", values, own).transpose(0, 2, 1), heads)
        if prefix is not None:
            encoded += jnp.einsum(
                "bkgp,khp->bkgh", probabilities[..., size:], prefix[index]["v"], preferred_element_type=jnp.float32
            )
        x = _after_attention(layer, x, encoded)
    return _norm(x, weights["final_norm"]), result


def _split(lanes: jax.Array, heads: int) -> jax.Array:
    return lanes.reshape(-1, heads, *lanes.shape[1:])


@partial(jax.jit, static_argnames=("spec", "rule", "columns"), donate_argnames="cache")
def decode(
    spec: DecoderSpec,
    weights: Weights,
    cache: Cache,
    prefix: Cache | None,
    prefix_length: jax.Array,
    *,
    rows: Rows,
    clock: jax.Array,
    steps: jax.Array,
    patience: jax.Array,
    temperature: jax.Array,
    top_p: jax.Array,
    rule: DrawRule,
    columns: int,
) -> tuple[Cache, Output]:
    """Draw up to `steps` (at most `columns`) tokens for every row; stop early once `patience` rows have ended."""
    batch = len(rows.tokens)
    active = jnp.sum(rows.remaining > 0)

    def going(carry: tuple[Cache, Rows, jax.Array, Output]) -> jax.Array:
        _, rows, _, output = carry
        left = jnp.sum(rows.remaining > 0)
        return (output.steps < steps) & (left > 0) & (active - left < patience)

    def step(carry: tuple[Cache, Rows, jax.Array, Output]) -> tuple[Cache, Rows, jax.Array, Output]:
        cache, rows, clock, output = carry
        hidden, cache = _decode_hidden(spec, weights, cache, prefix, prefix_length, rows=rows, clock=clock)
        tokens, logps = draw_tokens(
            weights["embed"],
            hidden,
            scan=weights["scan"],
            keys=rows.keys,
            drawn=rows.drawn,
            temperature=temperature,
            top_p=top_p,
            rule=rule,
            softcap=spec.final_softcap,
        )
        live = rows.remaining > 0
        ended = jnp.isin(tokens, jnp.array(rule.eos_ids, jnp.int32))
        tokens = jnp.where(live, tokens, rows.tokens)
        output = Output(
            output.tokens.at[:, output.steps].set(tokens), output.logps.at[:, output.steps].set(logps), output.steps + 1
        )
        rows = Rows(
            tokens,
            rows.lengths + live,
            jnp.where(ended, 0, jnp.maximum(rows.remaining - 1, 0)),
            rows.keys,
            rows.drawn + live,
        )
        return cache, rows, clock + 1, output

    empty = Output(jnp.zeros((batch, columns), jnp.int32), jnp.zeros((batch, columns), jnp.float32), jnp.int32(0))
    cache, _, _, output = jax.lax.while_loop(going, step, (cache, rows, clock, empty))
    return cache, output
