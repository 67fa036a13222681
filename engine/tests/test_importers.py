"""Importers: rows of every schema become traces, and any trace comes back as it was."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importable import QUESTION, ROWS, STEPS, errors, json_values, renders, results, traces, write_lines
from tunix_rt.errors import UsageError
from tunix_rt.importers import SCHEMAS, detect
from tunix_rt.trace import ReasoningTrace, make_trace


@pytest.mark.parametrize("schema", ROWS)
def test_every_schema_is_detected_and_converted(tmp_path: Path, schema: str) -> None:
    for number, record in enumerate(ROWS[schema]):
        path = write_lines(tmp_path / f"{number}.jsonl", [record])
        assert detect(path).schema_name == schema
        (trace,) = traces(path)
        assert [step.content for step in trace.steps] == STEPS
        assert trace.final_answer == "72"
        assert trace.prompt.replace("\n\n", " ") in (QUESTION, "How many")
        assert "reasoning" not in trace.meta
        assert traces(path, schema=schema) == [trace]


def test_every_schema_has_an_example_here() -> None:
    assert set(ROWS) | {"reasoning_gym"} == set(SCHEMAS)


def test_our_own_rows_keep_types_numbers_and_meta(tmp_path: Path) -> None:
    trace = traces(write_lines(tmp_path / "a.jsonl", [ROWS["trace"][0]]))[0]
    assert [(step.i, step.type) for step in trace.steps] == [(3, "compute"), (1, "step")]
    assert trace.meta == {"id": "a"}


def test_reasoning_gym_rows_have_no_reasoning_and_say_so(tmp_path: Path) -> None:
    record = {"question": "2+2?", "answer": "4", "metadata": {"source_dataset": "basic_arithmetic", "difficulty": {}}}
    path = write_lines(tmp_path / "a.jsonl", [record])
    assert detect(path).schema_name == "reasoning_gym"
    (trace,) = traces(path)
    assert (trace.final_answer, trace.meta["reasoning"], trace.meta["family"]) == ("4", "absent", "basic_arithmetic")


def test_conversations_keep_every_turn(tmp_path: Path) -> None:
    turns = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "2+2?"},
        {"role": "assistant", "content": "4"},
        {"role": "user", "content": [{"type": "text", "text": "And 3+3?"}]},
        {"role": "assistant", "content": [{"type": "thinking", "thinking": "3+3=6"}, {"type": "text", "text": "6"}]},
    ]
    (trace,) = traces(write_lines(tmp_path / "a.jsonl", [{"messages": turns}]))
    assert trace.prompt == "Be brief.\n\nUser: 2+2?\n\nAssistant: 4\n\nUser: And 3+3?"
    assert (trace.steps[0].content, trace.final_answer) == ("3+3=6", "6")


def test_a_mapping_names_columns_also_nested_ones(tmp_path: Path) -> None:
    record = {"Body": "2+2?", "Why": "2+2=4", "x": {"gold": 4.0}, "Type": "Addition"}
    path = write_lines(tmp_path / "a.jsonl", [record])
    mapping = {"prompt": "Body", "reasoning": "Why", "answer": "x.gold", "family": "Type"}
    (trace,) = traces(path, mapping=mapping)
    assert trace == make_trace("2+2?", ["2+2=4"], "4", family="Addition")
    (error,) = errors(path, mapping={**mapping, "answer": "x.golden"})
    assert (error.field, error.reason) == ("x.golden", "is missing")
    assert "Body" in error.found
    with pytest.raises(UsageError, match="a mapping needs prompt"):
        results(path, mapping={"prompt": "Body"})


def test_other_short_columns_go_to_meta(tmp_path: Path) -> None:
    record = {"question": "2+2?", "answer": "2+2=4\n#### 4", "id": 7, "license": "MIT", "blob": "x" * 501, "nested": {}}
    (trace,) = traces(write_lines(tmp_path / "a.jsonl", [record]))
    assert trace.meta == {"id": "7", "license": "MIT"}


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)
stripped = words.map(str.strip).filter(bool)


any_trace = (
    st.builds(make_trace, words.filter(str.strip), st.lists(stripped, min_size=1, max_size=4), stripped)
).filter(renders)


@settings(max_examples=100, deadline=None)
@given(st.lists(any_trace, min_size=1, max_size=4))
def test_our_own_rows_come_back_as_they_were(written: list[ReasoningTrace]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_lines(Path(folder) / "a.jsonl", [trace.model_dump(mode="json") for trace in written])
        assert traces(path) == written


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(ROWS)), st.data())
def test_no_value_in_a_row_breaks_a_reader(schema: str, data: st.DataObject) -> None:
    record = dict(data.draw(st.sampled_from(ROWS[schema])))
    for column in data.draw(st.lists(st.sampled_from([*record, "meta", "metadata", "id"]), max_size=3)):
        value = data.draw(json_values)
        record[column] = [value] if isinstance(record.get(column), list) and data.draw(st.booleans()) else value
    with tempfile.TemporaryDirectory() as folder:
        found = results(write_lines(Path(folder) / "a.jsonl", [record]), schema=schema)
    assert len(found) == 1


def test_gsm8k_when_the_file_is_at_hand() -> None:
    path = Path(__file__).parents[3] / "shared" / "data" / "gsm8k-train.jsonl"
    if path.exists():
        found = traces(path)
        assert len(found) == 7473
        assert not any("<<" in step.content for trace in found for step in trace.steps)
