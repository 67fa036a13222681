"""Reachability: which prompts a start policy can learn from, and the advice where it cannot."""

import pytest

from tunix_rt.errors import UsageError
from tunix_rt.rewards import Reward
from tunix_rt.rewards.reachability import check_reachable, reachability


def rewards(right: int, of: int, *, formed: int | None = None) -> list[Reward]:
    formed = of if formed is None else formed
    values = [(float(i < right), float(i < formed)) for i in range(of)]
    return [Reward(total=c + 0.2 * f, terms={"correctness": c, "format": f}) for c, f in values]


def test_prompts_are_kept_by_their_pass_rate_and_groups_counted_by_their_signal() -> None:
    rates = {"never": 0, "rarely": 1, "half": 5, "mostly": 9, "always": 10}
    found = reachability([(name, rewards(right, 10)) for name, right in rates.items()])
    assert [prompt.pass_rate for prompt in found.prompts] == [0.0, 0.1, 0.5, 0.9, 1.0]
    assert found.kept == ["rarely", "half", "mostly"]
    assert found.signal.value == pytest.approx(0.6)
    assert (found.never, found.always, found.well_formed) == (1, 1, 1.0)
    check_reachable(found)


def test_a_pass_rate_outside_the_range_is_left_out_though_it_has_signal() -> None:
    found = reachability(
        [("rarely", rewards(1, 16)), ("form only", rewards(0, 10, formed=5)), ("half", rewards(8, 16))]
    )
    assert [prompt.signal for prompt in found.prompts] == [True, True, True]
    assert found.kept == ["half"]


def test_an_open_prompt_is_kept_if_its_rewards_differ() -> None:
    open_prompt = [Reward(total=t, terms={"correctness": None, "relevance": t}) for t in (0.1, 0.4)]
    found = reachability([("open", open_prompt), ("flat", [open_prompt[0]] * 2)])
    assert [prompt.pass_rate for prompt in found.prompts] == [None, None]
    assert found.kept == ["open"]
    assert found.well_formed is None


def test_a_completion_that_faulted_is_not_counted_as_wrong() -> None:
    broken = Reward(total=0.2, terms={"correctness": None, "format": 1.0}, faults={"correctness": "TimeoutError: 5 s"})
    [prompt] = reachability([("a", [*rewards(1, 2), broken])]).prompts
    assert prompt.pass_rate == 0.5


@pytest.mark.parametrize(
    ("groups", "advice"),
    [
        ([("a", rewards(0, 8, formed=0))] * 20, "Only 0% of the completions are in the form"),
        ([("a", rewards(0, 8))] * 20, "solves none of its tries on 20 prompts"),
        ([("a", rewards(8, 8))] * 19 + [("b", rewards(4, 8))], "solves every try on 19 prompts"),
        ([("a", rewards(8, 8))] * 10 + [("b", rewards(0, 8))] * 10, "Raise num_generations or the temperature"),
    ],
)
def test_too_little_signal_is_refused_with_advice(groups: list[tuple[str, list[Reward]]], advice: str) -> None:
    found = reachability(groups)
    with pytest.raises(UsageError, match="of 20 groups of the start policy carry signal") as caught:
        check_reachable(found)
    assert advice in str(caught.value)
    assert "--force" in str(caught.value)
    check_reachable(found, force=True)


def test_a_tenth_of_the_groups_is_enough() -> None:
    check_reachable(reachability([("a", rewards(4, 8))] * 2 + [("b", rewards(0, 8))] * 18))


def test_no_prompt_left_is_refused() -> None:
    with pytest.raises(UsageError, match="none of 4 prompts has a pass rate"):
        check_reachable(reachability([("a", rewards(0, 8, formed=6))] * 4))


def test_a_sample_that_says_nothing_is_refused() -> None:
    with pytest.raises(UsageError, match="at least one group"):
        reachability([])
    with pytest.raises(UsageError, match="num_generations"):
        reachability([("a", rewards(1, 1))])
