"""The formats of a dataset: its manifest, and the report of a check.

They are data without behaviour: `build` makes them and `loading` reads them.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from tunix_rt.dataset.contamination import TaskOverlap
from tunix_rt.dataset.splitting import By
from tunix_rt.formats import Format
from tunix_rt.importers import RowError
from tunix_rt.provenance import Provenance

MOST_BINS = 20
"""Most bins of a histogram: what still reads as a shape beside its figures."""
OnError = Literal["fail", "skip"]


class SourceRecord(Format):
    """One file or task that rows came from."""

    name: str
    """Name of the file without the folders above its source, or of the task."""
    kind: Literal["file", "task"]
    """Where the rows came from."""
    digest: str
    """Digest of the bytes of the file, or of the content of the task."""
    schema_name: str | None
    """Schema that was read; None if none was recognised."""
    rows: int = 0
    """Rows that were read."""
    imported: int = 0
    """Rows that became traces."""
    rejected: int = 0
    """Rows with an error."""


class CheckReport(Format):
    """What a check of data files found."""

    ok: bool
    """True if at least one row was read and none has an error."""
    sources: list[SourceRecord]
    """Every file, in the order in which it was read."""
    rows: int
    """Rows that were read."""
    imported: int
    """Rows that became traces: they render without loss, and their answer grades 1.0 against itself."""
    rejected: int
    """Rows with an error."""
    unscored: int
    """Traces whose answer is open, so that no grader can score it."""
    without_reasoning: int
    """Traces whose source marked no reasoning."""
    errors: list[RowError]
    """The first 50 errors."""
    reasons: dict[str, int]
    """Rejected rows by field and reason, the most frequent first."""


class Counts(Format):
    """Where the rows went: `rows` is the sum of all others but `imported`, `unscored` and `without_reasoning`."""

    rows: int
    """Rows that were read."""
    imported: int
    """Rows that became traces."""
    rejected: int
    """Rows with an error, listed in rejected.jsonl."""
    exact_duplicates: int
    """Rows with the prompt, steps and answer of another one, spacing aside; listed in duplicates.jsonl."""
    near_duplicates: int
    """Rows with nearly the words of another one, and its numbers and answer; listed in duplicates.jsonl."""
    quarantined: int
    """Rows that repeat an evaluation item, listed in quarantine.jsonl."""
    left_out: int
    """Good rows beyond `max_examples`."""
    kept: int
    """Rows of all splits together."""
    unscored: int
    """Imported rows whose answer no grader can score."""
    without_reasoning: int
    """Imported rows whose source marked no reasoning."""


class Quantiles(Format):
    """Spread of one quantity over the kept rows."""

    total: int
    """Sum."""
    min: int
    """Smallest value."""
    mean: float
    """Mean, to two decimals."""
    median: int
    """Value that half of the rows do not exceed."""
    p95: int
    """Value that 95 % of the rows do not exceed."""
    max: int
    """Largest value."""
    histogram: list[Annotated[int, Field(ge=0)]] = Field(default_factory=list, max_length=MOST_BINS)
    """Rows in each of at most 20 bins, equally wide from `min` to `max` + 1; empty if an older version built it."""


class Statistics(Format):
    """Sizes of the kept rows."""

    prompt_chars: Quantiles
    """Characters of the prompt, without the template."""
    steps: Quantiles
    """Trace steps."""
    reasoning_chars: Quantiles
    """Characters of all trace steps of a row together."""
    answer_chars: Quantiles
    """Characters of the answer."""
    tokens: Quantiles | None = None
    """Tokens of the rendered text, if a tokenizer counted them."""


class BuildConfig(Format):
    """The resolved settings of a build."""

    seed: int
    """Draws the splits and the examples that `max_examples` keeps."""
    on_error: OnError
    """What a bad row does: fail the build, or be left out."""
    schema_name: str
    """Schema of the files; `auto` detects it for each file."""
    mapping: dict[str, str] | None
    """Columns named by hand."""
    license: str | None
    """Licence given to rows that state none."""
    max_examples: int | None = Field(ge=1)
    """Most rows that are kept."""
    valid_fraction: float = Field(ge=0, lt=1)
    """Share of the rows for the valid split."""
    test_fraction: float = Field(ge=0, lt=1)
    """Share of the rows for the test split."""
    near_duplicate: float = Field(gt=0, le=1)
    """Jaccard index of word 3-grams from which on two rows are near-duplicates."""
    allow_contaminated: bool
    """Whether rows that repeat an evaluation item are kept."""
    against: dict[str, str]
    """Evaluation tasks that were compared, name to digest."""


class DatasetManifest(Format):
    """A frozen dataset; written last, so that its presence means that the folder is complete."""

    format_version: Literal["1"] = "1"
    """Version of this format."""
    dataset_schema_version: Literal["1.0"] = "1.0"
    """Version of the rows: that of ReasoningTrace."""
    key: str
    """Name of the folder: `<name>-<version>`."""
    name: str
    """Name of the dataset."""
    version: str
    """Version of the dataset."""
    digest: str
    """Digest of the rows of all splits: the same for the same input on every machine and day."""
    created: str
    """Time of the build, UTC, ISO 8601."""
    contract_digest: str
    """Digest of the prompt contract that every row was checked to render under."""
    sources: list[SourceRecord]
    """Where the rows came from."""
    config: BuildConfig
    """Settings of the build."""
    counts: Counts
    """Where the rows went."""
    splits: dict[str, int]
    """Rows of each split."""
    split_by: By
    """What holds rows together: `meta.group` if all have one, else families, or templates where families are few."""
    groups: int
    """Groups that were split."""
    licenses: dict[str, int]
    """Kept rows by licence; `not stated` where a row has none."""
    families: dict[str, int]
    """Kept rows by `meta.family`; `none` where a row has none."""
    domains: dict[str, int] = Field(default_factory=dict)
    """Kept rows by `meta.domain`; `none` where a row has none. Empty if an older version built it."""
    statistics: Statistics
    """Sizes of the kept rows."""
    contamination: list[TaskOverlap]
    """Overlap with every evaluation task that was compared."""
    rejected_reasons: dict[str, int]
    """Rejected rows by field and reason."""
    notes: dict[str, Any] = Field(default_factory=dict)
    """What its builder wrote down: the selection it was made from, a session, a parent; never part of the digest."""
    files: dict[str, str]
    """Digest of every other file in the folder."""
    seconds: float
    """Time of the build."""
    provenance: Provenance
    """Code, packages and machine."""


class RowView(Format):
    """One row of a dataset as text, for people."""

    id: str
    """`meta.id` of the row."""
    split: str
    """Split that it is in, or the file."""
    prompt: str
    """Text that is given to the model."""
    completion: str
    """Text that the model is trained to write."""
    meta: dict[str, Any]
    """Everything else that is known of it."""
