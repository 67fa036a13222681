"""Evaluation: measure a model, read what it wrote, pair two measurements, and rank all of one task."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass, replace
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from tunix_rt.comparison import Comparison, ScoreName
from tunix_rt.evaluation import EvaluationManifest, Sample
from tunix_rt.formats import digest_value
from tunix_rt.leaderboard import METHOD, Standing
from tunix_rt.trace import CONTRACT_DIGEST
from tunix_rt_backend.deps import Call, ReadCall, WriteCall
from tunix_rt_backend.routers.etags import NOT_MODIFIED, IfNoneMatch, is_known
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.evaluation import (
    EvaluateBody,
    EvaluationBody,
    EvaluationQueued,
    EvaluationSummary,
    Judge,
    Leaderboard,
    LeaderboardRow,
    MeasuredItems,
    NamedMetric,
    RunEvaluation,
    Scorecard,
    TaskSummary,
)
from tunix_rt_backend.schemas.names import DatasetKey, EvaluationId, IdempotencyKey, ModelName, RunId, TaskName
from tunix_rt_backend.schemas.pages import Cursor, Limit, Moment, Offset, Page, Pagination, Text
from tunix_rt_backend.services import audit, evaluations, kept, leaderboard, tasks
from tunix_rt_backend.services.evaluations import EvaluationFilter
from tunix_rt_backend.services.folders import deleting
from tunix_rt_backend.tables import EvaluationRow, Job

router = APIRouter(tags=["evaluation"], responses=problems())

METRICS = ("strict", "lenient", "format", "stop", "truncated", "arithmetic", "tokens")

RunPath = Annotated[RunId, Path(description="Name of the run.")]
EvaluationPath = Annotated[EvaluationId, Path(description="Name of the evaluation.")]
Key = Annotated[IdempotencyKey | None, Header(description="Names the request, so that a repeated one asks only once.")]
OfRun = Annotated[RunId | None, Query(description="Only evaluations of this run.")]
OfModel = Annotated[ModelName | None, Query(description="Only this base model, trained or not.")]
OfTask = Annotated[TaskName | None, Query(description="Only this task.")]
OfDataset = Annotated[DatasetKey | None, Query(description="Only runs that were trained on this dataset.")]
OfDigest = Annotated[
    str | None, Query(pattern=r"^sha256:[0-9a-f]{64}$", description="Only exactly these items.", max_length=71)
]
From = Annotated[Moment | None, Query(description="Only evaluations that ended at this moment or later.")]
Until = Annotated[Moment | None, Query(description="Only evaluations that ended at this moment or before.")]
Score = Annotated[ScoreName, Query(description="Answers in their place (strict), or found anywhere (lenient).")]
Word = Annotated[Text | None, Query(max_length=256)]


@router.get("/api/tasks")
def list_tasks(call: ReadCall) -> list[TaskSummary]:
    """List the tasks that models are measured on, with the digest of their items."""
    return tasks.list_tasks(call.home)


@router.post("/api/tunix/runs/{run_id}/evaluate", status_code=202, responses=problems(404, 409))
def evaluate_run(
    run_id: RunPath, call: WriteCall, body: EvaluateBody | None = None, idempotency_key: Key = None
) -> EvaluationQueued:
    """Queue the measurement of what a run trained; without a body as `tunix-rt eval` does it."""
    with call.writing() as session:
        job = evaluations.request_of_run(
            session,
            call.home,
            run_id,
            body or EvaluateBody(),
            actor=call.principal.name,
            idempotency_key=idempotency_key,
        )
        audit.names(session, job.id, run=run_id)
    return _queued(job)


@router.post("/api/evaluations", status_code=202, responses=problems(409))
def evaluate_model(body: EvaluationBody, call: WriteCall, idempotency_key: Key = None) -> EvaluationQueued:
    """Queue the measurement of a base model: what every run is compared with."""
    with call.writing() as session:
        job = evaluations.request_of_model(
            session, call.home, body, actor=call.principal.name, idempotency_key=idempotency_key
        )
        audit.names(session, job.id, model=body.model)
    return _queued(job)


@router.get("/api/tunix/runs/{run_id}/evaluation", responses=problems(404))
def read_run_evaluation(run_id: RunPath, call: ReadCall) -> RunEvaluation:
    """Return the newest evaluation of a run."""
    with call.reading() as session:
        row = evaluations.newest_of_run(session, run_id)
    manifest = evaluations.read_manifest(call.home, row.evaluation_id)
    found = [(name, estimate) for name in METRICS if (estimate := getattr(manifest.metrics, name)) is not None]
    return RunEvaluation(
        evaluation_id=row.evaluation_id,
        run_id=run_id,
        score=_percent(row.strict),
        primary_score=row.strict,
        verdict=evaluations.verdict(manifest.metrics),
        metrics={name: estimate.value for name, estimate in found},
        detailed_metrics=[NamedMetric(name=name, **estimate.model_dump()) for name, estimate in found],
        judge=Judge(name="exact-match-contract", version=manifest.provenance.tunix_rt),
        evaluated_at=row.created_at,
        stale=kept.part(row.metrics, "stale") is True,
    )


@router.get("/api/evaluations", responses=problems(404))
def list_evaluations(
    call: ReadCall,
    run_id: OfRun = None,
    model: OfModel = None,
    task: OfTask = None,
    task_digest: OfDigest = None,
    dataset_key: OfDataset = None,
    date_from: From = None,
    date_to: Until = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Page[EvaluationSummary]:
    """List evaluations, the newest first."""
    wanted = EvaluationFilter(run_id, model, task, task_digest, dataset_key, date_from, date_to)
    with call.reading() as session:
        rows, pagination = evaluations.list_evaluations(session, wanted, limit=limit, offset=offset, cursor=cursor)
    return Page(
        data=[kept.listed(EvaluationSummary, _summary(row), _named(row)) for row in rows], pagination=pagination
    )


@router.get("/api/evaluations/compare", response_model=Comparison, responses=problems(404, 409) | NOT_MODIFIED)
def compare_evaluations(
    call: ReadCall,
    a: Annotated[EvaluationId, Query(description="The baseline.")],
    b: Annotated[EvaluationId, Query(description="The candidate.")],
    a_score: Score = "strict",
    b_score: Score = "strict",
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Pair two evaluations of the same items: B minus A with its interval and an exact p; others are refused."""
    with call.reading() as session:
        digests = [evaluations.find(session, name).digest for name in (a, b)]
    etag = f'"{digest_value([a, b, *digests, a_score, b_score])}"'
    if is_known(if_none_match, etag):
        return Response(status_code=304, headers={"etag": etag})
    found = evaluations.compare_evaluations(call.home, a, b, a_score=a_score, b_score=b_score)
    return Response(found.model_dump_json(), headers={"etag": etag}, media_type="application/json")


