"""Scores and ratings: what graders and people think of a trace; it does not know how traces are found.

    structure   the form of the reasoning: the share of simple checks that hold, each told by name; length earns nothing
    arithmetic  every equation of every step computed again: the share that is right
    answer      whether the last step arrives at the final answer

A trace that cannot be judged has the score None, with the reason; it is never 0.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import Insert, Row, delete
from sqlalchemy import select as choose
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import CursorResult
from sqlalchemy.orm import Session

from tunix_rt.arithmetic import check_step
from tunix_rt.errors import RenderError
from tunix_rt.grading import Target, grade, grade_trace, infer_kind
from tunix_rt.trace import ReasoningTrace, render
from tunix_rt_backend.db import is_sqlite
from tunix_rt_backend.errors import NotFound, Unprocessable
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services import pages, traces
from tunix_rt_backend.services.rows import new_id
from tunix_rt_backend.services.words import words
from tunix_rt_backend.tables import Rating, Trace, TraceScore, utc_now

WHOLE = -1
"""What the table writes for a rating of the trace as a whole."""
_LONG_ANSWER = 200
"""Characters from which on an answer is a text of its own, which the last step need not repeat."""

_MAX_CHECKED = 100_000
"""Characters of reasoning whose equations are computed; `details.whole` says whether that was all."""


class Verdict(NamedTuple):
    """What a grader says; `score` is 0 to 100, or None with `details["reason"]`."""

    score: float | None
    details: dict[str, Any]


def structure(trace: ReasoningTrace) -> Verdict:
    """Judge the form of the reasoning: the share of checks that hold."""
    texts = [_plain(step.content) for step in trace.steps]
    numbers = [step.i for step in trace.steps]
    answer, prompt = _plain(trace.final_answer), _plain(trace.prompt)
    repeated = [text for text, count in Counter(filter(None, texts)).items() if count > 1]
    checks = {
        "renders": _renders(trace),
        "numbered_in_order": numbers == sorted(numbers),
        "every_step_has_words": all(texts),
        "no_step_repeats_another": not repeated,
        "no_step_repeats_the_prompt": prompt not in texts,
        "more_than_the_answer": any(text and text != answer for text in texts),
        "reasoning_was_marked": trace.meta.get("reasoning") != "absent",
    }
    if answer and len(trace.final_answer) <= _LONG_ANSWER:
        checks["last_step_names_the_answer"] = f" {answer} " in f" {texts[-1]} "
    held = sum(checks.values())
    return Verdict(100.0 * held / len(checks), {"checks": checks, "held": held, "of": len(checks)})


def arithmetic(trace: ReasoningTrace) -> Verdict:
    """Compute every equation again: the share of equations that are right."""
    right, checked, steps, read = 0, 0, [], 0
    for step in trace.steps:
        read += len(step.content)
        if read > _MAX_CHECKED:
            break
        equations = check_step(step.content)
        wrong = [equation for equation in equations if equation.verdict == "wrong"]
        right += len(equations) - len(wrong)
        checked += len(equations)
        if equations:
            verdict = "wrong" if wrong else "right"
            steps.append({"i": step.i, "verdict": verdict, "wrong": [one.model_dump(mode="json") for one in wrong]})
    details: dict[str, Any] = {"right": right, "checked": checked, "whole": read <= _MAX_CHECKED, "steps": steps}
    if not checked:
        return Verdict(None, {**details, "reason": "no step has an equation that can be judged"})
    return Verdict(100.0 * right / checked, details)


def answer(trace: ReasoningTrace) -> Verdict:
    """Judge whether the last step arrives at the final answer."""
    own = grade_trace(trace)
    kind = trace.meta.get("answer_kind") or infer_kind(trace.final_answer)
    details: dict[str, Any] = {"kind": kind, "answer": trace.final_answer}
    if own.value != 1.0:
        return Verdict(None, {**details, "reason": own.explanation})
    last = trace.steps[-1].content
    choices = trace.meta.get("choices") if kind == "choice" else None
    target = Target(kind=kind, value=trace.final_answer, choices=choices or [])
    score = grade(last, target, mode="lenient")
    if score.value != 1.0 and kind == "text":
        named = _plain(trace.final_answer)
        if named and f" {named} " in f" {_plain(last)} ":
            return Verdict(100.0, {**details, "found": trace.final_answer, "explanation": "the last step names it"})
    if score.value is None:
        return Verdict(None, {**details, "found": score.answer, "reason": score.explanation})
    return Verdict(100.0 * score.value, {**details, "found": score.answer, "explanation": score.explanation})


GRADERS: dict[str, Callable[[ReasoningTrace], Verdict]] = {
    "structure": structure,
    "arithmetic": arithmetic,
    "answer": answer,
}


def _plain(content: str) -> str:
    """Return the words of a text, with numbers as they are written without thousands separators."""
    return words(content.replace(",", "") if "," in content else content)


def _renders(trace: ReasoningTrace) -> bool:
    try:
        render(trace)
    except RenderError:
        return False
    return True


def _held(session: Session, trace_id: uuid.UUID) -> Row[Any]:
    """Return a trace's row, which nobody deletes until this transaction ends; raise NotFound."""
    session.execute(choose(Trace.id).where(Trace.id == trace_id).with_for_update(read=True, key_share=True))
    return traces.read(session, trace_id)


