"""The check of rewards: mutations are what they say, good rewards pass, each careless one is found out."""

from collections.abc import Callable
from random import Random

import pytest

from tunix_rt import tasks
from tunix_rt.errors import DataError, UsageError
from tunix_rt.grading import Target
from tunix_rt.rewards import RewardsConfig, RewardTerm
from tunix_rt.rewards.checking import (
    MutationResult,
    RewardsCheck,
    check_rewards,
    subjects_of_items,
    subjects_of_traces,
)
from tunix_rt.rewards.mutations import MUTATIONS, Attempt, Subject
from tunix_rt.trace import make_trace

STEPS = ["12 * 100 = 1200", "1200 + 34 = 1234"]
PRICE = Subject("price", make_trace("What is 12 times 100 and 34?", STEPS, "1234"), Target(kind="number", value="1234"))
RIVER = Subject("river", make_trace("Tell of a river.", ["It flows."], "Long."), Target(kind="open", value=""))
CITY = Subject(
    "city",
    make_trace("Capital?", ["It lies on the Seine.", "Paris lies there."], "B"),
    Target(kind="choice", value="B", choices=["Rome", "Paris"]),
)
HEAD = "<reasoning>\n12 * 100 = 1200\n1200 + 34 = 1234\n</reasoning>\n<answer>"


def made(name: str, subject: Subject = PRICE, other: Subject = CITY) -> Attempt | None:
    [mutation] = [mutation for mutation in MUTATIONS if mutation.name == name]
    return mutation.make(subject, other, 100, Random(1))


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("gold completion", HEAD + "1234</answer>"),
        ("grouped thousands", HEAD + "1,234</answer>"),
        ("full stop after the answer", HEAD + "1234.</answer>"),
        ("unicode digits", HEAD + "１２３４</answer>"),
        ("right answer, wrong tags", "<think>\n12 * 100 = 1200\n1200 + 34 = 1234\n</think>\n<final>1234</final>"),
        ("right answer, no tags", "12 * 100 = 1200\n1200 + 34 = 1234\nThe answer is 1234."),
        ("empty reasoning", "<reasoning>\n\n</reasoning>\n<answer>1234</answer>"),
        ("answer without work", "<reasoning>\n1234\n</reasoning>\n<answer>1234</answer>"),
        (
            "unrelated reasoning",
            "<reasoning>\nIt lies on the Seine.\nParis lies there.\n</reasoning>\n<answer>1234</answer>",
        ),
        ("wrong answer, right tags", HEAD + "3709</answer>"),
        ("two answers", HEAD + "3709</answer>\n<answer>1234</answer>"),
        ("superscript digit", HEAD + "123⁴</answer>"),
        ("placeholder", "<reasoning>\n…\n</reasoning>\n<answer>…</answer>"),
    ],
)
def test_a_mutation_is_what_it_says(name: str, text: str) -> None:
    assert made(name) == Attempt(text)


def test_wrong_answers_are_wrong_by_construction() -> None:
    for seed in range(200):
        [mutation] = [mutation for mutation in MUTATIONS if mutation.name == "near miss within 10 %"]
        attempt = mutation.make(PRICE, CITY, 100, Random(seed))
        assert attempt is not None
        number = int(attempt.text.partition("<answer>")[2].partition("</answer>")[0])
        assert 0 < abs(number - 1234) <= 123
    assert made("wrong answer, right tags", CITY) is not None
    assert "<answer>A</answer>" in str(made("wrong answer, right tags", CITY))
    assert made("wrong answer, right tags", RIVER) is None
    named = Subject(
        "liar", make_trace("Who lies?", ["P lies."], "P"), Target(kind="choice", value="P", choices=["P", "Q"])
    )
    assert "<answer>B</answer>" in str(made("wrong answer, right tags", named))


def test_contradicting_steps_keep_the_answer_and_break_every_sum() -> None:
    attempt = made("contradicting steps")
    assert attempt is not None
    assert "= 1200" not in attempt.text
    assert "= 1234" not in attempt.text
    assert attempt.text.endswith("<answer>1234</answer>")
    assert made("contradicting steps", CITY) is None


def test_long_and_cut_completions_are_long_and_cut() -> None:
    overlong, truncated = made("overlong"), made("truncated")
    assert overlong is not None
    assert 380 <= len(overlong.text) <= 400
    assert truncated is not None
    assert truncated.finish == "length"
    assert "</reasoning>" not in truncated.text


@pytest.fixture(scope="module")
def items() -> list[Subject]:
    return subjects_of_items(tasks.load("dev-reasoning-v1", limit=150).items)


def checked(items: list[Subject], *terms: RewardTerm) -> RewardsCheck:
    return check_rewards(RewardsConfig(terms=terms) if terms else RewardsConfig(), items)


