"""Build a dataset: validate, remove duplicates, decontaminate, split by family, freeze.

It does not know tokenizers or models: tokens are counted by a function that the caller may pass. Every decision depends
on the content of the rows and on the seed, never on their order, their file names, the day or the process.
"""

from __future__ import annotations

import errno
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from tunix_rt.dataset.checking import Progress, Reading, RejectedRowsError, Source
from tunix_rt.dataset.contamination import EvaluationIndex, Match, OverlapError, is_contaminated, overlaps
from tunix_rt.dataset.deduplication import Duplicate, jaccard, near_duplicates
from tunix_rt.dataset.layout import DATASETS, DUPLICATES, QUARANTINE, REJECTED, dataset_key, split_file
from tunix_rt.dataset.manifest import MOST_BINS, BuildConfig, Counts, DatasetManifest, OnError, Quantiles, Statistics
from tunix_rt.dataset.splitting import SPLITS, Membership, Split, assign, choose_by, group_rows
from tunix_rt.dataset.spool import Spool
from tunix_rt.dataset.words import Codes, mix
from tunix_rt.errors import ConfigError, DataError, UsageError
from tunix_rt.formats import (
    MANIFEST,
    digest_files,
    digest_value,
    staged_folder,
    write_format,
    write_jsonl,
)
from tunix_rt.importers import RowError
from tunix_rt.importers.identities import Identities
from tunix_rt.provenance import now, provenance
from tunix_rt.tasks import Task
from tunix_rt.trace import CONTRACT_DIGEST, ReasoningTrace, render

TokenCounter = Callable[[str], int]
"""Returns the number of tokens of a rendered text."""

_SAME_TEMPLATE = 0.7  # Jaccard index of masked prompts from which on they count as one template
_TICK = 1000

Rows = NDArray[np.int64]
"""Numbers of rows in the spool."""


def build(
    sources: Sequence[Source],
    *,
    name: str,
    version: str,
    home: Path,
    seed: int = 0,
    on_error: OnError = "fail",
    schema: str = "auto",
    mapping: Mapping[str, str] | None = None,
    license: str | None = None,
    max_examples: int | None = None,
    valid_fraction: float = 0.05,
    test_fraction: float = 0.0,
    near_duplicate: float = 0.85,
    allow_contaminated: bool = False,
    against: Sequence[Task] = (),
    unique_ids: bool = True,
    notes: Mapping[str, Any] | None = None,
    token_counter: TokenCounter | None = None,
    progress: Progress | None = None,
) -> DatasetManifest:
    """Build the dataset `<name>-<version>` from files, folders and tasks, and freeze it under `<home>/datasets/`.

    If a dataset of that key exists with the same rows, nothing is changed and its manifest is returned. The manifest
    keeps `notes` as they are. `unique_ids=False` lets rows of one file share `meta.id`: they come from several.

    Raises:
        RejectedRowsError: a row has an error and `on_error` is `fail`; the error carries the whole report.
        OverlapError: too many rows repeat items of the tasks in `against`, and this was not allowed.
        DataError: no row is left.
        UsageError: the key exists with other rows, or a setting is impossible.
    """
    key = dataset_key(name, version)
    config = _config(
        seed=seed,
        on_error=on_error,
        schema_name=schema,
        mapping=dict(mapping) if mapping is not None else None,
        license=license,
        max_examples=max_examples,
        valid_fraction=valid_fraction,
        test_fraction=test_fraction,
        near_duplicate=near_duplicate,
        allow_contaminated=allow_contaminated,
        against={task.name: task.digest for task in against},
    )
    reading = Reading(sources, schema=schema, mapping=mapping, unique_ids=unique_ids, progress=progress)
    index = EvaluationIndex(against)
    work = _Build(
        name,
        version,
        config,
        reading=reading,
        index=index,
        notes=dict(notes or {}),
        token_counter=token_counter,
        progress=progress,
    )
    target = home / DATASETS / key
    if not target.exists():
        try:
            with staged_folder(target) as stage:
                return work.into(stage)
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
            raise UsageError(f"another process has just built {target}; run the build again") from error
    existing = DatasetManifest.read(target / MANIFEST)
    with tempfile.TemporaryDirectory(prefix=f".{key}.", suffix=".tmp", dir=target.parent) as stage:
        built = work.into(Path(stage))
    if built.digest != existing.digest:
        raise UsageError(
            f"{target} exists with other rows; this build differs in {_differences(existing, built)}; "
            "a dataset is never overwritten: choose another version"
        )
    return existing


