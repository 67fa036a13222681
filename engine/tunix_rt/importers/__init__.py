"""Importers: outside schemas to ReasoningTrace, row by row in constant memory, with row-numbered errors.

They know neither grading nor datasets: whether a trace is right, new or allowed is decided downstream.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tunix_rt.errors import RenderError
from tunix_rt.formats import Format
from tunix_rt.importers.columns import Draft, Row
from tunix_rt.importers.containers import CONTAINERS, MAX_ROW_BYTES, container, data_files, rows
from tunix_rt.importers.identities import Identities
from tunix_rt.importers.problems import ErrorLog, RowError, RowProblem, describe_errors, excerpt
from tunix_rt.importers.schemas import SCHEMAS, convert_trace, converter, detect_schema, mapped, mapping_of
from tunix_rt.trace import ReasoningTrace, check_renders, render

__all__ = [
    "CONTAINERS",
    "MAX_ROW_BYTES",
    "SCHEMAS",
    "Detection",
    "ErrorLog",
    "RowError",
    "RowProblem",
    "check_row",
    "data_files",
    "describe_errors",
    "detect",
    "mapping_of",
    "read",
]

_SAMPLED = 20
"""Rows looked at to detect a schema."""


class Detection(Format):
    """What a data file is."""

    schema_name: str | None
    """Name of the schema; None if no known schema has these columns."""
    container: str
    """`jsonl`, `json`, `csv` or `parquet`."""
    columns: list[str]
    """Columns of the first row."""
    why: str
    """One sentence that says what decided."""


def detect(path: Path) -> Detection:
    """Detect the schema of a data file from its first rows."""
    sample = [row for _, row in itertools.islice(rows(path), _SAMPLED) if isinstance(row, dict)]
    return _detected(path, sample)


def _detected(path: Path, sample: list[dict[str, Any]]) -> Detection:
    columns = list(sample[0]) if sample else []
    for row in sample:
        if found := detect_schema(row):
            name, known = found
            why = f"the columns {', '.join(sorted(known))} make it {name}"
            return Detection(schema_name=name, container=container(path), columns=columns, why=why)
    why = f"no known schema has the columns {', '.join(columns)}" if sample else "no row could be read"
    return Detection(schema_name=None, container=container(path), columns=columns, why=why)


def read(
    path: Path,
    *,
    schema: str = "auto",
    mapping: Mapping[str, str] | None = None,
    label: str | None = None,
    unique_ids: bool = True,
) -> Iterator[tuple[int, ReasoningTrace | RowError]]:
    """Yield `(row number, trace or error)` of one data file, in constant memory.

    `schema` is a name of SCHEMAS or `auto`; `mapping` names the columns itself (see `schemas.mapped`) and replaces the
    schema. `label` is the name of the file in errors, by default its name without folders. Each trace renders without
    loss under the prompt contract, and no two rows of the file share `meta.id` unless `unique_ids` is false, as for
    rows that were gathered from several files.
    """
    label = label or path.name
    stream = rows(path)
    convert: Callable[[Row], Draft]
    if mapping is not None:
        convert = mapped(mapping)
    elif schema != "auto":
        convert = converter(schema)
    else:
        head = list(itertools.islice(stream, _SAMPLED))
        detection = _detected(path, [row for _, row in head if isinstance(row, dict)])
        stream = itertools.chain(head, stream)
        convert = converter(detection.schema_name) if detection.schema_name else _unknown
    seen = Identities()
    for number, row in stream:
        if isinstance(row, RowProblem):
            yield number, row.at(label, number)
            continue
        try:
            trace = _trace(convert(row))
            identity = trace.meta.get("id")
            if unique_ids and identity is not None and not seen.add(identity):
                raise RowProblem("meta.id", "is the id of an earlier row", "give every row its own id", identity)
        except RowProblem as problem:
            yield number, problem.at(label, number)
        else:
            yield number, trace


def _unknown(row: Row) -> Draft:
    fix = "name the columns in a mapping, such as prompt=question,final_answer=answer"
    raise RowProblem("row", "has the columns of no known schema", fix, ", ".join(map(str, row)))


def check_row(row: Row) -> ReasoningTrace:
    """Return one row of our own schema as a trace, as `read` would; raise RowProblem if it cannot be used."""
    return _trace(convert_trace(row))


def _trace(draft: Draft) -> ReasoningTrace:
    try:
        trace = ReasoningTrace.model_validate(draft)
        check_renders(trace)
    except ValidationError as error:
        raise _invalid(error.errors(include_url=False)[0]) from error
    except RenderError as error:
        part = next((name for name in ("prompt", "step") if name in str(error).split(" contains")[0]), "final_answer")
        fix = "remove or rewrite what is named"
        raise RowProblem(part, "would lose a part when rendered", fix, str(error)) from error
    if "\x00" in "".join([trace.prompt, *[step.content for step in trace.steps], trace.final_answer]):
        raise RowProblem("row", "contains a NUL byte", "remove the NUL bytes", render(trace).text)
    if not trace.prompt.strip():
        raise RowProblem("prompt", "is empty", "fill it in or drop the row")
    if "\x00" in "".join([step.type for step in trace.steps]):
        raise RowProblem("steps.type", "contains a NUL byte", "remove the NUL bytes")
    if problem := _unwritable(trace.meta):
        raise RowProblem("meta", *problem)
    return trace


def _unwritable(meta: dict[str, Any]) -> tuple[str, str] | None:
    """Return what keeps a value from being written and read back the same everywhere, and the fix; None: nothing."""
    level: list[Any] = [meta]
    for _ in range(_DEEPEST + 1):
        below: list[Any] = []
        for value in level:
            if isinstance(value, str):
                if "\x00" in value:
                    return "contains a NUL byte", "remove the NUL bytes"
                if not value.isascii() and any("\ud800" <= letter <= "\udfff" for letter in value):
                    return "contains half of a surrogate pair", "write the whole character"
            elif isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, float) and not math.isfinite(value):
                return "contains a number that is not finite", "leave it out or write null"
            elif isinstance(value, int) and not -(2**63) <= value < 2**63:
                return "contains an integer of more than 64 bits", "write it as a string"
        if not below:
            return None
        level = below
    return f"is nested deeper than {_DEEPEST} levels", "flatten it, or write the inner part as a string"


_DEEPEST = 64
"""Levels of `meta`; JSON writers give up at some hundreds."""
_REASONS = {
    "missing": ("is missing", "add it, or name the columns in a mapping"),
    "extra_forbidden": ("is an unknown key", "move it into meta or remove it"),
    "string_too_short": ("is empty", "fill it in or drop the row"),
    "too_short": ("is empty", "give at least one"),
    "string_too_long": ("is longer than {max_length} characters", "shorten it or drop the row"),
    "too_long": ("has more than {max_length} items", "join some of them"),
    "string_type": ("is not a text", "write a string"),
    "list_type": ("is not a list", "write a JSON list"),
    "int_type": ("is not a whole number", "write an integer"),
    "dict_type": ("is not an object", "write a JSON object"),
    "model_type": ("is not an object", 'write {"i": 1, "type": "step", "content": "…"}'),
}


def _invalid(error: ErrorDetails) -> RowProblem:
    field = ".".join(part for part in error["loc"] if isinstance(part, str)) or "row"
    reason, fix = _REASONS.get(error["type"], (error["msg"].removeprefix("Value error, "), "correct it"))
    place = ".".join(str(part) for part in error["loc"])
    found = "" if error["type"] == "missing" else f"{place} = {excerpt(error['input'])}"
    return RowProblem(field, reason.format(**error.get("ctx", {})), fix, found)
