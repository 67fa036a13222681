"""Runs as a test starts them over HTTP, and as a worker would end them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import nano
from tunix_rt.config import SFTConfig
from tunix_rt.run import RunError, new_run, update_run
from tunix_rt_backend.services import jobs
from tunix_rt_backend.tables import utc_now

BASE = "/api/tunix/runs"
ASK: dict[str, Any] = {"dataset_key": "few-v1", "model_id": "nano", "dry_run": False, "max_steps": 4}


def start(client: TestClient, **changes: Any) -> dict[str, Any]:
    """Put a run into the queue and return what was answered."""
    answer = client.post("/api/tunix/run", json=ASK | changes)
    assert answer.status_code == 202, answer.text
    found: dict[str, Any] = answer.json()
    assert answer.headers["location"] == f"{BASE}/{found['run_id']}"
    return found


def end(session: Session, run_id: str, status: str, reason: str = "") -> None:
    """Let the newest job of a run have ended, as a worker writes it."""
    job = jobs.newest(session, run_id)
    assert job is not None
    job.status, job.reason, job.finished_at = status, reason or None, utc_now()
    session.commit()


def work(home: Path, run_id: str, status: str) -> None:
    """Make the folder of a run, with an attempt that ended."""
    run = new_run(home, "sft", "few", config=SFTConfig.model_validate(nano.config()), run_id=run_id)
    error = RunError(stage="train", type="DataError", message="the disk is full") if status == "failed" else None
    moments = {"started": "2026-01-05T10:00:00Z", "finished": "2026-01-05T10:01:30Z"}
    update_run(run, status=status, attempts=1, error=error, **moments)
