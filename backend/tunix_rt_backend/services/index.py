"""Index: rows made from folders; the folder is the truth, and the row is there to be found.

A row is a function of its folder, and of the jobs of a run: delete every row, take a `census`, and the same rows are
back. It does not know who asks, and changes no folder.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import orjson
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DataError as DataFault
from sqlalchemy.orm import Session

from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import DataError, TunixRtError
from tunix_rt.evaluation import Estimate
from tunix_rt.formats import MANIFEST, digest_value
from tunix_rt.leaderboard import outcomes
from tunix_rt.run import ACTIVE, RunManifest, is_held, read_run, read_run_config
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import BUNDLE, SubmissionManifest
from tunix_rt_backend.db import is_sqlite
from tunix_rt_backend.services import configs, jobs, kept, soundness
from tunix_rt_backend.services.widths import fitting
from tunix_rt_backend.tables import Base, DatasetRow, EvaluationRow, Job, Run, SubmissionRow

logger = logging.getLogger(__name__)

IMPORT_RECORD = "import.json"
"""File in an evaluation's folder, or beside a run's logs, that says that it was taken in from elsewhere."""
Row = TypeVar("Row", bound=Base)


def dataset_values(folder: Path, *, into: Path | None = None) -> dict[str, Any]:
    """Return the row of a dataset's folder; raise DataError if the folder is not whole, or no row can hold it.

    `into`: the home folder that it is meant for, while it has neither its place there nor its name.
    """
    manifest = DatasetManifest.read(folder / MANIFEST)
    _named(folder, manifest.key, into)
    values = {
        "key": manifest.key,
        "name": manifest.name,
        "version": manifest.version,
        "digest": manifest.digest,
        "created_at": moment(manifest.created),
        "rows": manifest.counts.kept,
        "bytes": sum(_size(folder, name) for name in manifest.files) + (folder / MANIFEST).stat().st_size,
        "splits": manifest.splits,
        "licenses": manifest.licenses,
        "families": manifest.families,
        "counts": manifest.counts.model_dump(),
    }
    return fitting(DatasetRow, values)


def index_dataset(session: Session, folder: Path) -> DatasetRow:
    """Write the row of a dataset's folder; raise DataError if the folder is not whole."""
    return _upsert(session, DatasetRow, dataset_values(folder))


def hold_dataset(session: Session, folder: Path, *, alone: bool = False) -> DatasetRow | None:
    """Return the row of a dataset, made if it has none, and keep it from being deleted until the transaction ends.

    Any number may hold it so; `alone`: nobody else does. None: the folder is not whole.
    """
    query = select(DatasetRow).where(DatasetRow.key == folder.name)
    query = query.with_for_update() if alone else query.with_for_update(read=True, key_share=True)
    row = session.scalar(query.execution_options(populate_existing=True))
    return row or _made(session, index_dataset, folder)


def hold_run(session: Session, folder: Path) -> Run | None:
    """Return the row of a run, made if it has none; till the transaction ends nobody deletes it or queues a job for it.

    None: it is not here, or its folder is not whole.
    """
    query = select(Run).where(Run.run_id == folder.name).with_for_update()
    row = session.scalar(query.execution_options(populate_existing=True))
    return row or _made(session, index_run, folder)


def _made(session: Session, index: Callable[[Session, Path], Row], folder: Path) -> Row | None:
    """Return the new row of a folder; None: it is not whole, or whoever made its row at the same time deleted it."""
    with contextlib.suppress(TunixRtError, OSError, DataFault), session.begin_nested():
        row = index(session, folder)
        if folder.is_dir():
            return row
        raise DataError(f"{folder} is gone")
    return None


