"""Curves: where in a file of metrics each key's extremes stand, so that a long run can be drawn from a few rows.

For every key the rows that have it are divided into ranges of equal width, and of each range the row with the smallest
and the row with the largest value are kept, besides the first and the last row: the "MinMax" reduction, whose drawing
differs from the whole curve's in no extreme (Jugel et al., "M4: A Visualization-Oriented Time Series Data Aggregation",
PVLDB 7(10), 2014, section 4). Ranges of double width are unions of two, so a kept set can be thinned again, and a file
that grows is only read on from where one stopped. Where the edge of a drawn range cuts a kept one, that one's extremes
count for the part that they stand in; the extremes of the whole curve are always there.

This module opens no file and knows no run.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import orjson

MOST_KEPT = 16_384
"""A key with more rows than this is thinned to half of it; with fewer, all of its rows are kept."""
MOST_KEYS = 64
"""Keys of a file beyond these are not indexed."""
_ROW = np.dtype([("row", "i8"), ("offset", "i8"), ("length", "i4"), ("step", "f8"), ("value", "f8")])
Rows = npt.NDArray[np.void]


@dataclass
class Curves:
    """The kept rows of each key, in the order of the file."""

    keys: dict[str, Rows] = field(default_factory=dict)
    """Kept rows by key: number of the row, where its line lies, its step (NaN: none) and its value."""
    widths: dict[str, int] = field(default_factory=dict)
    """Rows of the file that one range of a key covers; 1: nothing was thinned."""
    rows: int = 0
    """Rows read."""
    end: int = 0
    """Offset in the file up to which it was read: the end of a whole line."""

    def read(self, data: bytes) -> int:
        """Read the whole lines at the start of `data`, which begins at `end`; return how many bytes they are."""
        whole = data.rfind(b"\n") + 1
        if not whole:
            return 0
        lines = data[: whole - 1].split(b"\n")
        lengths = np.fromiter(map(len, lines), "i8", len(lines))
        offsets = self.end + np.concatenate([[0], np.cumsum(lengths + 1)[:-1]])
        for keys, places, records in _grouped(lines):
            columns = list(zip(*(record.values() for record in records), strict=True))
            steps = _numbers(columns[keys.index("step")]) if "step" in keys else np.full(len(places), np.nan)
            for key, column in zip(keys, columns, strict=True):
                values = _numbers(column)
                found = np.isfinite(values)
                if not found.any() or (key not in self.keys and len(self.keys) >= MOST_KEYS):
                    continue
                new = np.empty(len(places), _ROW)
                new["row"], new["offset"], new["length"] = places + self.rows, offsets[places], lengths[places]
                new["step"], new["value"] = steps, values
                self._add(key, new[found])
        for key, kept in self.keys.items():
            if len(kept) > MOST_KEPT:
                self._thin(key)
        self.rows += len(lines)
        self.end += whole
        return whole

    def _add(self, key: str, new: Rows) -> None:
        before = self.keys.get(key)
        if before is not None:
            new = np.concatenate([before, new])
            new = new[np.argsort(new["row"], kind="stable")]  # rows with other keys may stand between
        self.keys[key] = new
        self.widths.setdefault(key, 1)

    def _thin(self, key: str) -> None:
        kept = self._thinned(key)
        if len(kept) > MOST_KEPT:
            while len(kept) > MOST_KEPT // 2:
                self.widths[key] *= 2
                kept = self._thinned(key)
        self.keys[key] = kept

    def _thinned(self, key: str) -> Rows:
        rows = self.keys[key]
        return rows[_extremes(rows["row"] // self.widths[key], rows["value"])]

    def select(
        self, keys: Iterable[str], points: int, *, after_step: float | None = None, until_step: float | None = None
    ) -> Rows:
        """Return at most `points` rows that hold the extremes of the keys, in the order of the file."""
        kept = [self.keys[key] for key in keys if key in self.keys]
        if after_step is not None:
            kept = [rows[rows["step"] > after_step] for rows in kept]
        if until_step is not None:
            kept = [rows[rows["step"] <= until_step] for rows in kept]
        kept = [rows for rows in kept if len(rows)]
        if not kept:
            return np.empty(0, _ROW)
        every = _union(kept)
        if len(every) <= points:
            return every
        few, left = [], points
        for place, rows in enumerate(sorted(kept, key=len)):  # what a short curve does not need, the longer ones get
            few.append(_few(rows, left // (2 * (len(kept) - place)) - 1))
            left -= len(few[-1])
        return _union(few)

    def dump(self) -> bytes:
        """Return this as bytes, for a file."""
        stream = io.BytesIO()
        named = {f"k{i}": rows for i, rows in enumerate(self.keys.values())}
        head = {"keys": list(self.keys), "widths": self.widths, "rows": self.rows, "end": self.end}
        np.savez(stream, head=np.frombuffer(orjson.dumps(head), "u1"), **named)  # type: ignore[arg-type]
        return stream.getvalue()

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Return what `dump` wrote; raise ValueError, KeyError or zipfile.BadZipFile if it is something else."""
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            head = orjson.loads(arrays["head"].tobytes())
            keys = {key: arrays[f"k{i}"] for i, key in enumerate(head["keys"])}
        if any(rows.dtype != _ROW for rows in keys.values()):
            raise ValueError("curves of another version")
        return cls(keys, head["widths"], head["rows"], head["end"])


