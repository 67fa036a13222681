"""Rows are made from folders: whatever is lost from the index comes back equal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

import nano
from evaluated import forge
from made import RUN, make_evaluation, make_run, reindex
from tunix_rt.config import SFTConfig
from tunix_rt.errors import DataError, DigestError
from tunix_rt.evaluation import Estimate, load_evaluation
from tunix_rt.formats import MANIFEST, locked, write_text
from tunix_rt.provenance import now
from tunix_rt.run import new_run, update_run
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import bundle
from tunix_rt_backend.services import index, jobs, runs, soundness
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import DatasetRow, EvaluationRow, Job, Run, SubmissionRow, utc_now

TABLES = (DatasetRow, Run, EvaluationRow, SubmissionRow)


def snapshot(session: Session) -> dict[str, list[dict[str, Any]]]:
    session.expire_all()
    return {
        table.__tablename__: [
            {column.key: getattr(row, column.key) for column in table.__mapper__.columns}
            for row in session.scalars(select(table).order_by(*table.__mapper__.primary_key))
        ]
        for table in TABLES
    }


def make_home(home: Path, session: Session) -> None:
    make_run(home)
    make_evaluation(home)
    bundle(home, RunDir(home / "runs" / RUN))
    config = SFTConfig.model_validate(nano.config())
    index.index_dataset(session, home / "datasets" / nano.DATASET)
    runs.start(session, home, config, actor="local")
    failed = runs.start(session, home, config, actor="local")
    failed.status, failed.reason, failed.finished_at = "failed", "the base model is not here", utc_now()
    assert failed.run_id is not None
    index.refresh_run(session, home, failed.run_id)
    index.index_evaluation(session, next((home / "evaluations").iterdir()))
    index.index_run(session, home / "runs" / RUN)
    index.index_submission(session, next((home / "submissions").iterdir()))


def test_rebuilt_index_equals_the_one_that_was_lost(session: Session, settings: Settings) -> None:
    make_home(settings.home, session)
    session.commit()
    before = snapshot(session)
    assert {table: len(rows) for table, rows in before.items()} == {
        "datasets": 1, "tunix_runs": 3, "evaluations": 1, "submissions": 1,
    }  # fmt: skip
    for table in TABLES:
        session.execute(delete(table))
    session.commit()
    report = reindex(session, settings.home)
    session.commit()
    assert snapshot(session) == before
    assert report.model_dump() == {"datasets": 1, "runs": 3, "evaluations": 1, "submissions": 1, "broken": []}


def test_row_says_what_the_folder_says(session: Session, settings: Settings) -> None:
    make_home(settings.home, session)
    row = session.get_one(Run, RUN)
    assert (row.status, row.mode, row.stage, row.attempts) == ("completed", "local", "done", 1)
    assert (row.dataset_key, row.model_id, row.results) == ("few-v1", "nano", {"steps": 1, "loss": 2.5})
    assert row.duration_seconds is not None
    measured = session.scalars(select(EvaluationRow)).one()
    assert (measured.run_id, measured.dataset_key, measured.n) == (RUN, "few-v1", 6)
    dataset = session.scalars(select(DatasetRow)).one()
    assert (dataset.name, dataset.version, dataset.rows) == ("few", "v1", sum(dataset.splits.values()))
    assert dataset.bytes == sum(path.stat().st_size for path in (settings.home / "datasets" / "few-v1").iterdir())


def test_broken_folder_is_reported_with_a_sentence_and_stops_nothing(session: Session, settings: Settings) -> None:
    home = settings.home
    good, old = make_run(home), make_run(home, "old-run")
    renamed = make_run(home, "right-name")
    renamed.path.rename(home / "runs" / "wrong-name")
    manifest = json.loads(old.manifest.read_bytes()) | {"manifest_version": "0.9"}
    write_text(old.manifest, json.dumps(manifest))
    (home / "runs" / "empty").mkdir()
    (home / "runs" / ".half.tmp").mkdir()
    nul = make_run(home, "nul-run")
    update_run(nul, results={"note": "a\0b"})
    report = reindex(session, home)
    session.commit()
    problems = {broken.folder: broken.problem for broken in report.broken}
    assert {"runs/old-run", "runs/wrong-name", "runs/empty"} <= set(problems)
    assert "manifest_version" in problems["runs/old-run"]
    assert "right-name" in problems["runs/wrong-name"]
    assert "does not exist" in problems["runs/empty"]
    assert good.id in session.scalars(select(Run.run_id)).all()
    assert "NUL" in problems["runs/nul-run"]
    assert report.runs == 1
    assert set(session.scalars(select(Run.run_id))) == {good.id}


def test_evaluation_that_came_before_its_run_learns_its_dataset(session: Session, settings: Settings) -> None:
    run = make_run(settings.home)
    evaluation = settings.home / "evaluations" / make_evaluation(settings.home)
    hidden = run.path.with_name(".away")
    run.path.rename(hidden)
    assert index.index_evaluation(session, evaluation).dataset_key is None
    hidden.rename(run.path)
    index.index_run(session, run.path)
    session.expire_all()
    assert session.get_one(EvaluationRow, evaluation.name).dataset_key == "few-v1"


def test_evaluation_of_a_run_whose_name_is_a_path_looks_nowhere(session: Session, settings: Settings) -> None:
    home = settings.home
    make_run(home)
    evaluation = home / "evaluations" / make_evaluation(home, f"../runs/{RUN}")
    assert index.index_evaluation(session, evaluation).dataset_key is None


def test_evaluation_that_does_not_follow_from_its_samples_has_no_row(session: Session, settings: Settings) -> None:
    home = settings.home
    honest, forged = (home / "evaluations" / make_evaluation(home, run) for run in ("one", "two"))
    metrics = forge(forged).manifest.metrics
    better = Estimate(value=1.0, low=0.99, high=1.0, n=6)
    forge(forged, metrics=metrics.model_copy(update={"strict": better}))
    for _ in range(2):
        report = reindex(session, home)
        session.commit()
        assert [broken.folder for broken in report.broken] == [f"evaluations/{forged.name}"]
        assert "metrics.strict.value is 1.0, and they give" in report.broken[0].problem
        assert session.scalars(select(EvaluationRow.evaluation_id)).all() == [honest.name]
    with pytest.raises(DataError, match="does not follow from its samples"):
        index.index_evaluation(session, forged)
    (honest / "samples.jsonl").write_bytes(b"")
    with pytest.raises(DigestError):
        index.index_evaluation(session, honest)


def test_evaluation_that_has_a_row_is_not_measured_again(session: Session, settings: Settings) -> None:
    folder = settings.home / "evaluations" / make_evaluation(settings.home)
    session.add(EvaluationRow(**index.evaluation_values(folder)))
    session.flush()
    soundness._sound.clear()  # as in another process
    soundness.remember(session)
    assert soundness._sound == {(load_evaluation(folder).manifest.digest, False): False}


def test_run_whose_process_is_gone_is_never_shown_as_running(session: Session, settings: Settings) -> None:
    run = new_run(settings.home, "sft", "few", config=SFTConfig.model_validate(nano.config()))
    update_run(run, status="running", attempts=1)
    with locked(run.path):
        assert index.index_run(session, run.path).status == "running"
        assert index.stale_runs(session, settings.home) == []
    assert index.stale_runs(session, settings.home) == [run.id]
    row = index.refresh_run(session, settings.home, run.id)
    assert row is not None
    assert row.status == "interrupted"
    assert index.stale_runs(session, settings.home) == []


@pytest.mark.parametrize(
    ("job", "manifest", "shown"),
    [
        ("queued", "stopped", "queued"),
        ("running", "stopped", "preparing"),
        ("running", "running", "preparing"),  # its process was killed, and the next one starts
        ("cancelled", "stopped", "stopped"),
        ("failed", "failed", "failed"),
    ],
)
def test_status_is_the_manifests_unless_a_job_knows_better(
    session: Session, settings: Settings, job: str, manifest: str, shown: str
) -> None:
    run = new_run(settings.home, "sft", "few", config=SFTConfig.model_validate(nano.config()))
    update_run(run, status=manifest, started="2026-01-05T10:00:00Z", finished="2026-01-05T10:01:00Z")
    made = jobs.enqueue(session, kind="sft", run_id=run.id, spec={"config": nano.config()}, actor="local")
    made.status, made.started_at = job, None if job == "queued" else utc_now()
    session.flush()
    assert index.index_run(session, run.path).status == shown


@pytest.mark.parametrize("shown", ["queued", "preparing"])
def test_run_that_goes_on_has_no_times_of_its_earlier_attempt(session: Session, settings: Settings, shown: str) -> None:
    run = make_run(settings.home)
    update_run(run, status="cancelled", started="2026-01-05T10:00:00Z", finished=now())
    made = jobs.enqueue(session, kind="sft", run_id=run.id, spec={"config": nano.config()}, actor="local")
    if shown == "preparing":
        made.status, made.started_at = "running", utc_now()  # in the second in which the earlier attempt ended
    session.flush()
    row = index.index_run(session, run.path)
    assert (row.status, row.completed_at, row.duration_seconds) == (shown, None, None)
    assert row.started_at == made.started_at


def test_evaluation_is_stale_from_when_its_run_has_other_weights(session: Session, settings: Settings) -> None:
    run = make_run(settings.home)
    folder = settings.home / "evaluations" / make_evaluation(settings.home)
    measured = load_evaluation(folder).manifest.model.adapter_digest
    write_text(run.adapter / MANIFEST, json.dumps({"digest": measured}))
    row = index.index_evaluation(session, folder)
    before, mark = dict(row.metrics), row.mark
    assert "stale" not in before
    write_text(run.adapter / MANIFEST, json.dumps({"digest": "sha256:" + "d" * 64}))
    index.index_run(session, run.path)
    assert (row.metrics, row.mark != mark) == (before | {"stale": True}, True)
    assert index.index_evaluation(session, folder).metrics["stale"] is True, "made again it says the same"
    write_text(run.adapter / MANIFEST, json.dumps({"digest": measured}))
    index.index_run(session, run.path)
    assert (row.metrics, row.mark) == (before, mark)


def test_row_without_folder_and_job_goes_away(session: Session, settings: Settings) -> None:
    run = make_run(settings.home)
    index.index_run(session, run.path)
    shutil.rmtree(run.path)
    assert index.refresh_run(session, settings.home, run.id) is None
    assert session.scalars(select(Run)).all() == []
    assert session.scalars(select(Job)).all() == []