def index_run(session: Session, folder: Path) -> Run:
    """Write the row of a run's folder; raise DataError if the folder is not whole."""
    row = _upsert(
        session, Run, run_values(folder, jobs.oldest(session, folder.name), jobs.newest(session, folder.name))
    )
    if row.dataset_key is not None:
        # Its evaluations may have come here first.
        measured = update(EvaluationRow).where(EvaluationRow.run_id == row.run_id)
        session.execute(measured.values(dataset_key=row.dataset_key))
    for evaluation in session.scalars(select(EvaluationRow).where(EvaluationRow.run_id == row.run_id)):
        stale = is_stale(folder.parent.parent, row.run_id, evaluation.adapter_digest)
        if stale != (kept.part(evaluation.metrics, "stale") is True) and isinstance(evaluation.metrics, dict):
            others = {name: value for name, value in evaluation.metrics.items() if name != "stale"}
            evaluation.metrics = others | ({"stale": True} if stale else {})
            evaluation.mark = _mark(evaluation.evaluation_id, evaluation.digest, stale=stale, apart=evaluation.mark < 0)
    session.flush()
    return row


def is_stale(home: Path, run_id: str | None, adapter_digest: str | None) -> bool:
    """Return whether a run has other trained weights by now than those that were measured."""
    if run_id is None or adapter_digest is None or Path(run_id).name != run_id:
        return False
    with contextlib.suppress(OSError, orjson.JSONDecodeError):
        present = kept.part(orjson.loads((RunDir(home / "runs" / run_id).adapter / MANIFEST).read_bytes()), "digest")
        return present is not None and present != adapter_digest
    return False


def _mark(evaluation_id: str, digest: str, *, stale: bool, apart: bool) -> int:
    """Return a number that is another one whenever the evaluation's place on a board may be another one."""
    asked = [evaluation_id, digest, *(["stale"] if stale else [])]
    number = 1 + int(digest_value(asked).removeprefix("sha256:")[:10], 16)
    return -number if apart else number


def evaluation_values(folder: Path, *, into: Path | None = None) -> dict[str, Any]:
    """Return the row of an evaluation's folder; raise as `soundness.read` does, or if no row can hold it.

    One from elsewhere that cannot be verified here is on record, and is kept apart from the others by a mark below 0.
    """
    home = into or folder.parent.parent
    evaluation, verified = soundness.read(folder, home)
    manifest, samples = evaluation.manifest, evaluation.samples
    _named(folder, manifest.id, into)
    stale = is_stale(home, manifest.model.run, manifest.model.adapter_digest)
    imported = (folder / IMPORT_RECORD).is_file()
    marked = {"imported": imported, "verified": verified, "stale": stale}
    values = {
        "evaluation_id": manifest.id,
        "digest": manifest.digest,
        "created_at": moment(manifest.created),
        "run_id": manifest.model.run,
        "model_name": manifest.model.name,
        "adapter_digest": manifest.model.adapter_digest,
        "dataset_key": _dataset_of(home, manifest.model.run),
        "task_name": manifest.task.name,
        "task_split": manifest.task.split,
        "task_digest": manifest.task.digest,
        "contract_digest": manifest.contract_digest,
        "prompt_name": manifest.prompt.name,
        "prompt_digest": manifest.prompt_digest,
        "n": manifest.metrics.n,
        "strict": _value(manifest.metrics.strict),
        "lenient": _value(manifest.metrics.lenient),
        "metrics": manifest.metrics.model_dump(mode="json") | {name: True for name in marked if marked[name]},
        "strict_outcomes": outcomes(samples, "strict"),
        "lenient_outcomes": outcomes(samples, "lenient"),
        "mark": _mark(manifest.id, manifest.digest, stale=stale, apart=imported and not verified),
        "git_commit": manifest.provenance.git_commit,
        "device": manifest.provenance.device,
    }
    return fitting(EvaluationRow, values)


def index_evaluation(session: Session, folder: Path) -> EvaluationRow:
    """Write the row of an evaluation's folder; raise as `soundness.read` does."""
    return _upsert(session, EvaluationRow, evaluation_values(folder))


def submission_values(folder: Path) -> dict[str, Any]:
    """Return the row of a submission's folder; raise DataError if the folder is not whole."""
    manifest = SubmissionManifest.read(folder / MANIFEST)
    _named(folder, manifest.id)
    return {
        "submission_id": manifest.id,
        "digest": manifest.digest,
        "run_id": manifest.run,
        "created_at": moment(manifest.created),
        "bytes": _size(folder, BUNDLE),
        "manifest": manifest.model_dump(mode="json"),
    }


def index_submission(session: Session, folder: Path) -> SubmissionRow:
    """Write the row of a submission's folder; raise DataError if the folder is not whole."""
    return _upsert(session, SubmissionRow, submission_values(folder))


