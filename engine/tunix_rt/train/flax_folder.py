"""Gemma as Kaggle keeps it: an Orbax checkpoint with Flax names. It does not know what becomes of the tensors."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from tunix_rt.architecture import Architecture
from tunix_rt.base_models import Family
from tunix_rt.errors import DataError
from tunix_rt.train.safetensors_file import Array


def find_checkpoint(folder: Path) -> Path | None:
    """Return the Orbax checkpoint that is a folder or lies in it; None if there is none."""
    marks = ("_METADATA", "_CHECKPOINT_METADATA", "manifest.ocdbt")
    for candidate in (folder, *sorted(path for path in folder.iterdir() if path.is_dir())):
        if any((candidate / mark).exists() for mark in marks):
            return candidate
    return None


def _flatten(tree: Any, prefix: str = "") -> Iterator[tuple[str, Array]]:
    for key, value in tree.items():
        path = f"{prefix}/{key}" if prefix else str(key)
        if isinstance(value, dict):
            yield from _flatten(value, path)
        else:
            # Older files keep the two feed-forward arrays without the last part of the name.
            name = path.removeprefix("params/").removeprefix("transformer/")
            yield (f"{name}/w" if name.endswith(("gating_einsum", "linear")) else name), np.asarray(value)


_FLAX_NORMS = {
    "pre_attention_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "pre_ffw_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "attn/_query_norm": "self_attn.q_norm",
    "attn/_key_norm": "self_attn.k_norm",
}


def read_checkpoint(checkpoint: Path, family: Family) -> tuple[Architecture, dict[str, Array]]:
    """Return the sizes and the tensors of a checkpoint, under Hugging Face's names."""
    # Names and shapes of google-deepmind/gemma: q_einsum [N,D,H], kv_einsum [2,K,D,H], attn_vec_einsum [N,H,D],
    # gating_einsum [2,F,D] (or [2,D,F] in older files), linear [F,D].
    from orbax import checkpoint as ocp

    flat = dict(_flatten(ocp.StandardCheckpointer().restore(checkpoint.resolve())))
    try:
        return _rename(flat, family)
    except KeyError as error:
        raise DataError(f"{checkpoint}: {error} is missing; expected a Flax checkpoint of Gemma 2 or 3") from error


def _rename(flat: dict[str, Array], family: Family) -> tuple[Architecture, dict[str, Array]]:
    vocab, wide = flat["embedder/input_embedding"].shape
    heads, _, head_dim = flat["layer_0/attn/q_einsum/w"].shape
    kv_heads = flat["layer_0/attn/kv_einsum/w"].shape[1]
    hidden = flat["layer_0/mlp/linear/w"].shape[0]
    layers = len({path.split("/")[0] for path in flat if path.startswith("layer_")})
    newer = family == "gemma3"
    architecture = Architecture(
        family=family,
        num_layers=layers,
        vocab_size=vocab,
        embed_dim=wide,
        hidden_dim=hidden,
        num_heads=heads,
        num_kv_heads=kv_heads,
        head_dim=head_dim,
        sliding_window=512 if newer else 4096,
        global_rope=1e6 if newer else 1e4,
        local_rope=1e4,
        attention_softcap=None if newer else 50.0,
        final_softcap=None if newer else 30.0,
        max_positions=32_768 if newer else 8192,
    )
    tensors = {
        "model.embed_tokens.weight": flat["embedder/input_embedding"],
        "model.norm.weight": flat["final_norm/scale"],
    }
    for index in range(layers):
        theirs, ours = f"layer_{index}/", f"model.layers.{index}."
        for name, norm in _FLAX_NORMS.items():
            if f"{theirs}{name}/scale" in flat:
                tensors[f"{ours}{norm}.weight"] = flat[f"{theirs}{name}/scale"]
        q, kv = flat[f"{theirs}attn/q_einsum/w"], flat[f"{theirs}attn/kv_einsum/w"]
        for name, weight in (("q", q), ("k", kv[0]), ("v", kv[1])):
            tensors[f"{ours}self_attn.{name}_proj.weight"] = weight.transpose(0, 2, 1).reshape(-1, wide)
        out = flat[f"{theirs}attn/attn_vec_einsum/w"]
        tensors[f"{ours}self_attn.o_proj.weight"] = out.reshape(-1, wide).T
        gates, down = flat[f"{theirs}mlp/gating_einsum/w"], flat[f"{theirs}mlp/linear/w"]
        for name, gate in zip(("gate", "up"), gates, strict=True):
            tensors[f"{ours}mlp.{name}_proj.weight"] = gate if gate.shape == (hidden, wide) else gate.T
        tensors[f"{ours}mlp.down_proj.weight"] = down.T
    return architecture, tensors
