"""A worker process: jobs to their end, cancel and resume, a worker that is told to end, one that is suspended."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

import nano
import service
from tunix_rt.run import read_run, verify_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend import db
from tunix_rt_backend.services import index, jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, EvaluationRow, Job, Run, WorkerRow

SECONDS = 300
"""Longest wait for anything; a shared machine may be slow."""


class Place:
    """A home folder with its database, and workers over it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.engine = db.make_engine(settings)
        self.sessions: sessionmaker[Session] = db.make_sessions(self.engine)
        self.workers: list[subprocess.Popen[bytes]] = []

    def add(self, run_id: str, kind: str = "sft", **spec: Any) -> Job:
        with self.sessions() as session:
            db.writing(session)
            made = spec or {"config": nano.config()}
            job = jobs.enqueue(session, kind=kind, run_id=run_id, spec=made, actor="test")
            index.refresh_run(session, self.settings.home, run_id)
            session.commit()
            return job

    def work(self, *words: str, **settings: object) -> subprocess.Popen[bytes]:
        environment = service.environment(self.settings.home, self.settings.url, **settings)
        log = self.settings.home / f"worker-{len(self.workers)}.log"
        self.workers.append(service.start("worker", *words, environment=environment, log=log))
        return self.workers[-1]

    def drain(self) -> None:
        worker = self.work("--drain")
        assert worker.wait(SECONDS) == 0

    def job(self, job: Job) -> Job:
        with self.sessions() as session:
            return session.execute(select(Job).where(Job.id == job.id)).scalar_one()

    def row(self, run_id: str) -> Run:
        with self.sessions() as session:
            return session.execute(select(Run).where(Run.run_id == run_id)).scalar_one()

    def run(self, run_id: str) -> RunDir:
        return RunDir(self.settings.home / "runs" / run_id)

    def wait(self, what: Callable[[], bool]) -> None:
        deadline = time.monotonic() + SECONDS
        while not what():
            logs = [path.read_text()[-2000:] for path in self.settings.home.glob("*.log")]
            assert time.monotonic() < deadline, logs
            time.sleep(0.05)

    def has_checkpoint(self, run_id: str) -> bool:
        return any((self.settings.home / "runs" / run_id / "checkpoints").glob("*/manifest.json"))


@pytest.fixture
def place(settings: Settings) -> Iterator[Place]:
    made = Place(settings)
    yield made
    for worker in made.workers:
        with contextlib.suppress(ProcessLookupError):
            worker.kill()
        worker.wait()
    made.engine.dispose()


