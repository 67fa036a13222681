"""Load a base model, or what a run trained on top of one. It does not know what is done with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import MissingError
from tunix_rt.evaluation import ModelRef
from tunix_rt.formats import MANIFEST
from tunix_rt.run_folder import RunDir
from tunix_rt.train.adapter import AdapterManifest, load_adapter, read_adapter
from tunix_rt.train.base_models import fetch
from tunix_rt.train.devices import device_names
from tunix_rt.train.model import DType, LoadedModel, load_model


@dataclass(frozen=True)
class Trained:
    """A model that is ready to complete prompts."""

    model: Any
    """Tunix's model, with the adapter if it has one."""
    base: LoadedModel
    """The base model that it was made from; with method `full` it holds the trained weights itself."""
    adapter: AdapterManifest | None
    """What was trained; None for the base model itself."""
    run: str | None
    """Id of the run that trained it."""

    @property
    def lora(self) -> LoRAConfig | None:
        """Shape of the adapter; None if there is none."""
        return self.adapter.lora if self.adapter else None

    @property
    def ref(self) -> ModelRef:
        """The model by its digests."""
        return ModelRef(
            name=self.base.files.name,
            digest=self.base.files.digest,
            run=self.run,
            adapter_digest=self.adapter.digest if self.adapter else None,
        )


def load_named(
    name: str | RunDir,
    home: Path,
    *,
    path: Path | None = None,
    dtype: DType = "float32",
    say: Callable[[str], None] | None = None,
) -> Trained:
    """Load a base model by its name, or the trained model of a run.

    Args:
        name: Name of a base model, or a run.
        home: Folder that holds the base models.
        path: Local folder of the base model's weights; None: the model's own way to be fetched.
        dtype: Type of weights and activations.
        say: Told what is fetched or converted.

    Raises MissingError if the run has no trained weights yet, or the device that is asked for is not here.
    """
    base = load_base(name, home, path=path, dtype=dtype, say=say)
    if isinstance(name, str):
        return Trained(base.model, base, None, None)
    return Trained(load_adapter(name.adapter, base), base, read_adapter(name.adapter), name.id)


def load_base(
    name: str | RunDir,
    home: Path,
    *,
    path: Path | None = None,
    dtype: DType = "float32",
    say: Callable[[str], None] | None = None,
) -> LoadedModel:
    """Load a base model by its name, or the one that a run trained, as it was before; see `load_named`."""
    device_names()  # before anything is made
    if isinstance(name, RunDir):
        if not (name.adapter / MANIFEST).is_file():
            raise MissingError(f"run {name.id} has no trained weights yet; go on with `tunix-rt runs resume {name.id}`")
        name = read_adapter(name.adapter).base_model
    return load_model(fetch(name, home, path=path, progress=say), dtype=dtype)