def _few(rows: Rows, ranges: int) -> Rows:
    if len(rows) <= 2 * ranges + 2:
        return rows
    first, last = int(rows["row"][0]), int(rows["row"][-1])
    return rows[_extremes((rows["row"] - first) * ranges // (last - first + 1), rows["value"])]


def _extremes(ranges: npt.NDArray[Any], values: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Return which rows are the first, the last, or the smallest or largest of their range (the earliest of equals)."""
    chosen = np.zeros(len(values), np.bool_)
    chosen[[0, -1]] = True
    place = np.arange(len(values))
    for sign in (1, -1):
        order = np.lexsort((place, sign * values, ranges))
        chosen[order[np.flatnonzero(np.diff(ranges[order], prepend=ranges[order[0]] - 1))]] = True
    return chosen


def _union(parts: list[Rows]) -> Rows:
    every = np.concatenate(parts)
    _, places = np.unique(every["row"], return_index=True)
    return every[places]


def _grouped(lines: list[bytes]) -> Iterable[tuple[tuple[str, ...], npt.NDArray[np.int64], list[dict[str, Any]]]]:
    """Yield the records with the same keys together, and their places among the lines; other lines are left out."""
    groups: dict[tuple[str, ...], tuple[list[int], list[dict[str, Any]]]] = {}
    for place, record in enumerate(_parsed(lines)):
        if isinstance(record, dict) and record:
            places, records = groups.setdefault(tuple(record), ([], []))
            places.append(place)
            records.append(record)
    for keys, (places, records) in groups.items():
        yield keys, np.array(places, np.int64), records


def _parsed(lines: list[bytes]) -> list[Any]:
    try:
        found = orjson.loads(b"[" + b",".join(lines) + b"]")
        if len(found) == len(lines):
            return list(found)
    except orjson.JSONDecodeError:
        pass  # one of them is no JSON: look at each
    return [parse_row(line) for line in lines]


def parse_row(line: bytes) -> dict[str, Any] | None:
    """Return the record of one line; None if it is none, as a line cut by a crash."""
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return record if isinstance(record, dict) else None


def _numbers(column: tuple[Any, ...]) -> npt.NDArray[np.float64]:
    if {*map(type, column)} <= {int, float}:
        return np.array(column, np.float64)
    return np.array([value if type(value) in (int, float) else np.nan for value in column], np.float64)