def result(found: RewardsCheck, name: str) -> MutationResult:
    [one] = [one for one in found.mutations if one.name == name]
    return one


def test_the_default_rewards_pass_and_say_what_they_do_not_look_at(items: list[Subject]) -> None:
    found = checked(items)
    assert found.passed
    assert found.failed == []
    wrong = result(found, "wrong answer, right tags")
    assert wrong.n > 50
    assert wrong.wrong == 0
    assert wrong.mean_share == pytest.approx(0.2 / 1.2)
    assert result(found, "contradicting steps").rate is None
    [correctness, form] = found.terms
    assert correctness.should_not_pay > 1000
    assert correctness.false_positives == correctness.false_negatives == 0
    assert form.false_positives == form.false_negatives == 0


def test_rewards_that_look_at_the_work_tell_it_from_made_up_work(items: list[Subject]) -> None:
    terms = [
        RewardTerm(kind="correctness"),
        RewardTerm(kind="format", weight=0.2),
        RewardTerm(kind="steps", weight=0.2),
        RewardTerm(kind="follows", weight=0.3),
        RewardTerm(kind="length", weight=0.2),
    ]
    found = checked(items, *terms)
    assert found.passed
    for name in ("contradicting steps", "answer without work", "unrelated reasoning", "overlong"):
        one = result(found, name)
        assert one.n > 20, name
        assert one.mean_share is not None
        assert 0.5 < one.mean_share < 0.99, name


@pytest.mark.parametrize(
    ("terms", "caught"),
    [
        ([RewardTerm(kind="format")], "wrong answer, right tags"),
        ([RewardTerm(kind="format", weight=2), RewardTerm(kind="correctness")], "near miss within 10 %"),
        ([RewardTerm(kind="correctness", options={"lenient": 0.9})], "two answers"),
        ([RewardTerm(kind="correctness"), RewardTerm(kind="steps", weight=2)], "wrong answer, right tags"),
        (
            [
                RewardTerm(kind="correctness"),
                RewardTerm(kind="steps", weight=0.3),
                RewardTerm(kind="follows", weight=0.2),
            ],
            "unrelated reasoning",
        ),
        ([RewardTerm(kind="follows")], "copied prompt"),
    ],
)
def test_careless_rewards_are_found_out(items: list[Subject], terms: list[RewardTerm], caught: str) -> None:
    found = checked(items, *terms)
    assert not found.passed
    assert caught in [one.name for one in found.failed]
    worst = found.failed[0]
    assert worst.example is not None
    assert worst.rate is not None
    assert worst.rate.value > found.limit


def test_a_check_is_the_same_twice(items: list[Subject]) -> None:
    def plain(seed: int) -> dict[str, object]:
        found = check_rewards(RewardsConfig(), items[:40], seed=seed).model_dump()
        for one in found["mutations"]:
            del one["seconds"]
        return found

    assert plain(1) == plain(1)


def test_the_limit_is_the_highest_rate_that_passes(items: list[Subject]) -> None:
    config = RewardsConfig(terms=(RewardTerm(kind="correctness", options={"lenient": 0.9}),))
    rate = max(one.rate.value for one in check_rewards(config, items).mutations if one.rate)
    assert check_rewards(config, items, limit=rate).passed
    assert not check_rewards(config, items, limit=rate - 0.01).passed


def test_relevance_is_checked_on_open_prompts() -> None:
    texts = {
        "How does rain form?": ["Water rises as vapour and rain forms when it cools.", "Drops of rain fall."],
        "Why do leaves turn red?": ["Leaves lose their green in autumn.", "Red colours of the leaves then show."],
        "What makes bread rise?": ["Yeast in the bread makes gas.", "The gas makes the bread rise."],
    }
    traces = [make_trace(prompt, steps, "So it is.", answer_kind="open") for prompt, steps in texts.items()]
    found = check_rewards(RewardsConfig(terms=(RewardTerm(kind="relevance"),)), subjects_of_traces(traces))
    assert found.passed
    for name in ("unrelated reasoning", "copied prompt", "placeholder"):
        assert result(found, name).n == 3
    [relevance] = found.terms
    assert relevance.false_positives == 0
    assert relevance.should_not_pay == 9


@pytest.mark.parametrize(
    ("subjects", "error", "told"),
    [
        (lambda: [PRICE], UsageError, "at least two items"),
        (lambda: [PRICE, CITY], DataError, "no gold completion earns more"),
    ],
)
def test_a_check_of_nothing_is_refused(
    subjects: Callable[[], list[Subject]], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=told):
        check_rewards(RewardsConfig(terms=(RewardTerm(kind="relevance"),)), subjects())
