"""Small folders in the forms that models come in, with random weights and a real SentencePiece tokenizer."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from tunix_rt.architecture import Architecture
from tunix_rt.train.base_models import BaseModel
from tunix_rt.train.model_sources import build_sentencepiece
from tunix_rt.train.safetensors_file import Array, write_tensors

SIZES = {"vocab_size": 400, "embed_dim": 32, "hidden_dim": 48, "num_heads": 4, "head_dim": 8}
GEMMA3 = Architecture(
    family="gemma3", num_layers=7, num_kv_heads=1, sliding_window=8, global_rope=1e6, local_rope=1e4, **SIZES
)
GEMMA2 = Architecture(
    family="gemma2", num_layers=4, num_kv_heads=2, sliding_window=4096, global_rope=1e4, local_rope=1e4,
    attention_softcap=50.0, final_softcap=30.0, max_positions=8192, **SIZES,
)  # fmt: skip


def base_of(architecture: Architecture) -> BaseModel:
    return BaseModel("tiny", architecture.family, architecture.parameters, "tests", "none", "a notice")


def tokenizer_model() -> bytes:
    """Return a SentencePiece model with Gemma's special pieces, all bytes, letters and a few merges."""
    special = ["<pad>", "<eos>", "<bos>", "<unk>", "<mask>", "<start_of_turn>", "<end_of_turn>", "\n", "\n\n"]
    letters = [*"abcdefghijklmnopqrstuvwxyz0123456789.,?<>/", "\N{LOWER ONE EIGHTH BLOCK}"]
    merges = ["th", "the", "an", "\N{LOWER ONE EIGHTH BLOCK}a", "in", "er"]
    pieces = special + [f"<0x{byte:02X}>" for byte in range(256)] + merges + letters
    types = [3] * 7 + [4] * 2 + [6] * 256 + [1] * (len(merges) + len(letters))
    return build_sentencepiece(pieces, [-float(index) for index in range(len(pieces))], types)


def weights(architecture: Architecture, seed: int = 0) -> dict[str, Array]:
    """Return random weights under Hugging Face's names, with norms that are not neutral."""
    rng = np.random.default_rng(seed)
    return {
        name: (rng.normal(0, 0.3 if len(shape) == 1 else shape[-1] ** -0.5, shape)).astype(np.float32)
        for name, shape in architecture.shapes().items()
    }


def write_huggingface(folder: Path, architecture: Architecture, *, shards: int = 1, prefix: str = "") -> None:
    """Write a Hugging Face folder, in as many shards as asked; `prefix` as models with eyes have it."""
    folder.mkdir(parents=True, exist_ok=True)
    named = {prefix + name: tensor for name, tensor in weights(architecture).items()}
    names = list(named)
    for index in range(shards):
        part = {name: named[name] for name in names[index::shards]}
        if index == 0:
            part["lm_head.weight"] = named[prefix + "model.embed_tokens.weight"]
        file = folder / f"model-{index + 1:05}-of-{shards:05}.safetensors"
        write_tensors(file, {name: tensor.shape for name, tensor in part.items()}, part.items(), "F32")
    config = architecture.to_config("float32", (1, 6), 2, 0)
    (folder / "config.json").write_text(
        json.dumps({"text_config": config, "model_type": "gemma3"} if prefix else config)
    )
    (folder / "tokenizer.model").write_bytes(tokenizer_model())


def write_flax(folder: Path, architecture: Architecture) -> None:
    """Write the same weights as a Kaggle Flax folder."""
    from orbax import checkpoint as ocp

    ours, heads, width = weights(architecture), architecture.num_heads, architecture.head_dim
    tree: dict[str, dict[str, Array]] = {
        "transformer/embedder": {"input_embedding": ours["model.embed_tokens.weight"]},
        "transformer/final_norm": {"scale": ours["model.norm.weight"]},
    }

    def heads_first(weight: Array, count: int) -> Array:
        return weight.reshape(count, width, -1).transpose(0, 2, 1)

    for index in range(architecture.num_layers):
        theirs, layer = f"transformer/layer_{index}", f"model.layers.{index}."
        q, k, v = (ours[f"{layer}self_attn.{name}_proj.weight"] for name in "qkv")
        tree |= {
            f"{theirs}/attn/q_einsum": {"w": heads_first(q, heads)},
            f"{theirs}/attn/kv_einsum": {"w": np.stack([heads_first(x, architecture.num_kv_heads) for x in (k, v)])},
            f"{theirs}/attn/attn_vec_einsum": {
                "w": ours[f"{layer}self_attn.o_proj.weight"].T.reshape(heads, width, -1)
            },
            f"{theirs}/mlp/gating_einsum": {
                "w": np.stack([ours[f"{layer}mlp.gate_proj.weight"], ours[f"{layer}mlp.up_proj.weight"]])
            },
            f"{theirs}/mlp/linear": {"w": ours[f"{layer}mlp.down_proj.weight"].T},
            f"{theirs}/pre_attention_norm": {"scale": ours[f"{layer}input_layernorm.weight"]},
            f"{theirs}/post_attention_norm": {"scale": ours[f"{layer}post_attention_layernorm.weight"]},
            f"{theirs}/pre_ffw_norm": {"scale": ours[f"{layer}pre_feedforward_layernorm.weight"]},
            f"{theirs}/post_ffw_norm": {"scale": ours[f"{layer}post_feedforward_layernorm.weight"]},
        }
        if architecture.family == "gemma3":
            tree[f"{theirs}/attn/_query_norm"] = {"scale": ours[f"{layer}self_attn.q_norm.weight"]}
            tree[f"{theirs}/attn/_key_norm"] = {"scale": ours[f"{layer}self_attn.k_norm.weight"]}
    with ocp.StandardCheckpointer() as writer:
        writer.save((folder / "tiny").resolve(), tree)
    (folder / "tokenizer.model").write_bytes(tokenizer_model())
