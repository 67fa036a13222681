"""What lies in a run's folder, over HTTP: artifacts, metrics, samples, the log, and all that is new as a stream."""

from __future__ import annotations

import contextlib
import logging
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Query, Request
from pydantic import StringConstraints
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response, StreamingResponse

from tunix_rt.preview import Previews
from tunix_rt.rewards.replay import Replay
from tunix_rt.rollouts import RolloutGroup
from tunix_rt_backend.deps import ReadCall
from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.routers.downloads import FILE_ANSWERS, Asked, serve
from tunix_rt_backend.routers.etags import NOT_MODIFIED, IfNoneMatch, is_known
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.names import FilePath, RunId
from tunix_rt_backend.schemas.pages import MOST, NO_NUL, Cursor, Limit, Offset, Page
from tunix_rt_backend.schemas.run_files import Artifacts, ReplayBody, RunSamples
from tunix_rt_backend.services import access, rollouts, run_files
from tunix_rt_backend.services.files import open_beneath
from tunix_rt_backend.services.metrics import DEFAULT_POINTS, EMPTY, Answer, Metrics
from tunix_rt_backend.services.metrics import Query as MetricsQuery
from tunix_rt_backend.services.run_state import read_state
from tunix_rt_backend.services.tails import Event, Position, Tails, Told, log_size, read_log

logger = logging.getLogger(__name__)

router = APIRouter(prefix="/api/tunix/runs/{run_id}", tags=["tunix_runs"], responses=problems(404))

_STREAM_HEADERS = {"cache-control": "no-store", "x-accel-buffering": "no"}
_RETRY = b"retry: 2000\n\n"
_ASK_AGAIN_SECONDS = 10.0
"""Time after which the next event, a heartbeat at the latest, is sent only if its receiver may still have it."""

Inline = Annotated[bool, Query(description="To be shown in a sandboxed frame instead of saved.")]
SinceSeq = Annotated[int | None, Query(ge=0, le=MOST, description="`seq` of the last log event that you have.")]
LastEventId = Annotated[str | None, Header(max_length=64, description="`id` of the last event that you have.")]
MetricKey = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=NO_NUL)]


@router.get("/artifacts")
def list_run_artifacts(run_id: RunId, call: ReadCall, limit: Limit = 1000, offset: Offset = 0) -> Artifacts:
    """List the files of a run, at any depth."""
    with call.reading() as session:
        return run_files.list_artifacts(session, call.home, run_id, limit=limit, offset=offset)


@router.get(
    "/artifacts/{path:path}/download",
    response_class=Response,
    responses=FILE_ANSWERS | NOT_MODIFIED | problems(404, 416),
)
def download_run_artifact(run_id: RunId, path: FilePath, call: ReadCall, asked: Asked) -> Response:
    """Download a file of a run, whole or in part."""
    return _artifact(run_id, path, call, asked)


@router.get(
    "/artifacts/{path:path}", response_class=Response, responses=FILE_ANSWERS | NOT_MODIFIED | problems(404, 416)
)
def read_run_artifact(run_id: RunId, path: FilePath, call: ReadCall, asked: Asked, inline: Inline = False) -> Response:
    """Return a file of a run, whole or in part."""
    return _artifact(run_id, path, call, asked, inline=inline)


@router.head("/artifacts/{path:path}/download", include_in_schema=False)
def head_run_artifact_download(run_id: RunId, path: FilePath, call: ReadCall, asked: Asked) -> Response:
    """Say what a download would be."""
    return _artifact(run_id, path, call, asked)


@router.head("/artifacts/{path:path}", include_in_schema=False)
def head_run_artifact(run_id: RunId, path: FilePath, call: ReadCall, asked: Asked) -> Response:
    """Say what a file is."""
    return _artifact(run_id, path, call, asked)


def _artifact(run_id: str, path: str, call: ReadCall, asked: Asked, *, inline: bool = False) -> Response:
    return serve(asked, open_beneath(call.home / "runs" / run_id, path), path, inline=inline)