def _differences(a: DatasetManifest, b: DatasetManifest) -> str:
    settings = [name for name in BuildConfig.model_fields if getattr(a.config, name) != getattr(b.config, name)]
    sources = [] if a.sources == b.sources else ["sources"]
    return ", ".join(settings + sources) or f"the code (version {a.provenance.tunix_rt} then)"


def _config(**settings: Any) -> BuildConfig:
    try:
        config = BuildConfig(**settings)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"{first['loc'][0]} = {first['input']!r}: {first['msg']}") from error
    if config.valid_fraction + config.test_fraction >= 1:
        raise ConfigError("valid_fraction and test_fraction leave nothing to train on; together they must be below 1")
    return config


class _Build:
    """One build, from reading to the frozen folder."""

    def __init__(
        self,
        name: str,
        version: str,
        config: BuildConfig,
        *,
        reading: Reading,
        index: EvaluationIndex,
        notes: dict[str, Any],
        token_counter: TokenCounter | None,
        progress: Progress | None,
    ) -> None:
        self.name, self.version, self.config = name, version, config
        self.reading, self.index, self.notes = reading, index, notes
        self.token_counter, self.progress = token_counter, progress
        self.matches: dict[int, Match] = {}

    def into(self, stage: Path) -> DatasetManifest:
        started = time.perf_counter()
        self.spool = Spool(stage)
        try:
            return self._into(stage, started)
        finally:
            self.spool.close()

    def _into(self, stage: Path, started: float) -> DatasetManifest:
        write_jsonl(stage / REJECTED, self._read())
        report = self.reading.report()
        if report.rejected and self.config.on_error == "fail":
            raise RejectedRowsError(report)

        everything = np.argsort(self.spool.column("order"), kind="stable")
        unique, copies = self._exact(everything)
        near = self._near(unique)
        distinct = np.setdiff1d(unique, [duplicate.row for duplicate in near], assume_unique=True)
        distinct = everything[np.isin(everything, distinct)]
        clean = self._decontaminated(distinct)
        kept = self._sampled(clean)
        if not kept.size:
            raise DataError(self._why_empty(copies, near, distinct, clean))
        by, groups, splits = self._split(kept)

        records = {split: kept[[mine == split for mine in splits]] for split in self._split_names()}
        sizes = self._write_splits(stage, records)
        write_jsonl(stage / DUPLICATES, self._duplicate_records(copies, near))
        quarantined = np.setdiff1d(distinct, clean)
        write_jsonl(stage / QUARANTINE, self._quarantine_records(quarantined))
        files = digest_files(stage)
        manifest = DatasetManifest(
            key=dataset_key(self.name, self.version),
            name=self.name,
            version=self.version,
            digest=digest_value({split: files[split_file(split)] for split in records}),
            created=now(),
            contract_digest=CONTRACT_DIGEST,
            sources=self.reading.sources,
            config=self.config,
            counts=Counts(
                rows=report.rows,
                imported=report.imported,
                rejected=report.rejected,
                exact_duplicates=len(copies),
                near_duplicates=len(near),
                quarantined=int(quarantined.size),
                left_out=int(clean.size - kept.size),
                kept=int(kept.size),
                unscored=report.unscored,
                without_reasoning=report.without_reasoning,
            ),
            splits={split: int(rows.size) for split, rows in records.items()},
            split_by=by,
            groups=groups,
            licenses=_counted(self.licenses),
            families=_counted(self.families),
            domains=_counted(self.domains),
            statistics=self._statistics(kept, sizes),
            contamination=self.overlap,
            rejected_reasons=report.reasons,
            notes=self.notes,
            files=files,
            seconds=round(time.perf_counter() - started, 3),
            provenance=provenance(),
        )
        write_format(stage / MANIFEST, manifest)
        return manifest

    def _split_names(self) -> list[Split]:
        return [split for split in SPLITS if split != "test" or self.config.test_fraction > 0]

    def _read(self) -> Iterator[dict[str, Any]]:
        """Put the good rows into the spool and yield the bad ones."""
        skip = self.config.on_error == "skip"
        for result in self.reading.results():
            if isinstance(result, RowError):
                if skip:
                    yield result.model_dump()
            elif skip or not self.reading.log.total:
                self._import(result)

    def _import(self, trace: ReasoningTrace) -> None:
        if self.config.license and not trace.meta.get("license"):
            trace = trace.model_copy(update={"meta": {**trace.meta, "license": self.config.license}})
        match = self.index.match(*self.spool.add(trace))
        if match is not None:
            self.matches[len(self.spool) - 1] = match

    def _exact(self, rows: Rows) -> tuple[Rows, list[Duplicate]]:
        """Keep the first row of each content."""
        _, first, place = np.unique(self.spool.column("content")[rows], return_index=True, return_inverse=True)
        stands = rows[first][place]
        copies = [
            Duplicate(row, kept, 1.0) for row, kept in zip(rows.tolist(), stands.tolist(), strict=True) if row != kept
        ]
        return rows[np.sort(first)], copies

    def _near(self, rows: Rows) -> list[Duplicate]:
        """Leave out rows with nearly the same words, but only if they have the same numbers and the same answer.

        Two questions that differ in a number or in their answer are two questions, however alike they read.
        """
        shingles = lru_cache(maxsize=4096)(self.spool.shingles)
        self._tick("near-duplicates", 0, int(rows.size))
        found = near_duplicates(
            self.spool.signatures(),
            self.spool.column("decisive"),
            rows.tolist(),
            self.config.near_duplicate,
            lambda a, b: jaccard(shingles(a), shingles(b)),
        )
        self._tick("near-duplicates", int(rows.size), int(rows.size))
        return found

    def _decontaminated(self, rows: Rows) -> Rows:
        matched = [row for row in rows.tolist() if row in self.matches]
        self.overlap = overlaps(self.index, [(self._id(row), self.matches[row]) for row in matched], int(rows.size))
        if self.config.allow_contaminated or not matched:
            return rows
        if is_contaminated(self.overlap):
            raise OverlapError(self.overlap, int(rows.size))
        return rows[~np.isin(rows, matched)]

    def _sampled(self, rows: Rows) -> Rows:
        limit = self.config.max_examples
        if limit is None or rows.size <= limit:
            return rows
        drawn = mix(self.spool.column("order")[rows] + np.uint64(self.config.seed % 2**64))
        return rows[np.sort(np.argsort(drawn, kind="stable")[:limit])]

    def _split(self, rows: Rows) -> tuple[Any, int, list[Split]]:
        fractions: dict[Split, float] = {"test": self.config.test_fraction, "valid": self.config.valid_fraction}
        columns = {name: self.spool.column(name)[rows] for name in ("prompt", "family", "group")}
        membership = Membership(template=self._templates(rows), **columns)
        by = choose_by(membership, list(fractions.values()))
        groups = group_rows(membership, by)
        splits = assign(groups, self.spool.column("order")[rows], fractions, self.config.seed)
        return by, int(groups.max()) + 1, splits

    def _templates(self, rows: Rows) -> Codes:
        """Return the template of each row: that of the first row whose masked prompt is the same or nearly so."""
        templates = self.spool.column("template")[rows]
        _, first, place = np.unique(templates, return_index=True, return_inverse=True)
        distinct = rows[np.sort(first)].tolist()
        nothing = np.zeros(len(self.spool), dtype=np.uint64)
        found = near_duplicates(self.spool.signatures("template"), nothing, distinct, _SAME_TEMPLATE)
        every = self.spool.column("template")
        stands = {int(every[duplicate.row]): int(every[duplicate.kept]) for duplicate in found}
        joined = [stands.get(template, template) for template in templates[first].tolist()]
        return np.array(joined, dtype=np.uint64)[place]

    def _write_splits(self, stage: Path, records: dict[Split, Rows]) -> list[int]:
        """Write each split in the order of its rows' digests, and count licences, families and tokens on the way."""
        self.licenses: Counter[str] = Counter()
        self.families: Counter[str] = Counter()
        self.domains: Counter[str] = Counter()
        self._seen = Identities()
        tokens: list[int] = []
        for split, rows in records.items():
            write_jsonl(stage / split_file(split), self._split_records(rows, tokens))
        return tokens

    def _split_records(self, rows: Rows, tokens: list[int]) -> Iterator[dict[str, Any]]:
        order = self.spool.column("order")
        for done, row in enumerate(rows.tolist()):
            record = self.spool.record(row)
            meta = record["meta"]
            if not self._seen.add(meta["id"]):  # two files may number their rows alike
                meta["id"] = f"{meta['id']}-{int(order[row]):016x}"
            self.licenses[str(meta.get("license") or "not stated")] += 1
            self.families[str(meta.get("family") or "none")] += 1
            self.domains[str(meta.get("domain") or "none")] += 1
            if self.token_counter is not None:
                tokens.append(self.token_counter(render(ReasoningTrace.model_validate(record)).text))
            if done % _TICK == 0:
                self._tick("write", done, int(rows.size))
            yield record

    def _duplicate_records(self, copies: list[Duplicate], near: list[Duplicate]) -> Iterator[dict[str, Any]]:
        for kind, duplicates in (("exact", copies), ("near", near)):
            for row, kept, similarity in duplicates:
                record = self.spool.record(row)
                yield {"kind": kind, "kept": self._id(kept), "similarity": round(similarity, 4), "trace": record}

    def _quarantine_records(self, rows: Rows) -> Iterator[dict[str, Any]]:
        for row in rows.tolist():
            match = self.matches[row]
            task = self.index.tasks[match.task]
            found = {"task": task.name, "item": task.items[match.item].id, "kind": match.kind, "share": match.share}
            yield {**found, "trace": self.spool.record(row)}

    def _statistics(self, rows: Rows, tokens: list[int]) -> Statistics:
        names = ("prompt_chars", "steps", "reasoning_chars", "answer_chars")
        spread = {name: quantiles(self.spool.sizes(name)[rows]) for name in names}
        return Statistics(**spread, tokens=quantiles(np.array(tokens)) if tokens else None)

    def _why_empty(self, copies: list[Duplicate], near: list[Duplicate], distinct: Rows, clean: Rows) -> str:
        report = self.reading.report()
        if not report.rows:
            return "the sources hold no row; expected at least one"
        reasons = "; ".join(f"{rows:,} × {reason}" for reason, rows in list(report.reasons.items())[:5])
        return (
            f"no row is left of {report.rows:,}: {report.rejected:,} rejected ({reasons or 'none'}), "
            f"{len(copies) + len(near):,} duplicates, {distinct.size - clean.size:,} repeat an evaluation item"
        )

    def _id(self, row: int) -> str:
        return str(self.spool.record(row)["meta"]["id"])

    def _tick(self, phase: str, done: int, total: int) -> None:
        if self.progress is not None:
            self.progress(phase, done, total)


def quantiles(values: NDArray[Any]) -> Quantiles:
    """Return the spread of whole numbers (N, at least one)."""
    ordered = np.sort(values)
    at = {
        name: int(ordered[int(np.ceil(share * ordered.size)) - 1]) for name, share in (("median", 0.5), ("p95", 0.95))
    }
    total = int(ordered.sum())
    mean = round(total / ordered.size, 2)
    low, high = int(ordered[0]), int(ordered[-1])
    bins = np.histogram(ordered, bins=min(MOST_BINS, high + 1 - low), range=(low, high + 1))[0].tolist()
    return Quantiles(total=total, min=low, mean=mean, max=high, histogram=bins, **at)


def _counted(counter: Counter[str]) -> dict[str, int]:
    return dict(sorted(counter.items()))
