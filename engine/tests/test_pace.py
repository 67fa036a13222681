"""Pace: what the next update needs, and how many fit."""

from dataclasses import replace

import pytest

from tunix_rt.config import GRPOConfig, SFTConfig
from tunix_rt.errors import BudgetError
from tunix_rt.pace import Speed, steps_in_time

COURSE = SFTConfig(eval_every_steps=10, checkpoint_every_steps=5)


def test_the_next_update_needs_what_follows_it() -> None:
    speed = Speed(step=2.0, evaluation=20.0, checkpoint=3.0, closing=4.0)
    assert speed.needed(COURSE, 0) == pytest.approx(1.1 * 2 + 20 + 4)
    assert speed.needed(COURSE, 4) == pytest.approx(1.1 * (2 + 3) + 20 + 4)
    assert speed.needed(COURSE, 9) == pytest.approx(1.1 * (2 + 20 + 3) + 20 + 4)
    assert replace(speed, compiling=30.0).needed(COURSE, 0) == pytest.approx(30 + 1.1 * 2 + 20 + 4)
    assert speed.needed(GRPOConfig(eval_every_steps=1), 0) == pytest.approx(1.1 * 22 + 24)


def test_updates_that_fit_pay_for_what_lies_between_them() -> None:
    assert steps_in_time(COURSE, 100, 2.0) == 50
    assert steps_in_time(COURSE, 100, 2.0, eval_seconds=20.0) == 20
    assert steps_in_time(COURSE, 100, 2.0, checkpoint_seconds=10.0) == 25


def test_time_for_no_update_is_refused_with_what_is_missing() -> None:
    with pytest.raises(BudgetError, match="one update takes 9") as refused:
        steps_in_time(COURSE, 5, 9.0, eval_seconds=10.0)
    assert refused.value.missing == pytest.approx(9 + 1 + 10 - 5)
    with pytest.raises(BudgetError, match="0 s are left"):
        steps_in_time(COURSE, -5, 9.0)
