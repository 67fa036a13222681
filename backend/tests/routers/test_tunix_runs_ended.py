"""Runs over HTTP: ended, gone on with, started over, deleted."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import nano
from made import RUN, make_evaluation, make_run, reindex
from starting import BASE, end, start, work
from tunix_rt.config import SFTConfig
from tunix_rt.formats import MANIFEST, locked, write_text
from tunix_rt.run import new_run, read_run, update_run
from tunix_rt_backend.services import index, jobs
from tunix_rt_backend.tables import EvaluationRow, Job, utc_now


def test_queued_run_is_cancelled_at_once(client: TestClient, home: Path) -> None:
    run_id = start(client)["run_id"]
    assert client.post(f"{BASE}/{run_id}/cancel").json()["status"] == "cancelled"
    assert client.get(f"{BASE}/{run_id}").json()["status"] == "cancelled"
    assert [row["status"] for row in client.get(BASE).json()["data"]] == ["cancelled"]
    again = client.post(f"{BASE}/{run_id}/cancel")
    assert again.status_code == 409
    assert "cancelled" in again.json()["detail"]


def test_running_run_is_cancelled_through_its_worker(client: TestClient, session: Session, home: Path) -> None:
    run_id = start(client)["run_id"]
    job = session.scalars(select(Job)).one()
    job.status, job.started_at = "running", utc_now()
    session.commit()
    answer = client.post(f"{BASE}/{run_id}/cancel")
    assert answer.json()["status"] == "cancel_requested"
    assert "Run cancellation requested" in answer.json()["message"]
    session.refresh(job)
    assert (job.status, job.cancel_requested) == ("running", True)


def test_only_a_training_that_is_worked_on_is_stopped(client: TestClient, session: Session, home: Path) -> None:
    run_id = start(client)["run_id"]
    waiting = client.post(f"{BASE}/{run_id}/stop")
    assert (waiting.status_code, "has not begun" in waiting.json()["detail"]) == (409, True)
    job = session.scalars(select(Job)).one()
    job.status, job.started_at = "running", utc_now()
    session.commit()
    answer = client.post(f"{BASE}/{run_id}/stop")
    assert (answer.status_code, answer.json()["status"]) == (200, "stop_requested")
    session.refresh(job)
    assert (job.status, job.cancel_requested, job.spec["keep"]) == ("running", True, True)
    session.commit()
    assert client.post(f"{BASE}/{run_id}/cancel").json()["status"] == "cancel_requested"
    session.refresh(job)
    assert (job.cancel_requested, job.spec["keep"]) == (True, False)
    job.kind = "session"
    session.commit()
    assert client.post(f"{BASE}/{run_id}/stop").status_code == 409
    assert client.post(f"{BASE}/none/stop").status_code == 404


def test_run_of_somebody_else_is_not_cancelled(client: TestClient, home: Path) -> None:
    run = make_run(home)
    update_run(run, status="running")
    with locked(run.path):
        answer = client.post(f"{BASE}/{RUN}/cancel")
    assert answer.status_code == 409
    assert "outside the service" in answer.json()["detail"]


@pytest.mark.parametrize("status", ["stopped", "failed", "cancelled", "running"])
def test_resume_goes_on_with_the_same_run(client: TestClient, session: Session, home: Path, status: str) -> None:
    run_id = start(client)["run_id"]
    work(home, run_id, status)
    end(session, run_id, "failed" if status == "running" else status)
    assert bool(client.get(f"{BASE}/{run_id}").json()["error"]) == (status == "failed")
    answer = client.post(f"{BASE}/{run_id}/resume")
    assert answer.status_code == 202, answer.text
    assert answer.json()["run_id"] == run_id
    detail = client.get(f"{BASE}/{run_id}").json()
    assert (detail["status"], detail["completed_at"], detail["exit_code"]) == ("queued", None, None)
    assert detail["error"] is None
    assert client.post(f"{BASE}/{run_id}/resume").status_code == 409
    assert len(session.scalars(select(Job)).all()) == 2
    assert len(client.get(BASE).json()["data"]) == 1


def test_only_a_run_with_a_checkpoint_is_promised_to_go_on_from_it(
    client: TestClient, session: Session, home: Path
) -> None:
    run_id = start(client)["run_id"]
    work(home, run_id, "failed")
    end(session, run_id, "failed")
    message = client.get(f"{BASE}/{run_id}").json()["message"]
    assert "before it kept a checkpoint" in message
    assert "resume" not in message
    write_text(home / "runs" / run_id / "checkpoints" / "4" / MANIFEST, "{}\n")
    assert "resume goes on from its last checkpoint" in client.get(f"{BASE}/{run_id}").json()["message"]


def test_resume_needs_something_to_go_on_from(client: TestClient, session: Session, home: Path) -> None:
    run_id = start(client)["run_id"]
    assert client.post(f"{BASE}/{run_id}/resume").status_code == 409
    end(session, run_id, "failed", "the base model is not here")
    answer = client.post(f"{BASE}/{run_id}/resume")
    assert answer.status_code == 409
    assert "retry" in answer.json()["detail"]


@pytest.mark.parametrize("with_folder", [True, False])
def test_retry_starts_over_as_a_new_run(client: TestClient, session: Session, home: Path, with_folder: bool) -> None:
    run_id = start(client, seed=9, priority=2)["run_id"]
    if with_folder:
        work(home, run_id, "failed")
    end(session, run_id, "failed", "the base model is not here")
    key = {"idempotency-key": "again"}
    first, second = (client.post(f"{BASE}/{run_id}/retry", headers=key) for _ in range(2))
    assert first.status_code == 202, first.text
    assert first.json() == second.json()
    new = first.json()["run_id"]
    assert new != run_id
    job = jobs.newest(session, new)
    assert job is not None
    assert (job.priority, job.spec["retry_of"]) == (2, run_id)
    assert job.spec["config"] == client.get(f"{BASE}/{run_id}/config").json()
    assert client.get(f"{BASE}/{run_id}/status").json()["status"] == "failed"
    other = start(client)["run_id"]
    assert client.post(f"{BASE}/{other}/cancel").status_code == 200
    assert client.post(f"{BASE}/{other}/retry", headers=key).status_code == 409


def test_completed_or_active_run_is_neither_resumed_nor_started_over(client: TestClient, home: Path) -> None:
    make_run(home)
    queued = start(client)["run_id"]
    held = make_run(home, "held")
    update_run(held, status="running")
    with locked(held.path):
        for name in (RUN, queued, "held"):
            for verb in ("resume", "retry"):
                answer = client.post(f"{BASE}/{name}/{verb}")
                assert answer.status_code == 409, f"{name} {verb}: {answer.text}"


def test_run_that_names_a_path_is_not_carried_out_here(client: TestClient, home: Path) -> None:
    """A run made elsewhere may name any file in its configuration or its inputs."""
    config = SFTConfig.model_validate(nano.config(model_path="/etc"))
    update_run(new_run(home, "sft", "few", config=config, run_id="mine"), status="stopped")
    for verb in ("resume", "retry"):
        answer = client.post(f"{BASE}/mine/{verb}")
        assert answer.status_code == 422
        assert "model_path" in answer.json()["detail"]
    run = make_run(home, "other")
    record = read_run(run).inputs["dataset"].model_copy(update={"path": "/etc"})
    update_run(run, status="stopped", inputs={"dataset": record})
    assert client.post(f"{BASE}/other/resume").status_code == 409


def test_deleted_run_is_gone_with_its_files_and_stays_gone(client: TestClient, session: Session, home: Path) -> None:
    run_id = start(client)["run_id"]
    assert client.delete(f"{BASE}/{run_id}").status_code == 409
    work(home, run_id, "failed")
    end(session, run_id, "failed")
    make_evaluation(home, run_id)
    index.index_evaluation(session, next((home / "evaluations").iterdir()))
    session.commit()
    assert client.delete(f"{BASE}/{run_id}").status_code == 204
    assert not (home / "runs" / run_id).exists()
    assert list((home / "runs").iterdir()) == []
    assert client.get(f"{BASE}/{run_id}").status_code == 404
    assert client.delete(f"{BASE}/{run_id}").status_code == 404
    reindex(session, home)
    session.commit()
    assert client.get(f"{BASE}/{run_id}").status_code == 404
    assert session.scalars(select(EvaluationRow.run_id)).all() == [run_id], "what was made from it stays"


def test_run_that_a_process_holds_is_not_deleted(client: TestClient, home: Path) -> None:
    run = make_run(home)
    with locked(run.path):
        assert client.delete(f"{BASE}/{RUN}").status_code == 409
    assert client.delete(f"{BASE}/{RUN}").status_code == 204
