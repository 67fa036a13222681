"""Rows that are wrong: each is reported with its place and its reason, and the next one is read."""

from __future__ import annotations

import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importable import GOOD, SAMPLE, errors, results, write_lines
from tunix_rt.errors import UsageError
from tunix_rt.importers import ErrorLog, RowError, describe_errors, detect, read
from tunix_rt.importers.identities import Identities
from tunix_rt.importers.problems import RowProblem
from tunix_rt.trace import ReasoningTrace, make_trace


@pytest.mark.parametrize(("levels", "good"), [(60, True), (70, False), (250, False)])
def test_meta_is_nested_in_bounds(tmp_path: Path, levels: int, good: bool) -> None:
    """Beyond some hundred levels JSON can be read here and written nowhere."""
    path = tmp_path / "rows.jsonl"
    inner = "[" * levels + "]" * levels
    path.write_text(
        f'{{"prompt": "a?", "steps": [{{"i": 1, "content": "b"}}], "final_answer": "c", "meta": {{"deep": {inner}}}}}\n'
    )
    ((_, found),) = read(path)
    assert isinstance(found, ReasoningTrace) == good
    assert good or "deeper" in found.reason


@pytest.mark.parametrize(
    ("line", "field", "reason"),
    [
        (b'{"question": "a"', "row", "is not JSON"),
        (b"[1, 2]", "row", "is not a JSON object"),
        (b'{"question": "a\x00", "answer": "#### 1"}', "row", "contains a NUL byte"),
        (b'{"question": "a\\u0000", "answer": "#### 1"}', "row", "contains a NUL byte"),
        (b'{"question": "\xff", "answer": "#### 1"}', "row", "is not UTF-8"),
        (b'{"question": "\\ud800", "answer": "#### 1"}', "row", "contains half of a surrogate pair"),
        (b'{"question": "a", "answer": "4"}', "answer", "has no #### before the final answer"),
        (b'{"question": "a", "answer": "x\\n####  "}', "answer", "nothing follows ####"),
        (b'{"question": "", "answer": "#### 1"}', "question", "is empty"),
        (b'{"question": "  ", "answer": "#### 1"}', "question", "is empty"),
        (b'{"question": null, "answer": "#### 1"}', "question", "is empty"),
        (b'{"question": ["a"], "answer": "#### 1"}', "question", "is not a text"),
        (b'{"query": "a", "answer": "#### 1"}', "question", "is missing"),
        (b'{"question": "a<eos>", "answer": "#### 1"}', "prompt", "would lose a part when rendered"),
        (b'{"question": "a", "answer": "b </reasoning>\\n#### 1"}', "step", "would lose a part when rendered"),
        (b'{"question": "a", "answer": "b\\n#### <answer>"}', "final_answer", "would lose a part when rendered"),
    ],
)
def test_a_bad_row_is_reported_with_its_place_and_the_next_one_is_read(
    tmp_path: Path, line: bytes, field: str, reason: str
) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(GOOD + b"\n\n  \n" + line + b"\n" + GOOD)
    found = list(read(path))
    assert [number for number, _ in found] == [1, 4, 5]
    error = found[1][1]
    assert isinstance(error, RowError)
    assert (error.file, error.row, error.field, error.reason) == ("a.jsonl", 4, field, reason)
    assert error.fix
    assert "row 4" in str(error)
    assert isinstance(found[2][1], ReasoningTrace)


@pytest.mark.parametrize(
    ("change", "field", "reason"),
    [
        ({"prompt": "p" * 50_001}, "prompt", "is longer than 50000 characters"),
        ({"steps": []}, "steps", "is empty"),
        ({"steps": "a"}, "steps", "is not a list"),
        ({"steps": [{"i": 1, "content": " "}]}, "steps.content", "is empty"),
        ({"steps": [{"i": 1, "content": "a"}] * 2}, "steps", "the numbers `i` of the steps must be unique"),
        ({"steps": [{"content": "a"}]}, "steps.i", "is missing"),
        ({"steps": ["a"]}, "steps", "is not an object"),
        ({"final_answer": 4}, "final_answer", "is not a text"),
        ({"colour": "red"}, "colour", "is an unknown key"),
        ({"prompt": " \n"}, "prompt", "is empty"),
    ],
)
def test_our_own_rows_are_checked_field_by_field(
    tmp_path: Path, change: dict[str, Any], field: str, reason: str
) -> None:
    good = make_trace("2+2?", ["2+2=4"], "4").model_dump()
    (error,) = errors(write_lines(tmp_path / "a.jsonl", [{**good, **change}]), schema="trace")
    assert error.field == field
    assert reason in error.reason


def test_an_unknown_schema_says_what_is_known(tmp_path: Path) -> None:
    path = write_lines(tmp_path / "a.jsonl", [{"foo": 1}, {"foo": 2}])
    assert detect(path).schema_name is None
    found = errors(path)
    assert [error.row for error in found] == [1, 2]
    assert "mapping" in found[0].fix
    with pytest.raises(UsageError, match="unknown schema 'gsm9k'"):
        results(path, schema="gsm9k")


def test_a_repeated_id_is_an_error(tmp_path: Path) -> None:
    records = [{**record, "id": number % 3} for number, record in enumerate(SAMPLE[:4])]
    (error,) = errors(write_lines(tmp_path / "a.jsonl", records))
    assert (error.row, error.field, error.found) == (4, "meta.id", "0")


@settings(deadline=None)
@given(st.lists(st.integers(0, 20_000), max_size=200))
def test_identities_are_a_set(numbers: list[int]) -> None:
    seen, expected = Identities(), set()
    for number in numbers:
        assert seen.add(number) == (number not in expected)
        expected.add(number)


def test_identities_grow() -> None:
    seen = Identities()
    assert all(seen.add(number) for number in range(10_000))
    assert not any(seen.add(str(number)) for number in range(10_000))


def test_a_million_errors_cost_no_memory() -> None:
    log = ErrorLog()
    tracemalloc.start()
    for number in range(300):
        log.add(RowProblem(f"field{number}", "is empty", "fill it in").at("a.jsonl", number))
    error = RowProblem("a", "is empty", "fill it in").at("a.jsonl", 1)
    for _ in range(999_700):
        log.add(error)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert (log.total, len(log.first)) == (1_000_000, 50)
    assert len(log.reasons) <= 202
    assert sum(log.reasons.values()) == 1_000_000
    assert peak < 2**20
    text = describe_errors(log.first, log.reasons, log.total)
    assert "and 999,950 more" in text


def test_numbers_that_json_cannot_keep_are_refused(tmp_path: Path) -> None:
    exact, rounded = 2**53 - 1, 12345678901234567890123
    path = tmp_path / "a.jsonl"
    records = [{"prompt": f"{n}?", "completion": n} for n in (exact, rounded, float(2**53), 2.5, 7.0)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = [result for _, result in read(path)]
    assert [getattr(result, "final_answer", None) for result in found] == [str(exact), None, None, "2.5", "7"]
    assert {result.fix for result in found if isinstance(result, RowError)} == {"write it as a string"}
