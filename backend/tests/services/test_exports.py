"""Exports: each format is streamed, and reads back as what it was made from."""

from __future__ import annotations

import gzip
from pathlib import Path

import pytest
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import arithmetic_rows
from tunix_rt import dataset
from tunix_rt.dataset import FORMATS
from tunix_rt.importers import detect, read
from tunix_rt.trace import ReasoningTrace, canonical
from tunix_rt_backend.services import exports
from tunix_rt_backend.settings import Settings


@pytest.fixture
def frozen(sqlite_settings: Settings, tmp_path: Path) -> dataset.Dataset:
    rows = [arithmetic_rows.of_schema("trace", number) for number in range(5)]
    rows += [arithmetic_rows.of_schema("stepwise", number) | {"id": f"s{number}"} for number in range(5, 40)]
    files = [
        arithmetic_rows.write(tmp_path / name, part) for name, part in (("a.jsonl", rows[:5]), ("b.jsonl", rows[5:]))
    ]
    dataset.build(files, name="sums", version="v1", home=sqlite_settings.home, valid_fraction=0.2)
    return dataset.load(sqlite_settings.home, "sums-v1")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_reads_back_as_the_same_traces(
    sqlite_client: TestClient, frozen: dataset.Dataset, tmp_path: Path, form: str
) -> None:
    answer = sqlite_client.get("/api/datasets/sums-v1/export.jsonl", params={"format": form})
    assert answer.headers["content-type"] == "application/x-ndjson"
    file = tmp_path / "export.jsonl"
    file.write_bytes(answer.content)
    assert detect(file).schema_name == form
    expected = [trace for _, trace in frozen.rows()]
    found = [trace for _, trace in read(file)]
    assert all(isinstance(trace, ReasoningTrace) for trace in found)
    assert [canonical(trace) for trace in found if isinstance(trace, ReasoningTrace)] == [*map(canonical, expected)]
    assert [trace.meta for trace in found if isinstance(trace, ReasoningTrace)] == [trace.meta for trace in expected]
    if form == "trace":
        assert found == expected


def test_export_of_a_split_is_packed_and_known_by_its_etag(sqlite_client: TestClient, frozen: dataset.Dataset) -> None:
    place = "/api/datasets/sums-v1/export.jsonl?split=valid"
    with sqlite_client.stream("GET", place, headers={"Accept-Encoding": "gzip"}) as answer:
        assert answer.headers["content-encoding"] == "gzip"
        text = gzip.decompress(b"".join(answer.iter_raw()))
    assert text == sqlite_client.get(place, headers={"Accept-Encoding": "identity"}).content
    assert len(text.splitlines()) == frozen.manifest.splits["valid"]
    etag = answer.headers["etag"]
    assert sqlite_client.get(place, headers={"If-None-Match": etag}).status_code == 304
    assert sqlite_client.get(place + "&format=messages", headers={"If-None-Match": etag}).status_code == 200
    assert sqlite_client.get("/api/datasets/sums-v1/export.jsonl?split=test").status_code == 404
    assert sqlite_client.get("/api/datasets/sums-v1/export.jsonl?format=csv").status_code == 422


def test_stream_survives_the_deletion_of_its_dataset(sqlite_client: TestClient, frozen: dataset.Dataset) -> None:
    rows = exports.of_dataset(frozen.folder.parent.parent, frozen.manifest, "trace")
    assert sqlite_client.delete("/api/datasets/sums-v1").status_code == 204
    assert len(b"".join(rows).splitlines()) == frozen.size


def test_traces_are_exported_in_pieces_of_the_database(sqlite_session: Session, sqlite_settings: Settings) -> None:
    from tunix_rt_backend.services import traces

    made = traces.create(sqlite_session, arithmetic_rows.traces(450))
    ids = [row["id"] for row in reversed(made)]
    found = b"".join(exports.pieces(exports.of_traces(sqlite_session, sqlite_settings.home, ids))).splitlines()
    assert len(found) == 450
    assert b'"number":449' in found[0]
    assert not list((sqlite_settings.home / "cache").iterdir())
