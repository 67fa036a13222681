"""Load a base model as Tunix's own Gemma on a mesh, and give it LoRA weights. It does not know data or training."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import jax
import jax.numpy as jnp
import numpy as np
import qwix
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from tunix.models.gemma import model as gemma2
from tunix.models.gemma import params_safetensors as gemma2_params
from tunix.models.gemma3 import model as gemma3
from tunix.models.gemma3 import params_safetensors as gemma3_params

from tunix_rt.architecture import Architecture
from tunix_rt.config import LoRAConfig
from tunix_rt.errors import ConfigError
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.devices import find_devices
from tunix_rt.train.lora import LoraProvider
from tunix_rt.train.tokenizer import Tokenizer, load_tokenizer

DType = Literal["float32", "bfloat16"]

TUNIX_MODULES = {
    "q_proj": "q_einsum",
    "k_proj": "kv_einsum",
    "v_proj": "kv_einsum",
    "o_proj": "attn_vec_einsum",
    "gate_proj": "gate_proj",
    "up_proj": "up_proj",
    "down_proj": "down_proj",
}
"""Tunix's module of each projection that Hugging Face names: six matrices a layer."""


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
    found = list(devices or find_devices())
    if len(found) % tensor_parallel:
        raise ConfigError(f"{len(found)} devices cannot be divided by tensor_parallel={tensor_parallel}")
    return Mesh(np.array(found).reshape(-1, tensor_parallel), ("fsdp", "tp"))