def judge(session: Session, trace_id: uuid.UUID, criteria: str) -> Verdict:
    """Return a verdict on a trace, which is not kept; raise NotFound."""
    return GRADERS[criteria](traces.to_trace(traces.read(session, trace_id)))


def create_score(session: Session, trace_id: uuid.UUID, criteria: str, verdict: Verdict) -> TraceScore:
    """Keep a verdict; raise NotFound if the trace has gone since."""
    _held(session, trace_id)
    score = TraceScore(
        id=new_id(),
        trace_id=trace_id,
        criteria=criteria,
        score=verdict.score,
        details=verdict.details,
        created_at=utc_now(),
    )
    session.add(score)
    session.flush()
    return score


def list_scores(
    session: Session, trace_id: uuid.UUID, *, limit: int, offset: int, cursor: str | None
) -> tuple[list[TraceScore], Pagination]:
    """Return one page of the verdicts on a trace, the newest first; raise NotFound."""
    traces.read(session, trace_id)
    query = choose(TraceScore).where(TraceScore.trace_id == trace_id)
    order = [(TraceScore.created_at, datetime), (TraceScore.id, uuid.UUID)]
    return pages.page(session, query, order, limit=limit, offset=offset, cursor=cursor)


def rate(
    session: Session, trace_id: uuid.UUID, *, rater: str, rating: int, step_i: int | None, comment: str | None
) -> Rating:
    """Keep a person's rating in the place of their older one; raise Unprocessable if there is no such step."""
    trace = traces.to_trace(_held(session, trace_id))
    numbers = [step.i for step in trace.steps]
    if step_i is not None and step_i not in numbers:
        raise Unprocessable(f"the trace has no step {step_i}; its steps are {_listed(numbers)}")
    values = {"rating": rating, "comment": comment, "created_at": utc_now()}
    place = {"trace_id": trace_id, "step_i": WHOLE if step_i is None else step_i, "rater": rater}
    make: Any = sqlite.insert if is_sqlite(session) else postgresql.insert
    statement: Insert = (
        make(Rating)
        .values(id=new_id(), **place, **values)
        .on_conflict_do_update(index_elements=list(place), set_=values)
    )
    session.execute(statement)
    return session.scalars(choose(Rating).filter_by(**place).execution_options(populate_existing=True)).one()


def _listed(numbers: list[int]) -> str:
    return ", ".join(map(str, numbers[:10])) + (", …" if len(numbers) > 10 else "")


def list_ratings(
    session: Session, trace_id: uuid.UUID, *, limit: int, offset: int, cursor: str | None
) -> tuple[list[Rating], Pagination]:
    """Return one page of the ratings of a trace, the newest first; raise NotFound."""
    traces.read(session, trace_id)
    query = choose(Rating).where(Rating.trace_id == trace_id)
    order = [(Rating.created_at, datetime), (Rating.id, uuid.UUID)]
    return pages.page(session, query, order, limit=limit, offset=offset, cursor=cursor)


def unrate(session: Session, trace_id: uuid.UUID, *, rater: str, step_i: int | None) -> None:
    """Take a person's rating back; raise NotFound if there is none."""
    found = delete(Rating).filter_by(trace_id=trace_id, rater=rater, step_i=WHOLE if step_i is None else step_i)
    done = session.execute(found.execution_options(synchronize_session=False))
    assert isinstance(done, CursorResult)
    if not done.rowcount:
        raise NotFound(f"{rater!r} has not rated this; GET /api/traces/{trace_id}/ratings lists who has")
