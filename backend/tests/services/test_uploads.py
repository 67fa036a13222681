"""Uploads under crashes: service, reader and database are killed for real, and every trace is there once."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import orjson
import psutil
import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from postgresql import Server
from service import Service, running
from tunix_rt_backend import db
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Trace

pytestmark = pytest.mark.slow

ROWS = 16_000
URL = "/api/datasets/ingest"


def lines(count: int) -> bytes:
    rows = ({"question": f"What is {n} + {n}?", "answer": f"{n}+{n}={2 * n}\n#### {2 * n}"} for n in range(count))
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def rows_of(settings: Settings) -> list[int]:
    engine = db.make_engine(settings)
    try:
        with Session(engine) as session:
            return [row or 0 for row in session.scalars(select(Trace.upload_row).order_by(Trace.seq))]
    finally:
        engine.dispose()


@pytest.fixture
def service(settings: Settings) -> Iterator[Service]:
    url = settings.database_url.get_secret_value() if settings.database_url else None
    with running(Service(settings.home, url, worker=False)) as made:
        yield made


def send_beside(service: Service, data: bytes, **headers: str) -> threading.Thread:
    """Send an upload in a thread; whatever becomes of it is no matter."""

    def send() -> None:
        try:
            files = {"file": ("rows.jsonl", data)}
            httpx2.post(f"http://127.0.0.1:{service.port}{URL}", files=files, headers=headers, timeout=300)
        except httpx2.HTTPError:
            return

    thread = threading.Thread(target=send)
    thread.start()
    return thread


def wait_for(service: Service, ready: Any) -> dict[str, Any]:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for row in service.client.get("/api/datasets/uploads").json()["data"]:
            if ready(row):
                found: dict[str, Any] = row
                return found
        time.sleep(0.01)
    raise AssertionError("it never came so far")


def suspended_reader(service: Service) -> psutil.Process:
    """Return the reader of the upload that is being worked on, stopped as soon as it is there."""
    assert service.process is not None
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        for child in psutil.Process(service.process.pid).children():
            if reads(child, service.home):
                child.suspend()
                return child
        time.sleep(0.002)
    raise AssertionError("no reader came")


def half_way(service: Service) -> tuple[psutil.Process, dict[str, Any]]:
    """Return the reader, stopped, of the only upload, and the upload: some of its rows are inserted, and not all."""
    reader = suspended_reader(service)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        reader.resume()
        time.sleep(0.05)
        reader.suspend()
        time.sleep(0.1)  # what it said is inserted meanwhile
        (upload,) = service.client.get("/api/datasets/uploads").json()["data"]
        if upload["rows_inserted"]:
            assert upload["rows_inserted"] < ROWS
            return reader, upload
    raise AssertionError("no row was inserted")


def test_a_killed_service_goes_on_where_it_stopped(service: Service, settings: Settings) -> None:
    data = lines(ROWS)
    sending = send_beside(service, data, **{"Idempotency-Key": "k"})
    _, upload = half_way(service)
    service.kill()
    sending.join()
    time.sleep(0.2)
    before = rows_of(settings)
    assert len(before) < ROWS
    assert not [one for one in psutil.process_iter(["cmdline"]) if reads(one, settings.home)], "its reader died, too"

    service.start()
    seen = service.client.get(f"/api/datasets/uploads/{upload['upload_id']}").json()
    assert (seen["status"], seen["rows_inserted"]) == ("interrupted", len(before))
    answer = service.client.post(
        URL, files={"file": ("rows.jsonl", data)}, headers={"Idempotency-Key": "k"}, timeout=300
    )
    assert answer.status_code == 201, answer.text
    assert (answer.json()["upload_id"], answer.json()["ingested_count"]) == (upload["upload_id"], ROWS)
    assert rows_of(settings) == list(range(1, ROWS + 1))


def reads(process: psutil.Process, home: Path) -> bool:
    """Return whether a process is a reader over this home."""
    try:
        return "tunix_rt_backend.services.parsing" in process.cmdline() and str(home) in process.cwd()
    except psutil.Error:
        return False


def test_a_killed_reader_is_said_and_the_upload_can_be_sent_again(service: Service, settings: Settings) -> None:
    data = lines(ROWS)
    answers: list[httpx2.Response] = []

    def send() -> None:
        with httpx2.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=300) as client:
            answers.append(client.post(URL, files={"file": ("rows.jsonl", data)}))

    sending = threading.Thread(target=send)
    sending.start()
    reader, _ = half_way(service)
    reader.kill()
    sending.join()
    assert answers[0].status_code == 503, answers[0].text
    assert "send the upload again" in answers[0].json()["detail"]
    assert 0 < len(rows_of(settings)) < ROWS
    send()
    assert answers[1].status_code == 201, answers[1].text
    assert rows_of(settings) == list(range(1, ROWS + 1))


def test_a_client_that_goes_away_leaves_nothing(service: Service, settings: Settings) -> None:
    head = f"POST {URL} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-ndjson\r\n"
    head += "Content-Length: 9999999\r\n\r\n"
    with socket.create_connection(("127.0.0.1", service.port)) as connection:
        connection.sendall(head.encode() + lines(100))
        upload = wait_for(service, lambda row: row["status"] == "receiving")
    deadline = time.monotonic() + 30
    while service.client.get("/api/datasets/uploads").json()["data"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert service.client.get(f"/api/datasets/uploads/{upload['upload_id']}").status_code == 404
    assert not list((settings.home / "uploads").iterdir())
    assert rows_of(settings) == []


def test_an_upload_at_work_can_be_neither_sent_again_nor_deleted(service: Service, settings: Settings) -> None:
    data = lines(ROWS)
    sending = send_beside(service, data, **{"Idempotency-Key": "k"})
    reader = suspended_reader(service)
    upload = wait_for(service, lambda row: row["status"] in ("reading", "inserting"))
    again = service.client.post(URL, files={"file": ("rows.jsonl", data)}, headers={"Idempotency-Key": "k"})
    gone = service.client.delete(f"/api/datasets/uploads/{upload['upload_id']}")
    reader.resume()
    sending.join()
    assert (again.status_code, gone.status_code) == (409, 409)
    assert rows_of(settings) == list(range(1, ROWS + 1))


def test_a_killed_database_loses_nothing(tmp_path: Path) -> None:
    server = Server(durable=True)
    try:
        home = tmp_path / "home"
        url = server.create("killed")
        settings = Settings(home=home, database_url=url)
        db.migrate(settings)
        with running(Service(home, url, worker=False)) as service:
            answers: list[httpx2.Response] = []
            data = lines(ROWS)

            def send() -> None:
                with httpx2.Client(base_url=f"http://127.0.0.1:{service.port}", timeout=300) as client:
                    answers.append(client.post(URL, files={"file": ("rows.jsonl", data)}))

            sending = threading.Thread(target=send)
            sending.start()
            reader, _ = half_way(service)
            server.kill()
            reader.resume()
            sending.join()
            server.start()
            assert answers[0].status_code == 503, answers[0].text
            assert answers[0].headers["retry-after"]
            send()
            assert answers[1].status_code == 201, answers[1].text
            assert rows_of(settings) == list(range(1, ROWS + 1))
            with psycopg.connect(url) as connection:
                assert connection.execute("SELECT count(*) FROM uploads").fetchone() == (1,)
    finally:
        server.close()
