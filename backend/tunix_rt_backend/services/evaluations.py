"""Evaluations: asked for, found, read sample by sample, and paired; it does not know how a model is measured.

A row is the index of a folder, and the folder is what is read: its manifest and its samples, each opened beneath it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import orjson
from pydantic import ValidationError
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tunix_rt.base_models import BASE_MODELS
from tunix_rt.comparison import Comparison, ScoreName, compare, percent
from tunix_rt.config import EvalConfig
from tunix_rt.errors import DataError, DigestError
from tunix_rt.evaluation import Evaluation, EvaluationManifest, Metrics, Sample
from tunix_rt.evaluation.folder import SAMPLES
from tunix_rt.formats import MANIFEST
from tunix_rt_backend.errors import NotFound, Unprocessable
from tunix_rt_backend.schemas.evaluation import EvaluateBody, EvaluationBody, EvaluationSettings
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services import jobs, lines, tasks, weights
from tunix_rt_backend.services.files import opening_beneath
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.tables import EvaluationRow, Job, Run

Verdict = Literal["right", "wrong", "unscored"]

MOST_READ = 32 * 2**20
"""Bytes of samples that one request looks through at most; a page may hold fewer rows than asked for, and go on."""


def request_of_run(
    session: Session, home: Path, run_id: str, body: EvaluateBody, *, actor: str, idempotency_key: str | None
) -> Job:
    """Queue the measurement of what a run trained.

    Raises NotFound for an unknown run, Conflict if it has no trained weights or may yet get others, Unprocessable for
    an impossible request.
    """
    weights.hold(session, home, run_id)
    return _request(session, home, body, {"run": run_id}, run_id, actor, idempotency_key)


def request_of_model(
    session: Session, home: Path, body: EvaluationBody, *, actor: str, idempotency_key: str | None
) -> Job:
    """Queue the measurement of a base model; raise Unprocessable for an unknown model or an impossible request."""
    if body.model not in BASE_MODELS:
        raise Unprocessable(f"there is no base model {body.model!r}; known: {', '.join(BASE_MODELS)}")
    return _request(session, home, body, {"model": body.model}, None, actor, idempotency_key)


def _request(
    session: Session,
    home: Path,
    body: EvaluationSettings,
    subject: dict[str, str],
    run_id: str | None,
    actor: str,
    idempotency_key: str | None,
) -> Job:
    tasks.check(home, body.task)
    tasks.check(home, body.few_shot_pool)
    named = body.model_dump(include=set(EvalConfig.model_fields))
    try:
        config = EvalConfig.model_validate(named)
    except ValidationError as error:
        raise Unprocessable(str(error.errors()[0]["msg"])) from error
    spec = subject | {
        "config": config.model_dump(mode="json"),
        "dtype": body.dtype,
        "few_shot_pool": body.few_shot_pool,
    }
    return jobs.enqueue(
        session,
        kind="eval",
        run_id=run_id,
        spec=spec,
        priority=body.priority,
        actor=actor,
        keyed=jobs.keyed(idempotency_key, "evaluate", [run_id, spec, body.priority]),
    )


@dataclass(frozen=True)
class EvaluationFilter:
    """Which evaluations are listed; None: any."""

    run_id: str | None = None
    model: str | None = None
    task: str | None = None
    task_digest: str | None = None
    dataset_key: str | None = None
    date_from: datetime | None = None
    date_to: datetime | None = None

    def applied(self, query: Select[Any]) -> Select[Any]:
        """Return a query of evaluation rows with these conditions."""
        for column, wanted in (
            (EvaluationRow.run_id, self.run_id),
            (EvaluationRow.model_name, self.model),
            (EvaluationRow.task_name, self.task),
            (EvaluationRow.task_digest, self.task_digest),
            (EvaluationRow.dataset_key, self.dataset_key),
        ):
            if wanted is not None:
                query = query.where(column == wanted)
        if self.date_from is not None:
            query = query.where(EvaluationRow.created_at >= self.date_from)
        if self.date_to is not None:
            query = query.where(EvaluationRow.created_at <= self.date_to)
        return query

    @property
    def given(self) -> dict[str, Any]:
        """The conditions that are set."""
        return {name: value for name, value in self.__dict__.items() if value is not None}


def list_evaluations(
    session: Session, wanted: EvaluationFilter, *, limit: int, offset: int, cursor: str | None
) -> tuple[list[EvaluationRow], Pagination]:
    """Return one page of evaluations, the newest first."""
    order = [(EvaluationRow.created_at, datetime), (EvaluationRow.evaluation_id, str)]
    return page(session, wanted.applied(select(EvaluationRow)), order, limit=limit, offset=offset, cursor=cursor)


def find(session: Session, evaluation_id: str) -> EvaluationRow:
    """Return the row of an evaluation; raise NotFound if there is none."""
    row = session.get(EvaluationRow, evaluation_id)
    if row is None:
        raise NotFound(f"there is no evaluation {evaluation_id!r}; GET /api/evaluations lists them")
    return row


def newest_of_run(session: Session, run_id: str) -> EvaluationRow:
    """Return the newest evaluation of a run, imported and unverified ones last.

    Raises NotFound if the run is unknown or was never measured.
    """
    query = select(EvaluationRow).where(EvaluationRow.run_id == run_id)
    row = session.scalars(
        query.order_by(
            EvaluationRow.mark < 0, EvaluationRow.created_at.desc(), EvaluationRow.evaluation_id.desc()
        ).limit(1)
    ).one_or_none()
    if row is not None:
        return row
    if session.get(Run, run_id) is None:
        raise NotFound(f"there is no run {run_id!r}; GET /api/tunix/runs lists them")
    raise NotFound(f"run {run_id} was not measured yet; POST /api/tunix/runs/{run_id}/evaluate measures it")


def verdict(metrics: Metrics) -> str:
    """Return what was measured, in a sentence that says how sure it is."""
    if metrics.strict is None:
        reasons = "; ".join(f"{count} {reason}" for reason, count in metrics.unscored.items())
        return f"Nothing is scored of {metrics.items} items ({reasons or 'no reason was kept'})."
    strict = metrics.strict
    left = metrics.items - metrics.n
    return (
        f"Right in {percent(strict.value)} of {strict.n} items (95 % interval {percent(strict.low)} to "
        f"{percent(strict.high)}){f'; {left} more have no score' if left else ''}."
    )


def remove(session: Session, evaluation_id: str) -> None:
    """Take an evaluation out of the index; raise NotFound if it is not there."""
    session.delete(find(session, evaluation_id))
    session.flush()


def folder_of(home: Path, evaluation_id: str) -> Path:
    """Return the folder of an evaluation."""
    return home / "evaluations" / evaluation_id


def read_manifest(home: Path, evaluation_id: str) -> EvaluationManifest:
    """Return what an evaluation says about itself; raise DataError if it was written by another version."""
    with opening_beneath(folder_of(home, evaluation_id), MANIFEST) as file:
        data = file.read(0, file.size)
    try:
        return EvaluationManifest.model_validate_json(data)
    except ValidationError as error:
        raise DataError(f"evaluation {evaluation_id} cannot be read by this version: {_first(error)}") from error


def read_samples(
    home: Path,
    evaluation_id: str,
    *,
    keep: Callable[[Sample], bool],
    limit: int,
    cursor: str | None,
) -> tuple[list[Sample], Pagination]:
    """Return the next samples of an evaluation that are to be kept, in the order of the task.

    At most `MOST_READ` bytes are looked through, so that a page may end early.
    """

    def kept(line: bytes, number: int) -> Sample | None:
        if not line.endswith(b"\n"):  # torn
            return None
        sample = _sample(evaluation_id, line)
        return sample if keep(sample) else None

    folder = folder_of(home, evaluation_id)
    with opening_beneath(folder, SAMPLES) as file, open(file.descriptor, "rb", closefd=False) as stream:
        return lines.page(stream, SAMPLES, kept, limit=limit, cursor=cursor, most=MOST_READ)


def sample_filter(
    *,
    sample_id: str | None,
    family: str | None,
    domain: str | None,
    verdict: Verdict | None,
    finish: str | None,
    text: str | None,
) -> Callable[[Sample], bool]:
    """Return whether a sample is wanted; None: any. `text` is sought in prompt, completion and target, without case."""
    needle = None if text is None else text.casefold()

    def keep(sample: Sample) -> bool:
        return (
            sample_id in (None, sample.id)
            and family in (None, sample.family)
            and domain in (None, sample.domain)
            and finish in (None, sample.finish)
            and verdict in (None, _verdict(sample))
            and (needle is None or needle in f"{sample.prompt}\n{sample.completion}\n{sample.target.value}".casefold())
        )

    return keep


def _verdict(sample: Sample) -> Verdict:
    value = sample.strict.value
    return "unscored" if value is None else "right" if value == 1 else "wrong"


def _sample(evaluation_id: str, line: bytes) -> Sample:
    try:
        return Sample.model_validate(orjson.loads(line))
    except (orjson.JSONDecodeError, ValidationError) as error:
        reason = _first(error) if isinstance(error, ValidationError) else str(error)
        raise DataError(f"a sample of evaluation {evaluation_id} cannot be read by this version: {reason}") from error


def _first(error: ValidationError) -> str:
    first = error.errors()[0]
    return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"


def compare_evaluations(home: Path, a: str, b: str, *, a_score: ScoreName, b_score: ScoreName) -> Comparison:
    """Pair two evaluations item by item; the engine refuses those that asked different items."""
    return compare(_load(home, a), _load(home, b), a_score=a_score, b_score=b_score)


def _load(home: Path, evaluation_id: str) -> Evaluation:
    manifest = read_manifest(home, evaluation_id)
    with opening_beneath(folder_of(home, evaluation_id), SAMPLES) as file:
        data = file.read(0, file.size)
    if "sha256:" + hashlib.sha256(data).hexdigest() != manifest.files.get(SAMPLES):
        raise DigestError(f"the samples of evaluation {evaluation_id} changed since they were written; restore them")
    return Evaluation(manifest, tuple(_sample(evaluation_id, line) for line in data.splitlines()))
