"""A census: what changes after it was taken is seen when it is written, and nobody waits for it meanwhile."""

from __future__ import annotations

import shutil

from sqlalchemy import select
from sqlalchemy.orm import Session

import nano
from made import RUN, make_run, reindex
from tunix_rt.run import update_run
from tunix_rt_backend.services import census, jobs
from tunix_rt_backend.services.census import Place
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Run


def test_what_changes_after_a_census_is_seen_when_it_is_written(session: Session, settings: Settings) -> None:
    home = settings.home
    changed, gone = make_run(home), make_run(home, "gone")
    told: list[tuple[int, int]] = []
    taken = census.take(home, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]
    assert not session.in_transaction()
    update_run(changed, results={"steps": 2})
    shutil.rmtree(gone.path)
    make_run(home, "new")
    report = census.write(session, taken)
    assert (report.datasets, report.runs, report.broken) == (1, 2, [])
    found = {row.run_id: row.results for row in session.scalars(select(Run))}
    assert found == {RUN: {"steps": 2}, "new": {"steps": 1, "loss": 2.5}}


def test_row_knows_the_first_and_the_last_job_of_its_run(session: Session, settings: Settings) -> None:
    make_run(settings.home)
    spec = {"config": nano.config()}
    first = jobs.enqueue(session, kind="sft", run_id=RUN, spec=spec, actor="local")
    first.status = "failed"
    jobs.enqueue(session, kind="eval", run_id=RUN, spec={"run": RUN, **spec}, actor="local")
    jobs.enqueue(session, kind="sft", run_id=RUN, spec=spec, actor="local")
    jobs.enqueue(session, kind="sft", run_id="waiting", spec=spec, actor="local")
    session.commit()
    assert reindex(session, settings.home).runs == 2
    row = session.get_one(Run, RUN)
    assert (row.status, row.mode, row.created_at) == ("queued", "async", first.created_at)
    assert session.get_one(Run, "waiting").status == "queued"


def test_rows_that_no_database_keeps_do_not_cost_the_others_theirs(session: Session, settings: Settings) -> None:
    names = [f"run-{number}" for number in range(4)]
    for name in names:
        make_run(settings.home, name)
    taken = census.take(settings.home)
    record = taken.found[Place("runs", "run-2")]
    taken.found[Place("runs", "run-2")] = record._replace(manifest=record.manifest.model_copy(update={"seed": 2**70}))
    report = census.write(session, taken)
    assert [broken.folder for broken in report.broken] == ["runs/run-2"]
    assert "no database keeps" in report.broken[0].problem
    assert set(session.scalars(select(Run.run_id))) == set(names) - {"run-2"}
