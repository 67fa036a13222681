"""Rows that another version kept: shown as far as they can be read, or refused with a sentence, and never a crash."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from sqlalchemy import update
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import nano
from made import RUN, make_evaluation, make_run, reindex
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import bundle
from tunix_rt_backend.services import jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import DatasetRow, EvaluationRow, Job, Run, SubmissionRow, Upload, utc_now

OTHERS: list[Any] = [{}, [], {"rows": "many", "items": "all", "evaluations": 3}]
"""What another version may have kept."""


@pytest.fixture(autouse=True)
def home(session: Session, settings: Settings) -> None:
    """Two runs, each with an evaluation and a submission, and their rows."""
    for name in (RUN, "other"):
        make_run(settings.home, name)
        make_evaluation(settings.home, name)
        bundle(settings.home, RunDir(settings.home / "runs" / name))
    reindex(session, settings.home)
    session.commit()


@pytest.mark.parametrize("other", OTHERS)
def test_lists_show_what_is_known_until_the_index_is_made_again(
    client: TestClient, session: Session, settings: Settings, other: Any
) -> None:
    paths = ("/api/datasets", "/api/evaluations", "/api/leaderboard?all=true", "/api/submissions", "/api/tunix/runs")
    before = {path: client.get(path).json()["data"] for path in paths}
    first = {row["run_id"] for row in before["/api/submissions"]}
    assert first == {RUN, "other"}
    session.execute(update(DatasetRow).values(counts=other, splits=other or [1]))
    session.execute(update(EvaluationRow).where(EvaluationRow.run_id == RUN).values(metrics=other))
    session.execute(update(SubmissionRow).where(SubmissionRow.run_id == RUN).values(manifest=other))
    session.commit()
    client.get("/api/leaderboard?all=true&limit=7")  # a board that is kept would hide the rows that are made again
    for path, rows in before.items():
        answer = client.get(path if "board" not in path else f"{path}&limit=7")
        assert answer.status_code == 200, (path, answer.text)
        assert len(answer.json()["data"]) == len(rows)
    assert client.get("/api/datasets").json()["data"][0]["counts"] is None
    evaluated = {row["run_id"]: row["items"] for row in client.get("/api/evaluations").json()["data"]}
    assert evaluated == {RUN: None, "other": 6}
    bundled = {row["run_id"]: row["evaluations"] for row in client.get("/api/submissions").json()["data"]}
    assert bundled == {RUN: None, "other": 1}
    reindex(session, settings.home)
    session.commit()
    assert {path: client.get(path).json()["data"] for path in paths} == before
    assert client.get("/api/leaderboard?all=true&limit=7").json()["data"] == before["/api/leaderboard?all=true"]


def test_board_does_not_remember_what_it_could_not_read(
    client: TestClient, session: Session, settings: Settings
) -> None:
    session.execute(update(EvaluationRow).values(metrics={"items": 6, "strict": 0.5}))
    session.commit()
    path = "/api/leaderboard?all=true"
    assert [row["strict"] for row in client.get(path).json()["data"]] == [None, None]
    reindex(session, settings.home)
    session.commit()
    assert None not in [row["strict"] for row in client.get(path).json()["data"]]


@pytest.mark.parametrize("other", OTHERS)
def test_one_row_is_refused_with_a_sentence(client: TestClient, session: Session, other: Any) -> None:
    row = next(row for row in client.get("/api/submissions").json()["data"] if row["run_id"] == RUN)
    session.execute(update(SubmissionRow).values(manifest=other))
    session.commit()
    answer = client.get(f"/api/submissions/{row['submission_id']}")
    assert answer.status_code == 409
    assert row["submission_id"] in answer.json()["detail"]
    assert "`tunix-rt index`" in answer.json()["detail"]


@pytest.mark.parametrize("other", [{}, {"kind": "dream"}, {"kind": "sft", "dataset": "few-v1", "warp": 9}])
def test_a_run_whose_job_another_version_kept_hides_no_other(
    client: TestClient, session: Session, settings: Settings, other: Any
) -> None:
    job = jobs.enqueue(session, kind="sft", run_id="waits", spec={"config": nano.config()}, actor="local")
    reindex(session, settings.home)
    session.execute(update(Job).values(spec={"config": other}))
    session.execute(update(Run).where(Run.run_id == "waits").values(config=other))
    session.commit()
    assert {row["run_id"] for row in client.get("/api/tunix/runs").json()["data"]} == {RUN, "other", "waits"}
    found = client.get("/api/tunix/runs/waits").json()
    assert str(job.id) in found["problem"]
    assert client.get("/api/tunix/runs/waits/config?format=yaml").status_code == 409
    report = reindex(session, settings.home)
    assert [broken.folder for broken in report.broken] == ["runs/waits"]
    session.rollback()
    assert client.post("/api/tunix/runs/waits/cancel").status_code == 200
    answer = client.post("/api/tunix/runs/waits/retry")
    assert (answer.status_code, "waits" in answer.json()["detail"]) == (409, True), answer.text
    assert client.delete("/api/tunix/runs/waits").status_code == 204


@pytest.mark.parametrize("errors", [[{"line": 3}], {}, ["row 3"]])
def test_an_upload_that_another_version_kept_is_refused_with_a_sentence(
    client: TestClient, session: Session, errors: Any
) -> None:
    upload = Upload(
        id=uuid.uuid4(), source_name="f", settings={}, status="completed", errors=errors, reasons={}, actor="a",
        created_at=utc_now(),
    )  # fmt: skip
    session.add(upload)
    session.commit()
    answer = client.get(f"/api/datasets/uploads/{upload.id}")
    assert answer.status_code == 409
    assert str(upload.id) in answer.json()["detail"]
    assert client.get("/api/datasets/uploads").json()["data"][0]["upload_id"] == str(upload.id)
