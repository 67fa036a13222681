"""Replay: stored rollouts under other rewards, with every figure worked by hand."""

import pytest

from rewarded import LIMIT, PROMPT, written
from tunix_rt.errors import DataError
from tunix_rt.grading import Target
from tunix_rt.prompt import contract_form
from tunix_rt.rewards import RewardsConfig, RewardTerm, advantages
from tunix_rt.rewards.replay import Replay, TermChange, replay
from tunix_rt.rollouts import Rollout, RolloutGroup

SLOPPY = written(("3 * 4 = 13", "So it is 10"))
CAREFUL_BUT_WRONG = written(answer="11")
TEXTS = (written(), SLOPPY, CAREFUL_BUT_WRONG, "10")


def group(step: int, texts: tuple[str, ...], rewards: tuple[float, ...]) -> RolloutGroup:
    [moved] = advantages([rewards], "drgrpo")
    return RolloutGroup(
        step=step,
        policy_step=step - 1,
        trace_id=f"pears-{step}",
        prompt=PROMPT,
        target=Target(kind="number", value="10"),
        completions=[
            Rollout(text=t, tokens=20, finish="stop", reward=r, terms={"correctness": float(r > 0.5)}, advantage=a)
            for t, r, a in zip(texts, rewards, moved, strict=True)
        ],
    )


GROUPS = [group(1, TEXTS, (1.0, 1.0, 0.0, 0.0)), group(2, (written(), SLOPPY), (1.0, 1.0))]


def again(*terms: RewardTerm, groups: list[RolloutGroup] = GROUPS) -> Replay:
    return replay(groups, RewardsConfig(terms=terms), contract_form(), LIMIT, "drgrpo")


def test_the_same_rewards_change_nothing() -> None:
    found = again(RewardTerm(kind="correctness"))
    assert found.mean_advantage_change == 0.0
    assert found.signs == {"+ to +": 2, "- to -": 2, "0 to 0": 2}
    assert found.signal[0] == found.signal[1]
    assert found.largest == []
    assert (found.groups, found.completions) == (2, 6)


def test_rewards_that_look_at_the_steps_move_advantages_and_make_signal() -> None:
    found = again(RewardTerm(kind="steps"))
    # update 1: steps 1, 0, 1, none: total 1, 0, 1, 0, mean 0.5; update 2: 1, 0
    assert found.mean_reward == (pytest.approx(4 / 6), pytest.approx(3 / 6))
    assert [interval.value for interval in found.signal] == [0.5, 1.0]
    assert found.signs == {"+ to +": 1, "+ to -": 1, "- to +": 1, "- to -": 1, "0 to +": 1, "0 to -": 1}
    assert found.flipped.value == pytest.approx(2 / 6)
    assert found.mean_advantage_change == pytest.approx((0 + 1 + 1 + 0 + 0.5 + 0.5) / 6)
    assert found.terms == {
        "correctness": TermChange(before=4 / 6, after=None, abstained=0, faults=0),
        "steps": TermChange(before=None, after=3 / 5, abstained=1, faults=0),
    }
    first, second, *_ = found.largest
    assert (first.step, first.index, first.advantage) == (1, 1, (0.5, -0.5))
    assert (second.step, second.index, second.reward) == (1, 2, (0.0, 1.0))


def test_a_replay_lets_the_format_fade_update_by_update() -> None:
    groups = [group(step, (written(), "10"), (1.0, 0.0)) for step in (1, 2, 3)]
    options = {"window": 2, "decay_at": 0.25}
    found = again(RewardTerm(kind="format", options=options), groups=groups)
    # half of the newest two are in form from the second update on, which leaves (1 - 0.5) / (1 - 0.25) of the weight
    assert found.mean_reward[1] == pytest.approx((1 + 2 / 3 + 2 / 3) / 6)


def test_nothing_to_score_again_is_refused() -> None:
    with pytest.raises(DataError, match="no rollouts to score again"):
        again(RewardTerm(kind="correctness"), groups=[])
