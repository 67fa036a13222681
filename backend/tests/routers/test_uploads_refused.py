"""Uploads that cannot go in: each is refused, says why, and leaves nothing behind."""

from __future__ import annotations

import gzip
import io
from typing import Any

import pyarrow
import pytest
from pyarrow import parquet
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt_backend.app import create_app
from tunix_rt_backend.settings import Settings
from uploading import PLAIN, URL, as_lines, count, count_uploads, gsm8k, send, traces_of


def small(settings: Settings, **changes: Any) -> TestClient:
    app = create_app(settings.model_copy(update=changes))
    return TestClient(app, base_url="http://localhost", raise_server_exceptions=False)


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
        ({"mapping": "prompt"}, "PART=COLUMN"),
        ({"mapping": "prompt=q,prompt=r"}, "twice"),
        ({"mapping": "[1]"}, "mapping"),
        ({"mapping": '{"prompt": "q"}'}, "final_answer"),
        ({"on_error": "ignore"}, "on_error"),
        ({"source_name": "a\u0000b"}, "source_name"),
        ({"source_name": "x" * 257}, "source_name"),
        ({"license": ""}, "license"),
        ({"path": "/etc/passwd"}, "path"),
        ({"on_eror": "skip"}, "on_error"),
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
