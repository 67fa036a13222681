"""Tunix on the wire: whether it is here, and what is asked for to train elsewhere; a run is another noun."""

from __future__ import annotations

import uuid
from typing import Any, Literal

from pydantic import ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from tunix_rt.base_models import BASE_MODELS
from tunix_rt_backend.schemas.names import DatasetKey, ModelName, RunId
from tunix_rt_backend.schemas.pages import Body, Wire


def _only(source: str) -> JsonDict:
    """Return the schema of a request that names this source and no other."""
    others: JsonDict = {name: {"type": "null"} for name in ("dataset_key", "trace_ids") if name != source}
    return {"required": [source], "properties": {source: {"not": {"type": "null"}}, **others}}


class TunixStatus(Wire):
    """Whether Tunix is installed on this machine."""

    available: bool
    """Whether it is."""
    version: str | None
    """Its version; None: not installed."""
    runtime_required: bool
    """Whether exports need it: never."""
    message: str
    """The same in a sentence."""


class BaseModelRow(Wire):
    """A base model that can be named."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    """Its name in a request."""
    parameters: int
    """Number of weights, rounded."""
    source: str
    """Where it comes from, in words."""
    licence: str
    """Terms that it is under."""
    notice: str
    """What one is told before its first use."""


class TrainingForm(Wire):
    """What can be set of one kind of training, from the engine's own configuration."""

    json_schema: dict[str, Any]
    """JSON Schema of its configuration; each key has its meaning and its limits there."""
    defaults: dict[str, Any]
    """Every key with what is taken where none is named."""
    basic: list[str]
    """Dotted keys that most people set, in order."""
    advanced: list[str]
    """Dotted keys that some set; all the others have seldom to be touched."""
    elsewhere: list[str]
    """Keys that a request names by fields of its own, or may not name."""


class TrainingForms(Wire):
    """What a training is asked for with."""

    kinds: dict[Literal["sft", "grpo"], TrainingForm]
    """The kinds of training."""
    base_models: list[BaseModelRow]
    """Base models."""


class SftExport(Body):
    """What to export: a dataset, or traces by their ids."""

    model_config = ConfigDict(json_schema_extra={"oneOf": [_only("dataset_key"), _only("trace_ids")]})

    dataset_key: DatasetKey | None = None
    """Key of a dataset."""
    trace_ids: list[uuid.UUID] | None = Field(None, min_length=1, max_length=10_000)
    """Ids of traces, in the order wanted."""
    limit: int = Field(100, ge=1, le=10_000)
    """Most rows; the first ones are exported."""

    @model_validator(mode="after")
    def _one_source(self) -> SftExport:
        if (self.dataset_key is None) == (self.trace_ids is None):
            raise ValueError("name either dataset_key or trace_ids")
        return self


class SftManifest(Body):
    """What to train, as the earlier system asked for it."""

    dataset_key: DatasetKey
    """Key of a dataset that is here."""
    model_id: ModelName = Field(json_schema_extra={"enum": [*BASE_MODELS]})
    """Base model."""
    output_dir: RunId | None = None
    """Id of the run, which is the name of its folder under `runs/`; never a path."""
    learning_rate: float = Field(2e-5, gt=0, le=1)
    """Peak learning rate."""
    weight_decay: float = Field(0.01, ge=0, le=1)
    """Decoupled weight decay."""
    num_epochs: int = Field(3, ge=1, le=100)
    """Passes over the training split."""
    batch_size: int = Field(8, ge=1, le=512)
    """Packed rows of one update."""
    max_seq_length: int = Field(2048, ge=128, le=32_768)
    """Tokens of one packed row."""
    device: Literal["cpu", "cuda", "auto"] = "auto"
    """What the command asks JAX for; `auto` leaves it to JAX."""


class SftManifestMade(Wire):
    """A configuration that `tunix-rt train sft` runs."""

    manifest_yaml: str
    """The file; its first line is the command that runs it."""
    dataset_key: str
    """Key of the dataset."""
    model_id: str
    """Base model."""
    format: Literal["tunix_sft"]
    """Format of the rows."""
    message: str
    """What to do with it."""
