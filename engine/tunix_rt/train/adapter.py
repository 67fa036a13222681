"""The trained weights of a run as one safetensors file: a LoRA adapter, or all weights after full fine-tuning.

    adapter/{weights.safetensors, manifest.json}

Names are Tunix's own paths (`layers.0.attn.q_einsum.w_lora_a`); equal weights give equal bytes. It does not know other
tools' formats; `export` does.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import jax
import numpy as np
from flax import nnx

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import DataError, DigestError
from tunix_rt.formats import MANIFEST, Format, check_digests, digest_files, digest_value, staged_folder, write_format
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.checkpoint import trained_state
from tunix_rt.train.model import LoadedModel, add_lora, model_mesh
from tunix_rt.train.safetensors_file import read_tensors, write_tensors

WEIGHTS = "weights.safetensors"


class AdapterManifest(Format):
    """What an adapter folder holds; written last."""

    format_version: Literal[1] = 1
    """Version of this format."""
    method: Literal["lora", "full"]
    """A low-rank adapter, or every weight."""
    base_model: str
    """Name of the base model that was trained."""
    base_digest: str
    """Its digest."""
    lora: LoRAConfig | None
    """Shape of the adapter; None for method `full`."""
    step: int
    """Optimiser updates that made it."""
    files: dict[str, str]
    """Digest of every file."""
    digest: str
    """Digest over `files`: the identity of the trained weights."""


def save_adapter(
    model: nnx.Module, folder: Path, *, base: ModelFiles, lora: LoRAConfig | None, step: int
) -> AdapterManifest:
    """Write the trained weights of a model; equal weights give equal files."""
    tensors = {".".join(map(str, path)): variable[...] for path, variable in trained_state(model).flat_state()}
    tensors = dict(sorted(tensors.items()))
    shapes = {name: tuple(tensor.shape) for name, tensor in tensors.items()}
    half = all(tensor.dtype == jax.numpy.bfloat16 for tensor in tensors.values())
    with staged_folder(folder, replace=True) as stage:
        write_tensors(
            stage / WEIGHTS,
            shapes,
            ((name, np.asarray(tensor)) for name, tensor in tensors.items()),
            "BF16" if half else "F32",
        )
        files = digest_files(stage)
        manifest = AdapterManifest(
            method="lora" if lora else "full",
            base_model=base.name,
            base_digest=base.digest,
            lora=lora,
            step=step,
            files=files,
            digest=digest_value(files),
        )
        write_format(stage / MANIFEST, manifest)
    return manifest


def read_adapter(folder: Path) -> AdapterManifest:
    """Return the manifest of an adapter folder, checked; raise DigestError naming the file that changed."""
    manifest = AdapterManifest.read(folder / MANIFEST)
    check_digests(folder, manifest.files)
    if manifest.digest != digest_value(manifest.files):
        raise DigestError(f"{folder / MANIFEST} changed: its digest does not cover its list of files")
    return manifest


def load_adapter(folder: Path, base: LoadedModel) -> nnx.Module:
    """Return the trained model: the base with the adapter of a folder.

    The base itself is not changed; a LoRA adapter shares its arrays.
    Raises DataError if the adapter was trained on another base model.
    """
    manifest = read_adapter(folder)
    if manifest.base_digest != base.files.digest:
        raise DataError(
            f"{folder} was trained on {manifest.base_model} {manifest.base_digest}; this is {base.files.name} "
            f"{base.files.digest}; load that base model instead"
        )
    model = add_lora(base.model, manifest.lora) if manifest.lora else nnx.clone(base.model)
    put_weights(model, read_tensors(folder / WEIGHTS), str(folder))
    return model


def put_weights(model: nnx.Module, tensors: dict[str, Any], where: str) -> None:
    """Put tensors, named by Tunix's paths, into the trained weights of a model, each where its weight lies."""
    state = trained_state(model)
    mesh = model_mesh(model)
    shardings = nnx.get_named_sharding(state, mesh)
    for (path, variable), (_, sharding) in zip(state.flat_state(), shardings.flat_state(), strict=True):
        name = ".".join(map(str, path))
        if name not in tensors or tensors[name].shape != variable.shape:
            found = tensors[name].shape if name in tensors else "nothing"
            raise DataError(f"{where}: {name} should have shape {variable.shape}, found {found}")
        variable[...] = jax.device_put(
            np.asarray(tensors[name]).astype(variable.dtype, copy=False), sharding.get_value()
        )
    nnx.update(model, state)
