"""Tunix's weights under Hugging Face's names and shapes, and back for LoRA. It does not touch files.

A Hugging Face weight is `[out, in]`. Tunix keeps heads apart: q_einsum `[N,D,H]`, kv_einsum `[2,K,D,H]`,
attn_vec_einsum `[N,H,D]`, and feed-forward kernels `[D,F]`. Qwix keeps `A` as `[in…, r]` and `B` as `[r, out…]`,
PEFT `A` as `[r, in]` and `B` as `[out, r]`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from flax import nnx

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import DataError
from tunix_rt.train.safetensors_file import Array

_NORMS = {
    "pre_attention_norm": "input_layernorm",
    "post_attention_norm": "post_attention_layernorm",
    "post_attn_norm": "post_attention_layernorm",
    "pre_ffw_norm": "pre_feedforward_layernorm",
    "post_ffw_norm": "post_feedforward_layernorm",
    "_query_norm": "self_attn.q_norm",
    "_key_norm": "self_attn.k_norm",
}

_PEFT = "base_model.model."
"""PEFT wraps a model twice before its own names begin."""


def merged_tensors(model: nnx.Module, lora: LoRAConfig | None) -> Iterator[tuple[str, Array]]:
    """Yield every weight under its Hugging Face name, with `alpha / rank * A B` added where there is LoRA."""
    for path, weight in merged_weights(model, lora):
        yield from _rename(path, weight)


def merged_weights(model: nnx.Module, lora: LoRAConfig | None) -> Iterator[tuple[tuple[Any, ...], Array]]:
    """Yield every weight under its path in a Tunix model without LoRA, the LoRA weights merged."""
    found = dict(nnx.state(model, nnx.Param).flat_state())
    for path, variable in found.items():
        name = str(path[-1])
        if name.endswith(("_lora_a", "_lora_b")):
            continue
        weight = np.asarray(variable[...])
        if lora and (*path[:-1], f"{name}_lora_a") in found:
            a, b = (np.asarray(found[(*path[:-1], f"{name}_lora_{part}")][...], np.float32) for part in "ab")
            weight = (weight.astype(np.float32) + _delta(str(path[-2]), a, b, lora)).astype(weight.dtype)
        yield path, weight


def _delta(module: str, a: Array, b: Array, lora: LoRAConfig) -> Array:
    scale = np.float32(lora.alpha / lora.rank)
    flat = (a.reshape(-1, lora.rank) @ b.reshape(lora.rank, -1)) * scale
    if module == "q_einsum":  # [D, N, H] -> [N, D, H]
        return flat.reshape(a.shape[0], *b.shape[1:]).transpose(1, 0, 2)
    if module == "kv_einsum":  # [D, 2, K, H] -> [2, K, D, H]
        return flat.reshape(a.shape[0], *b.shape[1:]).transpose(1, 2, 0, 3)
    return flat.reshape(*a.shape[:-1], *b.shape[1:])


def _rename(path: tuple[Any, ...], weight: Array) -> Iterator[tuple[str, Array]]:
    match path:
        case ("embedder", "input_embedding"):
            yield "model.embed_tokens.weight", weight
        case ("final_norm", "scale"):
            yield "model.norm.weight", weight
        case ("layers", index, *rest):
            layer = f"model.layers.{index}."
            match rest:
                case [*_, norm, "scale"]:
                    yield f"{layer}{_NORMS[norm]}.weight", weight
                case ["mlp", name, "kernel"]:
                    yield f"{layer}mlp.{name}.weight", weight.T
                case ["attn", "q_einsum", "w"]:
                    yield f"{layer}self_attn.q_proj.weight", _heads_last(weight)
                case ["attn", "kv_einsum", "w"]:
                    for name, part in zip("kv", weight, strict=True):
                        yield f"{layer}self_attn.{name}_proj.weight", _heads_last(part)
                case ["attn", "attn_vec_einsum", "w"]:
                    yield f"{layer}self_attn.o_proj.weight", weight.reshape(-1, weight.shape[-1]).T
                case _:
                    raise DataError(f"{path} has no Hugging Face name; expected Tunix's Gemma 2 or Gemma 3")
        case _:
            raise DataError(f"{path} has no Hugging Face name; expected Tunix's Gemma 2 or Gemma 3")


def _heads_last(weight: Array) -> Array:
    return weight.transpose(0, 2, 1).reshape(-1, weight.shape[1])  # [N, D, H] -> [N H, D]


def peft_tensors(model: nnx.Module) -> Iterator[tuple[str, Array]]:
    """Yield the LoRA weights of a model under PEFT's names and shapes."""
    found = {path: np.asarray(variable[...]) for path, variable in nnx.state(model, nnx.LoRAParam).flat_state()}
    for path, a in found.items():
        name = str(path[-1])
        if not name.endswith("_lora_a"):
            continue
        b = found[(*path[:-1], name.replace("_lora_a", "_lora_b"))]
        rank = a.shape[-1]
        _, index, block, module, _ = path
        where = f"{_PEFT}model.layers.{index}.{'self_attn' if block == 'attn' else block}."
        parts = {"q_einsum": "q_proj", "attn_vec_einsum": "o_proj"}
        # Keys and values share one A in Qwix; in PEFT each has its own copy.
        halves = {"k_proj": b[:, 0], "v_proj": b[:, 1]} if module == "kv_einsum" else {parts.get(module, module): b}
        for projection, half in halves.items():
            yield f"{where}{projection}.lora_A.weight", a.reshape(-1, rank).T
            yield f"{where}{projection}.lora_B.weight", half.reshape(rank, -1).T


def lora_from_peft(model: nnx.Module, tensors: Mapping[str, Array]) -> dict[str, Array]:
    """Return PEFT's tensors under Tunix's paths, in the shapes that a model with LoRA has.

    Raises DataError if one is missing, or if keys and values have different `A`, which Tunix cannot hold.
    """
    result: dict[str, Array] = {}
    names = {"q_einsum": ("q_proj",), "kv_einsum": ("k_proj", "v_proj"), "attn_vec_einsum": ("o_proj",)}
    for path, variable in nnx.state(model, nnx.LoRAParam).flat_state():
        _, index, block, module, name = path
        where = f"{_PEFT}model.layers.{index}.{'self_attn' if block == 'attn' else block}."
        letter = "A" if str(name).endswith("_lora_a") else "B"
        keys = [f"{where}{projection}.lora_{letter}.weight" for projection in names.get(module, (module,))]
        missing = [key for key in keys if key not in tensors]
        if missing:
            raise DataError(f"the adapter has no tensor {missing[0]}")
        parts = [tensors[key].T for key in keys]
        if letter == "A":
            if not all(np.array_equal(part, parts[0]) for part in parts):
                raise DataError(f"{keys[0]} and {keys[1]} differ; Tunix keeps one A for keys and values")
            value = parts[0].reshape(variable.shape)
        elif module == "kv_einsum":
            value = np.stack([part.reshape(part.shape[0], *variable.shape[2:]) for part in parts], axis=1)
        else:
            value = parts[0].reshape(variable.shape)
        result[".".join(map(str, path))] = value
    return result
