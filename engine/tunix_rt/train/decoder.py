"""The weights of a Tunix Gemma as the sampler reads them: one matrix a projection, LoRA merged, laid out for decoding.

It does not know prompts or caches. The policy model is only read, never changed.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import jax
import jax.numpy as jnp
from tunix.models.gemma import model as gemma2
from tunix.models.gemma3 import model as gemma3

from tunix_rt.errors import UsageError
from tunix_rt.train.scanning import make_scan, scan_pays

DType = Literal["float32", "bfloat16"]
Weights = dict[str, Any]
"""`embed [V, D]`, its `scan` or None, `final_norm [D]`, `layers`, dicts of matrices `[out, in]` and norm scales, and
`rotary`, sine and cosine `[positions, H/2]` for each kind of layer in the order in which the spec names them first."""


@dataclass(frozen=True)
class LayerSpec:
    """What tells one layer of a decoder from another."""

    window: int | None
    """A token sees this many tokens, itself included; None: all."""
    rope_base: float
    rope_factor: float = 1.0
    """Positions are divided by this."""


@dataclass(frozen=True)
class DecoderSpec:
    """Everything static about a decoder; it is a key of the compiled functions."""

    layers: tuple[LayerSpec, ...]
    num_heads: int
    num_kv_heads: int
    head_dim: int
    query_scale: float
    attention_softcap: float | None = None
    final_softcap: float | None = None


def read_spec(model: Any) -> DecoderSpec:
    """Return the spec of a Tunix `Gemma3` or `Gemma` (LoRA or not); raise UsageError for anything else."""
    config = model.config
    sizes = {"num_heads": config.num_heads, "num_kv_heads": config.num_kv_heads, "head_dim": config.head_dim}
    if isinstance(model, gemma3.Gemma3):
        layers = []
        for layer in model.layers:
            local = layer.attn.attn_type == gemma3.AttentionType.LOCAL_SLIDING
            window = config.sliding_window_size if local else None
            layers.append(LayerSpec(window, layer.attn.rope_base_frequency, layer.attn.rope_scale_factor))
        scale = float(model.layers[0].attn.query_pre_attn_scalar)
        return DecoderSpec(tuple(layers), query_scale=scale, **sizes)
    if isinstance(model, gemma2.Gemma):
        local = gemma2.AttentionType.LOCAL_SLIDING
        windows = [config.sliding_window_size if kind == local else None for kind in config.attention_types]
        return DecoderSpec(
            tuple(LayerSpec(window, 10_000) for window in windows[: config.num_layers]),
            query_scale=config.head_dim**-0.5,
            attention_softcap=config.attn_logits_soft_cap,
            final_softcap=config.final_logit_softcap,
            **sizes,
        )
    raise UsageError(f"the sampler decodes Tunix's Gemma3 and Gemma (Gemma 2); got {type(model).__name__}")


def _layer_arrays(layer: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the projections of a layer as `name: (weight, A, B)` and its norms as `name: scale`."""

    def projection(module: Any) -> tuple[Any, Any, Any]:
        name = "kernel" if hasattr(module, "kernel") else "w"
        a, b = (getattr(module, f"{name}_lora_{side}", None) for side in "ab")
        return getattr(module, name)[...], None if a is None else a[...], None if b is None else b[...]

    attention, mlp = layer.attn, layer.mlp
    names = ["qkv_einsum"] if attention.use_qkv_einsum else ["q_einsum", "kv_einsum"]
    matrices = {name: projection(getattr(attention, name)) for name in (*names, "attn_vec_einsum")}
    matrices |= {name: projection(getattr(mlp, name)) for name in ("gate_proj", "up_proj", "down_proj")}
    norms = {
        "attention_in": layer.pre_attention_norm,
        "attention_out": getattr(layer, "post_attention_norm", None) or getattr(layer, "post_attn_norm", None),
        "mlp_in": layer.pre_ffw_norm,
        "mlp_out": getattr(layer, "post_ffw_norm", None),
        "query": getattr(attention, "_query_norm", None),
        "key": getattr(attention, "_key_norm", None),
    }
    return matrices, {name: norm.scale[...] for name, norm in norms.items() if norm is not None}


