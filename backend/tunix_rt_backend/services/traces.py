"""Traces: write, find, read and delete them, and stream a selection of them; it does not know how they are judged."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from difflib import SequenceMatcher
from functools import cache
from itertools import islice, zip_longest
from typing import Any, Literal

import numpy as np
from pydantic import ValidationError
from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Row,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal,
    or_,
    text,
)
from sqlalchemy import select as choose
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from tunix_rt.dataset.words import mix
from tunix_rt.errors import DataError
from tunix_rt.importers import RowProblem, check_row
from tunix_rt.trace import TRACE_VERSION, ReasoningTrace
from tunix_rt_backend.db import Lines, is_sqlite
from tunix_rt_backend.errors import NotFound, Unprocessable
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.schemas.traces import Facets, FacetValue, StepChange, TraceBody, TraceDifference, TraceQuery
from tunix_rt_backend.services import blocks, pages, search
from tunix_rt_backend.services.rows import FACETS, facet, row_values
from tunix_rt_backend.tables import Trace, TraceTag, Upload, utc_now

Strategy = Literal["latest", "random", "all"]
"""`latest`: the newest first; `random`: in an order that the seed decides; `all`: the oldest first."""
Change = Literal["changed", "added", "removed"]
MetaValue = str | int | float | bool

EXCERPT = 300
"""Most characters of a prompt or answer in a list."""
_CHUNK = 500
"""Rows fetched at a time while streaming."""

_TRACE = (
    Trace.seq,
    Trace.id,
    Trace.created_at,
    Trace.trace_version,
    Trace.prompt,
    Trace.steps,
    Trace.final_answer,
    Trace.meta,
)
_LISTED = (
    Trace.seq,
    Trace.id,
    Trace.created_at,
    Trace.trace_version,
    func.substr(Trace.prompt, 1, EXCERPT).label("prompt"),
    func.substr(Trace.final_answer, 1, EXCERPT).label("final_answer"),
    *(Trace.__table__.c[name] for name in FACETS),
    Trace.upload_id,
    choose(Lines(TraceTag.tag)).where(TraceTag.seq == Trace.seq).scalar_subquery().label("tags"),
)


_MOST_VALUES = 200
"""Most values of a filter that are shown."""
_CAP = 1000
"""Traces with a value are counted up to here."""
_IN_ORDER = 4096
"""Places that are looked through for what no statistics know, before the search index is asked for every match."""
_DISTINCT = """
    WITH RECURSIVE found(value, place) AS (
        SELECT min({name}), 1 FROM {table}
        UNION ALL
        SELECT (SELECT min({name}) FROM {table} WHERE {name} > found.value), place + 1
        FROM found WHERE found.value IS NOT NULL AND place < :most
    )
    SELECT value, (SELECT count(*) FROM (SELECT 1 FROM {table} WHERE {name} = found.value LIMIT :cap) AS counted)
    FROM found WHERE value IS NOT NULL
"""


@dataclass(frozen=True)
class Filters:
    """What traces must have; None: anything."""

    source: str | None = None
    license: str | None = None
    domain: str | None = None
    family: str | None = None
    difficulty: str | None = None
    upload_id: uuid.UUID | None = None
    tag: str | None = None
    created_after: datetime | None = None
    """This moment or later."""
    created_before: datetime | None = None
    """Earlier than this moment."""
    q: str | None = None
    """Words to search for."""
    meta: Mapping[str, MetaValue] = field(default_factory=dict)
    """Values that `meta` must have, of the same type; a trace without the key does not match."""
    whole: bool = False
    """No trace of an upload that is not complete: it may still grow, or be taken back."""

    @property
    def facets(self) -> dict[str, str | uuid.UUID]:
        """The filters that the search index holds, too."""
        values = {name: getattr(self, name) for name in (*FACETS, "upload_id")}
        return {name: value for name, value in values.items() if value is not None}

    @property
    def is_searched(self) -> bool:
        """Whether the search index answers, rather than the index of one column."""
        return self.q is not None or len(self.facets) > 1

    @property
    def is_timed(self) -> bool:
        """Whether time orders the rows, as its index does, rather than arrival."""
        return self.created_after is not None or self.created_before is not None


def to_trace(row: Any) -> ReasoningTrace:
    """Return a row as the trace that it was made from; raise DataError if it is none of this version."""
    try:
        return ReasoningTrace(
            trace_version=row.trace_version,
            prompt=row.prompt,
            steps=row.steps,
            final_answer=row.final_answer,
            meta={} if row.meta is None else row.meta,
        )
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"]))
        raise DataError(
            f"trace {row.id} does not follow trace version {TRACE_VERSION}: {field}: {first['msg']}; delete it, and "
            "send it again corrected"
        ) from error


def checked(bodies: Sequence[TraceBody]) -> list[ReasoningTrace]:
    """Return what was sent as traces that pass the importers' check; raise Unprocessable with every row that fails."""
    traces, errors = [], []
    for number, body in enumerate(bodies):
        try:
            traces.append(check_row(body.model_dump()))
        except RowProblem as problem:
            error = problem.at("body", number + 1)
            errors.append({"row": number, **error.model_dump(include={"field", "reason", "fix", "found"})})
    if errors:
        first = errors[0]
        where = f"row {first['row']}, " if len(bodies) > 1 else ""
        more = f" (and {len(errors) - 1} more rows)" if len(errors) > 1 else ""
        found = f" (found: {first['found']})" if first["found"] else ""
        sentence = f"{where}{first['field']}: {first['reason']}{found}{more}; {first['fix']}"
        raise Unprocessable(f"{sentence}; nothing was kept", errors=errors)
    return traces