@router.get(
    "/metrics",
    response_class=Response,
    responses=NOT_MODIFIED
    | {200: {"content": {"application/json": {"schema": {"type": "array", "items": {"type": "object"}}}}}},
)
async def read_run_metrics(
    run_id: RunId,
    call: ReadCall,
    request: Request,
    points: Annotated[int, Query(ge=10, le=10_000, description="Most rows.")] = DEFAULT_POINTS,
    keys: Annotated[
        list[MetricKey], Query(max_length=16, description="Only these keys, with `step` and `time_s`.")
    ] = [],  # noqa: B006 (FastAPI copies it)
    since_step: Annotated[float | None, Query(ge=-1, le=MOST, description="Only rows of later steps.")] = None,
    until_step: Annotated[float | None, Query(ge=0, le=MOST, description="Only rows up to this step.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Return the metrics of a run as it wrote them, thinned to `points` rows.

    What is left holds the first and the last row, and the smallest and the largest value of each stretch of the run,
    for each of `keys`, or for `loss`, `eval/loss` and `reward` (the MinMax reduction). A torn line is left out.
    """
    metrics: Metrics = request.app.state.metrics
    query = MetricsQuery(points, tuple(dict.fromkeys(keys)), since_step, until_step)
    packed = "gzip" in request.headers.get("accept-encoding", "")
    answer = metrics.remembered(run_id, query)
    if answer is None:
        answer = await metrics.in_thread(lambda: _metrics(metrics, run_id, query, call))
    headers = {"etag": f"W/{answer.etag}", "vary": "Accept-Encoding"}
    if is_known(if_none_match, answer.etag):
        return Response(status_code=304, headers=headers)
    if packed:
        headers["content-encoding"] = "gzip"
    return Response(answer.packed if packed else answer.plain, headers=headers, media_type="application/json")


def _metrics(metrics: Metrics, run_id: str, query: MetricsQuery, call: ReadCall) -> Answer:
    try:
        return metrics.answer(run_id, query)
    except NotFound:
        with call.reading() as session:
            run_files.check_run(session, call.home, run_id)
        return EMPTY


@router.get("/preview", responses=problems(409))
def read_run_preview(run_id: RunId, call: ReadCall) -> Previews:
    """Return the first examples that a run is trained on as tokens, each with whether the loss asks for it."""
    with call.reading() as session:
        return run_files.read_preview(session, call.home, run_id)


@router.get("/samples", responses=problems(409))
def read_run_samples(run_id: RunId, call: ReadCall, limit: Limit = 50, cursor: Cursor = None) -> RunSamples:
    """Return what a few validation prompts were answered at each measurement, the earliest first, page by page.

    A run without `sample_prompts` has none.
    """
    with call.reading() as session:
        return run_files.read_samples(session, call.home, run_id, limit=limit, cursor=cursor)


@router.get("/rollouts", responses=problems(409))
def list_run_rollouts(
    run_id: RunId,
    call: ReadCall,
    step: Annotated[int | None, Query(ge=1, lt=2**31, description="Only groups of this update.")] = None,
    trace_id: Annotated[
        str | None, Query(max_length=1024, pattern=NO_NUL, description="Only groups of this prompt, by its trace.")
    ] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[RolloutGroup]:
    """List what reinforcement learning was trained on: a prompt's completions with rewards and advantages, by update.

    With `trace_id` a page may hold fewer rows than asked for; `next_cursor` says whether there are more. A run that
    drew none has an empty list.
    """
    with call.reading() as session:
        rows, pagination = rollouts.list_groups(
            session, call.home, run_id, step=step, trace_id=trace_id, limit=limit, cursor=cursor
        )
    return Page(data=rows, pagination=pagination)


@router.post("/rollouts/replay", responses=problems(409))
def replay_run_rollouts(run_id: RunId, body: ReplayBody, call: ReadCall) -> Replay:
    """Score stored rollouts again with other rewards, and say how rewards and advantages change; nothing is kept."""
    with call.reading() as session:
        run_files.check_run(session, call.home, run_id)
    return rollouts.replay(call.settings, run_id, body)


@router.get(
    "/logs",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}, "text/plain": {}}, "description": "Events, or the text itself"}
    },
)
async def stream_run_logs(
    run_id: RunId,
    call: ReadCall,
    request: Request,
    format: Annotated[
        Literal["sse", "text"], Query(description="A stream of events, or what there is as text.")
    ] = "sse",
    since_seq: SinceSeq = None,
    last_event_id: LastEventId = None,
    offset: Annotated[int, Query(ge=0, le=MOST, description="Text: first byte.")] = 0,
    limit: Annotated[int, Query(ge=1, le=8 * 2**20, description="Text: most bytes.")] = 2**20,
    tail: Annotated[int | None, Query(ge=1, le=100_000, description="Text: only so many last lines.")] = None,
) -> Response:
    """Follow the log of a run until the run ends.

    Events: `log` with {seq, stream, chunk, created_at}; `heartbeat`; at the end `status` with {status}, then `end` with
    {status, exit_code}; `closed` with {reason} where the token ends before the run does. The `id` of an event is its
    `seq`: send it as Last-Event-ID or `since_seq` to go on after it. As text, the header `log-range` says which bytes
    were sent, START-END: a stream from END goes on there.
    """
    tails: Tails = request.app.state.tails
    if format == "text":
        return await tails.in_thread(lambda: _text(call, run_id, offset, limit, tail))
    start = Position(log=_position(last_event_id).log if last_event_id else since_seq or 0, metrics=MOST)
    events = _while_allowed(await tails.follow(run_id, start), call, request)
    return StreamingResponse(_log_frames(events), headers=_STREAM_HEADERS, media_type="text/event-stream")


@router.get(
    "/events",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}, "description": "Events"}},
)
async def stream_run_events(
    run_id: RunId, call: ReadCall, request: Request, since: SinceSeq = None, last_event_id: LastEventId = None
) -> Response:
    """Follow all of a run until it ends, over one connection.

    Events: `status` with {status, stage}, first and on each change; `log` with {seq, stream, chunk, created_at};
    `metrics` with {seq, rows}; `heartbeat`; `end` with {status, exit_code}; `closed` with {reason} where the token ends
    before the run does. The `id` of an event holds both places: send it as Last-Event-ID to go on after it; `since` is
    the place in the log alone.
    """
    tails: Tails = request.app.state.tails
    start = _position(last_event_id) if last_event_id else Position(log=since or 0)
    events = _while_allowed(await tails.follow(run_id, start), call, request)
    return StreamingResponse(_frames(events), headers=_STREAM_HEADERS, media_type="text/event-stream")


def _position(event_id: str) -> Position:
    """Return the place that an event's id names; the start for an id that is none of ours."""
    found = re.fullmatch(r"([0-9]{1,16})(?:-([0-9]{1,16}))?", event_id)
    return Position(int(found[1]), int(found[2] or 0)) if found else Position()


async def _while_allowed(events: AsyncGenerator[Told, None], call: ReadCall, request: Request) -> AsyncIterator[Told]:
    """Yield events for as long as the token or cookie that was shown is valid; then say why no more come."""
    asked = time.monotonic()
    async with contextlib.aclosing(events):
        async for event, here in events:
            if call.principal.via != "local" and time.monotonic() - asked >= _ASK_AGAIN_SECONDS:
                asked = time.monotonic()
                reason = await run_in_threadpool(_why_ended, request)
                if reason is not None:
                    yield Event("closed", here, here, {"reason": reason}), here
                    return
            yield event, here


def _why_ended(request: Request) -> str | None:
    try:
        return access.why_ended(request, request.app.state)
    except SQLAlchemyError as error:
        logger.warning("whether a stream may go on is asked again: %s", error)
        return None


async def _log_frames(events: AsyncIterator[Told]) -> AsyncIterator[bytes]:
    yield _RETRY
    async for event, here in events:
        if event.kind == "end":
            last = Event("status", here, here, {"status": event.data["status"]})
            yield b"id: %d\n%b" % (here.log, last.encoded)
        if event.kind in ("log", "heartbeat", "end", "closed"):
            yield b"id: %d\n%b" % (here.log, event.encoded)


async def _frames(events: AsyncIterator[Told]) -> AsyncIterator[bytes]:
    yield _RETRY
    async for event, here in events:
        yield b"id: %d-%d\n%b" % (here.log, here.metrics, event.encoded)


def _text(call: ReadCall, run_id: str, offset: int, limit: int, tail: int | None) -> Response:
    state = read_state(call.home, call.sessions, run_id)
    if tail is not None:
        offset = max(0, log_size(state.logs) - limit)
    data, _ = read_log(state.logs, offset, limit)
    end = offset + len(data)
    if tail is not None:
        data = b"".join(data.splitlines(keepends=True)[-tail:])
    headers = {"log-range": f"{end - len(data)}-{end}"}
    return Response(data.decode(errors="replace"), headers=headers, media_type="text/plain; charset=utf-8")
