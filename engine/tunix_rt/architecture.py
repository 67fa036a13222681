"""The two Gemma families as a Hugging Face `config.json` describes them, and the names their tensors have there.

It does not know Tunix or JAX: only shapes and names, so that a folder can be checked and written, and memory planned,
without a model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from tunix_rt.base_models import Family
from tunix_rt.errors import DataError

GEMMA3_PATTERN = 6
"""In Gemma 3 every sixth layer attends globally; Tunix has this number built in."""


@dataclass(frozen=True)
class Architecture:
    """Sizes of a Gemma text model."""

    family: Family
    num_layers: int
    vocab_size: int
    embed_dim: int
    hidden_dim: int
    num_heads: int
    num_kv_heads: int
    head_dim: int
    sliding_window: int
    global_rope: float
    """Base of the rotary frequencies in layers that see everything."""
    local_rope: float
    """Base of the rotary frequencies in layers with a sliding window."""
    global_rope_factor: float = 1.0
    """Positions are divided by this in layers that see everything."""
    attention_softcap: float | None = None
    final_softcap: float | None = None
    max_positions: int = 32_768

    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Return the shape of every tensor by its Hugging Face name (a weight is `[out, in]`)."""
        wide, q, kv = self.embed_dim, self.num_heads * self.head_dim, self.num_kv_heads * self.head_dim
        shapes: dict[str, tuple[int, ...]] = {"model.embed_tokens.weight": (self.vocab_size, wide)}
        for index in range(self.num_layers):
            layer = f"model.layers.{index}."
            shapes |= {
                f"{layer}self_attn.q_proj.weight": (q, wide),
                f"{layer}self_attn.k_proj.weight": (kv, wide),
                f"{layer}self_attn.v_proj.weight": (kv, wide),
                f"{layer}self_attn.o_proj.weight": (wide, q),
                f"{layer}mlp.gate_proj.weight": (self.hidden_dim, wide),
                f"{layer}mlp.up_proj.weight": (self.hidden_dim, wide),
                f"{layer}mlp.down_proj.weight": (wide, self.hidden_dim),
                f"{layer}input_layernorm.weight": (wide,),
                f"{layer}post_attention_layernorm.weight": (wide,),
                f"{layer}pre_feedforward_layernorm.weight": (wide,),
                f"{layer}post_feedforward_layernorm.weight": (wide,),
            }
            if self.family == "gemma3":
                shapes |= {f"{layer}self_attn.{name}_norm.weight": (self.head_dim,) for name in "qk"}
        return shapes | {"model.norm.weight": (wide,)}

    @property
    def parameters(self) -> int:
        """Number of weights."""
        total = 0
        for shape in self.shapes().values():
            count = 1
            for size in shape:
                count *= size
            total += count
        return total

    @property
    def global_layers(self) -> tuple[int, ...]:
        """Indices of the layers that see everything; the others have the sliding window."""
        every = GEMMA3_PATTERN if self.family == "gemma3" else 2
        return tuple(range(every - 1, self.num_layers, every))

    def to_config(self, dtype: str, eos_ids: tuple[int, ...], bos_id: int, pad_id: int) -> dict[str, Any]:
        """Return the `config.json` with which `transformers` loads the same model."""
        wide = self.family == "gemma3"
        config: dict[str, Any] = {
            "architectures": ["Gemma3ForCausalLM" if wide else "Gemma2ForCausalLM"],
            "model_type": "gemma3_text" if wide else "gemma2",
            "vocab_size": self.vocab_size,
            "hidden_size": self.embed_dim,
            "intermediate_size": self.hidden_dim,
            "num_hidden_layers": self.num_layers,
            "num_attention_heads": self.num_heads,
            "num_key_value_heads": self.num_kv_heads,
            "head_dim": self.head_dim,
            "hidden_activation": "gelu_pytorch_tanh",
            "max_position_embeddings": self.max_positions,
            "rms_norm_eps": 1e-6,
            "query_pre_attn_scalar": self.head_dim,
            "sliding_window": self.sliding_window,
            "layer_types": [
                "full_attention" if index in self.global_layers else "sliding_attention"
                for index in range(self.num_layers)
            ],
            "rope_theta": self.global_rope,
            "attention_bias": False,
            "attention_dropout": 0.0,
            "attn_logit_softcapping": self.attention_softcap,
            "final_logit_softcapping": self.final_softcap,
            "tie_word_embeddings": True,
            "bos_token_id": bos_id,
            "eos_token_id": list(eos_ids),
            "pad_token_id": pad_id,
            "torch_dtype": dtype,
        }
        if wide:
            config |= {"rope_local_base_freq": self.local_rope, "sliding_window_pattern": GEMMA3_PATTERN}
            if self.global_rope_factor != 1.0:
                config["rope_scaling"] = {"rope_type": "linear", "factor": self.global_rope_factor}
        return config


