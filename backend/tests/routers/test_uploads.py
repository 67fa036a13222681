"""Uploads by HTTP: what goes in comes out, once."""

from __future__ import annotations

import csv
import gzip
import io
import json
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow
import pytest
from fastapi import FastAPI
from pyarrow import parquet
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt.importers import SCHEMAS, read
from tunix_rt.trace import make_trace, render
from tunix_rt_backend.app import create_app
from tunix_rt_backend.services import uploads
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, Trace, Upload
from uploading import PLAIN, QUESTION, STEPS, URL, as_lines, count, gsm8k, send, traces_of

THOUGHT = "\n".join(STEPS)
ROWS: dict[str, dict[str, Any]] = {
    "trace": {**PLAIN, "meta": {"id": "a", "source": "by hand", "size": 1e22, "family": "clips"}},
    "tunix_trace": {"id": "u", "prompts": QUESTION, "trace_steps": STEPS, "final_answer": "72", "metadata": {}},
    "tunix_sft": {"prompts": render(make_trace(QUESTION, STEPS, "72")).text, "final_answer": "72"},
    "training_example": {"prompt": QUESTION, "response": f"Reasoning:\n1. {STEPS[0]}\n2. {STEPS[1]}\nAnswer: 72"},
    "stepwise": {"prompt": QUESTION, "completions": STEPS, "labels": [True, True], "answer": "72"},
    "prompt_completion": {"prompt": QUESTION, "completion": f"<think>{THOUGHT}</think>72"},
    "messages": {
        "messages": [
            {"role": "user", "content": QUESTION},
            {"role": "assistant", "content": "72", "reasoning_content": THOUGHT},
        ]
    },
    "openthoughts": {"problem": QUESTION, "deepseek_reasoning": THOUGHT, "deepseek_solution": "\\boxed{72}"},
    "sharegpt": {
        "conversations": [
            {"from": "human", "value": QUESTION},
            {"from": "gpt", "value": f"<think>{THOUGHT}</think>72"},
        ]
    },
    "alpaca": {"instruction": "How many", "input": "clips?", "output": f"{THOUGHT}\nAnswer: 72"},
    "openr1_math": {"problem": QUESTION, "solution": f"{THOUGHT}\nThe answer is 72.", "answer": "72"},
    "reasoning_gym": {"question": QUESTION, "answer": "72", "metadata": {"source_dataset": "clips"}},
    "gsm8k": {"question": QUESTION, "answer": f"{THOUGHT}\n#### 72"},
}


def as_csv(rows: list[dict[str, Any]]) -> bytes:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def as_parquet(rows: list[dict[str, Any]]) -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(rows), out)
    return out.getvalue()


def test_every_schema_has_an_example_here() -> None:
    assert set(ROWS) == set(SCHEMAS)


def test_every_schema_comes_out_as_the_importers_read_it(
    sqlite_client: TestClient, sqlite_session: Session, tmp_path: Path
) -> None:
    expected = []
    for schema, row in ROWS.items():
        path = tmp_path / "rows.jsonl"
        path.write_bytes(as_lines([row]))
        expected += [trace for _, trace in read(path)]
        answer = send(sqlite_client, path.read_bytes(), source_name=schema)
        assert answer.status_code == 201, answer.text
        assert answer.json()["schema_name"] == schema
        assert answer.json()["ingested_count"] == 1
    assert traces_of(sqlite_session) == expected


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("kind", ["jsonl", "ndjson", "json", "csv", "parquet"])
def test_every_container_gives_the_same_traces(sqlite_settings: Settings, kind: str, packed: bool) -> None:
    rows = gsm8k(30)
    encode: Any = {"json": lambda rows: json.dumps(rows).encode(), "csv": as_csv, "parquet": as_parquet}.get(
        kind, as_lines
    )
    data = gzip.compress(encode(rows)) if packed else encode(rows)
    with TestClient(create_app(sqlite_settings), base_url="http://localhost") as client:
        answer = send(client, data, f"ROWS.{kind.upper()}{'.gz' if packed else ''}")
        assert answer.status_code == 201, answer.text
        assert answer.json()["ingested_count"] == 30
        with client.app.state.sessions() as session:
            assert [trace.prompt for trace in traces_of(session)] == [row["question"] for row in rows]


