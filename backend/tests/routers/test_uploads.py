"""Uploads by HTTP: what goes in comes out, once, and what cannot go in is said."""

from __future__ import annotations

import csv
import gzip
import io
import json
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson
import pyarrow
import pytest
from fastapi import FastAPI
from pyarrow import parquet
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt.importers import SCHEMAS, read
from tunix_rt.trace import ReasoningTrace, make_trace, render
from tunix_rt_backend.app import create_app
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, Trace, Upload

URL = "/api/datasets/ingest"
QUESTION = "How many clips?"
STEPS = ["She sold 48/2 = 24 clips.", "In all 48+24 = 72 clips."]
THOUGHT = "\n".join(STEPS)
PLAIN = {
    "prompt": QUESTION,
    "steps": [{"i": 1, "content": STEPS[0]}, {"i": 4, "content": STEPS[1]}],
    "final_answer": "72",
}
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


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


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


def gsm8k(count: int) -> list[dict[str, Any]]:
    return [
        {"question": f"What is {n} + {n}?", "answer": f"{n}+{n} = <<{n}+{n}={2 * n}>>{2 * n}\n#### {2 * n}"}
        for n in range(count)
    ]


def send(client: TestClient, data: bytes, name: str = "rows.jsonl", key: str | None = None, **fields: str) -> Any:
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(URL, files={"file": (name, data)}, data=fields, headers=headers)


def count(session: Session, table: type = Trace) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


def traces_of(session: Session) -> list[ReasoningTrace]:
    session.rollback()
    return [
        ReasoningTrace(prompt=row.prompt, steps=row.steps, final_answer=row.final_answer, meta=row.meta)
        for row in session.scalars(select(Trace).order_by(Trace.seq))
    ]


def small(settings: Settings, **changes: Any) -> TestClient:
    app = create_app(settings.model_copy(update=changes))
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


def count_uploads(client: TestClient) -> int:
    return len(client.get("/api/datasets/uploads").json()["data"])


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


@pytest.mark.parametrize("path", ["/etc/passwd", "data.jsonl"])
def test_a_path_on_the_server_is_never_read(sqlite_client: TestClient, path: str) -> None:
    answer = sqlite_client.post(URL, json={"path": path, "source_name": "x"})
    assert answer.status_code == 415
    assert "path on this machine is never read" in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"
    assert count_uploads(sqlite_client) == 0


def test_one_bad_row_keeps_everything_out(client: TestClient, session: Session) -> None:
    rows = gsm8k(9000)
    rows[8500]["answer"] = "no mark"
    answer = send(client, as_lines(rows))
    assert answer.status_code == 422
    problem = answer.json()
    assert "1 of 9,000 rows cannot be used, and nothing was inserted" in problem["detail"]
    (error,) = problem["errors"]
    assert (error["row"], error["field"]) == (8501, "answer")
    assert count(session) == 0
    upload = client.get("/api/datasets/uploads").json()["data"][0]
    assert (upload["status"], upload["rows_rejected"], upload["rows_inserted"]) == ("failed", 1, 0)
    detail = client.get(f"/api/datasets/uploads/{upload['upload_id']}").json()
    assert list(detail["reasons"].values()) == [1]


def test_bad_rows_may_be_left_out(client: TestClient, session: Session) -> None:
    rows = gsm8k(600)
    for row in rows[::2]:
        row["answer"] = "no mark"
    answer = send(client, as_lines(rows), on_error="skip")
    assert answer.status_code == 201
    body = answer.json()
    assert (body["ingested_count"], body["rows_read"], body["rows_rejected"]) == (300, 600, 300)
    assert len(body["errors"]) == 100
    assert sum(body["reasons"].values()) == 300
    assert [trace.prompt for trace in traces_of(session)] == [row["question"] for row in rows[1::2]]


@pytest.mark.parametrize("data", [b"", b"\n\n", b"[]"])
def test_an_upload_without_a_row_is_refused(client: TestClient, data: bytes) -> None:
    for on_error in ("fail", "skip"):
        answer = send(client, data, "rows.json", on_error=on_error)
        assert answer.status_code == 422, answer.text