def create(session: Session, traces: Sequence[ReasoningTrace]) -> list[dict[str, Any]]:
    """Insert traces and return their columns."""
    moment = utc_now()
    rows = [row_values(trace, created_at=moment) for trace in traces]
    session.execute(insert(Trace), rows)
    return rows


def read(session: Session, trace_id: uuid.UUID, what: str = "trace") -> Row[Any]:
    """Return one trace's row; raise NotFound."""
    row = session.execute(choose(*_TRACE).where(Trace.id == trace_id)).one_or_none()
    if row is None:
        raise NotFound(f"{what} {trace_id} is not here; GET /api/traces lists what is")
    return row


def list_traces(session: Session, asked: TraceQuery) -> tuple[list[Any], Pagination]:
    """Return one page of traces, the newest first; steps and meta stay on the disk."""
    paging = asked.model_dump(include={"limit", "offset", "cursor"})
    filters = Filters(**asked.model_dump(exclude=set(paging)))
    alone = filters.tag is None and not filters.is_timed and not asked.offset  # a tag or a moment leaves few to search
    if filters.is_searched and alone and not is_sqlite(session):
        match = search.match_postgresql(filters.q, filters.facets)
        statement = _by_blocks(frozenset(match), search.is_estimable(filters.q), asked.cursor is not None)
        values = match | blocks.values(*search.required(filters.q, filters.facets))
        return pages.page_of_parts(
            session, statement, values, [(Trace.seq, int)], limit=asked.limit, cursor=asked.cursor
        )
    query, order = _narrowed(session, choose(*_LISTED), filters)
    return pages.page(session, query, order, **paging)


@cache
def _by_blocks(asked: frozenset[str], estimable: bool, later: bool) -> CompoundSelect[Any]:
    """Return the statement of a search on PostgreSQL: the newest traces, then the blocks that may hold some.

    Made once: making it would take longer than everything else that a search costs this process.
    """
    query = search.matching(choose(*_LISTED), {name: bindparam(name, type_=Text) for name in asked})
    places = blocks.places()
    kept, end = (choose(column).scalar_subquery() for column in (places.c.kept, places.c.end))
    begin = end - _IN_ORDER
    stretches = [(query, Trace.seq >= kept)]
    if estimable:
        stretches.append((query, Trace.seq < end))
    else:
        stretches.append((query, and_(Trace.seq >= begin, Trace.seq < end)))
        stretches.append((search.by_index(query), Trace.seq < begin))
    return pages.parts_in_order([part.where(stretch) for part, stretch in stretches], [Trace.seq], later=later)


def remove(session: Session, trace_id: uuid.UUID) -> None:
    """Delete a trace with its scores and ratings; raise NotFound."""
    if not _deleted(session, Trace.id == trace_id):
        raise NotFound(f"trace {trace_id} is not here; it may have been deleted before")


