"""Checking: read sources row by row, and say which rows can be trained on.

It does not write anything. A row is good if it becomes a trace, renders without loss, has no step that is
labelled wrong, and its answer grades 1.0 against itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from tunix_rt.dataset.layout import split_file
from tunix_rt.dataset.manifest import CheckReport, DatasetManifest, SourceRecord
from tunix_rt.errors import DataError
from tunix_rt.formats import MANIFEST, check_digests, digest_file
from tunix_rt.grading import grade_trace
from tunix_rt.importers import SCHEMAS, ErrorLog, RowError, RowProblem, data_files, describe_errors, detect, read
from tunix_rt.tasks import Task
from tunix_rt.trace import ReasoningTrace

Source = Path | Task
"""A file, a folder, the folder of a dataset, or a task."""

Progress = Callable[[str, int, int | None], None]
"""Called with the phase, how much is done, and how much there is (None if unknown)."""

_TICK = 1000


class RejectedRowsError(DataError):
    """Rows that cannot be used, with the whole report."""

    def __init__(self, report: CheckReport) -> None:
        super().__init__(describe_check(report))
        self.report = report


class Reading:
    """A walk through sources that yields good traces and keeps the books about the others."""

    def __init__(
        self,
        sources: Sequence[Source],
        *,
        schema: str = "auto",
        mapping: Mapping[str, str] | None = None,
        unique_ids: bool = True,
        progress: Progress | None = None,
    ) -> None:
        self._parts: list[tuple[Path, str] | Task] = []
        for source in sources:
            self._parts += [source] if isinstance(source, Task) else _files(source)
        self._schema, self._mapping, self._unique_ids, self._progress = schema, mapping, unique_ids, progress
        self.log = ErrorLog()
        self.sources: list[SourceRecord] = []
        self.unscored = self.without_reasoning = 0

    def results(self) -> Iterator[ReasoningTrace | RowError]:
        """Yield every row of every source as a trace or an error; the counts are complete at the end."""
        total = 0
        for part in self._parts:
            record = self._record(part)
            label, stream = self._stream(part)
            rows = imported = 0
            for number, found in stream:
                rows += 1
                problem = self._judge(found) if isinstance(found, ReasoningTrace) else None
                result = found if problem is None else problem.at(label, number)
                if isinstance(result, ReasoningTrace):
                    imported += 1
                else:
                    self.log.add(result)
                yield result
                if self._progress and (total + rows) % _TICK == 0:
                    self._progress("read", total + rows, None)
            total += rows
            counts = {"rows": rows, "imported": imported, "rejected": rows - imported}
            self.sources.append(record.model_copy(update=counts))

    def _record(self, part: tuple[Path, str] | Task) -> SourceRecord:
        if isinstance(part, Task):
            return SourceRecord(name=part.name, kind="task", digest=part.digest, schema_name="trace")
        path, label = part
        schema: str | None = "mapped" if self._mapping is not None else self._schema
        if schema == "auto":
            schema = detect(path).schema_name
        return SourceRecord(name=label, kind="file", digest=digest_file(path), schema_name=schema)

    def _stream(self, part: tuple[Path, str] | Task) -> tuple[str, Iterator[tuple[int, ReasoningTrace | RowError]]]:
        if isinstance(part, Task):
            return part.name, _task_rows(part)
        path, label = part
        return label, read(path, schema=self._schema, mapping=self._mapping, label=label, unique_ids=self._unique_ids)

    def _judge(self, trace: ReasoningTrace) -> RowProblem | None:
        meta = trace.meta
        labels = meta.get("step_labels")
        if isinstance(labels, list) and False in labels:
            return RowProblem(
                "labels", "a step is labelled wrong", "drop the row: a model is trained on right steps only"
            )
        score = grade_trace(trace)
        if score.value is None:
            self.unscored += 1
        elif score.value < 1.0:
            fix = "shorten or correct the answer, or set meta.answer_kind"
            return RowProblem("final_answer", "does not grade 1.0 against itself", fix, score.explanation)
        self.without_reasoning += meta.get("reasoning") == "absent"
        return None

    def report(self) -> CheckReport:
        """Return the report of everything read."""
        rows, imported = (sum(getattr(source, name) for source in self.sources) for name in ("rows", "imported"))
        return CheckReport(
            ok=imported > 0 and imported == rows,
            sources=self.sources,
            rows=rows,
            imported=imported,
            rejected=rows - imported,
            unscored=self.unscored,
            without_reasoning=self.without_reasoning,
            errors=self.log.first,
            reasons=self.log.reasons,
        )


def _files(source: Path) -> list[tuple[Path, str]]:
    """Return the data files of a source; of the folder of a dataset only its splits, once their digests are checked."""
    if not (source / MANIFEST).is_file():
        return data_files(source)
    manifest = DatasetManifest.read(source / MANIFEST)
    check_digests(source, manifest.files)
    return [(source / split_file(split), f"{manifest.key}/{split_file(split)}") for split in manifest.splits]


def _task_rows(task: Task) -> Iterator[tuple[int, ReasoningTrace | RowError]]:
    for number, item in enumerate(task.items, start=1):
        if item.trace is None:
            problem = RowProblem("trace", "the item has no gold trace", "use a task whose items have steps", item.id)
            yield number, problem.at(task.name, number)
        else:
            yield number, item.trace


def check(
    sources: Sequence[Source],
    *,
    schema: str = "auto",
    mapping: Mapping[str, str] | None = None,
    progress: Progress | None = None,
) -> CheckReport:
    """Check files, folders or tasks in constant memory; nothing is written."""
    reading = Reading(sources, schema=schema, mapping=mapping, progress=progress)
    for _ in reading.results():
        pass
    return reading.report()


def describe_check(report: CheckReport) -> str:
    """Return a check report as text."""
    lines = [
        f"{source.name}: {source.schema_name or 'no known schema'}, {source.rows:,} rows, "
        f"{source.imported:,} good, {source.rejected:,} rejected"
        for source in report.sources
    ]
    if report.rejected:
        lines.append(describe_errors(report.errors, report.reasons, report.rejected))
    if any(source.rows and source.schema_name is None for source in report.sources):
        lines.append(f"known schemas: {', '.join(SCHEMAS)}")
    if not report.rows:
        lines.append("no row was found: the files are empty")
    if report.without_reasoning:
        lines.append(f"note: {report.without_reasoning:,} rows mark no reasoning; their answer stands as the only step")
    if report.unscored:
        lines.append(f"note: {report.unscored:,} rows have an open answer, which no grader scores")
    return "\n".join(lines)
