"""Whether a run goes on: its jobs say so where it has any, else its folder and the lock on it."""

from __future__ import annotations

from pathlib import Path

import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from tunix_rt.config import SFTConfig
from tunix_rt.provenance import now
from tunix_rt.run import attempt, new_run, update_run
from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.services import jobs
from tunix_rt_backend.services.run_state import State, read_manifest, read_state
from tunix_rt_backend.tables import utc_now


def state(app: FastAPI) -> State:
    return read_state(app.state.settings.home, app.state.sessions, "r")


def test_run_of_the_command_line_is_what_its_folder_says(sqlite_app: FastAPI) -> None:
    with pytest.raises(NotFound):
        state(sqlite_app)
    made = new_run(sqlite_app.state.settings.home, "sft", "x", config=SFTConfig(), run_id="r")
    assert (state(sqlite_app).status, state(sqlite_app).is_over, state(sqlite_app).logs) == ("queued", False, ())
    with attempt(made):
        assert (state(sqlite_app).status, state(sqlite_app).is_over) == ("running", False)
    assert (state(sqlite_app).status, state(sqlite_app).is_over) == ("completed", True)
    assert state(sqlite_app).logs == ((made.logs, "attempt-1.log"),)
    update_run(made, status="running")
    assert (state(sqlite_app).status, state(sqlite_app).is_over) == ("interrupted", True)


def test_attempts_are_in_order_of_their_numbers(sqlite_app: FastAPI) -> None:
    made = new_run(sqlite_app.state.settings.home, "sft", "x", config=SFTConfig(), run_id="r")
    for name in ("attempt-10.log", "attempt-2.log", "attempt-1.log", "attempt-x.log", "other.log"):
        made.logs.mkdir(exist_ok=True)
        (made.logs / name).touch()
    assert [path for _, path in state(sqlite_app).logs] == ["attempt-1.log", "attempt-2.log", "attempt-10.log"]


@pytest.mark.parametrize(
    ("job", "manifest", "shown", "is_over"),
    [
        ("queued", None, "queued", False),
        ("running", None, "preparing", False),
        ("running", "running", "running", False),
        ("running", "completed", "completed", False),
        ("queued", "stopped", "queued", False),
        ("completed", "completed", "completed", True),
        ("failed", "running", "failed", True),
        ("failed", None, "failed", True),
        ("cancelled", "stopped", "cancelled", True),
        ("cancelled", None, "cancelled", True),
    ],
)
def test_job_says_whether_a_run_is_over(
    sqlite_app: FastAPI, sqlite_session: Session, job: str, manifest: str | None, shown: str, is_over: bool
) -> None:
    row = jobs.enqueue(sqlite_session, kind="sft", run_id="r", spec={}, actor="test")
    row.status, row.exit_code, row.started_at = job, 7, utc_now()
    sqlite_session.commit()
    if manifest:
        made = new_run(sqlite_app.state.settings.home, "sft", "x", config=SFTConfig(), run_id="r")
        update_run(made, status=manifest, started=now())
    found = state(sqlite_app)
    assert (found.status, found.is_over, found.exit_code) == (shown, is_over, 7 if is_over else None)
    assert found.logs == ((sqlite_app.state.settings.home / "jobs" / str(row.id), "output.log"),)


@pytest.mark.parametrize("before", ["cancelled", "running"])  # `running`: its process was killed
def test_run_that_goes_on_does_not_show_how_it_ended_before(
    sqlite_app: FastAPI, sqlite_session: Session, before: str
) -> None:
    made = new_run(sqlite_app.state.settings.home, "sft", "x", config=SFTConfig(), run_id="r")
    update_run(made, status=before, started="2026-01-05T10:00:00Z", finished="2026-01-05T10:01:00Z")
    row = jobs.enqueue(sqlite_session, kind="sft", run_id="r", spec={}, actor="test")
    row.status, row.started_at = "running", utc_now()
    sqlite_session.commit()
    assert state(sqlite_app).status == "preparing"


def test_evaluation_of_a_run_does_not_open_it_again(sqlite_app: FastAPI, sqlite_session: Session) -> None:
    made = new_run(sqlite_app.state.settings.home, "sft", "x", config=SFTConfig(), run_id="r")
    update_run(made, status="completed")
    jobs.enqueue(sqlite_session, kind="eval", run_id="r", spec={}, actor="test")
    sqlite_session.commit()
    assert state(sqlite_app).is_over


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff"])
def test_manifest_that_cannot_be_read_says_nothing(tmp_path: Path, data: bytes) -> None:
    assert read_manifest(tmp_path) == {}
    (tmp_path / "manifest.json").write_bytes(data)
    assert read_manifest(tmp_path) == {}
