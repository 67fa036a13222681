"""Advantages: numbers worked by hand, and what must hold for any rewards."""

import math
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt.errors import UsageError
from tunix_rt.rewards import Estimator, advantages, has_signal

ESTIMATORS: list[Estimator] = ["grpo", "drgrpo", "rloo"]
GROUPS = st.lists(st.floats(-10, 10), min_size=2, max_size=16)


def test_advantages_worked_by_hand() -> None:
    # rewards 1, 0, 0, 1, 0.5: mean 0.5, squares 4 · 0.25, variance 1 / 4, deviation 0.5
    group = [1.0, 0.0, 0.0, 1.0, 0.5]
    assert advantages([group], "drgrpo") == [[0.5, -0.5, -0.5, 0.5, 0.0]]
    assert advantages([group], "rloo") == [[0.625, -0.625, -0.625, 0.625, 0.0]]
    [normal] = advantages([group], "grpo")
    assert normal == pytest.approx([x / 0.500001 for x in (0.5, -0.5, -0.5, 0.5, 0.0)], abs=1e-12)


def test_groups_are_apart() -> None:
    assert advantages([[1.0, 0.0], [5.0, 5.0, 5.0]], "drgrpo") == [[0.5, -0.5], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_equal_rewards_teach_nothing(estimator: Estimator) -> None:
    [moved] = advantages([[0.1 + 0.2, 0.3, 0.3]], estimator)
    assert max(map(abs, moved)) < 1e-9
    assert not has_signal([0.1 + 0.2, 0.3, 0.3])
    assert has_signal([0.3, 0.31])


@pytest.mark.parametrize("estimator", ESTIMATORS)
@given(group=GROUPS, shift=st.floats(-5, 5))
def test_advantages_sum_to_nothing_keep_the_order_and_ignore_a_shift(
    estimator: Estimator, group: list[float], shift: float
) -> None:
    [moved], [shifted] = advantages([group], estimator), advantages([[reward + shift for reward in group]], estimator)
    assert math.fsum(moved) == pytest.approx(0, abs=1e-6)
    assert shifted == pytest.approx(moved, abs=1e-6)
    for (reward, one), (other, two) in pairwise(sorted(zip(group, moved, strict=True))):
        assert reward <= other
        assert one <= two + 1e-9


@pytest.mark.parametrize(
    ("group", "told"), [([1.0], "num_generations"), ([], "num_generations"), ([1, math.nan], "finite")]
)
def test_what_cannot_be_compared_is_refused(group: list[float], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        advantages([group], "grpo")
