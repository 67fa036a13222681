"""Submissions over HTTP: planned, asked for, made by the worker, listed, read, verified, downloaded and deleted."""

from __future__ import annotations

import hashlib
import io
import time
import zipfile

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from made import reindex
from measured import make_run, measure
from submitted import finished_run
from tunix_rt.formats import write_text
from tunix_rt.submission import BUNDLE, SubmissionManifest, bundle, verify
from tunix_rt_backend.services import jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.worker import record
from tunix_rt_backend.worker.executor import Execution

BASE = "/api/submissions"


def work(session: Session, settings: Settings, run_id: str) -> tuple[str, str | None]:
    """Carry out the job that bundles a run, as a worker does; return how it ended, and why."""
    [job] = jobs.active(session, run_id)
    job.attempts, execution = 1, Execution(job, settings, closing=False)
    while (outcome := execution.poll()) is None:
        time.sleep(0.05)
    record.job_ended(session, settings.home, job, outcome)
    job.status, job.result, job.reason = outcome.status, outcome.result, outcome.reason
    session.commit()
    return outcome.status, outcome.reason


def test_run_becomes_a_submission_with_papers_that_is_verified(
    sqlite_client: TestClient, sqlite_session: Session, sqlite_settings: Settings
) -> None:
    client, session, home = sqlite_client, sqlite_session, sqlite_settings.home
    run = finished_run(home)
    reindex(session, home)
    session.commit()
    asked = [client.post(BASE, json={"run_id": run.id}, headers={"idempotency-key": "k"}) for _ in range(2)]
    assert [(one.status_code, one.json()) for one in asked] == [(202, asked[0].json())] * 2
    assert client.delete(f"/api/tunix/runs/{run.id}").status_code == 409, "it is being bundled"
    assert work(session, sqlite_settings, run.id) == ("completed", None)
    job = client.get(f"/api/jobs/{asked[0].json()['job_id']}")
    assert str(home) not in job.text
    manifest = SubmissionManifest.model_validate(job.json()["result"])
    assert verify(home / "submissions" / manifest.id) == manifest
    assert client.get(BASE, params={"run_id": run.id}).json()["data"][0]["submission_id"] == manifest.id

    path = f"{BASE}/{manifest.id}"
    first = client.get(path)
    assert SubmissionManifest.model_validate(first.json()) == manifest
    assert client.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304
    papers = client.get(f"{path}/papers").json()
    assert "| trained | contract | 60 |" in papers["writeup"]
    assert papers["video"]
    assert papers["checklist"]
    found = client.post(f"{path}/verify", json={"samples": 10})
    assert found.status_code == 200, found.text
    assert (found.json()["n"], found.json()["evaluations"][0]["regraded"]) == (60, 10)
    (home / "submissions" / manifest.id / BUNDLE).open("ab").write(b"x")
    changed = client.post(f"{path}/verify")
    assert (changed.status_code, BUNDLE in changed.json()["detail"]) == (409, True)
    assert str(home) not in changed.text


def test_submission_is_downloaded_and_deleted(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(session, settings.home)
    measure(session, settings.home, run=run.id)
    manifest = bundle(settings.home, run)
    reindex(session, settings.home)
    session.commit()
    path = f"{BASE}/{manifest.id}"
    whole = client.get(f"{path}/download")
    assert "sha256:" + hashlib.sha256(whole.content).hexdigest() == manifest.bundle_digest
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert archive.read("run/adapter/weights.safetensors") == b"weights"
    part = client.get(f"{path}/download", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")
    assert client.get(f"{path}/papers").json() == {"writeup": None, "video": None, "checklist": None}
    write_text(settings.home / "submissions" / manifest.id / BUNDLE, "no archive")
    assert client.get(f"{path}/papers").status_code == 409

    assert client.delete(path).status_code == 204
    for method, part_of in (("GET", ""), ("GET", "/download"), ("GET", "/papers"), ("POST", "/verify"), ("DELETE", "")):
        assert client.request(method, path + part_of).status_code == 404
    assert not (settings.home / "submissions" / manifest.id).exists()


def test_run_that_was_not_measured_is_not_bundled(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(session, settings.home)
    measure(session, settings.home)  # a base model, not this run
    answer = client.post(BASE, json={"run_id": run.id})
    assert answer.status_code == 409
    assert "no evaluation with a score" in answer.json()["detail"]
    blank = make_run(session, settings.home, "blank", trained=False)
    assert "no trained weights" in client.post(BASE, json={"run_id": blank.id}).json()["detail"]
    assert client.post(BASE, json={"run_id": "none"}).status_code == 404
    assert client.post(BASE, json={"run_id": "../../etc"}).status_code == 422
    assert jobs.active(session, run.id) == []
    assert client.get(BASE).json()["data"] == []


def test_changed_weights_are_not_bundled_and_no_path_of_the_server_is_told(
    sqlite_client: TestClient, sqlite_session: Session, sqlite_settings: Settings
) -> None:
    run = finished_run(sqlite_settings.home)
    reindex(sqlite_session, sqlite_settings.home)
    sqlite_session.commit()
    write_text(run.adapter / "weights.safetensors", "heights")
    job = sqlite_client.post(BASE, json={"run_id": run.id}).json()
    status, reason = work(sqlite_session, sqlite_settings, run.id)
    assert status == "failed"
    assert str(reason).startswith(f"runs/{run.id}/adapter/weights.safetensors changed: ")
    assert str(sqlite_settings.home) not in sqlite_client.get(f"/api/jobs/{job['job_id']}").text
    assert sqlite_client.get(BASE).json()["data"] == []


def test_plan_says_whether_a_session_fits(sqlite_client: TestClient) -> None:
    asked = {"kind": "session", "model_id": "gemma3-1b-it", "time_budget_minutes": 480}
    found = sqlite_client.post(f"{BASE}/plan", json={"session": asked}).json()
    assert (found["fits"], found["forecast"]["minutes"], found["forecast"]["problems"]) == (True, 500, [])
    late = sqlite_client.post(f"{BASE}/plan", json={"session": asked, "hours_left": 2}).json()
    assert (late["fits"], "2 are left" in late["forecast"]["problems"][0]) == (False, True)
    for session, told in (
        (asked | {"kind": "sft", "dataset_key": "x-v1"}, "only a whole session"),
        (asked | {"config": {"sft.model_path": "/etc"}}, "model_path must be null"),
        (asked | {"time_budget_minutes": "many"}, "expected a number"),
    ):
        answer = sqlite_client.post(f"{BASE}/plan", json={"session": session})
        assert (answer.status_code, told in answer.text) == (422, True), answer.text


def test_submission_rows_are_made_again_from_their_folders(
    client: TestClient, session: Session, settings: Settings
) -> None:
    run = make_run(session, settings.home)
    measure(session, settings.home, run=run.id)
    made = bundle(settings.home, run)
    reindex(session, settings.home)
    session.commit()
    before = client.get(BASE).json()
    assert before["data"][0]["submission_id"] == made.id
    reindex(session, settings.home)
    session.commit()
    assert client.get(BASE).json() == before
