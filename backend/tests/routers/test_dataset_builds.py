"""Builds over HTTP: the command line's own datasets, all or nothing, and never twice."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest
from fastapi import FastAPI
from sqlalchemy import Connection, event, update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import arithmetic_rows
from building import body, build, keep, refused
from tunix_rt import dataset
from tunix_rt.importers import SCHEMAS, RowError, read
from tunix_rt.tasks import load, registered
from tunix_rt.trace import ReasoningTrace, make_trace, render
from tunix_rt_backend.services import uploads
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Upload
from uploading import as_lines, count, send

GSM8K = Path(__file__).parents[3].parent / "shared" / "data" / "gsm8k-train.jsonl"


def imported(path: Path) -> list[ReasoningTrace]:
    found = [result for _, result in read(path)]
    assert not [error for error in found if isinstance(error, RowError)]
    return [trace for trace in found if isinstance(trace, ReasoningTrace)]


def test_digest_is_the_command_lines_for_every_schema(client: TestClient, session: Session, tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    for place, schema in enumerate(SCHEMAS):
        rows = [arithmetic_rows.of_schema(schema, 5 * place + number) for number in range(5)]
        arithmetic_rows.write(folder / f"{schema}.jsonl", rows)
    expected = dataset.build([folder], name="sums", version="v1", home=tmp_path / "cli", against=registered())
    assert expected.counts.kept == 5 * len(SCHEMAS)
    keep(session, [trace for path in sorted(folder.iterdir(), reverse=True) for trace in reversed(imported(path))])
    built = build(client)
    assert built["digest"] == expected.digest
    assert built["counts"] == expected.counts.model_dump()


def test_digest_of_gsm8k_is_the_command_lines(
    sqlite_client: TestClient, sqlite_session: Session, tmp_path: Path
) -> None:
    file = GSM8K if GSM8K.is_file() else arithmetic_rows.write(tmp_path / "q.jsonl", arithmetic_rows.gsm8k(300))
    expected = dataset.build([file], name="gsm8k", version="v1", home=tmp_path / "cli", against=registered())
    keep(sqlite_session, imported(file))
    built = build(sqlite_client, dataset_name="gsm8k")
    assert (built["digest"], built["splits"]) == (expected.digest, expected.splits)


def test_same_rows_are_replayed_and_other_rows_are_a_conflict(
    client: TestClient, session: Session, settings: Settings
) -> None:
    keep(session, arithmetic_rows.traces(20))
    first = build(client)
    assert not first["replayed"]
    assert first["manifest_path"] == "datasets/sums-v1/manifest.json"
    files = {path.name: path.read_bytes() for path in (settings.home / "datasets" / "sums-v1").iterdir()}
    again = client.post("/api/datasets/build", json=body())
    assert again.status_code == 200
    assert again.json() == {**first, "replayed": True}
    keep(session, arithmetic_rows.traces(1, start=50))
    problem = refused(client, 409)
    assert "never overwritten" in problem["detail"]
    assert str(settings.home) not in problem["detail"]
    assert {path.name: path.read_bytes() for path in (settings.home / "datasets" / "sums-v1").iterdir()} == files
    assert [path.name for path in (settings.home / "datasets").iterdir()] == ["sums-v1"]
    assert not list((settings.home / "cache" / "builds").iterdir())


def test_empty_selection_says_why(client: TestClient, session: Session, settings: Settings) -> None:
    assert "no trace here yet" in refused(client, 422)["detail"]
    keep(session, [*arithmetic_rows.traces(6, source="a"), *arithmetic_rows.traces(4, start=6, source="b")])
    detail = refused(client, 422, filters={"source": "a", "number": 7}, q="stamps")["detail"]
    for part in ("of 10 traces", "'a' alone matches 6", "7 alone matches 1", "q = stamps alone matches 2", "together"):
        assert part in detail
    assert not (settings.home / "datasets").exists()


def test_filter_on_a_key_that_no_trace_has_names_those_that_there_are(client: TestClient, session: Session) -> None:
    keep(session, [make_trace("What is 2 + 2?", ["2 + 2 = 4"], "4"), *arithmetic_rows.traces(2, source="a", topic="b")])
    detail = refused(client, 422, filters={"sorce": "a"})["detail"]
    assert "the newest have " in detail
    assert {"source", "topic"} <= set(detail.partition("the newest have ")[2].partition(" in meta")[0].split(", "))
    assert "the newest" not in refused(client, 422, filters={"source": "c"})["detail"]


def test_a_trace_without_meta_does_not_break_a_filter(client: TestClient, session: Session) -> None:
    bare = make_trace("What is 2 + 2?", ["2 + 2 = 4"], "4")
    keep(session, [bare, *arithmetic_rows.traces(3, topic="sums"), *arithmetic_rows.traces(2, start=9, topic=1)])
    assert build(client, filters={"topic": "sums"})["trace_count"] == 3
    assert build(client, dataset_version="v2", filters={"topic": 1})["trace_count"] == 2


def test_selection_strategies_are_deterministic(client: TestClient, session: Session, settings: Settings) -> None:
    keep(session, arithmetic_rows.traces(30))

    def numbers(version: str, **fields: Any) -> set[int]:
        key = build(client, dataset_version=version, **fields)["dataset_key"]
        return {trace.meta["number"] for _, trace in dataset.load(settings.home, key).rows()}

    assert numbers("latest", selection_strategy="latest", limit=4) == {26, 27, 28, 29}
    drawn = numbers("r1", selection_strategy="random", limit=6, seed=1)
    assert len(drawn) == 6
    assert numbers("r2", selection_strategy="random", limit=6, seed=1) == drawn
    assert numbers("r3", selection_strategy="random", limit=6, seed=2) != drawn
    assert numbers("all", limit=1) == set(range(30))
    assert "needs a seed" in refused(client, 422, selection_strategy="random")["detail"]


def test_a_selection_says_beforehand_what_the_build_takes(client: TestClient, session: Session) -> None:
    keep(session, [*arithmetic_rows.traces(9, difficulty=3), *arithmetic_rows.traces(4, start=9, difficulty="hard")])
    asked = {"facets": {"difficulty": "3"}, "selection_strategy": "latest", "limit": 5}
    found = client.post("/api/datasets/select", json=asked).json()
    assert (found["matching"], found["selected"], found["reason"], len(found["rows"])) == (9, 5, None, 3)
    newest = client.get(f"/api/traces/{found['rows'][0]['trace_id']}").json()["payload"]
    assert newest["meta"]["number"] == 8
    text = render(ReasoningTrace.model_validate(newest))
    shown = {"prompt": text.prompt, "completion": text.completion, "reason": None}
    assert {name: found["rows"][0][name] for name in shown} == shown
    assert build(client, **asked)["trace_count"] == 5
    everything = client.post("/api/datasets/select", json={"selection_strategy": "all", "limit": 5}).json()
    assert (everything["matching"], everything["selected"]) == (13, 13)
    none = client.post("/api/datasets/select", json={"facets": {"family": "none"}}).json()
    assert (none["matching"], none["selected"], none["rows"]) == (0, 0, [])
    assert "family = none alone matches 0" in none["reason"]
    assert client.post("/api/datasets/select", json={"facets": {"colour": "red"}}).status_code == 422


def test_bad_rows_are_reported_or_left_out(client: TestClient, session: Session) -> None:
    wrong = [
        make_trace(f"What is {n} + 1?", [f"{n} + 1 = {n}"], str(n), step_labels=[False], id=f"wrong-{n}")
        for n in range(900, 903)
    ]
    keep(session, [*arithmetic_rows.traces(10), *wrong])
    problem = refused(client, 422)
    assert "3 of 13" in problem["detail"]
    assert [error["field"] for error in problem["errors"]] == ["labels"] * 3
    built = build(client, on_error="skip")
    assert (built["trace_count"], built["counts"]["rejected"]) == (10, 3)
    page = client.get("/api/datasets/sums-v1/rejected", params={"limit": 2}).json()
    rest = client.get("/api/datasets/sums-v1/rejected", params={"cursor": page["pagination"]["next_cursor"]}).json()
    assert [row["field"] for row in page["data"] + rest["data"]] == ["labels"] * 3
    assert rest["pagination"]["next_cursor"] is None
    assert "no row is left of 3" in refused(client, 422, dataset_version="v2", q="What", on_error="skip")["detail"]


def test_contamination_is_refused_with_its_report(sqlite_client: TestClient, sqlite_session: Session) -> None:
    task = load("dev-reasoning-v1:heldout")
    items = [item.trace for item in task.items[:30] if item.trace is not None]
    keep(sqlite_session, arithmetic_rows.traces(200))
    keep(sqlite_session, items[:1])
    assert build(sqlite_client)["counts"]["quarantined"] == 1
    row = sqlite_client.get("/api/datasets/sums-v1/quarantine").json()["data"][0]
    assert (row["task"], row["kind"]) == (task.name, "prompt")
    assert row["trace"]["prompt"] == items[0].prompt
    keep(sqlite_session, items[1:])
    problem = refused(sqlite_client, 422, dataset_version="v2")
    assert problem["errors"][0]["task"] == task.name
    assert problem["errors"][0]["rows"] >= 20
    assert build(sqlite_client, dataset_version="v3", allow_contaminated=True)["counts"]["quarantined"] == 0


def test_what_its_sender_said_is_kept_in_the_notes(sqlite_client: TestClient, sqlite_session: Session) -> None:
    keep(sqlite_session, arithmetic_rows.traces(5, source="a"))
    said = {"session_id": "s1", "parent_dataset_id": "p", "training_run_id": "r", "provenance": {"who": ["é", 1]}}
    digest = build(sqlite_client, filters={"source": "a"}, **said)["digest"]
    manifest = sqlite_client.get("/api/datasets/sums-v1").json()
    selection = {"filters": {"source": "a"}, "selection_strategy": "all", "selected": 5}
    assert manifest["notes"].pop("request_id")  # by which the audit log and the log of requests know it
    assert manifest["notes"] == {"selection": selection, **said}
    assert (manifest["digest"], manifest["sources"][0]["name"]) == (digest, "traces.jsonl")


@pytest.mark.parametrize("more", [0, 5])
def test_two_builds_of_one_key_at_once_are_safe(client: TestClient, session: Session, more: int) -> None:
    keep(session, arithmetic_rows.traces(40))
    bodies = [body(), body() if not more else body(selection_strategy="latest", limit=more)]
    with ThreadPoolExecutor(3) as pool:
        answers = list(pool.map(lambda one: client.post("/api/datasets/build", json=one), bodies))
    assert sorted(answer.status_code for answer in answers) == ([201, 409] if more else [200, 201])
    winner = next(answer.json() for answer in answers if answer.status_code == 201)
    assert client.get("/api/datasets/sums-v1").json()["digest"] == winner["digest"]


def test_a_part_of_an_upload_is_never_frozen(client: TestClient, session: Session, settings: Settings) -> None:
    rows = as_lines(arithmetic_rows.gsm8k(2100))
    upload_id = send(client, rows).json()["upload_id"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(uploads, "time", SimpleNamespace(sleep=lambda _: 1 / 0))  # a deletion that breaks off
        assert client.delete(f"/api/datasets/uploads/{upload_id}").status_code == 500
    assert count(session) == 1100
    shown = client.get(f"/api/datasets/uploads/{upload_id}").json()
    assert (shown["status"], shown["detail"]) == ("deleting", "its deletion began; delete it again")
    assert f"upload {upload_id} is deleting" in refused(client, 409, upload_id=upload_id)["detail"]
    assert "all 1,100 traces that match belong to uploads that are not complete" in refused(client, 422)["detail"]
    for status in ("receiving", "reading", "inserting", "failed"):
        session.execute(update(Upload).values(status=status))
        session.commit()
        assert f"is {status}" in refused(client, 409, upload_id=upload_id)["detail"]
    assert not (settings.home / "datasets").exists()
    keep(session, arithmetic_rows.traces(20))
    assert build(client)["trace_count"] == 20
    assert client.delete(f"/api/datasets/uploads/{upload_id}").status_code == 204
    assert refused(client, 422, upload_id=upload_id)


@pytest.mark.parametrize("strategy", ["all", "random"])
def test_an_upload_that_is_deleted_while_it_is_gathered_is_not_frozen(
    client: TestClient, app: FastAPI, settings: Settings, strategy: str
) -> None:
    upload_id = send(client, as_lines(arithmetic_rows.gsm8k(1100))).json()["upload_id"]
    read: list[str] = []

    def vanish(connection: Connection, cursor: Any, statement: str, *_: Any) -> None:
        if not read and "SELECT traces.seq" in statement and "traces.steps" in statement:
            read.append(statement)  # its first rows are on their way
            assert client.delete(f"/api/datasets/uploads/{upload_id}").status_code == 204

    event.listen(app.state.engine, "after_cursor_execute", vanish)
    detail = refused(client, 409, upload_id=upload_id, selection_strategy=strategy, limit=2000, seed=1)["detail"]
    event.remove(app.state.engine, "after_cursor_execute", vanish)
    assert read
    assert f"upload {upload_id} was deleted meanwhile" in detail
    assert not (settings.home / "datasets").exists()


def test_a_build_that_is_killed_changes_nothing(
    sqlite_client: TestClient, sqlite_session: Session, sqlite_settings: Settings
) -> None:
    keep(sqlite_session, arithmetic_rows.traces(40))
    answers: list[Any] = []
    thread = threading.Thread(target=lambda: answers.append(sqlite_client.post("/api/datasets/build", json=body())))
    thread.start()
    while thread.is_alive():
        for child in psutil.Process().children():
            if "tunix_rt_backend.services.apart" in child.cmdline():
                child.suspend()
                assert sqlite_client.get("/api/health").status_code == 200  # it answers meanwhile
                child.kill()
        time.sleep(0.01)
    assert answers[0].status_code == 503
    assert "retry-after" in answers[0].headers
    assert not (sqlite_settings.home / "datasets" / "sums-v1").exists()
    assert build(sqlite_client)["trace_count"] == 40


@pytest.mark.parametrize(
    "fields",
    [
        {"dataset_name": "../../x"}, {"dataset_name": "/etc/x"}, {"dataset_name": "a/b"}, {"dataset_name": ".a"},
        {"dataset_version": ".."}, {"dataset_version": "v1/../.."}, {"dataset_name": ""}, {"dataset_name": "a" * 129},
        {"dataset_version": "v" * 65}, {"dataset_name": "a\n"}, {"limit": 0}, {"limit": 1_000_001}, {"limit": 2**70},
        {"seed": -1}, {"valid_fraction": 1}, {"valid_fraction": 0.5, "test_fraction": 0.5}, {"near_duplicate": 0},
        {"filters": {"a": None}}, {"filters": {"a": []}}, {"filters": {"": 1}},
        {"unknown": 1}, {"selection_strategy": "newest"}, {"q": ""}, {"upload_id": "x"}, {"on_error": "ignore"},
        {"max_examples": 0}, {"license": ""},
    ],
    ids=str,
)  # fmt: skip
def test_impossible_builds_are_refused_before_anything_is_made(
    sqlite_client: TestClient, sqlite_settings: Settings, fields: dict[str, Any]
) -> None:
    refused(sqlite_client, 422, **fields)
    assert not (sqlite_settings.home / "datasets").exists()
    assert not (sqlite_settings.home / "cache").exists()
