"""Traces as rows: what goes in comes out, filters use their index, and a selection is the same on both databases."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import delete, text
from sqlalchemy.orm import Session

from tunix_rt.trace import ReasoningTrace, TraceStep, make_trace
from tunix_rt_backend.services import traces
from tunix_rt_backend.services.rows import COLUMNS, new_id, row_values
from tunix_rt_backend.services.traces import Filters
from tunix_rt_backend.tables import Trace, Upload, utc_now


def put(session: Session, *rows: ReasoningTrace) -> list[uuid.UUID]:
    made = [row["id"] for row in traces.create(session, rows)]
    session.commit()
    return made


def answers(session: Session, filters: Filters | None = None, **how: object) -> list[str]:
    return [one.final_answer for one in traces.select(session, filters or Filters(), **how)]  # type: ignore[arg-type]


def test_a_trace_comes_back_as_it_went_in(session: Session) -> None:
    meta = {"source": "s" * 300, "difficulty": 3, "x": [1.5, 1e22, True, None, {"é": "🙂"}], "family": None}
    trace = ReasoningTrace(
        prompt="p\n é", steps=[TraceStep(i=7, type="check", content="c"), TraceStep(i=2, content="d")],
        final_answer="4", meta=meta,
    )  # fmt: skip
    (made,) = put(session, trace)
    session.expire_all()
    row = session.query(Trace).one()
    assert traces.to_trace(row) == traces.to_trace(traces.read(session, made)) == trace
    assert (row.source, row.difficulty, row.family) == ("s" * 256, "3", None)
    assert next(traces.select(session, Filters())) == trace


def test_a_row_has_every_column_in_order() -> None:
    row = row_values(make_trace("p", ["a"], "x"), created_at=utc_now())
    assert tuple(row) == COLUMNS
    assert {*COLUMNS, "seq"} == set(Trace.__table__.columns.keys())


def test_ids_grow_with_time() -> None:
    made = [new_id() for _ in range(1000)]
    assert len(set(made)) == 1000
    assert all(one.version == 7 and one.variant == uuid.RFC_4122 for one in made)
    assert [one.int >> 80 for one in made] == sorted(one.int >> 80 for one in made)


META = {
    "text": {"k": "1"},
    "whole": {"k": 1},
    "float": {"k": 1.0},
    "half": {"k": 0.5},
    "true": {"k": True},
    "false": {"k": False},
    "null": {"k": None},
    "list": {"k": ["1"]},
    "without": {},
    "odd": {'a"b.$[0]': "é", "k.x": 1},
    "big": {"k": 2**62 + 1},
}


@pytest.mark.parametrize(
    ("key", "value", "names"),
    [
        ("k", "1", {"text"}),
        ("k", 1, {"whole", "float"}),
        ("k", 1.0, {"whole", "float"}),
        ("k", 0.5, {"half"}),
        ("k", True, {"true"}),
        ("k", False, {"false"}),
        ("k", 0, set()),
        ("k", 2**62 + 1, {"big"}),
        ("k", 2**62 + 2, set()),
        ("k", "", set()),
        ('a"b.$[0]', "é", {"odd"}),
        ("k.x", 1, {"odd"}),
        ("absent", "x", set()),
    ],
)
def test_a_filter_on_meta_matches_value_and_type(
    session: Session, key: str, value: traces.MetaValue, names: set[str]
) -> None:
    put(session, *(make_trace("p", ["a"], name, **meta) for name, meta in META.items()))
    assert set(answers(session, Filters(meta={key: value}))) == names


def test_a_filter_on_a_column_knows_long_values_and_numbers(session: Session) -> None:
    put(
        session,
        make_trace("p", ["a"], "long one", source="s" * 256 + "1"),
        make_trace("p", ["a"], "long two", source="s" * 256 + "2"),
        make_trace("p", ["a"], "number", difficulty=3),
        make_trace("p", ["a"], "text", difficulty="3"),
        ReasoningTrace(prompt="p", steps=[TraceStep(i=1, content="a")], final_answer="bare"),
    )
    assert answers(session, Filters(meta={"source": "s" * 256 + "2"})) == ["long two"]
    assert answers(session, Filters(meta={"difficulty": 3})) == ["number"]
    assert answers(session, Filters(meta={"difficulty": "3"})) == ["text"]


def test_strategies_order_and_limit(session: Session) -> None:
    put(session, *(make_trace(f"p{n}", ["a"], str(n), family=str(n % 2)) for n in range(40)))
    assert answers(session, strategy="latest", limit=3) == ["39", "38", "37"]
    assert answers(session, strategy="all") == [str(n) for n in range(40)]
    assert answers(session, Filters(family="1"), strategy="latest", limit=2) == ["39", "37"]
    assert answers(session, Filters(family="1", q="p7"), strategy="all") == ["7"]
    first = answers(session, strategy="random", seed=1)
    assert first == answers(session, strategy="random", seed=1)
    assert sorted(first, key=int) == [str(n) for n in range(40)]
    assert first != [str(n) for n in range(40)]
    assert first[:5] == answers(session, strategy="random", seed=1, limit=5)
    assert first != answers(session, strategy="random", seed=2)
    assert first == sorted(first, key=lambda answer: spread(int(answer) + 1 ^ spread(1)))  # on both databases
    assert answers(session, Filters(family="nobody"), strategy="random") == []


def spread(value: int) -> int:
    """The finaliser of SplitMix64 in plain integers; `seq` counts from 1, the answers from 0."""
    value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
    value = (value ^ (value >> 27)) * 0x94D049BB133111EB % 2**64
    return value ^ (value >> 31)


def test_a_window_of_time_is_half_open(session: Session) -> None:
    put(session, make_trace("p", ["a"], "x"))
    (moment,) = [row.created_at for row in session.query(Trace)]
    later = moment + timedelta(microseconds=1)
    assert answers(session, Filters(created_after=moment, created_before=later)) == ["x"]
    assert answers(session, Filters(created_before=moment)) == []
    assert answers(session, Filters(created_after=later)) == []


def plan(session: Session, filters: Filters) -> str:
    query, order = traces._narrowed(session, traces.choose(*traces._LISTED), filters)
    query = query.order_by(*(column.desc() for column, _ in order)).limit(21)
    sqlite = session.get_bind().dialect.name == "sqlite"
    if not sqlite:
        session.execute(text("SET LOCAL enable_seqscan = off"))  # on an empty table it is always the cheapest
        session.execute(text("SET LOCAL enable_sort = off"))
    compiled = query.compile(session.get_bind(), compile_kwargs={"literal_binds": False})
    word = "EXPLAIN QUERY PLAN " if sqlite else "EXPLAIN "
    rows = session.connection().exec_driver_sql(word + str(compiled), _bound(compiled))
    return "\n".join(str(row[-1]) for row in rows)


def _bound(compiled: object) -> object:
    values = compiled.construct_params()  # type: ignore[attr-defined]
    processors = compiled._bind_processors  # type: ignore[attr-defined]
    values = {name: processors[name](value) if name in processors else value for name, value in values.items()}
    return tuple(values[name] for name in compiled.positiontup) if compiled.positional else values  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        (Filters(source="x"), "ix_traces_source"),
        (Filters(license="x"), "ix_traces_license"),
        (Filters(domain="x"), "ix_traces_domain"),
        (Filters(family="x"), "ix_traces_family"),
        (Filters(difficulty="x"), "ix_traces_difficulty"),
        (Filters(upload_id=uuid.UUID(int=1)), "ix_traces_upload"),
        (Filters(created_after=utc_now()), "ix_traces_created"),
        (Filters(created_before=utc_now()), "ix_traces_created"),
        (Filters(q="x"), "search"),
        (Filters(q="x", source="y", upload_id=uuid.UUID(int=1)), "search"),
        (Filters(family="x", source="y"), "search"),
    ],
)
def test_every_filter_reads_its_index_and_sorts_nothing(session: Session, filters: Filters, index: str) -> None:
    found = plan(session, filters)
    if session.get_bind().dialect.name == "sqlite":
        assert ("VIRTUAL TABLE INDEX" if index == "search" else index) in found
        assert "TEMP B-TREE" not in found
        assert "SCAN traces\n" not in found + "\n"
    elif index == "search":  # which of two ways is the cheaper one depends on the rows; that there is one does not
        session.execute(text("SET LOCAL enable_indexscan = off"))
        assert "Bitmap Index Scan on ix_traces_search" in plan(session, filters)
        assert "search @@" in found
    else:
        assert index in found
        assert "Sort" not in found


def test_deleted_traces_of_an_upload_are_found_no_more(session: Session) -> None:
    upload = Upload(
        id=uuid.uuid4(), source_name="f", settings={}, status="completed", errors=[], reasons={}, actor="a",
        created_at=utc_now(),
    )  # fmt: skip
    session.add(upload)
    session.flush()
    session.execute(
        traces.insert(Trace),
        [row_values(make_trace("p", ["a"], "x"), created_at=utc_now(), upload_id=upload.id, upload_row=1)],
    )
    put(session, make_trace("p", ["a"], "y"))
    assert answers(session, Filters(upload_id=upload.id, q="p")) == ["x"]
    session.execute(delete(Trace).where(Trace.upload_id == upload.id))
    session.commit()
    assert answers(session) == ["y"]
    assert answers(session, Filters(upload_id=upload.id, q="p")) == []
