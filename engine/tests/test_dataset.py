"""Datasets: a build is all or nothing, the same everywhere, and every row's fate is on record."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toy_dataset import build, evaluation, gsm8k_rows, lines, trace_lines
from tunix_rt import dataset, tasks
from tunix_rt.errors import ConfigError, ContaminationError, DataError, DigestError, MissingError, UsageError
from tunix_rt.formats import read_jsonl
from tunix_rt.trace import CONTRACT_DIGEST, make_trace

SHARED = Path(__file__).parents[3] / "shared" / "data"


def test_a_build_records_where_every_row_went(tmp_path: Path) -> None:
    rows = gsm8k_rows(60)
    copy = {**rows[0], "question": rows[0]["question"].replace(" ", "  ")}
    source = lines(tmp_path / "in.jsonl", [*rows, copy, {"question": "a"}, {**rows[1], "answer": "1"}])
    manifest = build(tmp_path, source, on_error="skip", max_examples=50, license="MIT")
    counts = manifest.counts
    assert (counts.rows, counts.imported, counts.rejected, counts.exact_duplicates) == (63, 61, 2, 1)
    assert (counts.kept, counts.left_out) == (50, 10)
    assert manifest.splits == {"train": 48, "valid": 2}
    assert manifest.licenses == {"MIT": 50}
    assert manifest.contract_digest == CONTRACT_DIGEST
    assert manifest.sources[0].name == "in.jsonl"
    assert (manifest.sources[0].rows, manifest.sources[0].schema_name) == (63, "gsm8k")
    assert manifest.rejected_reasons == {
        "answer: has no #### before the final answer": 1,
        "answer: is missing": 1,
    }
    folder = tmp_path / "datasets" / "toy-v1"
    assert [(record["file"], record["row"]) for record in read_jsonl(folder / "rejected.jsonl")] == [
        ("in.jsonl", 62),
        ("in.jsonl", 63),
    ]
    (duplicate,) = read_jsonl(folder / "duplicates.jsonl")
    assert (duplicate["kind"], duplicate["similarity"]) == ("exact", 1.0)
    assert manifest.statistics.steps.mean == 1.0
    assert manifest.statistics.steps.histogram == [manifest.counts.kept]
    for spread in (manifest.statistics.prompt_chars, manifest.statistics.reasoning_chars):
        assert sum(spread.histogram) == manifest.counts.kept
        assert len(spread.histogram) == min(20, spread.max - spread.min + 1)
    assert sum(manifest.domains.values()) == manifest.counts.kept
    assert dataset.DatasetManifest.read(folder / "manifest.json") == manifest
    assert sorted(path.name for path in (tmp_path / "datasets").iterdir()) == ["toy-v1"]


def test_a_bad_row_fails_the_build_and_nothing_is_written(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", [*gsm8k_rows(5), *[{"question": "a", "answer": "b"}] * 60])
    with pytest.raises(dataset.RejectedRowsError, match=r"in.jsonl, row 6, answer: has no ####") as caught:
        build(tmp_path, source)
    report = caught.value.report
    assert (report.ok, report.rows, report.rejected, len(report.errors)) == (False, 65, 60, 50)
    assert "60 × answer: has no ####" in str(caught.value)
    assert "and 10 more" in str(caught.value)
    assert caught.value.exit_code == 1
    assert not list((tmp_path / "datasets").iterdir())


@pytest.mark.parametrize("records", [[], [{"question": "a", "answer": "b"}]])
def test_nothing_left_is_an_error_that_says_why(tmp_path: Path, records: list[dict[str, Any]]) -> None:
    source = lines(tmp_path / "in.jsonl", records)
    with pytest.raises(DataError, match="hold no row" if not records else "1 × answer: has no ####"):
        build(tmp_path, source, on_error="skip")
    assert not list((tmp_path / "datasets").iterdir())


def test_the_digest_does_not_depend_on_place_order_names_or_time(tmp_path: Path) -> None:
    rows = gsm8k_rows(80)
    first = build(tmp_path / "a", lines(tmp_path / "x.jsonl", rows), valid_fraction=0.2)
    random.Random(0).shuffle(rows)
    parts = tmp_path / "elsewhere"
    lines(parts / "1.jsonl", rows[:30])
    lines(parts / "2.jsonl", rows[30:])
    second = build(tmp_path / "b", parts, valid_fraction=0.2)
    assert (first.digest, first.splits, first.files) == (second.digest, second.splits, second.files)
    other = build(tmp_path / "c", parts, valid_fraction=0.2, seed=1)
    assert other.digest != first.digest


def test_the_digest_does_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    source = lines(tmp_path / "in.jsonl", gsm8k_rows(50))
    program = (
        "import sys; from pathlib import Path; from tunix_rt import dataset, tasks\n"
        "m = dataset.build([Path(sys.argv[1])], name='a', version='1', home=Path(sys.argv[2]),"
        " against=tasks.registered(None))\nprint(m.digest)"
    )
    digests = set()
    for seed in ("1", "2"):
        command = [sys.executable, "-c", program, str(source), str(tmp_path / seed)]
        done = subprocess.run(
            command, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True, check=True
        )
        digests.add(done.stdout.strip())
    assert len(digests) == 1


def test_a_dataset_is_never_overwritten(tmp_path: Path) -> None:
    rows = gsm8k_rows(20)
    source = lines(tmp_path / "in.jsonl", rows)
    first = build(tmp_path, source)
    before = (tmp_path / "datasets" / "toy-v1" / "manifest.json").read_bytes()
    assert build(tmp_path, source) == first
    with pytest.raises(UsageError, match="differs in sources; a dataset is never overwritten"):
        build(tmp_path, lines(tmp_path / "in.jsonl", rows[:-1]))
    with pytest.raises(UsageError, match="differs in max_examples, sources"):
        build(tmp_path, lines(tmp_path / "in.jsonl", rows[:-1]), max_examples=3)
    assert (tmp_path / "datasets" / "toy-v1" / "manifest.json").read_bytes() == before
    assert [path.name for path in (tmp_path / "datasets").iterdir()] == ["toy-v1"]


@pytest.mark.parametrize("name", ["../x", "", "a/b", ".hidden", "a" * 129])
def test_a_name_cannot_leave_the_folder(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a dataset"):
        build(tmp_path, lines(tmp_path / "in.jsonl", gsm8k_rows(2)), name=name)
    with pytest.raises(MissingError):
        dataset.load(tmp_path, name or "nothing")


@pytest.mark.parametrize(
    "setting", [{"valid_fraction": 1.0}, {"near_duplicate": 0.0}, {"max_examples": 0}, {"on_error": "x"}]
)
def test_impossible_settings_are_refused(tmp_path: Path, setting: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=next(iter(setting))):
        build(tmp_path, lines(tmp_path / "in.jsonl", gsm8k_rows(2)), **setting)


def test_a_row_that_cannot_grade_itself_right_is_rejected(tmp_path: Path) -> None:
    bad = make_trace("Which?", ["a"], "blue", answer_kind="number")
    wrong_step = make_trace("What?", ["a"], "4", step_labels=[False])
    report = dataset.check([trace_lines(tmp_path / "in.jsonl", [bad, wrong_step, make_trace("p", ["a"], "4")])])
    assert [error.field for error in report.errors] == ["final_answer", "labels"]
    assert (report.rows, report.imported) == (3, 1)


def test_a_check_counts_what_training_should_know(tmp_path: Path) -> None:
    path = lines(tmp_path / "in.jsonl", [{"instruction": "Name a colour", "input": "", "output": "Blue"}])
    report = dataset.check([path])
    assert (report.ok, report.without_reasoning) == (True, 1)
    assert "1 rows mark no reasoning" in dataset.describe_check(report)
    assert not dataset.check([lines(tmp_path / "empty.jsonl", [])]).ok
    unknown = dataset.check([lines(tmp_path / "unknown.jsonl", [{"foo": 1}])])
    assert "known schemas: trace" in dataset.describe_check(unknown)


def test_ids_of_two_files_that_number_their_rows_alike_stay_apart(tmp_path: Path) -> None:
    rows = [{**row, "id": number % 10} for number, row in enumerate(gsm8k_rows(20))]
    lines(tmp_path / "in" / "a.jsonl", rows[:10])
    lines(tmp_path / "in" / "b.jsonl", rows[10:])
    manifest = build(tmp_path, tmp_path / "in")
    ids = [trace.meta["id"] for _, trace in dataset.load(tmp_path, manifest.key).rows()]
    assert len(set(ids)) == 20
    assert {name.partition("-")[0] for name in ids} == set(map(str, range(10)))


def test_rows_that_repeat_an_evaluation_item_are_quarantined(tmp_path: Path) -> None:
    rows = gsm8k_rows(200)
    exam = evaluation(rows[2]["question"].upper())
    manifest = build(tmp_path, lines(tmp_path / "in.jsonl", rows), against=[exam])
    assert (manifest.counts.quarantined, manifest.counts.kept) == (1, 199)
    (overlap,) = manifest.contamination
    assert (overlap.task, overlap.digest, overlap.rows, overlap.same_prompt) == ("exam", exam.digest, 1, 1)
    (record,) = read_jsonl(tmp_path / "datasets" / "toy-v1" / "quarantine.jsonl")
    assert (record["task"], record["item"], record["trace"]["prompt"]) == ("exam", "e0", rows[2]["question"])
    assert manifest.config.against == {"exam": exam.digest}


def test_too_much_overlap_stops_the_build_unless_it_is_allowed(tmp_path: Path) -> None:
    rows = gsm8k_rows(40)
    source = lines(tmp_path / "in.jsonl", rows)
    exam = evaluation(*(row["question"] for row in rows[:5]))
    with pytest.raises(ContaminationError, match="exam: 5 of 40 rows"):
        build(tmp_path, source, against=[exam])
    assert not list((tmp_path / "datasets").iterdir())
    manifest = build(tmp_path, source, against=[exam], allow_contaminated=True)
    assert (manifest.counts.kept, manifest.contamination[0].rows) == (40, 5)


def test_a_changed_byte_is_found_and_named(tmp_path: Path) -> None:
    manifest = build(tmp_path, lines(tmp_path / "in.jsonl", gsm8k_rows(20)))
    assert dataset.load(tmp_path, manifest.key).manifest == manifest
    assert dataset.load(tmp_path, tmp_path / "datasets" / "toy-v1").manifest == manifest
    file = tmp_path / "datasets" / "toy-v1" / "train.jsonl"
    file.write_bytes(file.read_bytes().replace(b"Ann", b"Eve", 1))
    with pytest.raises(DigestError, match=r"train\.jsonl changed"):
        dataset.load(tmp_path, manifest.key)


def test_an_unknown_dataset_is_named_with_its_neighbours(tmp_path: Path) -> None:
    build(tmp_path, lines(tmp_path / "in.jsonl", gsm8k_rows(5)))
    assert dataset.dataset_keys(tmp_path) == ["toy-v1"]
    with pytest.raises(MissingError, match="did you mean toy-v1"):
        dataset.load(tmp_path, "toy-v2")
    found = dataset.load(tmp_path, "toy-v1")
    assert found.row("0").split == "train"
    assert found.row(found.row("3").id) == found.row("3")
    with pytest.raises(MissingError, match="below 5"):
        found.row("99")
    with pytest.raises(MissingError, match="has no split 'test'"):
        next(found.traces("test"))


def test_a_row_of_a_file_reads_as_it_will_in_a_dataset(tmp_path: Path) -> None:
    file = lines(tmp_path / "in.jsonl", gsm8k_rows(3))
    build(tmp_path, file)
    frozen = sorted(row.completion for row in map(dataset.load(tmp_path, "toy-v1").row, "012"))
    rows = [dataset.file_row(file, name) for name in "012"]
    assert sorted(row.completion for row in rows) == frozen
    assert {row.split for row in rows} == {"in.jsonl"}
    assert dataset.file_row(file, rows[2].id) == rows[2]
    with pytest.raises(MissingError, match="no row '3'"):
        dataset.file_row(file, "3")
    with pytest.raises(DataError, match=r"bad\.jsonl, row 2"):
        dataset.file_row(lines(tmp_path / "bad.jsonl", [*gsm8k_rows(1), {"question": "?", "answer": ""}]), "1")


def test_a_task_is_a_source(tmp_path: Path) -> None:
    task = tasks.load("dev-reasoning-v1")
    manifest = build(tmp_path, task, against=tasks.registered(None), test_fraction=0.1)
    assert manifest.counts.kept == len(task.items)
    assert set(manifest.splits) == {"train", "valid", "test"}
    assert manifest.sources[0].kind == "task"
    groups: dict[str, set[str]] = {}
    for split, trace in dataset.load(tmp_path, manifest.key).rows():
        groups.setdefault(trace.meta["group"], set()).add(split)
    assert all(len(splits) == 1 for splits in groups.values())
    report = dataset.check([evaluation("one?")])
    assert report.errors[0].reason == "the item has no gold trace"


def test_a_dataset_is_a_source_of_its_good_rows(tmp_path: Path) -> None:
    rows = gsm8k_rows(20)
    first = build(tmp_path, lines(tmp_path / "in.jsonl", [*rows, rows[0], {"question": "a"}]), on_error="skip")
    folder = tmp_path / "datasets" / first.key
    again = build(tmp_path, folder, name="again")
    assert (again.digest, again.counts.rows) == (first.digest, 20)
    (folder / "train.jsonl").write_bytes(b"")
    with pytest.raises(DigestError):
        dataset.check([folder])


def test_tokens_are_counted_by_whoever_knows_them(tmp_path: Path) -> None:
    manifest = build(
        tmp_path, lines(tmp_path / "in.jsonl", gsm8k_rows(20)), token_counter=lambda text: len(text.split())
    )
    assert manifest.statistics.tokens is not None
    assert manifest.statistics.tokens.min > 20


def test_the_difference_of_two_datasets(tmp_path: Path) -> None:
    rows = gsm8k_rows(30)
    a = build(tmp_path, lines(tmp_path / "a.jsonl", rows[:20]), version="a")
    edited = {**rows[0], "answer": rows[0]["answer"].replace("####", "So.\n####")}
    b = build(tmp_path, lines(tmp_path / "b.jsonl", [edited, *rows[5:25]]), version="b")
    found = dataset.diff(dataset.load(tmp_path, a.key), dataset.load(tmp_path, b.key))
    assert not found.identical
    assert (found.same + found.moved, found.edited, found.added, found.removed) == (15, 1, 5, 4)
    assert len(found.examples["added"]) == 5
    assert found.mean_shift["steps"] > 0
    same = dataset.diff(dataset.load(tmp_path, a.key), dataset.load(tmp_path, a.key))
    assert (same.identical, same.same) == (True, 20)


any_json = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
known = st.sampled_from(["id", "family", "group", "license", "answer_kind", "choices", "step_labels", "reasoning"])


@settings(max_examples=60, deadline=None)
@given(st.lists(st.dictionaries(known, any_json, max_size=3), min_size=1, max_size=3))
def test_no_meta_breaks_a_build(metas: list[dict[str, Any]]) -> None:
    traces = [
        make_trace(f"{number}?", ["s"], str(number)).model_copy(update={"meta": m}) for number, m in enumerate(metas)
    ]
    with tempfile.TemporaryDirectory() as folder:
        source = trace_lines(Path(folder) / "in.jsonl", [*traces, make_trace("good?", ["s"], "4")])
        manifest = build(Path(folder), source, on_error="skip")
        assert len(list(dataset.load(Path(folder), manifest.key).rows())) == manifest.counts.kept


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_build_leaves_nothing_that_looks_complete(tmp_path: Path, how: signal.Signals) -> None:
    source = lines(tmp_path / "in.jsonl", gsm8k_rows(8000))
    program = (
        "import sys; from pathlib import Path; from tunix_rt import dataset\n"
        "def tick(phase, done, total):\n"
        "    if phase == sys.argv[3]: print('now', flush=True); import time; time.sleep(60)\n"
        "dataset.build([Path(sys.argv[1])], name='a', version='1', home=Path(sys.argv[2]), progress=tick)"
    )
    for phase in ("read", "write"):
        command = [sys.executable, "-c", program, str(source), str(tmp_path), phase]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL) as child:
            assert child.stdout is not None
            assert child.stdout.readline() == b"now\n"
            child.send_signal(how)
            assert child.wait(timeout=30) != 0
        assert dataset.dataset_keys(tmp_path) == []
        assert not (tmp_path / "datasets" / "a-1").exists()
        if how is signal.SIGINT:
            assert not list((tmp_path / "datasets").iterdir())


def test_a_full_disk_leaves_nothing(tmp_path: Path) -> None:
    import resource

    source = lines(tmp_path / "in.jsonl", gsm8k_rows(4000))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, limits[1]))
    try:
        with pytest.raises(OSError, match="too large"):
            build(tmp_path, source)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert not list((tmp_path / "datasets").iterdir())


def test_gsm8k_when_the_files_are_at_hand(tmp_path: Path) -> None:
    if not SHARED.exists():
        return
    started = time.perf_counter()
    manifest = build(tmp_path, SHARED / "gsm8k-train.jsonl", name="gsm8k", against=tasks.registered(None))
    assert time.perf_counter() - started < 60
    assert (manifest.counts.rows, manifest.counts.imported, manifest.counts.rejected) == (7473, 7473, 0)
    assert manifest.counts.unscored == 0
    tasks.register_path(tmp_path, "gsm8k", SHARED / "gsm8k-test.jsonl")
    with pytest.raises(ContaminationError, match="gsm8k: 1,319 of 1,319 rows"):
        build(tmp_path, SHARED / "gsm8k-test.jsonl", name="test", against=tasks.registered(tmp_path))
    allowed = build(
        tmp_path,
        SHARED / "gsm8k-test.jsonl",
        name="test",
        against=tasks.registered(tmp_path),
        allow_contaminated=True,
    )
    overlap = next(overlap for overlap in allowed.contamination if overlap.task == "gsm8k")
    assert (overlap.rows, overlap.same_prompt, len(overlap.examples)) == (1319, 1319, 5)
