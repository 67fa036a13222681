"""The leaderboard: a query over evaluations of one task digest and one prompt contract, ranked by the engine.

Ranks are those of the whole board; filters choose which of its rows are shown. Ranking pairs every row with the first
of its band, so it is kept in memory until an evaluation of the board comes or goes. It does not know what a rank means.
"""

from __future__ import annotations

import bisect
import logging
import threading
from collections import Counter
from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from sqlalchemy import Engine, bindparam, case, func, select
from sqlalchemy.orm import Session

from tunix_rt.comparison import ScoreName
from tunix_rt.leaderboard import Entry, Standing, rank
from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services import tasks
from tunix_rt_backend.services.evaluations import EvaluationFilter
from tunix_rt_backend.services.pages import decode_cursor, following
from tunix_rt_backend.tables import EvaluationRow

logger = logging.getLogger(__name__)

_MOST_BOARDS = 64
"""Boards that are kept ranked."""
_MOST_ANSWERS = 64
"""Pages that are kept of each, at most 1,000 rows long."""


@dataclass(frozen=True)
class BoardKey:
    """Which board is asked for."""

    task_digest: str
    contract_digest: str
    score: ScoreName
    every: bool
    """Whether every evaluation has a row, or only the newest of a model as it is now, under a prompt form."""


@dataclass(frozen=True)
class Board:
    """A ranked board, and what it was ranked from."""

    signature: tuple[int, int]
    """Number and summed marks of its evaluations; other ones mean that it has to be ranked again."""
    standings: list[Standing]
    """Every row, the best first."""
    keys: list[tuple[float, str]]
    """Where each row stands in the order: its score, turned round, and its id."""
    answers: dict[Hashable, bytes] = field(default_factory=dict)
    """Pages that were asked for, as they were answered; they end with the board."""

    def keep(self, asked: Hashable, answer: bytes) -> None:
        """Keep an answer, if there is room."""
        if len(self.answers) < _MOST_ANSWERS:
            self.answers[asked] = answer


_RANKED = EvaluationRow.mark >= 0
"""Which evaluations have a rank; the others came from elsewhere and are not verified, and stand below them."""
# Both are asked at every look at a board, so that they are made once.
_SIGNATURE = select(func.count(), func.coalesce(func.sum(EvaluationRow.mark), 0)).where(
    EvaluationRow.task_digest == bindparam("task_digest"),
    EvaluationRow.contract_digest == bindparam("contract_digest"),
)
_MEASURED = (
    select(
        EvaluationRow.task_digest,
        func.max(EvaluationRow.n),
        func.count(),
        func.max(EvaluationRow.created_at),
    )
    .where(
        EvaluationRow.contract_digest == bindparam("contract_digest"), EvaluationRow.task_name == bindparam("task_name")
    )
    .group_by(EvaluationRow.task_digest)
    .order_by(
        case((EvaluationRow.task_digest == bindparam("known"), 0), else_=1),
        func.max(case((_RANKED, EvaluationRow.n), else_=-1)).desc(),
        func.max(EvaluationRow.n).desc(),
        func.max(EvaluationRow.created_at).desc(),
        EvaluationRow.task_digest,
    )
)
_boards: WeakKeyDictionary[Engine, dict[BoardKey, Board]] = WeakKeyDictionary()
_lock = threading.Lock()


class Measured(NamedTuple):
    """Items of a task that evaluations asked; another number or version of them has another digest."""

    task_digest: str
    """Digest of the items."""
    n: int
    """Items with a score, in the evaluation that has most."""
    evaluations: int
    """Evaluations that asked these items."""
    newest: datetime
    """When the newest of them ended."""


class Choice(NamedTuple):
    """Whose board is shown."""

    task: str | None
    """Name of the task; None: nothing was measured."""
    task_digest: str | None
    """Digest of its items; None: nothing was measured."""
    others: tuple[Measured, ...]
    """Other items of the task that have evaluations, and so a board of their own."""


def choose(session: Session, home: Path, contract_digest: str, task: str | None, task_digest: str | None) -> Choice:
    """Return whose board is shown: without a task the one measured last, without a digest all items of the task here.

    Of items that are not those of the task as it is here, most are shown, and among as many the newest. So a short
    evaluation, which asks only the first items, never hides the full board; what came from elsewhere and is not
    verified decides only where there is nothing else. Raises NotFound for a task that is neither on this machine nor
    was ever measured.
    """
    same = EvaluationRow.contract_digest == contract_digest
    name = task
    if name is None:
        query = select(EvaluationRow.task_name).where(same).order_by(EvaluationRow.created_at.desc()).limit(1)
        if task_digest is not None:
            query = query.where(EvaluationRow.task_digest == task_digest)
        name = session.scalar(query.where(_RANKED)) or session.scalar(query)
    known = None if name is None else tasks.digest_of(home, name)
    rows = session.execute(_MEASURED, {"contract_digest": contract_digest, "task_name": name, "known": known})
    found = [Measured(*row) for row in rows]
    if task is not None and not found:
        _check_known(session, home, task)
    digest = task_digest or (found[0].task_digest if found else None)
    return Choice(name, digest, tuple(one for one in found if one.task_digest != digest))