_TRANSPOSE = {"q_einsum": (1, 0, 2), "kv_einsum": (2, 0, 1, 3), "qkv_einsum": (2, 0, 1, 3)}
"""Puts the model dimension of Tunix's `[N, D, H]`, `[2, K, D, H]` and `[3, N, D, H]` first."""


@partial(jax.jit, static_argnames=("scale", "dtype"))
def _merge_layer(matrices: dict[str, Any], norms: dict[str, Any], *, scale: float, dtype: DType) -> dict[str, Any]:
    def merged(name: str) -> jax.Array:
        weight, a, b = matrices[name]
        weight = weight.transpose(_TRANSPOSE.get(name, range(weight.ndim))).astype(jnp.float32)
        inputs = weight.shape[0] if name != "attn_vec_einsum" else weight.shape[0] * weight.shape[1]
        weight = weight.reshape(inputs, -1)
        if a is None:
            return weight
        rank = a.shape[-1]
        delta = jnp.dot(
            a.reshape(inputs, rank).astype(jnp.float32),
            b.reshape(rank, -1).astype(jnp.float32),
            precision=jax.lax.Precision.HIGHEST,
        )
        return weight + scale * delta

    qkv = [merged(name) for name in ("qkv_einsum", "q_einsum", "kv_einsum") if name in matrices]
    return {
        "qkv": jnp.concatenate(qkv, axis=1).T.astype(dtype),
        "out": merged("attn_vec_einsum").T.astype(dtype),
        "gate_up": jnp.concatenate([merged("gate_proj"), merged("up_proj")], axis=1).T.astype(dtype),
        "down": merged("down_proj").T.astype(dtype),
        "norms": {name: 1.0 + value.astype(jnp.float32) for name, value in norms.items()},
    }


@partial(jax.jit, static_argnames=("spec", "positions"))
def _rotary_table(spec: DecoderSpec, positions: int) -> list[tuple[jax.Array, jax.Array]]:
    fraction = 2 * jnp.arange(0, spec.head_dim // 2) / spec.head_dim
    place = jnp.arange(positions)[:, None]
    angles = [place / layer.rope_base ** fraction[None] / layer.rope_factor for layer in dict.fromkeys(spec.layers)]
    return [(jnp.sin(angle), jnp.cos(angle)) for angle in angles]


def read_weights(
    model: Any,
    *,
    lora_scale: float | None,
    dtype: DType,
    forbidden: tuple[int, ...],
    positions: int,
    before: Weights | None = None,
) -> Weights:
    """Return private decoding weights: `W + lora_scale · A · B`, summed in float32, then in `dtype`.

    The embedding is shared with the model when it has that dtype already; what was made of it `before` is kept while it
    is the same array. Raises UsageError if the model has LoRA
    weights and no scale (alpha / rank) is given: Qwix keeps it where it cannot be read.
    """
    layers = []
    for layer in model.layers:
        matrices, norms = _layer_arrays(layer)
        if lora_scale is None and any(a is not None for _, a, _ in matrices.values()):
            raise UsageError(
                "the model has LoRA weights; give the sampler their LoRAConfig, which holds alpha and rank"
            )
        layers.append(_merge_layer(matrices, norms, scale=float(lora_scale or 0.0), dtype=dtype))
    embed = model.embedder.input_embedding[...].astype(dtype)
    if before is not None and before["embed"] is embed:
        scan = before["scan"]
    else:
        pays = dtype == "float32" and scan_pays(embed)
        scan = make_scan(embed, forbidden=forbidden) if pays else None
    return {
        "embed": embed,
        "scan": scan,
        "final_norm": 1.0 + model.final_norm.scale[...].astype(jnp.float32),
        "layers": layers,
        # A table, since XLA would compute sine and cosine again for every head.
        "rotary": _rotary_table(read_spec(model), positions),
    }
