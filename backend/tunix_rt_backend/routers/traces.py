"""Traces: write, find, read, compare, score, rate and delete them."""

from __future__ import annotations

import uuid
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from tunix_rt.base_models import BASE_MODELS
from tunix_rt_backend.deps import AdminCall, ReadCall, WriteCall
from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.routers.etags import NOT_MODIFIED, IfNoneMatch, is_known
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.routers.uploads import removed
from tunix_rt_backend.schemas.names import ModelName
from tunix_rt_backend.schemas.pages import Cursor, Limit, Offset, Page, Text
from tunix_rt_backend.schemas.traces import (
    BatchBody,
    BatchCreated,
    Facets,
    RatingBody,
    RatingRead,
    ScoreBody,
    ScoreRead,
    StepNumber,
    TagBody,
    TraceBody,
    TraceCreated,
    TraceListed,
    TraceQuery,
    TraceRead,
    TracesCompared,
    TraceScored,
    TracesDeleted,
    TracesTagged,
    TraceTokens,
)
from tunix_rt_backend.services import audit, scores, tags, tokens, traces
from tunix_rt_backend.tables import Rating

OfModel = Annotated[
    ModelName, Query(json_schema_extra={"enum": [*BASE_MODELS]}, description="Base model that reads it.")
]

router = APIRouter(tags=["traces"], responses=problems())

RatedStep = Annotated[
    StepNumber | None, Query(description="Number of the rated step; without it the trace as a whole.")
]
Rater = Annotated[
    Text | None, Query(min_length=1, max_length=128, description="Who rated; by default the one who asks.")
]


@router.post("/api/traces", status_code=201)
def create_trace(body: TraceBody, call: WriteCall) -> TraceCreated:
    """Keep a trace."""
    checked = traces.checked([body])
    with call.writing() as session:
        (row,) = traces.create(session, checked)
        audit.names(session, row["id"])
    return _created(row)


@router.post("/api/traces/batch", status_code=201)
def create_traces(body: BatchBody, call: WriteCall) -> BatchCreated:
    """Keep up to 1,000 traces, all of them or none; every row that is wrong is named."""
    checked = traces.checked(body)
    with call.writing(count=len(checked)) as session:
        rows = traces.create(session, checked)
        audit.names(session, rows[0]["id"], traces=[str(row["id"]) for row in rows])
    return BatchCreated(created_count=len(rows), traces=[_created(row) for row in rows])


@router.get("/api/traces")
def list_traces(call: ReadCall, query: Annotated[TraceQuery, Query()]) -> Page[TraceListed]:
    """List traces, the newest first."""
    with call.reading() as session:
        rows, pagination = traces.list_traces(session, query)
    return Page(data=[_listed(row) for row in rows], pagination=pagination)


@router.delete("/api/traces", responses=problems(409))
async def delete_traces(upload_id: uuid.UUID, call: AdminCall) -> TracesDeleted:
    """Delete every trace that came with an upload, and the upload: it may be sent again."""
    try:
        return TracesDeleted(deleted_count=await removed(call, upload_id))
    except NotFound:
        return TracesDeleted(deleted_count=0)


@router.post("/api/traces/tags")
def tag_traces(body: TagBody, call: WriteCall) -> TracesTagged:
    """Put tags on up to 1,000 traces, and take tags off them."""
    with call.writing(trace_ids=[str(one) for one in body.trace_ids]) as session:
        return tags.change(session, body)


@router.get("/api/traces/facets")
def read_facets(call: ReadCall) -> Facets:
    """List the values that the filters can take, each with a count up to 1,000."""
    with call.reading() as session:
        return traces.facets(session)


@router.get("/api/traces/compare", responses=problems(404))
def compare_traces(base: uuid.UUID, other: uuid.UUID, call: ReadCall) -> TracesCompared:
    """Show two traces side by side, with their structural scores and what became of each step."""
    with call.reading() as session:
        rows = [traces.read(session, base, "base trace"), traces.read(session, other, "other trace")]
    one, two = (TraceScored(**_read(row), score=scores.structure(traces.to_trace(row)).score or 0.0) for row in rows)
    return TracesCompared(base=one, other=two, difference=traces.difference(one.payload, two.payload))


@router.get("/api/traces/{trace_id}", response_model=TraceRead, responses={**problems(404), **NOT_MODIFIED})
def read_trace(trace_id: uuid.UUID, call: ReadCall, response: Response, if_none_match: IfNoneMatch = None) -> Any:
    """Return a trace; it never changes."""
    with call.reading() as session:
        row = traces.read(session, trace_id)
    etag = f'"{row.id}"'
    if is_known(if_none_match, etag):
        return Response(status_code=304, headers={"etag": etag})
    response.headers["etag"] = etag
    return TraceRead(**_read(row))