def test_an_upload_whose_rows_are_all_bad_is_refused(client: TestClient, session: Session) -> None:
    answer = send(client, b'{"a": 1}\n{"a": 2}\n', on_error="skip")
    assert answer.status_code == 422
    assert len(answer.json()["errors"]) == 2
    assert count(session) == 0


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


def test_a_refused_upload_is_refused_again_the_same_way(client: TestClient) -> None:
    data = as_lines(gsm8k(3)) + b"{}\n"
    first, again = send(client, data, key="k"), send(client, data, key="k")
    assert (first.status_code, again.status_code) == (422, 422)
    assert first.json()["errors"] == again.json()["errors"]
    assert len(client.get("/api/datasets/uploads").json()["data"]) == 1


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"schema": "nonsense"}, "unknown schema"),
        ({"mapping": "{"}, "mapping"),
        ({"mapping": "[1]"}, "mapping"),
        ({"mapping": '{"prompt": "q"}'}, "final_answer"),
        ({"on_error": "ignore"}, "on_error"),
        ({"source_name": "a\u0000b"}, "source_name"),
        ({"source_name": "x" * 257}, "source_name"),
        ({"license": ""}, "license"),
        ({"path": "/etc/passwd"}, "path"),
    ],
)
def test_a_wrong_field_is_named(sqlite_client: TestClient, fields: dict[str, str], word: str) -> None:
    answer = send(sqlite_client, as_lines(gsm8k(1)), **fields)
    assert answer.status_code == 422, answer.text
    assert word in answer.json()["detail"]
    assert count_uploads(sqlite_client) == 0
    if "path" not in fields:
        kind = {"Content-Type": "application/x-ndjson"}
        assert sqlite_client.post(URL, params=fields, content=b"{}\n", headers=kind).status_code in (400, 422)


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


@pytest.mark.parametrize(
    "name", ["rows.txt", "rows", "rows.jsonl.exe", "rows.gz", "jsonl", "rows.jsonl/", "rows.pickle"]
)
def test_a_name_of_no_known_kind_is_refused(sqlite_client: TestClient, name: str) -> None:
    answer = send(sqlite_client, as_lines(gsm8k(2)), name)
    assert answer.status_code == 415
    assert ".jsonl" in answer.json()["detail"]
    assert count_uploads(sqlite_client) == 0


FORM = {"Content-Type": "multipart/form-data; boundary=b"}
PART = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.jsonl"\r\n\r\n{}\r\n'


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"--b", 400),
        (PART, 400),
        (b"nothing of a form", 400),
        (PART + PART + b"--b--\r\n", 422),
        (b'--b\r\nContent-Disposition: form-data; name="on_error"\r\n\r\nskip\r\n--b--\r\n', 422),
        (b'--b\r\nContent-Disposition: form-data; name="on_error"\r\n\r\n\xff\r\n--b--\r\n', 400),
        (b'--b\r\nContent-Disposition: form-data; name="\xff"\r\n\r\nskip\r\n--b--\r\n', 400),
        (b"--b\r\nX: y\r\n\r\nskip\r\n--b--\r\n", 422),
        (b'--b\r\nContent-Disposition: form-data; name="mapping"\r\n\r\n' + b"[" * 70_000 + b"\r\n--b--\r\n", 413),
        (b"--b\r\n" + b"X: y\r\n" * 1000 + b"\r\n", 400),
        (b"--b\r\nX: " + b"y" * 100_000 + b"\r\n", 400),
    ],
)
def test_a_broken_form_is_refused(sqlite_client: TestClient, body: bytes, status: int) -> None:
    answer = sqlite_client.post(URL, content=body, headers=FORM)
    assert answer.status_code == status, answer.text
    assert count_uploads(sqlite_client) == 0


@pytest.mark.parametrize("kind", ["multipart/form-data", "text/plain", "application/zip", "", "application/json"])
def test_another_content_type_is_refused(sqlite_client: TestClient, kind: str) -> None:
    answer = sqlite_client.post(URL, content=b"{}", headers={"Content-Type": kind})
    assert answer.status_code in (400, 415)


