"""Jobs and workers over HTTP."""

from __future__ import annotations

import uuid
from datetime import timedelta

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import nano
from tunix_rt_backend.services import index, jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job, WorkerRow, utc_now


def queue(session: Session, run_id: str, kind: str = "sft") -> Job:
    job = jobs.enqueue(session, kind=kind, run_id=run_id, spec={"config": nano.config()}, actor="local")
    session.commit()
    return job


def test_jobs_are_listed_newest_first_and_filtered(client: TestClient, session: Session) -> None:
    made = [queue(session, "first"), queue(session, "second"), queue(session, "first", "eval")]
    made[0].status = "completed"
    session.commit()
    listed = client.get("/api/jobs").json()["data"]
    assert [row["id"] for row in listed] == [str(job.id) for job in reversed(made)]
    for query, count in [("run_id=first", 2), ("kind=eval", 1), ("status=queued", 2), ("status=failed", 0)]:
        assert len(client.get(f"/api/jobs?{query}").json()["data"]) == count, query
    page = client.get("/api/jobs?limit=2").json()
    rest = client.get(f"/api/jobs?limit=2&cursor={page['pagination']['next_cursor']}").json()
    assert [row["id"] for row in page["data"] + rest["data"]] == [row["id"] for row in listed]
    for query in ("status=pending", "kind=tune", "run_id=../x", "cursor=AAAA"):
        assert client.get(f"/api/jobs?{query}").status_code in (404, 422), query


def test_job_shows_what_it_was_asked_to_do(client: TestClient, session: Session) -> None:
    job = queue(session, "first")
    found = client.get(f"/api/jobs/{job.id}").json()
    assert (found["spec"], found["attempts"], found["result"]) == ({"config": nano.config()}, 0, None)
    assert client.get(f"/api/jobs/{uuid.uuid4()}").status_code == 404
    assert client.get("/api/jobs/..").status_code in (404, 422)
    assert client.get("/api/jobs/1").status_code == 404


def test_cancelled_job_cancels_its_run(client: TestClient, session: Session, settings: Settings) -> None:
    job, measuring = queue(session, "first"), queue(session, "first", "eval")
    index.refresh_run(session, settings.home, "first")
    session.commit()
    answer = client.post(f"/api/jobs/{measuring.id}/cancel")
    assert answer.json()["status"] == "cancelled"
    assert client.get("/api/tunix/runs/first").json()["status"] == "queued", "only its measurement was cancelled"
    assert client.post(f"/api/jobs/{job.id}/cancel").json()["run_id"] == "first"
    assert client.get("/api/tunix/runs").json()["data"][0]["status"] == "cancelled"
    assert client.post(f"/api/jobs/{job.id}/cancel").status_code == 409
    assert client.post(f"/api/jobs/{uuid.uuid4()}/cancel").status_code == 404


def test_workers_are_alive_while_they_are_heard_of(client: TestClient, session: Session, settings: Settings) -> None:
    now = utc_now()
    beats = {"young": now, "silent": now - timedelta(seconds=2 * settings.lease_seconds), "ended": now}
    for number, (host, beat) in enumerate(beats.items()):
        ended = now if host == "ended" else None
        started = now - timedelta(hours=1, seconds=number)
        session.add(
            WorkerRow(
                id=uuid.uuid4(),
                host=host,
                pid=number,
                version="1",
                slots=1,
                started_at=started,
                heartbeat_at=beat,
                stopped_at=ended,
            )
        )
    session.commit()
    rows = client.get("/api/workers").json()["data"]
    assert [(row["host"], row["alive"]) for row in rows] == [("young", True), ("silent", False), ("ended", False)]
    first = client.get("/api/workers?limit=1").json()
    cursor = first["pagination"]["next_cursor"]
    assert client.get(f"/api/workers?limit=1&cursor={cursor}").json()["data"][0]["host"] == "silent"
