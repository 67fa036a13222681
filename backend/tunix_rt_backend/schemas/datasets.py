"""Datasets on the wire: what a build is asked for, and rows of the lists; manifests come from the engine."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from pydantic import Field, StrictBool, StrictFloat, StrictInt, StringConstraints, model_validator

from tunix_rt.dataset import Counts, DatasetManifest, OnError
from tunix_rt.trace import ReasoningTrace, TraceStep
from tunix_rt_backend.schemas.names import DatasetKey, DatasetName, DatasetVersion
from tunix_rt_backend.schemas.pages import MOST, NO_NUL, Body, Seed, Wire
from tunix_rt_backend.schemas.traces import Tag

Split = Literal["train", "valid", "test"]
"""A part of a dataset."""
Facet = Literal["source", "license", "domain", "family", "difficulty"]
FacetText = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=NO_NUL)]
MetaKey = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=NO_NUL)]
Whole = Annotated[StrictInt, Field(ge=-MOST, le=MOST)]
MetaValue = Annotated[str, StringConstraints(max_length=1024, pattern=NO_NUL)] | StrictBool | Whole | StrictFloat
Id = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=NO_NUL)]


class TraceSelection(Body):
    """Which traces are chosen; all conditions must hold."""

    filters: dict[MetaKey, MetaValue] = Field(default_factory=dict, max_length=16)
    """Values that `meta` must have, of the same type."""
    facets: dict[Facet, FacetText] = Field(default_factory=dict)
    """Values of the columns that the list of traces filters by; a number is the same as its digits."""
    upload_id: uuid.UUID | None = None
    """Only traces that came with this upload."""
    tag: Tag | None = None
    """Only traces with this tag."""
    q: str | None = Field(None, min_length=1, max_length=512, pattern=NO_NUL)
    """Only traces that a full-text search finds."""
    selection_strategy: Literal["latest", "random", "all"] = "latest"
    """The newest first, in an order that `seed` draws, or every one."""
    limit: int = Field(100, ge=1, le=1_000_000)
    """Most traces that are selected; `all` has no limit."""
    seed: Seed | None = None
    """Draws a random selection, the splits and what `max_examples` keeps; None: 0, and no random selection."""

    @model_validator(mode="after")
    def _random_needs_a_seed(self) -> Self:
        if self.selection_strategy == "random" and self.seed is None:
            raise ValueError("selection_strategy random needs a seed, so that the same request selects the same traces")
        return self


class SelectedRow(Wire):
    """A chosen trace as the model reads it."""

    trace_id: uuid.UUID
    """The trace."""
    prompt: str
    """Text that is given to the model, with the template; empty if it cannot be rendered."""
    completion: str
    """Text that the model is trained to write."""
    reason: str | None
    """Why it cannot be trained on; None: it can be rendered."""


class TracesSelected(Wire):
    """What a selection finds; a build may still leave rows out: duplicates, bad ones, those of evaluation tasks."""

    matching: int
    """Traces that hold all conditions."""
    selected: int
    """How many of them the strategy takes."""
    reason: str | None
    """Why there is none."""
    rows: list[SelectedRow]
    """The first of them."""


class DatasetBuild(TraceSelection):
    """Which traces become a dataset, and how the engine freezes them."""

    dataset_name: DatasetName
    """Name of the dataset."""
    dataset_version: DatasetVersion
    """Its version; the key is `<name>-<version>`."""
    valid_fraction: float = Field(0.05, ge=0, lt=1)
    """Share of the rows for the valid split."""
    test_fraction: float = Field(0.0, ge=0, lt=1)
    """Share of the rows for the test split."""
    near_duplicate: float = Field(0.85, gt=0, le=1)
    """Likeness from which on two rows with the same numbers and answer count as one."""
    max_examples: int | None = Field(None, ge=1, le=MOST)
    """Most rows that are kept."""
    license: str | None = Field(None, min_length=1, max_length=128, pattern=NO_NUL)
    """Licence of rows that state none."""
    allow_contaminated: bool = False
    """Whether rows that repeat an evaluation task are kept."""
    on_error: OnError = "fail"
    """What a row that cannot be trained on does: fail the build, or be left out and recorded."""
    session_id: Id | None = None
    """Session that it belongs to; kept in the manifest's notes, as are the next three."""
    parent_dataset_id: Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=NO_NUL)] | None = None
    """Dataset that it continues."""
    training_run_id: Id | None = None
    """Run that it is made for."""
    provenance: dict[MetaKey, Any] = Field(default_factory=dict, max_length=64)
    """Whatever else its reader should know."""

    @model_validator(mode="after")
    def _something_is_left_to_train_on(self) -> DatasetBuild:
        if self.valid_fraction + self.test_fraction >= 1:
            raise ValueError("valid_fraction and test_fraction must be below 1 together")
        return self