def test_gsm8k_train_goes_in_whole(client: TestClient, session: Session) -> None:
    answer = send(client, as_lines(gsm8k(7473)), "gsm8k-train.jsonl", license="MIT")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["ingested_count"], body["rows_read"], body["rows_rejected"]) == (7473, 7473, 0)
    assert len(body["trace_ids"]) == 1000
    assert count(session) == 7473
    first = session.scalars(select(Trace).order_by(Trace.seq)).first()
    assert first is not None
    assert str(first.id) == body["trace_ids"][0]
    assert (first.source, first.license, first.upload_row) == ("gsm8k-train.jsonl", "MIT", 1)
    assert first.meta == {"license": "MIT"}, "the source stays out of the content, so that digests are the CLI's"
    detail = client.get(f"/api/datasets/uploads/{body['upload_id']}").json()
    assert (detail["status"], detail["rows_inserted"], detail["digest"]) == ("completed", 7473, body["digest"])


@pytest.mark.parametrize("kind", ["application/x-ndjson", "application/jsonl; charset=utf-8"])
def test_a_raw_body_is_the_file(client: TestClient, kind: str) -> None:
    parameters = {"source_name": "raw", "mapping": '{"prompt": "q", "answer": "a"}', "license": "MIT"}
    answer = client.post(URL, content=b'{"q": "1+1?", "a": "2"}\n', params=parameters, headers={"Content-Type": kind})
    assert answer.status_code == 201, answer.text
    assert answer.json()["schema_name"] == "mapping"
    detail = client.get(f"/api/datasets/uploads/{answer.json()['upload_id']}").json()
    assert detail["source_name"] == "raw"
    assert detail["settings"]["license"] == "MIT"


def test_a_raw_body_may_be_packed(client: TestClient) -> None:
    headers = {"Content-Type": "application/x-ndjson", "Content-Encoding": "gzip"}
    answer = client.post(URL, content=gzip.compress(as_lines(gsm8k(5))), headers=headers)
    assert (answer.status_code, answer.json()["ingested_count"]) == (201, 5)


def test_a_body_without_a_length_is_a_stream_too(client: TestClient) -> None:
    def pieces() -> Iterator[bytes]:
        for row in gsm8k(50):
            yield as_lines([row])

    answer = client.post(URL, content=pieces(), headers={"Content-Type": "application/x-ndjson"})
    assert (answer.status_code, answer.json()["ingested_count"]) == (201, 50)


def test_the_same_upload_inserts_nothing_twice(client: TestClient, session: Session) -> None:
    data = as_lines(gsm8k(20))
    first = send(client, data)
    again = send(client, data)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() | {"replayed": True} == again.json()
    assert count(session) == 20
    assert count(session, Upload) == 1
    assert send(client, data, source_name="another").status_code == 201
    assert send(client, data, key="k1").status_code == 201
    assert send(client, data, key="k1").json()["replayed"]
    assert count(session) == 60


def test_a_key_belongs_to_one_content_and_its_settings(client: TestClient, session: Session) -> None:
    assert send(client, as_lines(gsm8k(20)), key="k").status_code == 201
    for answer in (
        send(client, as_lines(gsm8k(21)), key="k"),
        send(client, as_lines(gsm8k(20)), key="k", on_error="skip"),
    ):
        assert answer.status_code == 409
        assert "key of its own" in answer.json()["detail"]
    assert count(session) == 20
    found = client.get("/api/datasets/uploads", params={"idempotency_key": "k"}).json()["data"]
    assert [row["idempotency_key"] for row in found] == ["k"]


@pytest.mark.parametrize(
    "name",
    [
        "../../../etc/cron.d/x.jsonl", "..\\..\\x.jsonl", "/etc/passwd.jsonl", ".jsonl", "a\u202eb.jsonl",
        "x" * 3000 + ".jsonl", "rows.tar.jsonl", "C:\\rows.JSONL", "~/.ssh/x.jsonl",
    ],
)  # fmt: skip
def test_only_the_ending_of_a_name_matters(sqlite_client: TestClient, sqlite_settings: Settings, name: str) -> None:
    answer = send(sqlite_client, as_lines(gsm8k(2)), name)
    assert answer.status_code == 201, answer.text
    upload = sqlite_client.get("/api/datasets/uploads").json()["data"][0]
    assert "/" not in upload["source_name"]
    assert "\\" not in upload["source_name"]
    assert len(upload["source_name"]) <= 256
    assert not list((sqlite_settings.home / "uploads").iterdir())