def refresh_run(session: Session, home: Path, run_id: str) -> Run | None:
    """Write the row of a run again from its folder and its jobs; None (and no row) if there is neither."""
    folder = home / "runs" / run_id
    # Whoever changes a job of the run writes its row, too: what is read from here on is not older than the row.
    session.execute(select(Run.run_id).where(Run.run_id == run_id).with_for_update())
    if (folder / MANIFEST).is_file():
        return index_run(session, folder)
    newest, oldest = jobs.newest(session, run_id), jobs.oldest(session, run_id)
    if newest is None or oldest is None:
        session.execute(delete(Run).where(Run.run_id == run_id))
        return None
    try:
        values = waiting_values(oldest, newest)
    except DataError as error:  # its row stays as it is, and whoever ends or deletes it can do so
        logger.warning("%s", error)
        return session.get(Run, run_id)
    return _upsert(session, Run, values)


def stale_runs(session: Session, home: Path) -> list[str]:
    """Return the runs whose row says that a process works on them, and whose folder says otherwise."""
    found = []
    for name, status in session.execute(select(Run.run_id, Run.status).where(Run.status.in_(ACTIVE))).all():
        run = RunDir(home / "runs" / name)
        with contextlib.suppress(TunixRtError):  # a folder that cannot be read says nothing
            if run.manifest.is_file() and run_status(run, read_run(run), jobs.newest(session, name)) != status:
                found.append(name)
    return found


class RunRecord(NamedTuple):
    """What a run's folder says."""

    run: RunDir
    """The folder."""
    manifest: RunManifest
    """Its manifest."""
    config: dict[str, Any]
    """Its resolved configuration."""


def run_record(folder: Path, *, into: Path | None = None) -> RunRecord:
    """Return what a run's folder says; raise DataError if the folder is not whole, or no row can hold it.

    `into`: the home folder that it is meant for, while it has neither its place there nor its name.
    """
    run = RunDir(folder)
    manifest = read_run(run)
    _named(folder, manifest.id, into)
    config = read_run_config(run, manifest).model_dump(mode="json")
    if config["kind"] not in jobs.RUN_KINDS:
        raise DataError(f"{run.manifest}: kind is {manifest.kind!r}; expected one of {', '.join(jobs.RUN_KINDS)}")
    record = RunRecord(run, manifest, config)
    fitting(Run, recorded_values(record, None, None))
    return record


def run_values(folder: Path, oldest: Job | None, newest: Job | None) -> dict[str, Any]:
    """Return the row of a run: what its folder says, and the status that a person should see.

    `oldest` is the job that the run was asked for with, `newest` the one that worked on it last; None: no job did.
    Raises DataError if the folder is not whole.
    """
    return recorded_values(run_record(folder), oldest, newest)


def recorded_values(record: RunRecord, oldest: Job | None, newest: Job | None) -> dict[str, Any]:
    """Return the row of a run whose folder was read; the status is that of this moment."""
    run, manifest, config = record
    dataset = manifest.inputs.get("dataset")
    started, finished, failure = moment(manifest.started), moment(manifest.finished), manifest.error
    status = run_status(run, manifest, newest)
    if newest is not None and status in ("queued", "preparing"):  # what its folder says is of an earlier attempt
        started, finished, failure = newest.started_at if status == "preparing" else None, None, None
    imported = (run.logs / IMPORT_RECORD).is_file()
    return {
        "run_id": manifest.id,
        "kind": manifest.kind,
        "mode": "import" if imported else "async" if oldest else "local",
        "status": status,
        "stage": manifest.stage,
        "dataset_key": dataset.key if dataset else configs.dataset_key(config),
        "dataset_digest": dataset.digest if dataset else None,
        "model_id": configs.base_model(config),
        "seed": manifest.seed,
        "created_at": oldest.created_at if oldest else moment(manifest.created),
        "started_at": started,
        "completed_at": finished,
        "duration_seconds": (finished - started).total_seconds() if started and finished else None,
        "attempts": manifest.attempts,
        "error": failure.model_dump(mode="json") if failure else None,
        "results": manifest.results,
        "config": config,
        "git_commit": manifest.provenance.git_commit,
        "device": manifest.provenance.device,
        "manifest_digest": manifest.digest,
    }