BAD_LINES = [
    b'{"prompt": "a\\u0000", "steps": [{"i": 1, "content": "b"}], "final_answer": "c"}',
    b'{"prompt": "a", "steps": [{"i": 99999999999999999999, "content": "b"}], "final_answer": "c"}',
    b'{"prompt": "a", "steps": [{"i": 1, "content": "b"}], "final_answer": "c", "meta": {"x": "\\u0000"}}',
    b'{"prompt": "\\ud800", "steps": [{"i": 1, "content": "b"}], "final_answer": "c"}',
    b'{"prompt": "a", "steps": ' + b"[" * 100_000 + b"]" * 100_000 + b', "final_answer": "c"}',
    b"\xff\xfe",
    b'{"prompt": "a"',
]


def test_rows_that_no_database_keeps_are_errors(client: TestClient, session: Session) -> None:
    data = b"\n".join([*BAD_LINES, as_lines([PLAIN])])
    answer = send(client, data, on_error="skip", schema="trace")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["ingested_count"], answer.json()["rows_rejected"]) == (1, len(BAD_LINES))
    assert count(session) == 1


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


def test_an_upload_above_the_limit_is_refused(sqlite_settings: Settings) -> None:
    with small(sqlite_settings, upload_max_bytes=20_000) as client:
        data = as_lines(gsm8k(1000))
        assert send(client, data).status_code == 413
        pieces = (data[n : n + 1000] for n in range(0, len(data), 1000))
        kind = {"Content-Type": "application/x-ndjson"}
        assert client.post(URL, content=pieces, headers=kind).status_code == 413
        assert client.get("/api/datasets/uploads").json()["data"] == []
        assert not list((sqlite_settings.home / "uploads").iterdir())


def gzip_bomb() -> bytes:
    return gzip.compress(b" " * (64 * 2**20) + as_lines([PLAIN]))


def parquet_bomb() -> bytes:
    out = io.BytesIO()
    same = pyarrow.array(["x" * 20_000]).dictionary_encode()
    column = pyarrow.DictionaryArray.from_arrays(pyarrow.array([0] * 100_000, pyarrow.int32()), same.dictionary)
    parquet.write_table(pyarrow.table({"prompt": column, "completion": column}), out)
    return out.getvalue()


def parquet_of_nulls() -> bytes:
    out = io.BytesIO()
    parquet.write_table(pyarrow.table({"question": pyarrow.nulls(20_000_000, pyarrow.string())}), out)
    return out.getvalue()


@pytest.mark.parametrize("on_error", ["fail", "skip"])
@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("a.jsonl.gz", gzip_bomb),
        ("a.json.gz", gzip_bomb),
        ("a.parquet", parquet_bomb),
        ("a.parquet", parquet_of_nulls),
        ("a.parquet.gz", lambda: gzip.compress(parquet_of_nulls())),
    ],
)
def test_a_bomb_is_refused(sqlite_settings: Settings, name: str, make: Any, on_error: str) -> None:
    with small(sqlite_settings, upload_max_ratio=100) as client:
        answer = send(client, make(), name, on_error=on_error)
        assert answer.status_code == 413, answer.text
        assert "unpacks to" in answer.json()["detail"]
        upload = client.get("/api/datasets/uploads").json()["data"][0]
        assert upload["status"] == "failed"


def test_a_full_disk_is_said_and_loses_nothing(sqlite_settings: Settings) -> None:
    with small(sqlite_settings, disk_reserve_bytes=2**60) as client:
        answer = send(client, as_lines(gsm8k(5)))
        assert answer.status_code == 503
        assert "disk is full" in answer.json()["detail"]
        assert answer.headers["retry-after"]
        assert client.get("/api/datasets/uploads").json()["data"] == []


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


def test_traces_deleted_by_their_upload_go_in_pieces_and_may_come_again(client: TestClient, session: Session) -> None:
    data = as_lines(gsm8k(4100))
    upload_id = send(client, data).json()["upload_id"]
    assert client.delete(f"/api/traces?upload_id={upload_id}").json() == {"deleted_count": 4100}
    assert count(session) == 0
    assert client.get(f"/api/datasets/uploads/{upload_id}").status_code == 404
    session.rollback()
    entry = session.scalars(select(AuditEntry).order_by(AuditEntry.seq.desc()).limit(1)).one()
    assert (entry.action, entry.target, entry.detail) == ("delete_traces", upload_id, {"traces": 4100})
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
    assert [entry.action for entry in entries] == ["ingest_dataset", "ingest_dataset", "delete_upload"]
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