def _check_known(session: Session, home: Path, task: str) -> None:
    measured = session.scalars(select(EvaluationRow.task_name).distinct()).all()
    problem = None if task in measured else tasks.problem_of(home, task, measured)
    if problem is not None:
        raise NotFound(problem)


def board(session: Session, key: BoardKey) -> Board:
    """Return a board, ranked anew only if its evaluations are not those that it was ranked from."""
    engine = session.get_bind()
    assert isinstance(engine, Engine)
    signature = _signature(session, key)
    known = _boards.setdefault(engine, {})
    found = known.get(key)
    if found is None or found.signature != signature:
        with _lock:  # whoever came at the same time finds the board that the first one ranked
            found = known.get(key)
            if found is None or found.signature != signature:
                found = _ranked(session, key, signature)
                known.pop(key, None)
                known[key] = found
                while len(known) > _MOST_BOARDS:
                    known.pop(next(iter(known)))
    return found


def _signature(session: Session, key: BoardKey) -> tuple[int, int]:
    asked = {"task_digest": key.task_digest, "contract_digest": key.contract_digest}
    count, marks = session.execute(_SIGNATURE, asked).one()
    return count, int(marks)


def _ranked(session: Session, key: BoardKey, signature: tuple[int, int]) -> Board:
    strict = key.score == "strict"
    query = select(
        EvaluationRow.evaluation_id,
        EvaluationRow.model_name,
        EvaluationRow.adapter_digest,
        EvaluationRow.prompt_digest,
        EvaluationRow.metrics["stale"].as_boolean().label("stale"),
        _RANKED.label("ranked"),
        (EvaluationRow.strict if strict else EvaluationRow.lenient).label("value"),
        (EvaluationRow.strict_outcomes if strict else EvaluationRow.lenient_outcomes).label("outcomes"),
    ).where(EvaluationRow.task_digest == key.task_digest, EvaluationRow.contract_digest == key.contract_digest)
    local = func.coalesce(EvaluationRow.metrics["imported"].as_boolean(), False).is_(False)
    query = query.order_by(local, EvaluationRow.created_at, EvaluationRow.evaluation_id)
    rows: list[Any] = list(session.execute(query))
    if not key.every:  # the newest of those measured here, if there are any
        present = (row for row in rows if not row.stale)
        groups = {(row.ranked, row.model_name, row.adapter_digest, row.prompt_digest): row for row in present}
        rows = list(groups.values())
    ranked, others = _of_one_size([row for row in rows if row.ranked]), [row for row in rows if not row.ranked]
    standings = rank([Entry(row.evaluation_id, row.value, row.outcomes) for row in ranked])
    values = {row.evaluation_id: row.value for row in ranked}
    keys = [(1.0 if (value := values[s.name]) is None else -value, s.name) for s in standings]
    for name in sorted(row.evaluation_id for row in others):
        standings.append(Standing(name=name, rank=None, tied=0, leader=None, p=None))
        keys.append((2.0, name))
    return Board(signature, standings, keys)


def _of_one_size(rows: list[Any]) -> list[Any]:
    """Return the rows that hold as many items as most: one digest has one number, and who lies of it has no rank."""
    sizes = Counter(len(row.outcomes) for row in rows if row.value is not None)
    if len(sizes) < 2:
        return rows
    usual, kept = sizes.most_common(1)[0][0], []  # among equals that of the oldest
    for row in rows:
        if row.value is None or len(row.outcomes) == usual:
            kept.append(row)
        else:
            logger.warning("not ranked: %s holds %d items, not %d", row.evaluation_id, len(row.outcomes), usual)
    return kept


def page_of(
    session: Session, board: Board, wanted: EvaluationFilter, *, limit: int, offset: int, cursor: str | None
) -> tuple[list[tuple[Standing, EvaluationRow]], Pagination]:
    """Return one page of the rows of a board that pass a filter, the best first."""
    places: Sequence[int] = range(len(board.standings))
    if wanted.given:
        names = set(session.scalars(wanted.applied(select(EvaluationRow.evaluation_id))))
        places = [place for place in places if board.standings[place].name in names]
    if cursor is not None:
        after = bisect.bisect_right(board.keys, tuple(decode_cursor(cursor, [float, str])))
        places, offset = places[bisect.bisect_left(places, after) :], 0
    shown, more = places[offset : offset + limit], len(places) > offset + limit
    standings = [board.standings[place] for place in shown]
    query = select(EvaluationRow).where(EvaluationRow.evaluation_id.in_([standing.name for standing in standings]))
    rows = {row.evaluation_id: row for row in session.scalars(query)}
    last = board.keys[shown[-1]] if more else None
    pagination = following(last, limit=limit, offset=offset, cursor=cursor)
    return [(standing, rows[standing.name]) for standing in standings if standing.name in rows], pagination