@router.get("/api/traces/{trace_id}/tokens", responses=problems(404, 409))
def read_tokens(trace_id: uuid.UUID, call: ReadCall, model_id: OfModel = "nano") -> TraceTokens:
    """Show a trace as the tokens of a base model: which are given to it, and which it is trained to write."""
    with call.reading() as session:
        trace = traces.to_trace(traces.read(session, trace_id))
    return tokens.read(trace, model_id, call.settings)


@router.get("/api/traces/{trace_id}/tags", responses=problems(404))
def list_tags(trace_id: uuid.UUID, call: ReadCall) -> list[str]:
    """List the tags of a trace, in alphabetical order."""
    with call.reading() as session:
        return tags.of_trace(session, trace_id)


@router.delete("/api/traces/{trace_id}", status_code=204, responses=problems(404))
def delete_trace(trace_id: uuid.UUID, call: WriteCall) -> None:
    """Delete a trace with its scores and ratings; datasets that were built with it keep their copy."""
    with call.writing(str(trace_id)) as session:
        traces.remove(session, trace_id)


@router.post("/api/traces/{trace_id}/score", status_code=201, responses=problems(404))
def score_trace(trace_id: uuid.UUID, body: ScoreBody, call: WriteCall) -> ScoreRead:
    """Judge a trace and keep the verdict."""
    criteria = "structure" if body.criteria == "baseline" else body.criteria
    with call.reading() as session:  # a long trace takes a while to judge: nobody shall wait to write meanwhile
        verdict = scores.judge(session, trace_id, criteria)
    with call.writing(str(trace_id), criteria=criteria) as session:
        score = scores.create_score(session, trace_id, criteria, verdict)
        audit.names(session, trace_id, score=str(score.id))
    return ScoreRead.model_validate(score)


@router.get("/api/traces/{trace_id}/scores", responses=problems(404))
def list_scores(
    trace_id: uuid.UUID, call: ReadCall, limit: Limit = 50, offset: Offset = 0, cursor: Cursor = None
) -> Page[ScoreRead]:
    """List the verdicts on a trace, the newest first."""
    with call.reading() as session:
        rows, pagination = scores.list_scores(session, trace_id, limit=limit, offset=offset, cursor=cursor)
        return Page(data=[ScoreRead.model_validate(row) for row in rows], pagination=pagination)


@router.put("/api/traces/{trace_id}/ratings", responses=problems(404))
def rate_trace(trace_id: uuid.UUID, body: RatingBody, call: WriteCall) -> RatingRead:
    """Rate a trace or one of its steps; a rater's newer rating replaces the older."""
    rater = body.rater or call.principal.name
    with call.writing(str(trace_id), rater=rater, step_i=body.step_i) as session:
        return _rating(
            scores.rate(session, trace_id, rater=rater, rating=body.rating, step_i=body.step_i, comment=body.comment)
        )


@router.get("/api/traces/{trace_id}/ratings", responses=problems(404))
def list_ratings(
    trace_id: uuid.UUID, call: ReadCall, limit: Limit = 50, offset: Offset = 0, cursor: Cursor = None
) -> Page[RatingRead]:
    """List the ratings of a trace and its steps, the newest first."""
    with call.reading() as session:
        rows, pagination = scores.list_ratings(session, trace_id, limit=limit, offset=offset, cursor=cursor)
        return Page(data=[_rating(row) for row in rows], pagination=pagination)


@router.delete("/api/traces/{trace_id}/ratings", status_code=204, responses=problems(404))
def delete_rating(trace_id: uuid.UUID, call: WriteCall, step_i: RatedStep = None, rater: Rater = None) -> None:
    """Take a rating back."""
    rater = rater or call.principal.name
    with call.writing(str(trace_id), rater=rater, step_i=step_i) as session:
        scores.unrate(session, trace_id, rater=rater, step_i=step_i)


def _created(row: dict[str, Any]) -> TraceCreated:
    return TraceCreated(id=row["id"], created_at=row["created_at"], trace_version=row["trace_version"])


def _listed(row: Any) -> TraceListed:
    values = {name: getattr(row, name) for name in TraceListed.model_fields if name != "tags"}
    return TraceListed(**values, tags=sorted(row.tags.split("\n")) if row.tags else [])


def _read(row: Any) -> dict[str, Any]:
    return {
        "id": row.id,
        "created_at": row.created_at,
        "trace_version": row.trace_version,
        "payload": traces.to_trace(row),
    }


def _rating(row: Rating) -> RatingRead:
    return RatingRead(
        trace_id=row.trace_id,
        step_i=None if row.step_i == scores.WHOLE else row.step_i,
        rater=row.rater,
        rating=row.rating,
        comment=row.comment,
        created_at=row.created_at,
    )
