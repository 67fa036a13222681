"""Boards that are kept: ranked anew when an evaluation comes or goes, and each score apart."""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from evaluated import make_task
from measured import TASK, measure
from tunix_rt.trace import CONTRACT_DIGEST
from tunix_rt_backend.services import evaluations, leaderboard
from tunix_rt_backend.services.leaderboard import BoardKey
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import EvaluationRow

KEY = BoardKey(TASK.digest, CONTRACT_DIGEST, "strict", every=True)


def test_a_board_is_ranked_anew_only_when_an_evaluation_comes_or_goes(session: Session, settings: Settings) -> None:
    first = measure(session, settings.home, run="one")
    board = leaderboard.board(session, KEY)
    assert leaderboard.board(session, KEY) is board
    second = measure(session, settings.home, run="two", skill=0.8)
    both = leaderboard.board(session, KEY)
    assert {standing.name for standing in both.standings} == {first.id, second.id}
    evaluations.remove(session, first.id)
    assert [standing.name for standing in leaderboard.board(session, KEY).standings] == [second.id]


def test_an_evaluation_of_weights_that_are_gone_ranks_only_among_all(session: Session, settings: Settings) -> None:
    gone = measure(session, settings.home, run="one", skill=0.8)
    present = measure(session, settings.home, run="two")
    row = session.get_one(EvaluationRow, gone.id)
    row.metrics, row.mark = row.metrics | {"stale": True}, row.mark + 1
    session.commit()
    assert [s.name for s in leaderboard.board(session, replace(KEY, every=False)).standings] == [present.id]
    assert {s.name for s in leaderboard.board(session, KEY).standings} == {gone.id, present.id}


def test_an_evaluation_that_lies_of_its_items_costs_nobody_the_board(session: Session, settings: Settings) -> None:
    liar = measure(session, settings.home, run="one", task=make_task(8), skill=0.9)
    honest = [measure(session, settings.home, run=run) for run in ("two", "three")]
    session.get_one(EvaluationRow, liar.id).task_digest = TASK.digest
    session.commit()
    assert {standing.name for standing in leaderboard.board(session, KEY).standings} == {done.id for done in honest}


def test_boards_of_other_scores_are_apart(session: Session, settings: Settings) -> None:
    done = measure(session, settings.home, prompt="few_shot")
    lenient = leaderboard.board(session, BoardKey(TASK.digest, CONTRACT_DIGEST, "lenient", every=True))
    metrics = done.manifest.metrics
    assert metrics.strict is not None
    assert metrics.lenient is not None
    assert lenient.keys == [(-metrics.lenient.value, done.id)]
    assert leaderboard.board(session, KEY).keys == [(-metrics.strict.value, done.id)]