def test_odd_characters_come_out_as_they_went_in(client: TestClient, session: Session) -> None:
    texts = [
        "tab\there",
        "back\\slash \\N \\.",
        "new\nline\rreturn",
        "\u2028 \U0001f600 é",
        "\\",
        "\x01\x7f",
        '"quoted"',
    ]
    rows = [
        {**PLAIN, "prompt": text + "x", "meta": {"id": str(n), text: text, "family": text, "size": 1e22}}
        for n, text in enumerate(texts)
    ]
    assert send(client, as_lines(rows)).status_code == 201
    assert [(trace.prompt, trace.meta) for trace in traces_of(session)] == [
        (row["prompt"], row["meta"]) for row in rows
    ]
    assert list(session.scalars(select(Trace.family).order_by(Trace.seq))) == texts
    upload = session.scalars(select(Upload)).one()
    assert set(session.execute(select(Trace.created_at, Trace.upload_id))) == {(upload.created_at, upload.id)}


def test_an_upload_is_deleted_with_its_traces(client: TestClient, session: Session) -> None:
    data = as_lines(gsm8k(2100))
    kept = send(client, as_lines(gsm8k(5))).json()["upload_id"]
    gone = send(client, data).json()["upload_id"]
    assert client.delete(f"/api/datasets/uploads/{gone}").status_code == 204
    assert count(session) == 5
    assert client.get(f"/api/datasets/uploads/{gone}").status_code == 404
    assert client.delete(f"/api/datasets/uploads/{gone}").status_code == 404
    assert client.get(f"/api/datasets/uploads/{kept}").status_code == 200
    assert send(client, data).status_code == 201, "deleted content may come again"
    assert count(session) == 2105


@pytest.mark.parametrize("path", ["/api/datasets/uploads/{}", "/api/traces?upload_id={}"])
def test_others_write_while_an_upload_is_deleted(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    upload_id = send(client, as_lines(gsm8k(4100))).json()["upload_id"]
    seen: list[tuple[str, int]] = []

    def pause(_: float) -> None:
        trace = {"trace_version": "1.0", **PLAIN}
        seen.append((threading.current_thread().name, client.post("/api/traces", json=trace).status_code))

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "time", SimpleNamespace(sleep=pause))
        assert client.delete(path.format(upload_id)).status_code in (200, 204)
    assert [status for _, status in seen] == [201] * 5, "after each piece others have their turn"
    assert {name.partition("_")[0] for name, _ in seen} == {"deletion"}, "threads that answer others stay free"
    assert count(session) == 5


def test_traces_deleted_by_their_upload_go_in_pieces_and_may_come_again(client: TestClient, session: Session) -> None:
    data = as_lines(gsm8k(4100))
    upload_id = send(client, data).json()["upload_id"]
    assert client.delete(f"/api/traces?upload_id={upload_id}").json() == {"deleted_count": 4100}
    assert count(session) == 0
    assert client.get(f"/api/datasets/uploads/{upload_id}").status_code == 404
    session.rollback()
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
    assert (entry.action, entry.target, entry.detail) == ("delete_traces", upload_id, {"step": "done", "traces": 4100})
    assert send(client, data).status_code == 201
    assert count(session) == 4100


def test_uploads_are_listed_by_page(client: TestClient) -> None:
    ids = [send(client, as_lines(gsm8k(n))).json()["upload_id"] for n in range(1, 4)]
    first = client.get("/api/datasets/uploads", params={"limit": 2}).json()
    cursor = first["pagination"]["next_cursor"]
    rest = client.get("/api/datasets/uploads", params={"limit": 2, "cursor": cursor}).json()
    assert [row["upload_id"] for row in first["data"] + rest["data"]] == ids[::-1]
    assert rest["pagination"]["next_cursor"] is None


def test_an_upload_is_in_the_audit_log(client: TestClient, session: Session) -> None:
    upload_id = send(client, as_lines(gsm8k(5))).json()["upload_id"]
    client.delete(f"/api/datasets/uploads/{upload_id}")
    session.rollback()
    entries = list(session.scalars(select(AuditEntry).where(AuditEntry.target == upload_id).order_by(AuditEntry.seq)))
    assert [entry.action for entry in entries] == ["ingest_dataset"] * 2 + ["delete_upload"] * 2
    assert entries[1].detail == {"rows_inserted": 5, "rows_rejected": 0}


