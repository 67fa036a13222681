"""Load a base model as Tunix's own Gemma on a mesh, and give it LoRA weights. It does not know data or training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import qwix
from flax import nnx
from jax.sharding import Mesh
from tunix.models.gemma import model as gemma2
from tunix.models.gemma import params_safetensors as gemma2_params
from tunix.models.gemma3 import model as gemma3
from tunix.models.gemma3 import params_safetensors as gemma3_params

from tunix_rt.errors import ConfigError
from tunix_rt.train.architecture import Architecture
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.tokenizer import Tokenizer, load_tokenizer

DType = Literal["float32", "bfloat16"]

LORA_MODULES = ("q_einsum", "kv_einsum", "attn_vec_einsum", "gate_proj", "up_proj", "down_proj")
"""Tunix's names of the six matrices that LoRA can change in a layer."""


@dataclass(frozen=True)
class LoadedModel:
    """A model in memory with what belongs to it."""

    model: nnx.Module
    """Tunix's `Gemma3` or `Gemma`; its weights lie on `mesh`."""
    tokenizer: Tokenizer
    config: Any
    """Tunix's `ModelConfig` of the model."""
    files: ModelFiles
    mesh: Mesh
    dtype: DType


def make_mesh(devices: Sequence[jax.Device] | None = None, *, tensor_parallel: int = 1) -> Mesh:
    """Return a mesh with the axes that Tunix names, `fsdp` and `tp`, over all devices.

    The axes are of the kind Auto: `jax.make_mesh` makes Explicit ones, which Tunix's models cannot run on.
    """
    found = list(devices or jax.devices())
    if len(found) % tensor_parallel:
        raise ConfigError(f"{len(found)} devices cannot be divided by tensor_parallel={tensor_parallel}")
    return Mesh(np.array(found).reshape(-1, tensor_parallel), ("fsdp", "tp"))


def tunix_config(architecture: Architecture, dtype: DType = "float32", *, remat: bool = False) -> Any:
    """Return Tunix's `ModelConfig`; `remat` computes a layer's activations again in the backward pass."""
    sizes: dict[str, Any] = {
        "num_layers": architecture.num_layers,
        "num_embed": architecture.vocab_size,
        "embed_dim": architecture.embed_dim,
        "hidden_dim": architecture.hidden_dim,
        "num_heads": architecture.num_heads,
        "head_dim": architecture.head_dim,
        "num_kv_heads": architecture.num_kv_heads,
        "sliding_window_size": architecture.sliding_window,
    }
    if architecture.family == "gemma3":
        return gemma3.ModelConfig(
            **sizes,
            local_base_frequency=int(architecture.local_rope),
            global_base_frequency=int(architecture.global_rope),
            global_scale_factor=architecture.global_rope_factor,
            remat_config=gemma3.RematConfig.DECODER if remat else gemma3.RematConfig.NONE,
            param_dtype=jnp.dtype(dtype),
        )
    everything = set(architecture.global_layers)
    kinds = gemma2.AttentionType
    return gemma2.ModelConfig(
        **sizes,
        final_logit_softcap=architecture.final_softcap,
        attn_logits_soft_cap=architecture.attention_softcap,
        use_post_attn_norm=True,
        use_post_ffw_norm=True,
        attention_types=tuple(
            kinds.GLOBAL if index in everything else kinds.LOCAL_SLIDING for index in range(architecture.num_layers)
        ),
        remat_config=gemma2.RematConfig.DECODER if remat else gemma2.RematConfig.NONE,
    )


def load_model(
    files: ModelFiles, *, dtype: DType = "float32", mesh: Mesh | None = None, remat: bool = False
) -> LoadedModel:
    """Return a base model with its weights on a mesh (all devices, if none is given)."""
    mesh = mesh or make_mesh()
    architecture = files.architecture
    config = tunix_config(architecture, dtype, remat=remat)
    params = gemma3_params if architecture.family == "gemma3" else gemma2_params
    model = params.create_model_from_safe_tensors(str(files.folder), config, mesh, dtype=jnp.dtype(dtype))
    return LoadedModel(model, load_tokenizer(files.folder), config, files, mesh, dtype)


def add_lora(
    model: nnx.Module,
    mesh: Mesh,
    *,
    rank: int,
    alpha: float,
    modules: Sequence[str] = LORA_MODULES,
    seed: int = 0,
) -> nnx.Module:
    """Return the model with LoRA weights that start as no change; the base weights are shared, not copied.

    Matrix `W` becomes `W + alpha / rank * A B`. `modules` are names of LORA_MODULES. Source: Hu et al. 2021, LoRA.
    Call the result only through its `__call__`: Qwix hooks it there, and a layer called alone runs without LoRA.
    """
    unknown = sorted(set(modules) - set(LORA_MODULES))
    if unknown or not modules or rank < 1:
        raise ConfigError(f"LoRA rank {rank}, modules {list(modules)}: expected rank >= 1 and names of {LORA_MODULES}")
    pattern = "|".join(f".*{name}" for name in modules)
    provider = qwix.LoraProvider(module_path=pattern, rank=rank, alpha=float(alpha))
    with jax.set_mesh(mesh):
        lora = qwix.apply_lora_to_model(model, provider, rngs=nnx.Rngs(seed), **model.get_model_input())
        weights = nnx.state(lora, nnx.LoRAParam)
        nnx.update(lora, jax.device_put(weights, nnx.get_named_sharding(weights, mesh)))
    return lora
