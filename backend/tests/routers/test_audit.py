"""The audit log: every change names what it made or changed, and a request that changes nothing leaves no entry."""

from __future__ import annotations

import uuid
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from made import RUN, make_run
from starting import ASK, BASE, end, start, work
from tunix_rt_backend.services import index, uploads
from tunix_rt_backend.tables import AuditEntry, Job, Trace, Upload
from uploading import PLAIN, as_lines, count, gsm8k, send

TRACE = {"trace_version": "1.0", **PLAIN}
KEY = {"idempotency-key": "k"}


def entries(session: Session) -> list[tuple[str, str | None, dict[str, Any]]]:
    """Return action, target and detail of every entry, the oldest first."""
    session.rollback()
    rows = session.scalars(select(AuditEntry).order_by(AuditEntry.seq))
    return [(row.action, row.target, row.detail) for row in rows]


def test_entries_of_traces_name_them(client: TestClient, session: Session) -> None:
    first = client.post("/api/traces", json=TRACE).json()["id"]
    batch = [made["id"] for made in client.post("/api/traces/batch", json=[TRACE, TRACE]).json()["traces"]]
    score = client.post(f"/api/traces/{first}/score", json={"criteria": "structure"}).json()["id"]
    client.put(f"/api/traces/{first}/ratings", json={"rating": 4, "rater": "ann"})
    client.delete(f"/api/traces/{first}/ratings", params={"rater": "ann"})
    client.delete(f"/api/traces/{first}")
    assert entries(session) == [
        ("create_trace", first, {}),
        ("create_traces", batch[0], {"count": 2, "traces": batch}),
        ("score_trace", first, {"criteria": "structure", "score": score}),
        ("rate_trace", first, {"rater": "ann", "step_i": None}),
        ("delete_rating", first, {"rater": "ann", "step_i": None}),
        ("delete_trace", first, {}),
    ]


def test_entries_of_runs_name_the_run_and_its_job(client: TestClient, session: Session, home: Path) -> None:
    made = start(client)
    run_id, asked = made["run_id"], {"dataset": "few-v1", "model": "nano", "kind": "sft"}
    client.post(f"{BASE}/{run_id}/cancel")
    again = client.post(f"{BASE}/{run_id}/retry").json()
    work(home, run_id, "failed")
    end(session, run_id, "failed")
    resumed = client.post(f"{BASE}/{run_id}/resume").json()
    client.post(f"/api/jobs/{resumed['job_id']}/cancel")
    client.delete(f"{BASE}/{run_id}")
    assert entries(session) == [
        ("start_run", run_id, asked | {"job": made["job_id"]}),
        ("cancel_run", run_id, {"job": made["job_id"]}),
        ("retry_run", again["run_id"], {"job": again["job_id"], "retry_of": run_id}),
        ("resume_run", run_id, {"job": resumed["job_id"]}),
        ("cancel_job", resumed["job_id"], {"run": run_id}),
        ("delete_run", run_id, {}),
    ]


def test_entries_of_evaluations_name_their_job(client: TestClient, session: Session, home: Path) -> None:
    make_run(home)
    index.index_run(session, home / "runs" / RUN)
    session.commit()
    of_run = client.post(f"{BASE}/{RUN}/evaluate").json()["job_id"]
    of_model = client.post("/api/evaluations", json={"model": "nano"}).json()["job_id"]
    assert entries(session) == [
        ("evaluate_run", of_run, {"run": RUN}),
        ("evaluate_model", of_model, {"model": "nano"}),
    ]


def test_repeated_request_leaves_one_entry(client: TestClient, session: Session, home: Path) -> None:
    requests: list[tuple[str, Any]] = [("/api/tunix/run", ASK), ("/api/evaluations", {"model": "nano"})]
    for number, (path, body) in enumerate(requests):
        answers = [client.post(path, json=body, headers={"idempotency-key": f"k{number}"}) for _ in range(2)]
        assert answers[0].json() == answers[1].json()
    assert [action for action, _, _ in entries(session)] == ["start_run", "evaluate_model"]


def test_repeated_upload_and_build_leave_no_further_entry(client: TestClient, session: Session) -> None:
    data = as_lines(gsm8k(5))
    upload_id = send(client, data, key="k").json()["upload_id"]
    build = {"dataset_name": "five", "dataset_version": "v1", "valid_fraction": 0}
    assert client.post("/api/datasets/build", json=build).status_code == 201
    before = entries(session)
    assert [target for _, target, _ in before] == [upload_id, upload_id, "five-v1"]
    assert send(client, data, key="k").status_code == 200
    assert client.post("/api/datasets/build", json=build).status_code == 200
    assert entries(session) == before


def test_upload_that_goes_on_is_named_as_itself(client: TestClient, session: Session) -> None:
    data = as_lines(gsm8k(50))
    upload_id = send(client, data, key="k").json()["upload_id"]
    session.rollback()
    session.query(Trace).where(Trace.upload_row > 30).delete()
    cut = {"status": "inserting", "rows_inserted": 30, "completed_at": None}
    session.query(Upload).where(Upload.id == uuid.UUID(upload_id)).update(cut)  # type: ignore[arg-type]
    session.commit()
    assert send(client, data, key="k").status_code == 201
    assert [target for _, target, _ in entries(session)] == [upload_id] * 4


@pytest.mark.parametrize("path", ["/api/datasets/uploads/{}", "/api/traces?upload_id={}"])
def test_deletion_that_is_cut_off_is_in_the_log(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    upload_id = send(client, as_lines(gsm8k(5))).json()["upload_id"]
    before = entries(session)

    def broken(_: float) -> None:
        raise OSError("the machine stops here, with traces deleted and the upload still there")

    with monkeypatch.context() as patch:
        patch.setattr(uploads, "time", SimpleNamespace(sleep=broken))
        assert client.delete(path.format(upload_id)).status_code == 500
    assert count(session) < 5
    action = "delete_upload" if "uploads" in path else "delete_traces"
    assert entries(session)[len(before) :] == [(action, upload_id, {"step": "begun"})]
    assert client.delete(path.format(upload_id)).status_code in (200, 204)
    assert entries(session)[-1] == (action, upload_id, {"step": "done", "traces": 0})


def test_refused_request_leaves_no_entry(client: TestClient, session: Session, home: Path) -> None:
    assert client.post("/api/tunix/run", json=ASK, headers=KEY).status_code == 202
    assert client.post("/api/tunix/run", json=ASK | {"seed": 1}, headers=KEY).status_code == 409
    assert len(entries(session)) == len(session.scalars(select(Job)).all()) == 1