class DatasetBuilt(Wire):
    """A dataset that is frozen."""

    dataset_key: DatasetKey
    """Its key."""
    build_id: uuid.UUID
    """Made from the digest: the same rows have the same one."""
    trace_count: int
    """Rows of all splits."""
    manifest_path: str
    """Where its manifest lies, relative to the home folder."""
    digest: str
    """Digest of the rows."""
    splits: dict[str, int]
    """Rows of each split."""
    counts: Counts
    """Where the selected rows went."""
    replayed: bool
    """True: it was here already, with the same rows, and nothing was changed."""

    @classmethod
    def of(cls, manifest: DatasetManifest, *, replayed: bool) -> DatasetBuilt:
        """Return what a build answers."""
        return cls(
            dataset_key=manifest.key,
            build_id=uuid.uuid5(uuid.NAMESPACE_OID, manifest.digest),
            trace_count=manifest.counts.kept,
            manifest_path=f"datasets/{manifest.key}/manifest.json",
            digest=manifest.digest,
            splits=manifest.splits,
            counts=manifest.counts,
            replayed=replayed,
        )


class DatasetDetail(DatasetManifest):
    """The manifest of a dataset, and what others name its folder by."""

    folder_digest: str
    """Digest of all files, this manifest included: what runs and submissions record; `digest` is that of the rows."""


class DatasetListed(Wire):
    """A dataset in a list."""

    dataset_key: str
    """Its key."""
    dataset_name: str
    """Its name."""
    dataset_version: str
    """Its version."""
    digest: str
    """Digest of the rows."""
    created_at: datetime
    """When it was built."""
    trace_count: int
    """Rows of all splits."""
    bytes: int
    """Size of its folder."""
    splits: dict[str, int] | None
    """Rows of each split. None, as for the next three: another version kept it; `tunix-rt index` makes it again."""
    licenses: dict[str, int] | None
    """Rows by licence."""
    families: dict[str, int] | None
    """Rows by family."""
    counts: Counts | None
    """Where the rows went."""


class RowPreview(Wire):
    """A row as the model reads it."""

    row: int
    """Its number in the split, from 0."""
    id: str
    """`meta.id` of the row."""
    split: str
    """Split that it is in."""
    prompt: str
    """Text that is given to the model, with the template."""
    completion: str
    """Text that the model is trained to write."""
    steps: list[TraceStep]
    """The trace steps."""
    final_answer: str
    """The answer."""
    meta: dict[str, Any]
    """Everything else that is known of it."""


class DuplicateRow(Wire):
    """A row that another one stands for."""

    kind: Literal["exact", "near"]
    """Whether its words are the same, or nearly so."""
    kept: str
    """`meta.id` of the row that stands for it."""
    similarity: float
    """Jaccard index of their words; 1 for the same."""
    trace: ReasoningTrace
    """The row itself."""


class QuarantinedRow(Wire):
    """A row that repeats an item of an evaluation task."""

    task: str
    """The task."""
    item: str
    """Id of the item."""
    kind: Literal["prompt", "13-gram", "8-gram"]
    """What they share: the prompt, a long run of words, or many short ones."""
    share: float
    """Share of the item's 8-grams that the row holds."""
    trace: ReasoningTrace
    """The row itself."""
