"""Metrics of a run: a large file is read once, a growing one read on, and a changed one noticed."""

from __future__ import annotations

import concurrent.futures
import shutil
import sys
import threading
import time
from pathlib import Path
from typing import Any

import orjson
import pytest

from tunix_rt_backend.errors import NotFound, Unprocessable
from tunix_rt_backend.services import metrics as module
from tunix_rt_backend.services.metrics import Metrics, Query, precompute


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the metrics of run `r` lie."""
    (tmp_path / "runs" / "r").mkdir(parents=True)
    return tmp_path / "runs" / "r" / "metrics.jsonl"


@pytest.fixture
def metrics(tmp_path: Path, file: Path) -> Metrics:
    """Metrics of that home."""
    return Metrics(tmp_path)


def write(file: Path, start: int, end: int, tail: bytes = b"") -> None:
    with file.open("ab") as stream:
        for step in range(start, end):
            stream.write(orjson.dumps({"step": step, "loss": 1000.0 / (step + 1), "grad_norm": step % 7}) + b"\n")
            if step % 50 == 49:
                stream.write(orjson.dumps({"step": step, "eval/loss": float(step)}) + b"\n")
        stream.write(tail)


def rows(metrics: Metrics, query: Query = Query()) -> list[dict[str, Any]]:  # noqa: B008
    found: list[dict[str, Any]] = orjson.loads(metrics.answer("r", query).plain)
    return found


def test_short_file_is_told_whole_without_a_torn_line(metrics: Metrics, file: Path) -> None:
    write(file, 0, 100, tail=b'{"step": 100, "lo')
    told = rows(metrics)
    assert told == [orjson.loads(line) for line in file.read_bytes().split(b"\n")[:-1]]
    assert len(told) == 102


def test_run_without_metrics_is_not_found_here(metrics: Metrics) -> None:
    with pytest.raises(NotFound):
        metrics.answer("r", Query())
    metrics.precompute("r")


def test_long_file_keeps_both_curves(metrics: Metrics, file: Path) -> None:
    write(file, 0, 30_000)
    told = rows(metrics, Query(points=500))
    assert 400 < len(told) <= 500
    assert told[0] == {"step": 0, "loss": 1000.0, "grad_norm": 0}
    assert told[-1] == {"step": 29_999, "eval/loss": 29_999.0}
    assert [row["step"] for row in told] == sorted(row["step"] for row in told)


def test_keys_choose_columns_and_extremes(metrics: Metrics, file: Path) -> None:
    write(file, 0, 30_000)
    told = rows(metrics, Query(points=100, keys=("grad_norm", "absent")))
    assert len(told) <= 100
    assert {tuple(row) for row in told} == {("step", "grad_norm")}
    assert {row["grad_norm"] for row in told} >= {0, 6}
    assert rows(metrics, Query(keys=("absent",))) == []
    with pytest.raises(Unprocessable, match="more points"):
        metrics.answer("r", Query(points=10, keys=("a", "b", "c")))


def test_later_steps_are_told_in_full_near_the_end(metrics: Metrics, file: Path) -> None:
    write(file, 0, 60_000)
    assert [row["step"] for row in rows(metrics, Query(after_step=59_979, keys=("loss",)))] == [*range(59_980, 60_000)]
    assert len(rows(metrics, Query(after_step=59_979))) == 21
    assert rows(metrics, Query(after_step=60_000)) == []
    assert len(rows(metrics, Query(after_step=100, points=50))) <= 50


def test_steps_between_two_are_told_in_full_however_long_the_run_is(metrics: Metrics, file: Path) -> None:
    write(file, 0, 60_000)
    told = rows(metrics, Query(after_step=30_000, until_step=30_020, keys=("grad_norm",)))
    assert told == [{"step": step, "grad_norm": step % 7} for step in range(30_001, 30_021)]
    assert [row["step"] for row in rows(metrics, Query(until_step=2))] == [0, 1, 2]
    assert rows(metrics, Query(after_step=20, until_step=10)) == []
    assert len(rows(metrics, Query(after_step=10, until_step=50_000, points=50))) <= 50


@pytest.mark.parametrize("large", [0, 2**30])
def test_growing_file_is_read_on(tmp_path: Path, file: Path, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", large)
    metrics = Metrics(tmp_path)
    place = 0
    for end in (10, 3000, 3001, 9000):
        write(file, place, end)
        place = end
        told = rows(metrics, Query(points=100))
        assert told[-1]["step"] == end - 1
        assert told == rows(Metrics(tmp_path), Query(points=100))
    with file.open("ab") as stream:
        stream.write(b'{"step": 9000, "loss": 5')
    assert rows(metrics, Query(points=100))[-1]["step"] == 8999
    with file.open("ab") as stream:
        stream.write(b"0.5}\n")
    assert rows(metrics, Query(points=100))[-1] == {"step": 9000, "loss": 50.5}


@pytest.mark.parametrize("large", [0, 2**30])
def test_changed_file_is_noticed(tmp_path: Path, file: Path, large: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", large)
    metrics = Metrics(tmp_path)
    write(file, 0, 5000)
    rows(metrics, Query(points=100))
    data = file.read_bytes()
    file.write_bytes(data[: data.index(b"\n", 10_000) + 1])  # cut back, as by a restore
    write(file, 9000, 14_000)
    for told in (rows(metrics, Query(points=100)), rows(Metrics(tmp_path), Query(points=100))):
        assert told[-1]["step"] == 13_999
        assert not {row["step"] for row in told} & {*range(1000, 9000)}


def test_answer_is_kept_on_disk_and_a_torn_one_is_made_again(tmp_path: Path, file: Path) -> None:
    write(file, 0, 20_000)
    precompute(tmp_path, "r")
    kept = tmp_path / "cache" / "metrics" / "r.answer"
    right = rows(Metrics(tmp_path))
    assert len(right) > 1900
    for wrong in (b"", b"junk", kept.read_bytes()[:-5], kept.read_bytes()[:-5] + b"\0" * 5):
        kept.write_bytes(wrong)
        assert rows(Metrics(tmp_path)) == right
    Metrics(tmp_path).forget("r")
    assert not kept.exists()


def test_forgotten_run_is_nowhere(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 1000)
    metrics = Metrics(tmp_path)
    write(file, 0, 20_000)
    metrics.precompute("r")
    rows(metrics, Query(points=99))
    assert len(list(metrics.cache.iterdir())) == 2
    metrics.forget("r")
    assert list(metrics.cache.iterdir()) == []
    assert not metrics._answers
    assert not metrics._known
    assert metrics._bytes == 0


def test_run_that_is_deleted_while_it_is_read_is_forgotten(file: Path, metrics: Metrics) -> None:
    write(file, 0, 20_000)
    reading = threading.Thread(target=metrics.precompute, args=("r",))
    with metrics._lock:  # a reading waits for it once it has opened the file
        reading.start()
        deadline = time.monotonic() + 10
        while sys._current_frames()[reading.ident or 0].f_code is not Metrics._rows.__code__:
            assert time.monotonic() < deadline
            time.sleep(0.001)
        shutil.rmtree(file.parent)
    reading.join()
    assert list(metrics.cache.iterdir()) == []
    assert not metrics._answers


def test_torn_curves_are_made_again(tmp_path: Path, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LARGE", 1000)
    write(file, 0, 20_000)
    right = rows(Metrics(tmp_path), Query(points=99))
    kept = tmp_path / "cache" / "metrics" / "r.curves"
    for wrong in (b"", b"junk\njunk", kept.read_bytes()[:-50], kept.read_bytes()[:200]):
        kept.write_bytes(wrong)
        assert rows(Metrics(tmp_path), Query(points=99)) == right


def test_answers_in_memory_are_bounded(metrics: Metrics, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(file, 0, 3000)
    monkeypatch.setattr(module, "_KEPT_BYTES", 50_000)
    for points in range(100, 130):
        metrics.answer("r", Query(points=points))
        assert metrics._bytes == sum(answer.weight for answer in metrics._answers.values()) <= 50_000


def test_many_threads_see_whole_answers_while_a_file_grows(metrics: Metrics, file: Path) -> None:
    write(file, 0, 20_000)
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        asked = [pool.submit(rows, metrics, Query(points=100 + i % 3)) for i in range(60)]
        for step in range(20_000, 20_100):
            write(file, step, step + 1)
            time.sleep(0.001)
        told = [one.result() for one in asked]
    assert all(row[0]["step"] == 0 and row[-1]["step"] >= 19_999 for row in told)


def test_line_without_end_is_not_read_into_memory(
    metrics: Metrics, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_LONGEST_LINE", 1000)
    monkeypatch.setattr(module, "_CHUNK", 500)
    write(file, 0, 10)
    with file.open("ab") as stream:
        stream.write(b"x" * 100_000)
    assert len(rows(metrics)) == 10
