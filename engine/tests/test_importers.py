"""Importers: every schema and container, rows that are wrong, and files that are damaged."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tempfile
import tracemalloc
from collections import Counter
from pathlib import Path
from typing import Any

import orjson
import pyarrow
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyarrow import parquet

from tunix_rt.errors import DataError, MissingError, UsageError
from tunix_rt.importers import MAX_ROW_BYTES, SCHEMAS, ErrorLog, RowError, data_files, describe_errors, detect, read
from tunix_rt.importers.containers import rows
from tunix_rt.importers.identities import Identities
from tunix_rt.importers.problems import RowProblem
from tunix_rt.importers.reasoning import MAX_STEP, MAX_STEPS, find_answer, read_completion, split_steps
from tunix_rt.trace import ReasoningTrace, canonical, make_trace, parse_text, render

GSM8K_ANSWER = "She sold 48/2 = <<48/2=24>>24 clips.\nIn all 48+24 = <<48+24=72>>72 clips.\n#### 72"
STEPS = ["She sold 48/2 = 24 clips.", "In all 48+24 = 72 clips."]
THOUGHT = "\n".join(STEPS)
OPEN_THOUGHT = (
    f"<|begin_of_thought|>\n\n{THOUGHT}\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n72\n<|end_of_solution|>"
)
TAGGED = f"<reasoning>\n{THOUGHT}\n</reasoning>\n<answer>72</answer>"
QUESTION = "How many clips?"

ROWS: dict[str, list[dict[str, Any]]] = {
    "trace": [
        {
            "trace_version": "1.0",
            "prompt": QUESTION,
            "steps": [{"i": 3, "type": "compute", "content": STEPS[0]}, {"i": 1, "content": STEPS[1]}],
            "final_answer": "72",
            "meta": {"id": "a"},
        },
        {
            "prompt": QUESTION,
            "steps": [{"i": 1, "content": " " + STEPS[0]}, {"i": 2, "content": STEPS[1] + "\n"}],
            "final_answer": "72 ",
            "meta": None,
        },
    ],
    "tunix_trace": [{"id": "u", "prompts": QUESTION, "trace_steps": STEPS, "final_answer": "72", "metadata": {}}],
    "tunix_sft": [
        {"prompts": render(make_trace(QUESTION, STEPS, "72")).text, "final_answer": "72"},
        {
            "id": "u",
            "prompts": f"<start_of_turn>user\n{QUESTION}<end_of_turn>\n<start_of_turn>model\n"
            f"Reasoning:\n1. {STEPS[0]}\n2. {STEPS[1]}\nAnswer: 72<end_of_turn>",
            "final_answer": "72",
        },
    ],
    "training_example": [
        {
            "prompt": f"{QUESTION}\n\nPlease show your reasoning steps.",
            "response": f"Reasoning:\n1. {STEPS[0]}\n2. {STEPS[1]}\nAnswer: 72",
            "metadata": {"source_trace_id": "u"},
        }
    ],
    "stepwise": [{"prompt": QUESTION, "completions": STEPS, "labels": [True, True], "answer": "72"}],
    "prompt_completion": [
        {"prompt": QUESTION, "completion": f"<think>{THOUGHT}</think>72"},
        {"prompt": QUESTION, "completion": TAGGED},
        {"prompt": QUESTION, "completion": f"{THOUGHT}\nThe answer is 72."},
        {
            "prompt": [{"role": "user", "content": QUESTION}],
            "completion": [{"role": "assistant", "content": f"<think>\n{THOUGHT}\n</think>\n\n**Answer:** 72"}],
        },
    ],
    "messages": [
        {
            "messages": [
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": "72", name: THOUGHT},
            ]
        }
        for name in ("reasoning_content", "thinking")
    ]
    + [{"messages": [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": TAGGED}]}],
    "openthoughts": [
        {
            "system": "Use <|begin_of_thought|> and so on.",
            "conversations": [{"from": "user", "value": QUESTION}, {"from": "assistant", "value": OPEN_THOUGHT}],
        },
        {
            "problem": QUESTION,
            "deepseek_reasoning": THOUGHT,
            "deepseek_solution": "\\boxed{72}",
            "ground_truth_solution": "72",
        },
    ],
    "sharegpt": [
        {
            "conversations": [
                {"from": "human", "value": QUESTION},
                {"from": "gpt", "value": f"<think>{THOUGHT}</think>72"},
            ]
        }
    ],
    "alpaca": [
        {"instruction": "How many", "input": "", "output": f"{THOUGHT}\nAnswer: 72"},
        {"instruction": "How many", "input": "clips?", "output": f"<think>{THOUGHT}</think>\n72", "system": ""},
    ],
    "openr1_math": [
        {
            "problem": QUESTION,
            "solution": "…",
            "answer": "72",
            "generations": ["<think>wrong</think>71", f"<think>{THOUGHT}</think>\\boxed{{72}}"],
            "correctness_math_verify": [False, True],
        },
        {"problem": QUESTION, "solution": f"{THOUGHT}\nThe answer is 72.", "answer": "72"},
    ],
    "gsm8k": [{"question": QUESTION, "answer": GSM8K_ANSWER}],
}


def write_lines(path: Path, records: list[Any]) -> Path:
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


def results(path: Path, **options: Any) -> list[ReasoningTrace | RowError]:
    return [result for _, result in read(path, **options)]


def traces(path: Path, **options: Any) -> list[ReasoningTrace]:
    found = results(path, **options)
    assert not [str(result) for result in found if isinstance(result, RowError)]
    return [result for result in found if isinstance(result, ReasoningTrace)]


def errors(path: Path, **options: Any) -> list[RowError]:
    return [result for result in results(path, **options) if isinstance(result, RowError)]


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


# --- reasoning ---


@pytest.mark.parametrize(
    ("text", "answer", "steps"),
    [
        ("a\nb\n#### 1,080", "1,080", ["a", "b"]),
        ("so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}", ["so \\boxed{\\frac{1}{2}}."]),
        ("a\n**Final answer:** 3.5.", "3.5", ["a"]),
        ("First a. So the answer is 12.", "12", ["First a. So the answer is 12."]),
        ("reasoned</think>\nyes", "yes", ["reasoned"]),
        ("<thinking>a\n\nb\nc</thinking>long text", "long text", ["a", "b\nc"]),
        ("<think>a</think>It follows.\nAnswer: 5", "5", ["a", "It follows."]),
        ("<reasoning>\na\n</reasoning>\n<answer>5</answer>", "5", ["a"]),
        ("a\n<answer>5</answer>", "5", ["a"]),
    ],
)
def test_completions_are_read(text: str, answer: str, steps: list[str]) -> None:
    reasoning = read_completion(text)
    assert (reasoning.answer, reasoning.steps, reasoning.marked) == (answer, steps, True)


def test_a_plain_text_is_its_own_answer() -> None:
    assert read_completion("Blue.\nOr red.") == (["Blue.", "Or red."], "Blue.\nOr red.", False)
    assert find_answer("Blue.") is None


@pytest.mark.parametrize("text", ["<think>cut", "<think>a</think> ", "<reasoning>\na\n</reasoning>\n<answer>5"])
def test_cut_completions_are_refused(text: str) -> None:
    with pytest.raises(RowProblem):
        read_completion(text)


def test_steps_keep_code_and_indentation_together() -> None:
    assert split_steps("a\n  b\nc") == ["a\n  b", "c"]
    assert split_steps("a\n\n```\nx\n\n  y\n```\n\nb") == ["a", "```\nx\n\n  y\n```", "b"]


@settings(deadline=None)
@given(st.text(alphabet="ab \n\t`", max_size=300))
def test_splitting_into_steps_loses_no_letter(text: str) -> None:
    steps = split_steps(text)
    assert Counter("".join("".join(steps).split())) == Counter("".join(text.split()))
    assert all(step == step.strip() and step for step in steps)


def test_very_long_reasoning_fits_the_limits_of_a_trace() -> None:
    steps = split_steps("\n".join(f"line {number}" for number in range(2500)) + "\n" + "word " * 10_000)
    assert len(steps) <= MAX_STEPS
    assert max(map(len, steps)) <= MAX_STEP
    assert "line 2499" in "".join(steps)


# --- containers ---

SAMPLE = [{"question": f"What is {n} + 1?", "answer": f"{n} + 1 = {n + 1}\n#### {n + 1}"} for n in range(40)]


def as_csv(records: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def as_parquet(records: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(records), out)
    return out.getvalue()


def as_lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


CONTENT = {
    "jsonl": as_lines,
    "ndjson": lambda records: b"\xef\xbb\xbf" + as_lines(records).replace(b"\n", b"\r\n"),
    "json": lambda records: json.dumps(records, indent=1).encode(),
    "csv": as_csv,
    "parquet": as_parquet,
}


@pytest.mark.parametrize("zipped", [False, True])
@pytest.mark.parametrize("kind", CONTENT)
def test_every_container_gives_the_same_traces(tmp_path: Path, kind: str, zipped: bool) -> None:
    data = CONTENT[kind](SAMPLE)
    path = tmp_path / (f"a.{kind}.gz" if zipped else f"a.{kind}")
    path.write_bytes(gzip.compress(data) if zipped else data)
    expected = traces(write_lines(tmp_path / "expected.jsonl", SAMPLE))
    assert traces(path) == expected
    first = 2 if kind == "csv" else 1
    assert [number for number, _ in read(path)] == list(range(first, first + len(SAMPLE)))


def test_json_values_one_after_the_other_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text("\n".join(json.dumps(record, indent=1) for record in SAMPLE))
    assert len(traces(path)) == len(SAMPLE)


def test_csv_cells_may_hold_json(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    record = {"prompt": "2+2?", "completions": json.dumps(["2+2=4", "4"]), "labels": "[true, true]"}
    path.write_bytes(as_csv([record]))
    assert traces(path) == [make_trace("2+2?", ["2+2=4", "4"], "4", step_labels=[True, True])]


def test_a_semicolon_separates_cells_too(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('question;answer\nWhat?;"a, b\n#### 4"\n')
    assert traces(path) == [make_trace("What?", ["a, b"], "4")]


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.lists(st.dictionaries(st.text(max_size=4), json_values, max_size=4), max_size=5), st.booleans())
def test_json_arrays_are_cut_at_the_right_places(records: list[dict[str, Any]], pretty: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.json"
        path.write_text(json.dumps(records, indent=2 if pretty else None, ensure_ascii=pretty))
        assert [row for _, row in rows(path)] == records


def test_a_json_array_is_cut_across_chunks(tmp_path: Path) -> None:
    records = [{"text": '\\" ]}' * 200_000 + str(number)} for number in range(4)]
    path = tmp_path / "a.json"
    path.write_text(json.dumps(records))
    assert [row for _, row in rows(path)] == records


def test_a_folder_is_read_with_its_sub_folders(tmp_path: Path) -> None:
    (tmp_path / "data" / "more").mkdir(parents=True)
    write_lines(tmp_path / "data" / "b.jsonl", SAMPLE[:1])
    write_lines(tmp_path / "data" / "more" / "a.jsonl", SAMPLE[1:2])
    (tmp_path / "data" / "README.md").write_text("words")
    (tmp_path / "data" / ".hidden.jsonl").write_text("{}")
    assert [label for _, label in data_files(tmp_path / "data")] == ["data/b.jsonl", "data/more/a.jsonl"]
    with pytest.raises(MissingError, match="is not on this machine"):
        data_files(tmp_path / "absent")
    with pytest.raises(UsageError, match=r"expected a file ending in \.jsonl"):
        data_files(tmp_path / "data" / "README.md")
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no data file"):
        data_files(tmp_path / "empty")


# --- bad input ---

GOOD = orjson.dumps(SAMPLE[0])


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


def test_a_truncated_gzip_gives_its_rows_and_then_one_error(tmp_path: Path) -> None:
    for kind in ("jsonl", "json", "csv", "parquet"):
        path = tmp_path / f"a.{kind}.gz"
        records = [{**record, "n": number} for number, record in enumerate(SAMPLE * 50)]
        whole = gzip.compress(CONTENT[kind](records))
        path.write_bytes(whole[: len(whole) // 2])
        found = results(path)
        assert isinstance(found[-1], RowError)
        assert (found[-1].field, found[-1].reason) == ("file", "the gzip data ends early or is damaged")
        assert all(isinstance(result, ReasoningTrace) for result in found[:-1])
        path.write_bytes(b"no gzip at all")
        assert errors(path)[0].field == "file"


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.json", b'[{"question": "a"'),
        ("a.json", b'[{"question": "a", "answer": "b #### 1"}, '),
        ("a.parquet", as_parquet(SAMPLE)[:-20]),
        ("a.jsonl", '{"a": 1}'.encode("utf-16")),
        ("a.csv", b"a,a\n1,2\n"),
        ("a.json", b"1, 2, " * 3_000_000),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, name: str, data: bytes) -> None:
    path = tmp_path / name
    path.write_bytes(data)
    assert errors(path)[-1].field == "file"


def test_bad_json_elements_do_not_take_the_rest_with_them(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_bytes(b"[" + GOOD + b', {"question": oops}, 7, "a, b", ' + GOOD + b"]")
    found = list(read(path))
    assert [(number, isinstance(result, RowError)) for number, result in found] == [
        (1, False),
        (2, True),
        (3, True),
        (4, True),
        (5, False),
    ]


def test_bad_csv_rows_do_not_take_the_rest_with_them(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    good = b'q?,"a\n#### 1"\n'
    path.write_bytes(b"question,answer\n" + good + b"\n" + b"a,b,c\n" + b'"x"y,z\n' + b"\xff,#### 1\n" + good)
    found = list(read(path))
    assert [(number, getattr(result, "reason", "")) for number, result in found] == [
        (2, ""),
        (4, "has more or fewer cells than the header"),
        (5, "is not CSV"),
        (6, "is not UTF-8"),
        (7, ""),
    ]


@pytest.mark.parametrize("name", ["a.jsonl", "a.jsonl.gz", "a.json", "a.csv"])
def test_a_row_of_100_megabytes_is_refused_without_holding_it(tmp_path: Path, name: str) -> None:
    path = tmp_path / name
    csv_file = name == "a.csv"
    head, tail = (b'question,answer\n"', b'","#### 1"\n"q","#### 1"\n') if csv_file else (b'{"question": "', b'"}\n')
    body = b"[" if name == "a.json" else b""
    opener = gzip.open if name.endswith(".gz") else open
    with opener(path, "wb") as stream:
        stream.write(body + head)
        for _ in range(100):
            stream.write(b"x" * 2**20)
        stream.write(tail)
        if not csv_file:
            stream.write(b"," * bool(body) + GOOD + b"]" * bool(body))
    tracemalloc.start()
    found = results(path, schema="gsm8k")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [isinstance(result, RowError) and result.reason for result in found] == ["longer than 16 MiB", False]
    assert peak < 5 * MAX_ROW_BYTES


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


def test_a_large_file_is_read_in_constant_memory(tmp_path: Path) -> None:
    peaks = []
    for count in (2_000, 20_000):
        path = tmp_path / f"{count}.json"
        path.write_bytes(b"[" + b",".join([orjson.dumps(SAMPLE[1])] * count) + b"]")
        tracemalloc.start()
        assert sum(1 for _ in read(path)) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < peaks[0] + 3 * 2**20


# --- round trips of any trace ---

words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)
stripped = words.map(str.strip).filter(bool)


def renders(trace: ReasoningTrace) -> bool:
    try:
        return parse_text(render(trace).text) == canonical(trace)
    except DataError:
        return False


any_trace = (
    st.builds(make_trace, words.filter(str.strip), st.lists(stripped, min_size=1, max_size=4), stripped)
).filter(renders)


@settings(max_examples=100, deadline=None)
@given(st.lists(any_trace, min_size=1, max_size=4))
def test_our_own_rows_come_back_as_they_were(written: list[ReasoningTrace]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_lines(Path(folder) / "a.jsonl", [trace.model_dump(mode="json") for trace in written])
        assert traces(path) == written


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.parquet", "a.jsonl.gz"]))
def test_no_bytes_break_a_reader(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        numbers = [number for number, _ in read(path)]
        assert numbers == sorted(numbers)


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


def test_numbers_that_json_cannot_keep_are_refused(tmp_path: Path) -> None:
    exact, rounded = 2**53 - 1, 12345678901234567890123
    path = tmp_path / "a.jsonl"
    records = [{"prompt": f"{n}?", "completion": n} for n in (exact, rounded, float(2**53), 2.5, 7.0)]
    path.write_text("".join(json.dumps(record) + "\n" for record in records))
    found = [result for _, result in read(path)]
    assert [getattr(result, "final_answer", None) for result in found] == [str(exact), None, None, "2.5", "7"]
    assert {result.fix for result in found if isinstance(result, RowError)} == {"write it as a string"}


def test_bytes_in_parquet_are_text_only_if_they_are_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(
        as_parquet([{"prompt": b"1?", "completion": "é".encode()}, {"prompt": b"2?", "completion": b"\xff"}])
    )
    good, bad = (result for _, result in read(path))
    assert isinstance(good, ReasoningTrace)
    assert (good.prompt, good.final_answer) == ("1?", "é")
    assert isinstance(bad, RowError)
