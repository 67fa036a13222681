"""Submissions over HTTP: made once, listed, downloaded and deleted; what is not whole is not bundled."""

from __future__ import annotations

import hashlib
import io
import zipfile

from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from made import reindex
from measured import make_run, measure
from tunix_rt.formats import write_text
from tunix_rt.submission import SubmissionManifest, verify
from tunix_rt_backend.settings import Settings


def test_submission_is_made_once_listed_downloaded_and_deleted(
    client: TestClient, session: Session, settings: Settings
) -> None:
    run = make_run(session, settings.home)
    done = measure(session, settings.home, run=run.id)
    made = client.post("/api/submissions", json={"run_id": run.id})
    assert made.status_code == 201, made.text
    manifest = SubmissionManifest.model_validate(made.json())
    assert manifest.evaluations == {done.id: done.manifest.digest}
    again = client.post("/api/submissions", json={"run_id": run.id})
    assert (again.status_code, again.json()) == (200, made.json())
    assert client.post("/api/submissions", json={"run_id": run.id, "with_rows": True}).json()["id"] != manifest.id

    rows = client.get("/api/submissions", params={"run_id": run.id}).json()["data"]
    assert [row["evaluations"] for row in rows] == [1, 1]
    assert manifest.id in [row["submission_id"] for row in rows]
    path = f"/api/submissions/{manifest.id}"
    first = client.get(path)
    assert first.json() == made.json()
    assert client.get(path, headers={"if-none-match": first.headers["etag"]}).status_code == 304

    whole = client.get(f"{path}/download")
    assert "sha256:" + hashlib.sha256(whole.content).hexdigest() == manifest.bundle_digest
    with zipfile.ZipFile(io.BytesIO(whole.content)) as archive:
        assert archive.read("run/adapter/weights.safetensors") == b"weights"
    part = client.get(f"{path}/download", headers={"range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")

    assert client.delete(path).status_code == 204
    assert client.get(path).status_code == 404
    assert client.get(f"{path}/download").status_code == 404
    assert client.delete(path).status_code == 404
    assert not (settings.home / "submissions" / manifest.id).exists()


def test_run_that_was_not_measured_is_not_bundled(client: TestClient, session: Session, settings: Settings) -> None:
    run = make_run(session, settings.home)
    measure(session, settings.home)  # a base model, not this run
    answer = client.post("/api/submissions", json={"run_id": run.id})
    assert answer.status_code == 409
    assert "no evaluation with a score" in answer.json()["detail"]
    assert client.post("/api/submissions", json={"run_id": "none"}).status_code == 404
    assert client.post("/api/submissions", json={"run_id": "../../etc"}).status_code == 422
    assert client.get("/api/submissions").json()["data"] == []


def test_changed_weights_are_not_bundled_and_no_path_of_the_server_is_told(
    client: TestClient, session: Session, settings: Settings
) -> None:
    run = make_run(session, settings.home)
    measure(session, settings.home, run=run.id)
    write_text(run.adapter / "weights.safetensors", "heights")
    answer = client.post("/api/submissions", json={"run_id": run.id})
    assert answer.status_code == 422
    assert "weights.safetensors changed" in answer.json()["detail"]
    assert str(settings.home) not in answer.text


def test_submission_rows_are_made_again_from_their_folders(
    client: TestClient, session: Session, settings: Settings
) -> None:
    run = make_run(session, settings.home)
    measure(session, settings.home, run=run.id)
    made = client.post("/api/submissions", json={"run_id": run.id}).json()
    before = client.get("/api/submissions").json()
    reindex(session, settings.home)
    session.commit()
    assert client.get("/api/submissions").json() == before
    assert verify(settings.home / "submissions" / made["id"]).id == made["id"]
