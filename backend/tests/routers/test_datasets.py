"""Datasets that are there: found, looked at, compared, deleted; each defect of the earlier system."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from typing import Any

import orjson
import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import arithmetic_rows
import nano
from building import body, build, keep
from made import make_run
from tunix_rt import dataset
from tunix_rt.config import SFTConfig
from tunix_rt.formats import locked
from tunix_rt.provenance import folder_ref
from tunix_rt.trace import render
from tunix_rt_backend import db
from tunix_rt_backend.errors import ServiceError
from tunix_rt_backend.services import datasets, index, jobs, runs
from tunix_rt_backend.services.folders import deleting
from tunix_rt_backend.services.pages import encode_cursor
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import DatasetRow, Run, utc_now


@pytest.mark.parametrize("key", ["unknown-v1", "..", "%2e%2e", "..%2f..%2fetc", ".hidden", "a%00b", "a" * 300, "%ff"])
@pytest.mark.parametrize("part", ["", "/preview", "/export.jsonl", "/statistics", "/rejected", "/diff?other=x"])
def test_an_unknown_key_creates_nothing(
    sqlite_client: TestClient, sqlite_settings: Settings, key: str, part: str
) -> None:
    before = sorted(path for path in sqlite_settings.home.rglob("*") if "tunix_rt.db" not in path.name)
    assert sqlite_client.get(f"/api/datasets/{key}{part}").status_code in (400, 404, 422)
    assert sorted(path for path in sqlite_settings.home.rglob("*") if "tunix_rt.db" not in path.name) == before


def test_list_is_paged_filtered_and_told_by_the_folders(
    client: TestClient, session: Session, settings: Settings
) -> None:
    keep(session, arithmetic_rows.traces(9))
    build(client)
    home = settings.home
    source = [next((home / "datasets" / "sums-v1").glob("train.jsonl"))]
    for version in ("v2", "v3"):
        dataset.build(source, name="sums", version=version, home=home)  # made by the command line: no row yet
    dataset.build(source, name="other", version="v1", home=home)
    (home / "datasets" / "half-v1").mkdir()
    broken = home / "datasets" / "broken-v1"
    shutil.copytree(home / "datasets" / "sums-v1", broken)
    (broken / "manifest.json").write_text("{")
    keys: list[str] = []
    cursor = None
    while True:
        params = {"limit": 1, "name": "sums", **({"cursor": cursor} if cursor else {})}
        page = client.get("/api/datasets", params=params).json()
        keys += [row["dataset_key"] for row in page["data"]]
        cursor = page["pagination"]["next_cursor"]
        if cursor is None:
            break
    assert sorted(keys) == ["sums-v1", "sums-v2", "sums-v3"]
    shutil.rmtree(home / "datasets" / "sums-v3")
    listed = client.get("/api/datasets").json()["data"]
    assert sorted(row["dataset_key"] for row in listed) == ["other-v1", "sums-v1", "sums-v2"]
    assert {row["trace_count"] for row in listed} == {9, 8}
    assert session.get(DatasetRow, "sums-v3") is None
    assert client.get("/api/datasets", params={"name": "../x"}).status_code == 422
    assert client.get("/api/datasets", params={"cursor": "eA"}).status_code == 404


def test_manifest_has_an_etag_and_is_not_sent_twice(sqlite_client: TestClient, sqlite_session: Session) -> None:
    keep(sqlite_session, arithmetic_rows.traces(5))
    digest = build(sqlite_client)["digest"]
    answer = sqlite_client.get("/api/datasets/sums-v1")
    assert answer.headers["etag"] == f'"{digest}"'
    for known in (answer.headers["etag"], f'W/"x", W/{answer.headers["etag"]}', "*"):
        again = sqlite_client.get("/api/datasets/sums-v1", headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b"")
    assert sqlite_client.get("/api/datasets/sums-v1", headers={"If-None-Match": '"other"'}).status_code == 200


@pytest.mark.parametrize("damage", ["torn", "version", "field", "other", "link"])
def test_a_damaged_manifest_is_a_sentence(
    sqlite_client: TestClient, sqlite_session: Session, sqlite_settings: Settings, damage: str
) -> None:
    client, home = sqlite_client, sqlite_settings.home
    keep(sqlite_session, arithmetic_rows.traces(5))
    build(client)
    file = home / "datasets" / "sums-v1" / "manifest.json"
    manifest = orjson.loads(file.read_bytes())
    if damage == "link":
        file.rename(home / "elsewhere.json")
        file.symlink_to(home / "elsewhere.json")
    else:
        changed = {
            "torn": file.read_bytes()[:100],
            "version": orjson.dumps(manifest | {"format_version": "0"}),
            "field": orjson.dumps({name: value for name, value in manifest.items() if name != "splits"}),
            "other": orjson.dumps(manifest | {"key": "other-v1"}),
        }
        file.write_bytes(changed[damage])
    status = 404 if damage == "link" else 409
    for part in ("", "/preview", "/export.jsonl", "/statistics", "/rejected", "/diff?other=sums-v1"):
        answer = client.get(f"/api/datasets/sums-v1{part}")
        assert answer.status_code == status, (part, answer.text)
        assert "sums-v1" in answer.json()["detail"]
        assert str(home) not in answer.text
    assert client.post("/api/tunix/sft/export", json={"dataset_key": "sums-v1"}).status_code == status
    assert client.get("/api/datasets").status_code == 200
    assert client.post("/api/datasets/build", json=body(limit=2)).status_code in (200, 409, 422)
    assert client.delete("/api/datasets/sums-v1").status_code == 204


@pytest.mark.parametrize("name", ["rejected", "duplicates", "quarantine", "train"])
@pytest.mark.parametrize("line", [b"{}\n", b"[]\n", b"torn"])
def test_a_damaged_row_is_a_sentence(
    sqlite_client: TestClient, sqlite_session: Session, sqlite_settings: Settings, name: str, line: bytes
) -> None:
    keep(sqlite_session, arithmetic_rows.traces(5))
    build(sqlite_client)
    (sqlite_settings.home / "datasets" / "sums-v1" / f"{name}.jsonl").write_bytes(line)
    answer = sqlite_client.get(f"/api/datasets/sums-v1/{'preview' if name == 'train' else name}")
    assert answer.status_code == 409, answer.text
    assert f"row 0 of {name}" in answer.json()["detail"]


def test_dataset_is_not_deleted_under_a_run_that_was_started_by_hand(client: TestClient, settings: Settings) -> None:
    run = make_run(settings.home)
    assert client.get("/api/datasets").json()["data"][0]["dataset_key"] == nano.DATASET
    with locked(run.path):
        answer = client.delete(f"/api/datasets/{nano.DATASET}")
        assert answer.status_code == 409
        assert run.id in answer.json()["detail"]
    assert client.delete(f"/api/datasets/{nano.DATASET}").status_code == 204


@pytest.mark.parametrize("indexed", [True, False])
@pytest.mark.parametrize("first", ["start", "delete"])
def test_dataset_is_deleted_before_a_run_starts_or_not_at_all(
    app: FastAPI, settings: Settings, first: str, indexed: bool
) -> None:
    home, config, after = settings.home, SFTConfig.model_validate(nano.config()), contextlib.ExitStack()
    nano.build_dataset(home)

    def delete(session: Session) -> None:
        datasets.remove(session, home, nano.DATASET)
        after.enter_context(deleting(home / "datasets" / nano.DATASET))

    works: dict[str, Callable[[Session], object]] = {
        "start": lambda session: runs.start(session, home, config, actor="local"),
        "delete": delete,
    }
    with app.state.sessions() as session:
        if indexed:
            index.index_dataset(session, home / "datasets" / nano.DATASET)
        session.commit()

    def second() -> str:
        (other,) = set(works) - {first}
        try:
            with app.state.sessions() as session:
                db.writing(session)
                works[other](session)
                session.commit()
        except ServiceError as error:
            return type(error).__name__
        return "done"

    with after, app.state.sessions() as session, ThreadPoolExecutor(1) as pool:
        db.writing(session)
        works[first](session)
        waiting = pool.submit(second)
        wait([waiting], 0.5)
        session.commit()
        assert waiting.result(60) == {"start": "Conflict", "delete": "NotFound"}[first]


def test_delete_takes_row_and_folder_away_unless_a_job_needs_them(
    client: TestClient, session: Session, settings: Settings
) -> None:
    keep(session, arithmetic_rows.traces(5))
    build(client)
    config = {"kind": "sft", "dataset": "sums-v1", "base_model": "nano", "seed": 0}
    job = jobs.enqueue(session, kind="sft", run_id="r1", spec={"config": config}, actor="local")
    run = {"run_id": "r1", "kind": "sft", "mode": "async", "status": "queued", "stage": "queued", "model_id": "nano"}
    session.add(Run(**run, dataset_key="sums-v1", seed=0, created_at=utc_now(), results={}, config=config))
    session.commit()
    answer = client.delete("/api/datasets/sums-v1")
    assert (answer.status_code, "r1" in answer.json()["detail"]) == (409, True)
    assert client.get("/api/datasets/sums-v1").status_code == 200
    job.status = "completed"
    session.commit()
    assert client.delete("/api/datasets/sums-v1").status_code == 204
    assert not list((settings.home / "datasets").iterdir())
    assert client.delete("/api/datasets/sums-v1").status_code == 404
    assert build(client)["trace_count"] == 5
    shutil.rmtree(settings.home / "datasets" / "sums-v1")
    assert client.delete("/api/datasets/sums-v1").status_code == 204  # a row without a folder goes, too


def test_of_many_who_delete_a_dataset_one_does(client: TestClient, session: Session, settings: Settings) -> None:
    for indexed in (True, False):
        nano.build_dataset(settings.home)
        if indexed:
            index.index_dataset(session, settings.home / "datasets" / nano.DATASET)
            session.commit()
        with ThreadPoolExecutor(20) as pool:
            answers = [pool.submit(client.delete, f"/api/datasets/{nano.DATASET}") for _ in range(20)]
            statuses = sorted(answer.result().status_code for answer in answers)
        assert statuses == [204, *[404] * 19]


def test_preview_shows_every_row_once_as_the_model_reads_it(
    sqlite_client: TestClient, sqlite_session: Session, sqlite_settings: Settings
) -> None:
    keep(sqlite_session, arithmetic_rows.traces(23))
    build(sqlite_client, valid_fraction=0.2)
    expected = list(dataset.load(sqlite_settings.home, "sums-v1").traces("train"))
    rows: list[dict[str, Any]] = []
    cursor = None
    while True:
        params = {"limit": 5, **({"cursor": cursor} if cursor else {})}
        page = sqlite_client.get("/api/datasets/sums-v1/preview", params=params).json()
        rows += page["data"]
        cursor = page["pagination"]["next_cursor"] or cursor
        if page["pagination"]["next_cursor"] is None:
            break
    assert [row["row"] for row in rows] == list(range(len(expected)))
    for row, trace in zip(rows, expected, strict=True):
        text = render(trace)
        assert (row["prompt"], row["completion"], row["meta"]) == (text.prompt, text.completion, trace.meta)
        assert [step["content"] for step in row["steps"]] == [step.content for step in trace.steps]
    wrong = sqlite_client.get("/api/datasets/sums-v1/preview", params={"split": "valid", "cursor": cursor})
    assert wrong.status_code == 404
    assert sqlite_client.get("/api/datasets/sums-v1/preview", params={"split": "test"}).status_code == 404
    assert sqlite_client.get("/api/datasets/sums-v1/preview", params={"split": "../x"}).status_code == 422


def test_statistics_duplicates_and_diff_are_the_engines(
    sqlite_client: TestClient, sqlite_session: Session, sqlite_settings: Settings
) -> None:
    keep(sqlite_session, [*arithmetic_rows.traces(12), *arithmetic_rows.traces(2, id="copy")])
    build(sqlite_client)
    keep(sqlite_session, arithmetic_rows.traces(3, start=40))
    build(sqlite_client, dataset_version="v2")
    a, b = (dataset.load(sqlite_settings.home, key) for key in ("sums-v1", "sums-v2"))
    assert sqlite_client.get("/api/datasets/sums-v1/statistics").json() == a.manifest.statistics.model_dump()
    copies = sqlite_client.get("/api/datasets/sums-v1/duplicates").json()["data"]
    assert [(row["kind"], row["similarity"]) for row in copies] == [("exact", 1.0)] * 2
    found = sqlite_client.get("/api/datasets/sums-v1/diff", params={"other": "sums-v2"}).json()
    assert found == dataset.diff(a, b).model_dump()
    assert found["added"] == 3
    assert sqlite_client.get("/api/datasets/sums-v1/diff", params={"other": "none-v1"}).status_code == 404
    assert sqlite_client.get("/api/datasets/sums-v1/diff").status_code == 422


@pytest.mark.parametrize("place", [-5, 0, 3, 2**62, 2**63 - 1])
def test_a_page_begins_where_a_line_does(sqlite_client: TestClient, sqlite_session: Session, place: int) -> None:
    keep(sqlite_session, arithmetic_rows.traces(5))
    build(sqlite_client)
    cursor = encode_cursor(["train", place, 1])
    assert sqlite_client.get("/api/datasets/sums-v1/preview", params={"cursor": cursor}).status_code == 404


def test_a_dataset_says_both_digests_that_it_is_known_by(sqlite_client: TestClient, sqlite_settings: Settings) -> None:
    home = sqlite_settings.home
    nano.build_dataset(home)
    said = sqlite_client.get(f"/api/datasets/{nano.DATASET}").json()
    recorded = folder_ref("dataset", nano.DATASET, home / "datasets" / nano.DATASET, home=home)
    assert said["folder_digest"] == recorded.digest != said["digest"]
