"""Evaluation: a manifest with its samples, and the immutable folder that holds both.

    evaluations/<id>/
        samples.jsonl     one Sample a line
        manifest.json     EvaluationManifest, written last: its presence means complete

It does not know how samples are made.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson
from pydantic import ValidationError

from tunix_rt.errors import DataError, DigestError, MissingError
from tunix_rt.evaluation.metric import Metrics, figures
from tunix_rt.evaluation.sample import Sample
from tunix_rt.formats import (
    MANIFEST,
    Format,
    check_digests,
    digest_value,
    read_jsonl,
    staged_folder,
    write_bytes,
    write_format,
)
from tunix_rt.prompt import PromptForm
from tunix_rt.provenance import Provenance, now
from tunix_rt.sampling import SamplingConfig
from tunix_rt.trace import CONTRACT_DIGEST

SAMPLES = "samples.jsonl"
_NOT_CONTENT = {"id", "created", "digest", "timings", "provenance"}


class ModelRef(Format):
    """Which model was measured, down to the digests of its weights."""

    name: str
    """Name of the base model, such as `gemma3-270m`."""
    digest: str | None = None
    """Digest of the base model's files; None for a sampler that is not a model on this machine."""
    run: str | None = None
    """Run that trained it; None for the base model itself."""
    adapter_digest: str | None = None
    """Digest of the trained weights on top of the base model; None for the base model itself."""


class TaskRef(Format):
    """Which items were asked, down to their digest."""

    name: str
    """Name of the task."""
    version: str
    """Version of the task."""
    split: str
    """Split of the task."""
    digest: str
    """Digest of the items."""
    items: int
    """How many items were asked."""


class Timings(Format):
    """How long the evaluation took; never part of a digest."""

    generate_seconds: float
    """Wall-clock time of the sampler."""
    grade_seconds: float
    """Wall-clock time of grading."""
    generated_tokens: int
    """Tokens generated in all."""
    tokens_per_second: float
    """Generated tokens per second of generation."""


class EvaluationManifest(Format):
    """What an evaluation folder says about itself."""

    manifest_version: Literal["1.0"] = "1.0"
    """Version of this format."""
    id: str
    """Name of the folder."""
    created: str
    """When the evaluation ended, UTC."""
    digest: str
    """Digest of the content: task, prompt form, sampling, model and samples; not of times or machine."""
    task: TaskRef
    """What was asked."""
    contract_digest: str
    """Digest of the prompt contract in force."""
    prompt: PromptForm
    """The text around every item."""
    prompt_digest: str
    """Digest of the prompt form."""
    sampling: SamplingConfig
    """How completions were drawn."""
    num_samples: int
    """Completions per item."""
    model: ModelRef
    """What was measured."""
    metrics: Metrics
    """Over all items."""
    by_family: dict[str, Metrics]
    """The same by family."""
    by_domain: dict[str, Metrics]
    """The same by domain."""
    by_difficulty: dict[str, Metrics]
    """The same by difficulty, 1 to 5."""
    timings: Timings
    """How long it took."""
    provenance: Provenance
    """Code, packages, machine, device and dtype."""
    files: dict[str, str]
    """Digest of every other file in the folder."""


@dataclass(frozen=True)
class Evaluation:
    """A manifest with its samples, in the order of the task's items."""

    manifest: EvaluationManifest
    samples: tuple[Sample, ...]

    @property
    def id(self) -> str:
        """Name of the evaluation and of its folder."""
        return self.manifest.id


def make_evaluation(
    samples: tuple[Sample, ...],
    *,
    task: TaskRef,
    prompt: PromptForm,
    sampling: SamplingConfig,
    num_samples: int,
    model: ModelRef,
    timings: Timings,
    record: Provenance,
) -> Evaluation:
    """Add samples up and give them a manifest, an id and a digest."""
    files = {SAMPLES: "sha256:" + hashlib.sha256(sample_lines(samples)).hexdigest()}
    created = now()
    content = EvaluationManifest(
        id="",
        created=created,
        digest="",
        task=task,
        contract_digest=CONTRACT_DIGEST,
        prompt=prompt,
        prompt_digest=prompt.digest,
        sampling=sampling,
        num_samples=num_samples,
        model=model,
        timings=timings,
        provenance=record,
        files=files,
        **figures(samples),
    )
    digest = content_digest(content)
    stamp = created.rstrip("Z").replace(":", "").replace("T", "-")
    slug = re.sub(r"[^a-z0-9]+", "-", task.name.lower()).strip("-")
    name = f"{stamp}-{slug}-{prompt.name.replace('_', '-')}-{digest.removeprefix('sha256:')[:6]}"
    return Evaluation(manifest=content.model_copy(update={"id": name, "digest": digest}), samples=samples)


def content_digest(manifest: EvaluationManifest) -> str:
    """Return the digest of what was asked, of whom, and what came out; times and machine are left out."""
    return digest_value(manifest.model_dump(mode="json", exclude=_NOT_CONTENT))


def sample_lines(samples: Iterable[Sample]) -> bytes:
    """Return samples as their file holds them."""
    return b"".join(orjson.dumps(sample.model_dump(mode="json")) + b"\n" for sample in samples)


def write_evaluation(evaluations: Path, evaluation: Evaluation) -> Path:
    """Write an evaluation into its own new folder under `evaluations` and return that folder."""
    folder = evaluations / evaluation.id
    with staged_folder(folder) as stage:
        write_bytes(stage / SAMPLES, sample_lines(evaluation.samples))
        write_format(stage / MANIFEST, evaluation.manifest)
    return folder


def load_evaluation(folder: Path) -> Evaluation:
    """Read an evaluation; raise MissingError if it is not there or not whole, DigestError if a byte changed."""
    if not (folder / MANIFEST).is_file():
        raise MissingError(f"{folder} is not an evaluation: it has no {MANIFEST}; `tunix-rt eval` makes one")
    manifest = EvaluationManifest.read(folder / MANIFEST)
    if SAMPLES not in manifest.files:
        raise DigestError(
            f"{folder / MANIFEST} does not list {SAMPLES}, so that nothing says which samples are its own"
        )
    check_digests(folder, manifest.files)
    digest = content_digest(manifest)
    if digest != manifest.digest:
        raise DigestError(f"{folder / MANIFEST} changed: it says {manifest.digest}, its content is {digest}")
    return Evaluation(manifest=manifest, samples=tuple(read_samples(folder)))


def read_samples(folder: Path) -> Iterator[Sample]:
    """Yield the samples of an evaluation in the order of the task; raise DataError naming a line that is none."""
    for number, record in enumerate(read_jsonl(folder / SAMPLES), start=1):
        try:
            yield Sample.model_validate(record)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"])
            raise DataError(f"{folder / SAMPLES}, line {number} is no sample: {field}: {first['msg']}") from error
