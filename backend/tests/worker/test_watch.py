"""The watch: what is made, changed and taken away beside the service is in the lists soon, without a command."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

import nano
import service
from made import RUN, make_evaluation, make_run, reindex
from tunix_rt.config import SFTConfig
from tunix_rt.formats import locked, write_text
from tunix_rt.run import new_run, update_run
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import bundle
from tunix_rt_backend import db
from tunix_rt_backend.services import census, jobs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import DatasetRow, EvaluationRow, Run, SubmissionRow
from tunix_rt_backend.worker.watch import Watch


@pytest.fixture
def sessions(settings: Settings) -> Iterator[sessionmaker[Session]]:
    engine = db.make_engine(settings)
    yield db.make_sessions(engine)
    engine.dispose()


def names(sessions: sessionmaker[Session]) -> dict[str, list[str]]:
    with sessions() as session:
        return {name: sorted(session.scalars(select(part.key))) for name, part in census.PARTS.items()}


NOTHING: dict[str, list[str]] = {name: [] for name in census.PARTS}


def test_folders_that_come_and_go_have_rows_that_come_and_go(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    home, watch = settings.home, Watch(sessions, settings.home)
    watch.look()
    assert names(sessions) == NOTHING
    make_run(home)
    measured = make_evaluation(home)
    bundle(home, RunDir(home / "runs" / RUN))
    (home / "runs" / ".half.tmp").mkdir()
    (home / "runs" / "empty").mkdir()
    watch.look()
    made = {"datasets": [nano.DATASET], "runs": [RUN], "evaluations": [measured]}
    found = names(sessions)
    assert {part: found[part] for part in made} == made
    assert len(found["submissions"]) == 1
    for part in census.PARTS:
        shutil.rmtree(home / part)
    watch.look()
    assert names(sessions) == NOTHING


def test_a_first_look_writes_what_changed_while_nobody_looked(
    sessions: sessionmaker[Session], settings: Settings
) -> None:
    home = settings.home
    kept, changed, gone = (make_run(home, name) for name in ("kept", "changed", "gone"))
    with sessions() as session:
        reindex(session, home)
        row = session.get_one(Run, kept.id)
        row.results = {"mark": "not written again"}
        jobs.enqueue(session, kind="sft", run_id="waiting", spec={"config": nano.config()}, actor="local")
        session.commit()
    update_run(changed, results={"steps": 2})
    shutil.rmtree(gone.path)
    Watch(sessions, home).look()
    with sessions() as session:
        found = {row.run_id: row.results for row in session.scalars(select(Run))}
    assert found == {"kept": {"mark": "not written again"}, "changed": {"steps": 2}}


def test_a_dataset_that_was_replaced_by_hand_is_read_again(sessions: sessionmaker[Session], settings: Settings) -> None:
    home, watch = settings.home, Watch(sessions, settings.home)
    nano.build_dataset(home)
    watch.look()
    with sessions() as session:
        before = session.scalars(select(DatasetRow.digest)).one()
    folder = home / "datasets" / nano.DATASET
    text = (folder / "manifest.json").read_text()
    other = before[:-4] + ("0000" if before[-4:] != "0000" else "1111")
    write_text(folder / "manifest.json", text.replace(before, other))
    watch.look()
    with sessions() as session:
        assert session.scalars(select(DatasetRow.digest)).one() == other


def test_a_run_by_hand_is_followed_to_its_end_and_beyond(sessions: sessionmaker[Session], settings: Settings) -> None:
    watch = Watch(sessions, settings.home)

    def status() -> str:
        watch.look()
        with sessions() as session:
            return session.scalars(select(Run.status)).one()

    run = new_run(settings.home, "sft", "few", config=SFTConfig.model_validate(nano.config()))
    assert status() == "queued"
    with locked(run.path):
        update_run(run, status="running", attempts=1)
        assert status() == "running"
    assert status() == "interrupted"
    update_run(run, status="completed", finished="2026-01-05T10:01:00Z")
    assert status() == "completed"
    write_text(run.manifest, "{}")
    assert status() == "completed", "a folder that cannot be read keeps the row that it had"


def test_a_worker_sees_what_is_made_beside_it(sessions: sessionmaker[Session], settings: Settings) -> None:
    environment = service.environment(settings.home, settings.url)
    worker = service.start("worker", environment=environment, log=settings.home / "worker.log")
    try:
        make_run(settings.home)
        make_evaluation(settings.home)
        deadline = time.monotonic() + 120
        while True:
            with sessions() as session:
                if session.scalars(select(EvaluationRow)).all() and session.scalars(select(Run)).all():
                    break
            assert time.monotonic() < deadline, (settings.home / "worker.log").read_text()
            time.sleep(0.1)
        worker.terminate()
        assert worker.wait(60) == 0
    finally:
        worker.kill()
        worker.wait()
    with sessions() as session:
        assert session.scalars(select(SubmissionRow)).all() == []