def test_an_upload_whose_process_is_gone_is_shown_so_and_goes_on(
    client: TestClient, app: FastAPI, session: Session
) -> None:
    data = as_lines(gsm8k(50))
    upload_id = uuid.UUID(send(client, data, key="k").json()["upload_id"])
    # What a crash leaves behind the first 30 rows: their traces, and a count in the same transaction.
    session.rollback()
    session.query(Trace).where(Trace.upload_row > 30).delete()
    session.query(Upload).where(Upload.id == upload_id).update(
        {"status": "inserting", "rows_inserted": 30, "completed_at": None}
    )
    session.commit()
    assert client.get(f"/api/datasets/uploads/{upload_id}").json()["status"] == "interrupted"
    answer = send(client, data, key="k")
    assert (answer.status_code, answer.json()["ingested_count"], answer.json()["upload_id"]) == (
        201,
        50,
        str(upload_id),
    )
    rows = list(session.scalars(select(Trace.upload_row).order_by(Trace.seq)))
    assert rows == list(range(1, 51))
    assert client.get(f"/api/datasets/uploads/{upload_id}").json()["status"] == "completed"


def test_what_a_crash_left_on_the_disk_is_swept_away(client: TestClient, settings: Settings, session: Session) -> None:
    import os

    left = uuid.uuid4()
    folder = settings.home / "uploads" / str(left)
    folder.mkdir(parents=True)
    (folder / "body.jsonl").write_bytes(b"half")
    old = time.time() - 3600
    os.utime(folder, (old, old))
    assert send(client, as_lines(gsm8k(1))).status_code == 201
    assert not folder.exists()


@pytest.mark.parametrize(
    "mapping", ["prompt=q, answer=the answer, in full", '{"prompt": "q", "answer": "the answer, in full"}']
)
def test_a_mapping_is_read_as_its_refusal_writes_it(sqlite_client: TestClient, mapping: str) -> None:
    data = b'{"q": "1+1?", "the answer, in full": "2"}\n'
    refused = send(sqlite_client, data).json()
    assert "prompt=question,final_answer=answer" in refused["errors"][0]["fix"]
    assert send(sqlite_client, data, mapping=mapping).json()["schema_name"] == "mapping"
    assert (
        sqlite_client.post(
            URL,
            content=data,
            params={"mapping": mapping, "source_name": "s"},
            headers={"Content-Type": "application/x-ndjson"},
        ).json()["schema_name"]
        == "mapping"
    )


def test_the_same_file_is_the_same_under_any_name(client: TestClient, session: Session) -> None:
    data = as_lines(gsm8k(20))
    first = send(client, data, "rows.jsonl").json()
    again = send(client, data, "copy of rows.jsonl")
    assert (again.status_code, again.json()) == (200, {**first, "replayed": True})
    assert count(session) == 20
    assert send(client, data, "a.jsonl", key="k").status_code == 201
    assert send(client, data, "b.jsonl", key="k").status_code == 200
    assert send(client, data, key="k", source_name="other").status_code == 409


def test_rows_that_are_here_in_another_packing_are_told(client: TestClient) -> None:
    first = send(client, as_lines(gsm8k(20))).json()
    assert first["warnings"] == []
    packed = send(client, gzip.compress(as_lines(gsm8k(20))), "rows.jsonl.gz").json()
    assert f"upload {first['upload_id']} (rows.jsonl" in packed["warnings"][0]
    assert packed["upload_id"] in packed["warnings"][0]
    assert send(client, as_lines(gsm8k(21))).json()["warnings"] == []
    assert send(client, as_lines(gsm8k(20)), on_error="skip").json()["warnings"]


def test_counts_and_errors_come_before_the_ids(sqlite_client: TestClient) -> None:
    answer = send(sqlite_client, as_lines(gsm8k(1001)))
    keys = list(answer.json())
    assert keys[-1] == "trace_ids"
    assert answer.json()["trace_ids_cut"]
    assert not send(sqlite_client, as_lines(gsm8k(1000))).json()["trace_ids_cut"]