def waiting_values(oldest: Job, newest: Job) -> dict[str, Any]:
    """Return the row of a run that has no folder yet: its jobs are all that is known of it.

    Raises DataError if another version kept them.
    """
    try:
        config = oldest.spec["config"]
        dataset_key, model_id, seed = configs.dataset_key(config), configs.base_model(config), config["seed"]
    except (KeyError, TypeError) as error:
        raise DataError(
            f"job {oldest.id} was kept by another version of tunix-rt: its configuration has no {error}; "
            f"cancel run {oldest.run_id} and start a new one"
        ) from error
    failed = newest.status == "failed"
    return {
        "run_id": oldest.run_id,
        "kind": oldest.kind,
        "mode": "async",
        "status": "preparing" if newest.status == "running" else newest.status,
        "stage": "queued" if newest.status in jobs.ACTIVE else "done",
        "dataset_key": dataset_key,
        "dataset_digest": None,
        "model_id": model_id,
        "seed": seed,
        "created_at": oldest.created_at,
        "started_at": None if newest.status == "queued" else newest.started_at,
        "completed_at": newest.finished_at,
        "duration_seconds": None,
        "attempts": 0,
        "error": {"stage": "start", "type": "JobError", "message": newest.reason or "no reason was kept"}
        if failed
        else None,
        "results": {},
        "config": config,
        "git_commit": None,
        "device": None,
        "manifest_digest": None,
    }


def run_status(run: RunDir, manifest: RunManifest, newest: Job | None) -> str:
    """Return the status that a person should see: the manifest's, while no job or dead process says otherwise.

    A job that waits makes the run `queued`, one that has only begun makes it `preparing`; a run that says that it is
    worked on, with no process behind it, is `interrupted`.
    """
    if newest is not None and newest.status == "queued":
        return "queued"
    if manifest.status in ACTIVE and is_held(run):
        return manifest.status
    if newest is not None and newest.status == "running" and is_of_earlier_attempt(manifest.started, newest.started_at):
        return "preparing"
    return "interrupted" if manifest.status in ACTIVE else manifest.status


def is_of_earlier_attempt(started: object, began: datetime | None) -> bool:
    """Return whether a manifest that says when its attempt `started` is older than what a job `began`.

    A manifest tells whole seconds; a process takes longer than one to get there, so that none is taken for another.
    """
    if not isinstance(started, str):
        return True
    with contextlib.suppress(DataError):
        return began is not None and moment(started) < began.replace(microsecond=0)
    return False


def moment(text: str | None) -> Any:
    """Return a moment as it stands in a manifest; None for None, DataError for anything else."""
    if text is None:
        return None
    try:
        found = datetime.fromisoformat(text)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise DataError(f"{text!r} is no moment; expected one such as 2026-01-05T10:00:00Z") from error


def _upsert(session: Session, table: type[Row], values: dict[str, Any]) -> Row:
    key = table.__mapper__.primary_key[0].name
    insert = sqlite.insert if is_sqlite(session) else postgresql.insert
    changed = {name: value for name, value in values.items() if name != key}
    statement = insert(table).values(values).on_conflict_do_update(index_elements=[key], set_=changed)
    session.execute(statement)
    row = session.get(table, values[key], populate_existing=True)
    assert row is not None
    return row


def _named(folder: Path, name: str, into: Path | None = None) -> None:
    if into is None and folder.name != name:
        raise DataError(f"{folder} says that its name is {name!r}; give the folder its name back")


def _size(folder: Path, name: str) -> int:
    try:
        return (folder / name).stat().st_size
    except OSError as error:
        raise DataError(f"{folder / name} is missing, though {folder / MANIFEST} lists it; restore it") from error


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _dataset_of(home: Path, run_id: str | None) -> str | None:
    """Return the key of the dataset that a run was trained on; None if the run is not here."""
    if run_id is None or Path(run_id).name != run_id or not (home / "runs" / run_id / MANIFEST).is_file():
        return None
    dataset = read_run(RunDir(home / "runs" / run_id)).inputs.get("dataset")
    return dataset.key if dataset else None
