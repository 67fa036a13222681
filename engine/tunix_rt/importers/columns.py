"""Columns of a row: read one as a text or a list, or say what is wrong with it; put the parts of a trace together.

It does not know schemas.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

from tunix_rt.importers.problems import RowProblem
from tunix_rt.importers.reasoning import Reasoning, clean, read_completion

Row = Mapping[str, Any]
Draft = dict[str, Any]
"""Keys of a ReasoningTrace, not checked yet."""

_LONG_META = 500
"""Longest text, in characters, that another column may add to `meta`."""
_NUMBERS = (int, float)  # a tuple, since a union would be put together for every value of every row
_EXACT_FLOAT = 2**53
"""Numbers from here on are not all exact as floats."""
_PARTS = frozenset(
    {
        *(
            "prompt",
            "prompts",
            "completion",
            "completions",
            "labels",
            "response",
            "steps",
            "trace_steps",
            "final_answer",
        ),
        *("trace_version", "meta", "metadata", "messages", "conversations", "system", "tools"),
        *("instruction", "input", "output", "history", "question", "answer", "problem", "solution", "generations"),
        *("deepseek_reasoning", "deepseek_solution"),
    }
)
"""Columns that carry the trace itself and are not repeated in `meta`."""


def pick(row: Row, column: str) -> Any:
    """Return a column, or the value at a dotted path into nested objects."""
    if column in row:
        return row[column]
    value: Any = row
    for part in column.split("."):
        if not isinstance(value, Mapping) or part not in value:
            raise RowProblem(column, "is missing", "name a column of the file in the mapping", _columns(row))
        value = value[part]
    return value


def _columns(row: Row) -> str:
    return "columns " + ", ".join(map(str, row))


def _present(row: Row, column: str) -> Any:
    if column not in row:
        raise RowProblem(column, "is missing", "rename a column, or name the columns in a mapping", _columns(row))
    value = row[column]
    if value is None or value == "":
        raise RowProblem(column, "is empty", "fill it in or drop the row")
    return value


def raw_text(row: Row, column: str) -> str:
    """Return a text as it stands; a number is written out."""
    value = row.get(column) or _present(row, column)
    if isinstance(value, str):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RowProblem(column, "is not a text", "write a string", value)
    if isinstance(value, float) and abs(value) >= _EXACT_FLOAT:  # JSON numbers beyond 64 bits arrive rounded, too
        raise RowProblem(column, "is a number with more digits than are kept", "write it as a string", value)
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def text_of(row: Row, column: str) -> str:
    """Return a text that is not empty, cleaned."""
    text = clean(raw_text(row, column))
    if not text:
        raise RowProblem(column, "is empty", "fill it in or drop the row")
    return text


def structured(row: Row, column: str) -> Any:
    """Return a value that may be a list; a cell of a CSV file holds it as JSON text."""
    value = _present(row, column)
    if isinstance(value, str) and value[:1] in "[{":
        try:
            return orjson.loads(value)
        except orjson.JSONDecodeError:
            return value
    return value


def list_of(row: Row, column: str) -> list[Any]:
    """Return a list, also one written as JSON text."""
    value = structured(row, column)
    if not isinstance(value, list):
        raise RowProblem(column, "is not a list", "write a JSON list", value)
    return value


def from_completion(row: Row, prompt: str, completion: str) -> Draft:
    """Return the draft of a prompt and a text that holds reasoning and answer."""
    return from_reasoning(row, prompt, read_completion(completion))


def from_reasoning(row: Row, prompt: str, reasoning: Reasoning) -> Draft:
    """Return the draft of a prompt and its reasoning; reasoning that was not marked is noted in `meta`."""
    draft = draft_of(row, prompt, reasoning.steps, reasoning.answer)
    if not reasoning.marked:
        draft["meta"]["reasoning"] = "absent"
    return draft


def draft_of(row: Row, prompt: str, steps: list[str], answer: str) -> Draft:
    """Return a draft with numbered steps and the `meta` of the row."""
    numbered = [{"i": number, "content": content} for number, content in enumerate(steps, start=1)]
    return {"prompt": prompt, "steps": numbered, "final_answer": answer, "meta": _meta(row)}


def _meta(row: Row) -> dict[str, Any]:
    meta: dict[str, Any] = {}
    for column in ("meta", "metadata"):
        if (value := row.get(column)) is None:
            continue
        if isinstance(value, str) and value.startswith("{"):
            value = structured(row, column)
        if isinstance(value, Mapping):
            meta.update(value)
    for column, value in row.items():
        if column in _PARTS:
            continue
        if isinstance(value, _NUMBERS) or (isinstance(value, str) and 0 < len(value) <= _LONG_META):
            meta.setdefault(column, value)
    if isinstance(meta.get("id"), int):
        meta["id"] = str(meta["id"])
    return meta