def _deleted(session: Session, condition: ColumnElement[bool]) -> int:
    done = session.execute(delete(Trace).where(condition).execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    return done.rowcount


def difference(base: ReasoningTrace, other: ReasoningTrace) -> TraceDifference:
    """Return how two traces differ; steps that stand in each other's place are `changed`."""
    one, two = ([step.content for step in trace.steps] for trace in (base, other))
    changes: list[StepChange] = []
    for tag, a, a_end, b, b_end in SequenceMatcher(None, one, two).get_opcodes():
        for left, right in zip_longest(base.steps[a:a_end], other.steps[b:b_end]):
            kind: Change = "added" if left is None else "removed" if right is None else "changed"
            changes.append(
                StepChange(
                    change="same" if tag == "equal" else kind,
                    base_i=left.i if left else None,
                    other_i=right.i if right else None,
                )
            )
    return TraceDifference(
        same_prompt=base.prompt == other.prompt, same_answer=base.final_answer == other.final_answer, steps=changes
    )


def facets(session: Session) -> Facets:
    """Return the values of each filter, with capped counts: a look at the index for each value, never at every row."""
    found: dict[str, list[FacetValue]] = {}
    for name, table in [*((name, "traces") for name in FACETS), ("tag", "trace_tags")]:
        query = text(_DISTINCT.format(name=name, table=table))
        rows = session.execute(query, {"most": _MOST_VALUES + 1, "cap": _CAP})
        found[name] = [FacetValue(value=value, count=count, capped=count == _CAP) for value, count in rows]
    truncated = [name for name, values in found.items() if len(values) > _MOST_VALUES]
    return Facets(**{name: values[:_MOST_VALUES] for name, values in found.items()}, truncated=truncated)


def _narrowed(session: Session, query: Select[Any], filters: Filters) -> tuple[Select[Any], list[tuple[Any, type]]]:
    """Return a query with the conditions of the filters, and the columns to order it by, newest last."""
    place = Trace.seq
    if filters.is_searched:
        query = search.narrow(session, query, filters.q, filters.facets, by_time=filters.is_timed)
        place = search.place(session)
    else:
        query = query.where(*(getattr(Trace, name) == value for name, value in filters.facets.items()))
    if filters.tag is not None:
        query = query.where(Trace.seq.in_(choose(TraceTag.seq).where(TraceTag.tag == filters.tag)))
    query = query.where(*(_has(session, key, value) for key, value in filters.meta.items()))
    if filters.created_after is not None:
        query = query.where(Trace.created_at >= filters.created_after)
    if filters.created_before is not None:
        query = query.where(Trace.created_at < filters.created_before)
    if filters.whole:
        completed = exists().where(Upload.id == Trace.upload_id, Upload.status == "completed")
        query = query.where(or_(Trace.upload_id.is_(None), completed))
    return query, [(Trace.created_at, datetime), (Trace.seq, int)] if filters.is_timed else [(place, int)]


def _has(session: Session, key: str, value: MetaValue) -> ColumnElement[bool]:
    """Return the condition that `meta` has a value of the same type under a key."""
    if is_sqlite(session):
        kinds = ["true" if value else "false"] if isinstance(value, bool) else ["text"]
        if isinstance(value, int | float) and not isinstance(value, bool):
            kinds = ["integer", "real"]
        pair = func.json_each(Trace.meta).table_valued("key", "type", "atom")
        held: ColumnElement[bool] = exists().where(pair.c.key == key, pair.c.type.in_(kinds), pair.c.atom == value)
    else:
        held = cast(Trace.meta.op("->")(key), JSONB) == cast(literal(value, JSONB), JSONB)
    if key in FACETS:  # its column has an index, but holds texts and numbers alike, cut to its width
        return and_(getattr(Trace, key) == facet(value, FACETS[key]), held)
    return held


def count(session: Session, filters: Filters) -> int:
    """Return how many traces the filters leave."""
    query, _ = _narrowed(session, choose(func.count()).select_from(Trace), filters)
    return session.scalar(query) or 0


def select(
    session: Session, filters: Filters, *, strategy: Strategy = "latest", limit: int | None = None, seed: int = 0
) -> Iterator[ReasoningTrace]:
    """Yield the chosen traces one by one, as `rows` does."""
    return map(to_trace, rows(session, filters, strategy=strategy, limit=limit, seed=seed))


def rows(
    session: Session, filters: Filters, *, strategy: Strategy = "latest", limit: int | None = None, seed: int = 0
) -> Iterator[Row[Any]]:
    """Yield the rows of traces one by one, in constant memory but for eight bytes a trace where the order is random.

    `limit` is the most that is wanted, None: every one. The order of `random` depends on the seed and on the order of
    arrival alone, so that both databases give the same.
    """
    if strategy == "random":
        yield from _random(session, filters, limit, seed)
        return
    query, order = _narrowed(session, choose(*_TRACE), filters)
    columns = [column if strategy == "all" else column.desc() for column, _ in order]
    result = session.execute(query.order_by(*columns).limit(limit).execution_options(yield_per=_CHUNK))
    yield from result


def _random(session: Session, filters: Filters, limit: int | None, seed: int) -> Iterator[Row[Any]]:
    query, _ = _narrowed(session, choose(Trace.seq), filters)
    found = session.scalars(query.execution_options(yield_per=10_000))
    seqs = np.sort(np.fromiter(found, dtype=np.uint64))
    start = mix(np.array([seed % 2**64], dtype=np.uint64))
    order = np.argsort(mix(seqs ^ start), kind="stable")[:limit]
    chosen = iter(seqs[order].tolist())
    while chunk := list(islice(chosen, _CHUNK)):
        here = {row.seq: row for row in session.execute(choose(*_TRACE).where(Trace.seq.in_(chunk)))}
        yield from (here[seq] for seq in chunk if seq in here)