GEMMA3_270M = Architecture(
    family="gemma3",
    num_layers=18,
    vocab_size=262_144,
    embed_dim=640,
    hidden_dim=2048,
    num_heads=4,
    num_kv_heads=1,
    head_dim=256,
    sliding_window=512,
    global_rope=1_000_000.0,
    local_rope=10_000.0,
)


def nano_architecture(vocab_size: int) -> Architecture:
    """Return the sizes of `nano`: two layers learn faster than four in the same time (docs/experiments.md)."""
    return Architecture(
        family="gemma3",
        num_layers=2,
        vocab_size=vocab_size,
        embed_dim=128,
        hidden_dim=384,
        num_heads=4,
        num_kv_heads=1,
        head_dim=32,
        sliding_window=512,
        global_rope=10_000.0,
        local_rope=10_000.0,
    )


ARCHITECTURES: dict[str, Architecture] = {
    "gemma3-270m": GEMMA3_270M,
    "gemma3-1b-it": replace(GEMMA3_270M, num_layers=26, embed_dim=1152, hidden_dim=6912),
    "gemma2-2b-it": Architecture(
        family="gemma2",
        num_layers=26,
        vocab_size=256_000,
        embed_dim=2304,
        hidden_dim=9216,
        num_heads=8,
        num_kv_heads=4,
        head_dim=256,
        sliding_window=4096,
        global_rope=10_000.0,
        local_rope=10_000.0,
        attention_softcap=50.0,
        final_softcap=30.0,
        max_positions=8192,
    ),
    "nano": nano_architecture(268),
}
"""Sizes of every base model by name, as its published `config.json` gives them: enough to plan, before any download."""


def read_config(config: dict[str, Any], where: str) -> Architecture:
    """Return the architecture of a parsed `config.json`; raise DataError naming what Tunix cannot run."""
    text = config.get("text_config") or config
    kind = str(text.get("model_type", config.get("model_type", "")))
    family: Family
    if kind.startswith("gemma3"):
        family = "gemma3"
    elif kind == "gemma2":
        family = "gemma2"
    else:
        raise DataError(f"{where}: model_type is {kind!r}; expected gemma3, gemma3_text or gemma2")
    # transformers 5 moved the rotary bases into rope_parameters, by kind of layer.
    rope = text.get("rope_parameters") or {}
    full, sliding = rope.get("full_attention") or rope, rope.get("sliding_attention") or {}
    scaling = text.get("rope_scaling") or full
    if text.get("query_pre_attn_scalar", text.get("head_dim")) != text.get("head_dim"):
        raise DataError(
            f"{where}: query_pre_attn_scalar is not head_dim; expected a Gemma model of at most 12B weights"
        )
    try:
        return Architecture(
            family=family,
            num_layers=text["num_hidden_layers"],
            vocab_size=text.get("vocab_size", 262_208 if family == "gemma3" else 256_000),
            embed_dim=text["hidden_size"],
            hidden_dim=text["intermediate_size"],
            num_heads=text["num_attention_heads"],
            num_kv_heads=text["num_key_value_heads"],
            head_dim=text["head_dim"],
            sliding_window=text.get("sliding_window") or 4096,
            global_rope=float(text.get("rope_theta") or full.get("rope_theta") or (1e6 if family == "gemma3" else 1e4)),
            local_rope=float(text.get("rope_local_base_freq") or sliding.get("rope_theta") or 1e4),
            global_rope_factor=float(scaling.get("factor", 1.0)),
            attention_softcap=text.get("attn_logit_softcapping"),
            final_softcap=text.get("final_logit_softcapping"),
            max_positions=text.get("max_position_embeddings", 32_768),
        )
    except KeyError as error:
        raise DataError(
            f"{where}: the key {error} is missing; expected a Hugging Face config.json of Gemma 2 or 3"
        ) from error