def config_values(architecture: Architecture) -> dict[str, Any]:
    """Return the arguments of Tunix's `ModelConfig` as plain JSON values; enums stand by their names."""
    values: dict[str, Any] = {
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
        return values | {
            "local_base_frequency": int(architecture.local_rope),
            "global_base_frequency": int(architecture.global_rope),
            "global_scale_factor": architecture.global_rope_factor,
        }
    everything = set(architecture.global_layers)
    return values | {
        "final_logit_softcap": architecture.final_softcap,
        "attn_logits_soft_cap": architecture.attention_softcap,
        "use_post_attn_norm": True,
        "use_post_ffw_norm": True,
        "attention_types": [
            "GLOBAL" if index in everything else "LOCAL_SLIDING" for index in range(architecture.num_layers)
        ],
    }


def tunix_config(architecture: Architecture, dtype: DType = "float32", *, remat: bool = False) -> Any:
    """Return Tunix's `ModelConfig`; `remat` computes a layer's activations again in the backward pass."""
    values = config_values(architecture)
    if architecture.family == "gemma3":
        remat3 = gemma3.RematConfig.DECODER if remat else gemma3.RematConfig.NONE
        return gemma3.ModelConfig(**values, remat_config=remat3, param_dtype=jnp.dtype(dtype))
    kinds = tuple(gemma2.AttentionType[name] for name in values.pop("attention_types"))
    remat2 = gemma2.RematConfig.DECODER if remat else gemma2.RematConfig.NONE
    return gemma2.ModelConfig(**values, attention_types=kinds, remat_config=remat2)


def load_model(
    files: ModelFiles, *, dtype: DType = "float32", mesh: Mesh | None = None, remat: bool = False
) -> LoadedModel:
    """Return a base model with its weights on a mesh (all devices, if none is given)."""
    mesh = mesh or make_mesh()
    config = tunix_config(files.architecture, dtype, remat=remat)
    model = read_model(files.folder, files.architecture, config, mesh, dtype)
    return LoadedModel(model, load_tokenizer(files.folder), config, files, mesh, dtype)


def read_model(folder: Path, architecture: Architecture, config: Any, mesh: Mesh, dtype: DType) -> nnx.Module:
    """Return the model whose safetensors with Hugging Face names lie in a folder, read by Tunix's own loader."""
    params = gemma3_params if architecture.family == "gemma3" else gemma2_params
    return params.create_model_from_safe_tensors(str(folder), config, mesh, dtype=jnp.dtype(dtype))


def add_lora(model: nnx.Module, lora: LoRAConfig, *, seed: int = 0) -> nnx.Module:
    """Return the model with LoRA weights that start as no change; the base weights are shared, not copied.

    Matrix `W` becomes `W + alpha / rank * A B` (Hu et al. 2021, arXiv 2106.09685); `A` is he-uniform, `B` zero, both
    float32 whatever the dtype of the model. Call the result only through its `__call__`: Qwix hooks it there, and a
    layer called alone runs without LoRA.
    """
    modules = lora_modules(lora.modules)
    pattern = "|".join(f".*/{name}" for name in modules)
    provider = LoraProvider(module_path=pattern, rank=lora.rank, alpha=lora.alpha)
    prepared = nnx.clone(model)
    rng = np.random.Generator(np.random.PCG64(seed))
    mesh, attached = model_mesh(model), set[str]()
    with jax.set_mesh(mesh):
        for path, module in nnx.iter_modules(prepared):
            if path and path[-1] in modules:
                _attach_lora(module, lora.rank, mesh, rng)
                attached.add(path[-1])
        if attached != set(modules):
            raise ConfigError(f"this model has no {', '.join(sorted(set(modules) - attached))} for LoRA to change")
        # Tracing is enough for Qwix to hook itself in; running the model here would compile its every operation.
        hooked = nnx.eval_shape(
            lambda it: qwix.apply_lora_to_model(it, provider, rngs=nnx.Rngs(0), **it.get_model_input()), prepared
        )
        return nnx.merge(nnx.graphdef(hooked), nnx.state(prepared))


def _attach_lora(module: Any, rank: int, mesh: Mesh, rng: np.random.Generator) -> None:
    # Contracted dimensions of the weight go to A `[in…, r]`, the others to B `[r, out…]`, as in qwix.LoraProvider.
    if isinstance(module, nnx.Linear):
        name, weight, inputs = "kernel", module.kernel, {0}
    else:
        name, weight = "w", module.w
        left, right = module.einsum_str.partition("->")[0].split(",")
        inputs = {index for index, letter in enumerate(right) if letter in left}
    axes = range(len(weight.shape))
    spec = tuple(weight.get_metadata().get("out_sharding") or ()) + (None,) * len(weight.shape)
    ins, outs = [axis for axis in axes if axis in inputs], [axis for axis in axes if axis not in inputs]
    fan_in = int(np.prod([weight.shape[axis] for axis in ins]))
    limit = (6.0 / fan_in) ** 0.5
    shape_a = (*(weight.shape[axis] for axis in ins), rank)
    start_a = rng.uniform(-limit, limit, shape_a).astype(np.float32)
    start_b = np.zeros((rank, *(weight.shape[axis] for axis in outs)), np.float32)
    spec_a, spec_b = (*(spec[axis] for axis in ins), None), (None, *(spec[axis] for axis in outs))
    for suffix, start, parts in (("a", start_a, spec_a), ("b", start_b, spec_b)):
        value = jax.device_put(start, NamedSharding(mesh, PartitionSpec(*parts)))
        setattr(
            module, f"{name}_lora_{suffix}", nnx.LoRAParam(value, **(weight.get_metadata() | {"out_sharding": parts}))
        )


def lora_modules(names: Sequence[str]) -> tuple[str, ...]:
    """Return Tunix's module names for Hugging Face's projection names; Tunix has one matrix for keys and values."""
    if ("k_proj" in names) != ("v_proj" in names):
        raise ConfigError(
            "lora.modules has one of k_proj and v_proj; Tunix keeps both in one matrix: give both or neither"
        )
    return tuple(dict.fromkeys(TUNIX_MODULES[name] for name in names))


def model_mesh(model: Any) -> Mesh:
    """Return the mesh that the weights of a model lie on."""
    mesh: Mesh = model.embedder.input_embedding[...].sharding.mesh
    return mesh