@router.get(
    "/api/evaluations/{evaluation_id}", response_model=EvaluationManifest, responses=problems(404) | NOT_MODIFIED
)
def read_evaluation(evaluation_id: EvaluationPath, call: ReadCall, if_none_match: IfNoneMatch = None) -> Response:
    """Return all that an evaluation says about itself: what was asked, of whom, how, and every metric."""
    with call.reading() as session:
        etag = f'"{evaluations.find(session, evaluation_id).digest}"'
    if is_known(if_none_match, etag):
        return Response(status_code=304, headers={"etag": etag})
    manifest = evaluations.read_manifest(call.home, evaluation_id)
    return Response(manifest.model_dump_json(), headers={"etag": etag}, media_type="application/json")


@router.get("/api/evaluations/{evaluation_id}/samples", responses=problems(404, 409))
def list_evaluation_samples(
    evaluation_id: EvaluationPath,
    call: ReadCall,
    sample: Annotated[Text | None, Query(max_length=256, description="Answers to this item, by its id.")] = None,
    family: Word = None,
    domain: Word = None,
    verdict: Annotated[
        Literal["right", "wrong", "unscored"] | None, Query(description="Strict verdict on the answer.")
    ] = None,
    finish: Annotated[Literal["stop", "length"] | None, Query(description="Why the completion ended.")] = None,
    q: Annotated[Text | None, Query(max_length=256, description="Text in prompt, completion or target.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[Sample]:
    """List samples in the order of the task: prompt, completion, checked steps, answer, target and verdicts.

    With filters a page may hold fewer rows than asked for, and none at all; `next_cursor` says whether there are more.
    """
    with call.reading() as session:
        evaluations.find(session, evaluation_id)
    keep = evaluations.sample_filter(
        sample_id=sample, family=family, domain=domain, verdict=verdict, finish=finish, text=q
    )
    rows, pagination = evaluations.read_samples(call.home, evaluation_id, keep=keep, limit=limit, cursor=cursor)
    return Page(data=rows, pagination=pagination)


@router.delete("/api/evaluations/{evaluation_id}", status_code=204, responses=problems(404))
def delete_evaluation(evaluation_id: EvaluationPath, call: WriteCall) -> None:
    """Delete an evaluation with its samples; a run that names it can then no longer be verified in full."""
    with contextlib.ExitStack() as after, call.writing(evaluation_id) as session:
        evaluations.remove(session, evaluation_id)
        after.enter_context(deleting(evaluations.folder_of(call.home, evaluation_id)))


@dataclass(frozen=True)
class BoardPage:
    """Which rows of which board are asked for."""

    task: str | None
    wanted: EvaluationFilter
    limit: int
    offset: int
    cursor: str | None


async def board_page(
    task: Annotated[TaskName | None, Query(description="Task; without one, the task that was measured last.")] = None,
    dataset_key: OfDataset = None,
    date_from: From = None,
    date_to: Until = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> BoardPage:
    """Return what both leaderboards may be asked."""
    wanted = EvaluationFilter(dataset_key=dataset_key, date_from=date_from, date_to=date_to)
    return BoardPage(task, wanted, limit, offset, cursor)


AskedPage = Annotated[BoardPage, Depends(board_page)]


@router.get("/api/leaderboard", response_model=Leaderboard, responses=problems(404))
def read_leaderboard(
    call: ReadCall,
    page: AskedPage,
    task_digest: OfDigest = None,
    contract: Annotated[
        str, Query(pattern=r"^sha256:[0-9a-f]{64}$", description="Digest of the prompt contract.", max_length=71)
    ] = CONTRACT_DIGEST,
    score: Score = "strict",
    every: Annotated[
        bool, Query(alias="all", description="Every evaluation, not only the newest of a model under a prompt form.")
    ] = False,
    run_id: OfRun = None,
    model: OfModel = None,
) -> Response:
    """Rank evaluations of the same items under the same contract; those that cannot be told apart share a rank.

    Without `task_digest` the board of most items is shown, the newest among equals; `other_digests` names the others.
    """
    page = replace(page, wanted=replace(page.wanted, run_id=run_id, model=model))
    return _leaderboard(call, page, task_digest, contract, score, every)


@router.get("/api/tunix/evaluations", response_model=Leaderboard, responses=problems(404))
def list_tunix_evaluations(call: ReadCall, page: AskedPage, model_id: OfModel = None) -> Response:
    """Return the leaderboard by the path of the earlier system; `/api/leaderboard` has more to choose from."""
    page = replace(page, wanted=replace(page.wanted, model=model_id))
    return _leaderboard(call, page, None, CONTRACT_DIGEST, "strict", False)


def _leaderboard(
    call: Call, page: BoardPage, task_digest: str | None, contract: str, score: ScoreName, every: bool
) -> Response:
    rows: list[tuple[Standing, EvaluationRow]] = []
    wanted, limit, offset, cursor = page.wanted, page.limit, page.offset, page.cursor
    pagination, board = Pagination(limit=limit, offset=offset, next_offset=None, next_cursor=None), None
    with call.reading() as session:
        choice = leaderboard.choose(session, call.home, contract, page.task, task_digest)
        digest, asked = choice.task_digest, (choice, page)
        if digest is not None:
            board = leaderboard.board(session, leaderboard.BoardKey(digest, contract, score, every))
            if asked in board.answers:
                return Response(board.answers[asked], media_type="application/json")
            rows, pagination = leaderboard.page_of(session, board, wanted, limit=limit, offset=offset, cursor=cursor)
    found = Leaderboard(
        data=[_ranked(standing, row, score) for standing, row in rows],
        pagination=pagination,
        task=choice.task,
        task_digest=digest,
        other_digests=[MeasuredItems(**other._asdict()) for other in choice.others],
        contract_digest=contract,
        ordered_by=score,
        total=len(board.standings) if board else 0,
        method=METHOD,
        filters=wanted.given,
    )
    content = found.model_dump_json().encode()
    if board and all(_is_whole(shown, row) for shown, (_, row) in zip(found.data, rows, strict=True)):
        board.keep(asked, content)
    return Response(content, media_type="application/json")


def _queued(job: Job) -> EvaluationQueued:
    return EvaluationQueued(job_id=job.id, run_id=job.run_id, status=job.status)


def _percent(value: float | None) -> float | None:
    return None if value is None else 100 * value


def _named(row: EvaluationRow) -> str:
    return f"evaluation {row.evaluation_id!r}"


def _summary(row: EvaluationRow) -> dict[str, object]:
    return {
        "evaluation_id": row.evaluation_id,
        "digest": row.digest,
        "run_id": row.run_id,
        "model_id": row.model_name,
        "adapter_digest": row.adapter_digest,
        "dataset_key": row.dataset_key,
        "task": row.task_name,
        "task_split": row.task_split,
        "task_digest": row.task_digest,
        "contract_digest": row.contract_digest,
        "prompt": row.prompt_name,
        "n": row.n,
        "items": kept.part(row.metrics, "items"),
        "strict": kept.part(row.metrics, "strict"),
        "lenient": kept.part(row.metrics, "lenient"),
        "git_commit": row.git_commit,
        "device": row.device,
        "evaluated_at": row.created_at,
        "imported": kept.part(row.metrics, "imported") is True,
        "verified": kept.part(row.metrics, "verified") is True,
        "stale": kept.part(row.metrics, "stale") is True,
    }


def _is_whole(shown: EvaluationSummary, row: EvaluationRow) -> bool:
    """Return whether all of a row could be read; if not, making it again changes the answer, but not the board."""
    pairs = ((shown.strict, row.strict), (shown.lenient, row.lenient))
    return shown.items is not None and all((estimate is None) == (value is None) for estimate, value in pairs)


def _ranked(standing: Standing, row: EvaluationRow, score: ScoreName) -> LeaderboardRow:
    value = row.strict if score == "strict" else row.lenient
    summary = kept.listed(EvaluationSummary, _summary(row), _named(row))
    items = summary.items
    skipped = None if items is None else items - row.n
    return LeaderboardRow(
        **summary.model_dump(),
        rank=standing.rank,
        tied=standing.tied,
        p=standing.p,
        leader=standing.leader,
        is_base=row.run_id is None,
        score=_percent(value),
        primary_score=value,
        scorecard=Scorecard(n_items=items, n_scored=row.n, n_skipped=skipped, primary_score=value),
    )
