"""Containers: every kind gives the same rows, and a damaged file gives those that can be read and says so."""

from __future__ import annotations

import gzip
import json
import tempfile
import tracemalloc
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importable import CONTENT, GOOD, SAMPLE, as_csv, as_parquet, errors, json_values, results, traces, write_lines
from tunix_rt.errors import DataError, MissingError, UsageError
from tunix_rt.importers import MAX_ROW_BYTES, RowError, data_files, read
from tunix_rt.importers.containers import rows
from tunix_rt.trace import ReasoningTrace, make_trace


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


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200), st.sampled_from(["a.jsonl", "a.json", "a.csv", "a.parquet", "a.jsonl.gz"]))
def test_no_bytes_break_a_reader(data: bytes, name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / name
        path.write_bytes(data)
        numbers = [number for number, _ in read(path)]
        assert numbers == sorted(numbers)


def test_bytes_in_parquet_are_text_only_if_they_are_utf8(tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    path.write_bytes(
        as_parquet([{"prompt": b"1?", "completion": "é".encode()}, {"prompt": b"2?", "completion": b"\xff"}])
    )
    good, bad = (result for _, result in read(path))
    assert isinstance(good, ReasoningTrace)
    assert (good.prompt, good.final_answer) == ("1?", "é")
    assert isinstance(bad, RowError)
