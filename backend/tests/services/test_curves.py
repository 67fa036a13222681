"""Curves: whatever the rows are, a few of them keep the order and every extreme."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunix_rt_backend.services import curves
from tunix_rt_backend.services.curves import Curves

NUMBERS = st.floats(-1e6, 1e6) | st.integers(-100, 100) | st.none() | st.just("text") | st.booleans()
RECORDS = st.lists(st.dictionaries(st.sampled_from(["step", "loss", "eval/loss"]), NUMBERS), max_size=300)


def lines(records: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


def found(data: bytes, rows: Any) -> list[dict[str, Any]]:
    return [orjson.loads(data[row["offset"] : row["offset"] + row["length"]]) for row in rows]


def read_in_pieces(data: bytes, size: int) -> Curves:
    made, rest = Curves(), b""
    for place in range(0, len(data), size):
        rest += data[place : place + size]
        rest = rest[made.read(rest) :]
    return made


def is_number(value: Any) -> bool:
    return type(value) in (int, float)


@given(RECORDS, st.integers(10, 60), st.integers(1, 500))
@settings(max_examples=150, deadline=None)
def test_selection_keeps_order_extremes_and_ends(records: list[dict[str, Any]], points: int, size: int) -> None:
    data = lines(records)
    made = read_in_pieces(data, size)
    rows = made.select(["loss", "eval/loss"], points)
    assert len(rows) <= points
    assert np.all(np.diff(rows["row"]) > 0)
    kept = found(data, rows)
    assert [records[row] for row in rows["row"]] == kept
    for key in ("loss", "eval/loss"):
        values = [record[key] for record in records if is_number(record.get(key))]
        if values:
            told = [record[key] for record in kept if is_number(record.get(key))]
            assert (min(told), max(told), told[0], told[-1]) == (min(values), max(values), values[0], values[-1])
    many = sum(is_number(record.get("loss")) or is_number(record.get("eval/loss")) for record in records)
    assert (len(rows) == many) == (many <= points)


@given(st.integers(0, 2**32 - 1), st.integers(100, 3000), st.integers(1, 20_000))
@settings(max_examples=30, deadline=None)
def test_thinning_while_reading_keeps_every_extreme_of_wide_ranges(seed: int, count: int, size: int) -> None:
    values = np.random.default_rng(seed).normal(size=count).tolist()
    data = lines([{"step": i, "loss": value} for i, value in enumerate(values)])
    whole = read_in_pieces(data, len(data))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(curves, "MOST_KEPT", 64)
        thinned = read_in_pieces(data, size)
    assert (thinned.rows, thinned.end) == (whole.rows, whole.end) == (count, len(data))
    assert len(thinned.keys["loss"]) <= 64
    assert {row["value"] for row in thinned.select(["loss"], 10)} >= {min(values), max(values), values[0], values[-1]}
    width = thinned.widths["loss"]
    for start in range(0, count, width):
        part = values[start : start + width]
        kept = [row["value"] for row in thinned.keys["loss"] if start <= row["row"] < start + width]
        assert {min(part), max(part)} <= set(kept)


def test_lines_that_are_no_records_are_passed_over() -> None:
    data = b'{"loss": 1}\n{"loss": 2\n[3]\n\nnull\n\xff\n{"loss": NaN}\n{"loss": 4}\n{"loss": 5}'
    made = read_in_pieces(data, 7)
    assert (made.rows, made.end) == (8, data.rfind(b"\n") + 1)
    assert [row["value"] for row in made.select(["loss"], 10)] == [1.0, 4.0]


def test_rows_of_later_steps_alone() -> None:
    made = read_in_pieces(lines([{"step": i % 7, "loss": float(i)} for i in range(14)]), 50)
    assert [row["value"] for row in made.select(["loss"], 10, after_step=4)] == [5.0, 6.0, 12.0, 13.0]


def test_curves_are_the_same_after_a_dump() -> None:
    made = read_in_pieces(lines([{"step": i, "loss": float(i), f"k{i}": 1} for i in range(200)]), 999)
    assert len(made.keys) == curves.MOST_KEYS
    again = Curves.load(made.dump())
    assert (again.rows, again.end, again.widths) == (made.rows, made.end, made.widths)
    assert all(np.array_equal(a, b) for a, b in itertools.zip_longest(made.keys.values(), again.keys.values()))
