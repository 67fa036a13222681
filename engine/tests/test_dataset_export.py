"""Exports: every form of a dataset can be imported again, and loses nothing."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from importable import renders
from toy_dataset import build, gsm8k_rows, lines
from tunix_rt import dataset
from tunix_rt.errors import UsageError
from tunix_rt.formats import write_jsonl
from tunix_rt.importers import RowError, read
from tunix_rt.trace import ReasoningTrace, canonical, make_trace


@pytest.mark.parametrize("form", dataset.FORMATS)
def test_every_export_comes_back(tmp_path: Path, form: str) -> None:
    manifest = build(tmp_path, lines(tmp_path / "in.jsonl", gsm8k_rows(20)))
    found = dataset.load(tmp_path, manifest.key)
    out = tmp_path / "out" / "export.jsonl"
    assert dataset.export(found, form, out) == 20
    again = build(tmp_path, out, version="again")
    assert again.digest == manifest.digest
    assert again.counts.kept == 20
    assert dataset.export(found, form, out, split="valid") == manifest.splits["valid"]
    assert [path.name for path in out.parent.iterdir()] == ["export.jsonl"]


def test_an_unknown_export_format_writes_nothing(tmp_path: Path) -> None:
    manifest = build(tmp_path, lines(tmp_path / "in.jsonl", gsm8k_rows(3)))
    with pytest.raises(UsageError, match="expected one of trace, tunix_sft"):
        dataset.export(dataset.load(tmp_path, manifest.key), "parquet", tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()


anything = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\x00"), min_size=1, max_size=30)
part = st.one_of(anything, st.sampled_from(["Answer: 4", "#### 4", "a\n\n  b", "\\boxed{1}", "<think>x</think>"]))


any_trace = st.builds(
    make_trace,
    part.filter(str.strip),
    st.lists(part.map(str.strip).filter(bool), min_size=1, max_size=3),
    part.map(str.strip).filter(bool),
    id=st.uuids().map(str),
    difficulty=st.integers(1, 5),
).filter(renders)


@settings(max_examples=60, deadline=None)
@given(st.lists(any_trace, min_size=1, max_size=3, unique_by=lambda trace: trace.meta["id"]))
def test_any_trace_survives_every_export(written: list[ReasoningTrace]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for form in dataset.FORMATS:
            path = Path(folder) / f"{form}.jsonl"
            write_jsonl(path, [dataset.export_record(trace, form) for trace in written])
            found = []
            for _, result in read(path):
                assert not isinstance(result, RowError), str(result)
                found.append(result)
            if form == "trace":
                assert found == written
            assert [canonical(trace) for trace in found] == [canonical(trace) for trace in written]
            assert [trace.meta for trace in found] == [trace.meta for trace in written]
