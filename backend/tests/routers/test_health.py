"""Alive, ready, the figures for Prometheus, and how much there is of everything."""

import contextlib
import uuid
from datetime import timedelta
from pathlib import Path

import psycopg
from fastapi import FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import building
import starting
from evaluated import pool
from made import reindex
from measured import make_run, measure
from postgresql import Server
from tunix_rt.submission import bundle
from tunix_rt_backend.app import create_app
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job, Run, WorkerRow, utc_now
from uploading import PLAIN


def add_worker(session: Session, *, silent_for: float = 0) -> None:
    now = utc_now()
    worker = WorkerRow(
        id=uuid.uuid4(), host="here", pid=1, version="1", slots=2, started_at=now,
        heartbeat_at=now - timedelta(seconds=silent_for), stopped_at=None,
    )  # fmt: skip
    session.add(worker)
    session.commit()


def parts_of(answer) -> dict[str, bool]:
    body = answer.json()
    return {part["name"]: part["ok"] for part in body.get("parts") or body["errors"]}


def test_a_living_process_says_so(client: TestClient) -> None:
    answer = client.get("/api/health")
    assert (answer.status_code, answer.json()) == (200, {"status": "healthy"})


def test_the_service_is_ready_with_a_worker_and_not_without(client: TestClient, session: Session) -> None:
    answer = client.get("/api/health/ready")
    assert answer.status_code == 503
    assert parts_of(answer) == {"database": True, "disk": True, "worker": False}
    assert answer.headers["retry-after"]
    add_worker(session, silent_for=3600)
    assert parts_of(client.get("/api/health/ready"))["worker"] is False
    add_worker(session)
    answer = client.get("/api/health/ready")
    assert answer.status_code == 200
    assert parts_of(answer) == {"database": True, "disk": True, "worker": True}


def test_a_full_disk_is_not_ready(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings.model_copy(update={"disk_reserve_bytes": 2**60}))
    with TestClient(app, base_url="http://localhost") as client:
        assert parts_of(client.get("/api/health/ready"))["disk"] is False


def test_a_database_without_tables_is_not_ready(tmp_path: Path) -> None:
    with TestClient(create_app(Settings(home=tmp_path)), base_url="http://localhost") as client:
        answer = client.get("/api/health/ready")
    assert parts_of(answer) == {"database": False, "disk": True, "worker": False}
    assert "tunix-rt migrate" in answer.json()["detail"]


def test_a_database_that_is_down_answers_503_and_names_no_secret(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path, database_url="postgresql://user:secret@127.0.0.1:1/nothing")
    with TestClient(create_app(settings), base_url="http://localhost", raise_server_exceptions=False) as client:
        assert client.get("/api/health").status_code == 200
        for path in ("/api/health/ready", "/metrics"):
            answer = client.get(path)
            assert answer.status_code == 503
            assert answer.headers["content-type"] == "application/problem+json"
            assert int(answer.headers["retry-after"]) > 0
            assert "secret" not in answer.text


def test_connections_that_the_server_ended_are_made_anew(tmp_path: Path, postgresql: Server) -> None:
    settings = Settings(home=tmp_path, database_url=postgresql.create("ended", template="migrated"))
    app = create_app(settings)
    ending = "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = 'ended'"
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as client:
        for ask in (
            lambda: client.get("/api/traces"),
            lambda: client.post("/api/traces", json={"trace_version": "1.0", **PLAIN}),
        ):
            # Several connections lie in the pool, and none of them is of use any more.
            with contextlib.ExitStack() as held:
                for _ in range(3):
                    held.enter_context(app.state.engine.connect())
            with psycopg.connect(postgresql.url("postgres"), autocommit=True) as connection:
                ended = [done for (done,) in connection.execute(ending)]
            assert len(ended) >= 3
            assert all(ended)
            assert [ask().is_success for _ in range(4)] == [True] * 4
    postgresql.drop("ended")


def test_prometheus_counts_what_workers_did(app: FastAPI, client: TestClient, session: Session) -> None:
    now = utc_now()
    for number, status in enumerate(["completed", "completed", "failed", "queued"]):
        run = Run(
            run_id=f"r{number}", kind="sft", mode="async", status=status, stage="done", model_id="nano", seed=0,
            created_at=now, duration_seconds=2.5 if status != "queued" else None, results={}, config={},
        )  # fmt: skip
        session.add(run)
    add_worker(session)
    session.commit()
    client.get("/api/health")
    families = {family.name: family for family in text_string_to_metric_families(client.get("/metrics").text)}
    runs = {sample.labels["status"]: sample.value for sample in families["tunix_runs"].samples}
    assert runs == {"completed": 2, "failed": 1, "queued": 1}
    spent = {sample.labels["status"]: sample.value for sample in families["tunix_runs_duration_seconds"].samples}
    assert spent == {"completed": 5.0, "failed": 2.5}
    assert families["tunix_rt_workers"].samples[0].value == 1
    routes = {sample.labels.get("route") for sample in families["tunix_rt_requests"].samples}
    assert "/api/health" in routes


EMPTY = {
    "traces": 0,
    "datasets": 0,
    "runs": {},
    "evaluations": 0,
    "tasks": 0,
    "submissions": 0,
    "waiting": 0,
    "workers": 0,
}


def test_an_empty_service_counts_nothing(client: TestClient) -> None:
    answer = client.get("/api/overview")
    assert (answer.status_code, answer.json()) == (200, EMPTY)


def test_everything_is_counted_once(client: TestClient, session: Session, settings: Settings) -> None:
    building.keep(session, pool(7))
    run = make_run(session, settings.home)
    measure(session, settings.home)
    measure(session, settings.home, run=run.id)
    bundle(settings.home, run)
    starting.work(settings.home, "2026-01-05-sft-few-7f3a0001", "failed")
    starting.work(settings.home, "2026-01-05-sft-few-7f3a0002", "running")  # no process has it: it was interrupted
    reindex(session, settings.home)
    now = utc_now()
    waits = Job(id=uuid.uuid4(), kind="eval", status="queued", spec={}, available_at=now, actor="me", created_at=now)
    session.add(waits)
    session.commit()
    add_worker(session)
    add_worker(session, silent_for=3600)
    found = client.get("/api/overview").json()
    assert found == EMPTY | {
        "traces": 7,
        "runs": {"completed": 1, "failed": 1, "interrupted": 1},
        "evaluations": 2,
        "tasks": 1,
        "submissions": 1,
        "waiting": 1,
        "workers": 1,
    }