def test_job_that_cannot_work_ends_failed_with_its_reason_and_the_next_one_is_taken(place: Place) -> None:
    wrong = [place.add(f"wrong-{number}", config=nano.config(dataset="absent-v1")) for number in range(2)]
    place.drain()
    for job in map(place.job, wrong):
        assert (job.status, job.exit_code, job.attempts) == ("failed", 1, 1)
        assert "absent-v1" in (job.reason or "")
        row = place.row(job.run_id or "")
        assert row.status == "failed"
        assert "absent-v1" in (row.error or {})["message"]
    with place.sessions() as session:
        told = [entry for entry in session.scalars(select(AuditEntry)) if entry.actor == "worker"]
        assert [entry.action for entry in told] == ["job_failed"] * 2
        assert session.execute(select(WorkerRow)).scalar_one().stopped_at is not None


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_cancelled_run_ends_cancelled_and_resumes_to_the_same_weights(place: Place, undisturbed: str) -> None:
    job = place.add("mine")
    worker = place.work()
    place.wait(lambda: place.has_checkpoint("mine"))
    place.wait(lambda: place.row("mine").status == "running")
    assert place.job(job).pid is not None
    with place.sessions() as session:
        jobs.request_cancel(session, jobs.find(session, job.id))
        session.commit()
    place.wait(lambda: place.job(job).status == "cancelled")
    assert place.row("mine").status == read_run(place.run("mine")).status == "cancelled"
    assert place.has_checkpoint("mine")
    again = place.add("mine")
    place.wait(lambda: place.job(again).status not in jobs.ACTIVE)
    assert place.job(again).status == "completed"
    assert (place.job(again).result or {})["adapter"] == undisturbed
    assert (place.row("mine").status, place.row("mine").attempts) == ("completed", 2)
    worker.terminate()
    assert worker.wait(SECONDS) == 0


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_stopped_run_is_whole_is_measured_and_resumes_to_the_same_weights(place: Place, undisturbed: str) -> None:
    job = place.add("mine")
    place.work()
    place.wait(lambda: place.has_checkpoint("mine"))
    with place.sessions() as session:
        jobs.request_cancel(session, jobs.find(session, job.id), keep=True)
        session.commit()
    place.wait(lambda: place.job(job).status not in jobs.ACTIVE)
    stopped = place.job(job)
    result = stopped.result or {}
    assert (stopped.status, stopped.exit_code, result["finish"]) == ("stopped", 143, "signal")
    assert 0 < result["steps"] < nano.STEPS
    assert place.row("mine").status == read_run(place.run("mine")).status == "stopped"
    assert place.row("mine").results["steps"] == result["steps"]
    assert "output mine" in verify_run(place.run("mine")).checked
    evaluation = {"kind": "eval", "task": "nano-arithmetic:heldout", "limit": 1, "max_new_tokens": 4}
    measured = place.add("mine", "eval", run="mine", config=evaluation)
    place.wait(lambda: place.job(measured).status not in jobs.ACTIVE)
    assert place.job(measured).status == "completed"
    with place.sessions() as session:
        assert session.execute(select(EvaluationRow.run_id)).scalar_one() == "mine"
    again = place.add("mine")
    place.wait(lambda: place.job(again).status not in jobs.ACTIVE)
    assert (place.job(again).status, (place.job(again).result or {})["adapter"]) == ("completed", undisturbed)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_worker_that_is_told_to_end_puts_its_job_back_without_counting_it(place: Place, undisturbed: str) -> None:
    job = place.add("mine")
    worker = place.work()
    place.wait(lambda: place.has_checkpoint("mine"))
    worker.terminate()
    assert worker.wait(SECONDS) == 0
    found = place.job(job)
    assert (found.status, found.attempts, found.worker_id) == ("queued", 0, None)
    assert "saved 1 run; " in (place.settings.home / "worker-0.log").read_text()
    assert read_run(place.run("mine")).status == "stopped"
    assert place.row("mine").status == "queued"
    place.drain()
    assert place.job(job).status == "completed"
    assert nano.adapter_digest(place.settings.home, "mine") == undisturbed


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_worker_suspended_with_its_command_finds_its_job_taken_and_lets_go(place: Place, undisturbed: str) -> None:
    job = place.add("mine")
    first = place.work(lease_seconds=2)
    place.wait(lambda: place.has_checkpoint("mine") and place.job(job).pid is not None)
    # The command too: left alone it may end before its job is taken, and there would be nothing to take.
    for process in (first.pid, place.job(job).pid):
        assert process is not None
        os.kill(process, signal.SIGSTOP)
    second = place.work(lease_seconds=2, grace_seconds=3)
    place.wait(lambda: place.job(job).attempts == 2)
    os.kill(first.pid, signal.SIGCONT)
    place.wait(lambda: place.job(job).status == "completed")
    for worker in (first, second):
        worker.terminate()
        assert worker.wait(SECONDS) == 0
    assert nano.adapter_digest(place.settings.home, "mine") == undisturbed
    assert (place.job(job).result or {})["adapter"] == undisturbed
    assert "attempt 2: " in (place.settings.home / "jobs" / str(job.id) / "output.log").read_text()
    assert "job lost to another worker" in (place.settings.home / "worker-0.log").read_text()
