"""The adapter for reasoning-gym: its prompts, its answers and its own scores."""

import pytest

from tunix_rt import tasks
from tunix_rt.errors import MissingError, UsageError

FORM = "<reasoning>\nThink.\n</reasoning>\n<answer>{}</answer><end_of_turn>"


@pytest.mark.parametrize("dataset", ["letter_counting", "chain_sum", "number_sorting", "countdown", "word_sorting"])
def test_own_answers_score_one_and_others_less(dataset: str) -> None:
    task = tasks.load(f"reasoning-gym:{dataset}", limit=5, seed=3)

    assert len(task.items) == 5
    for item in task.items:
        right = task.grade(item, FORM.format(item.target.value), "strict")
        wrong = task.grade(item, FORM.format("nothing like it"), "strict")
        assert (right.value, right.verdict) == (1.0, "equal")
        assert wrong.value is not None
        assert 0 <= wrong.value < 1
        assert wrong.verdict != "equal"


def test_own_scorer_accepts_another_right_answer() -> None:
    task = tasks.load("reasoning-gym:countdown", limit=5, seed=3)
    item = task.items[0]

    score = task.grade(item, FORM.format(f"({item.target.value})"), "strict")

    assert score.value == 1.0  # another text, the same value: the shared grading of texts would say no


def test_strict_needs_the_tags_and_lenient_finds_the_answer() -> None:
    task = tasks.load("reasoning-gym:chain_sum", limit=1, seed=3)
    item = task.items[0]
    text = f"I add it up. The answer is {item.target.value}."

    assert task.grade(item, text, "strict").verdict == "parse_fail"
    assert task.grade(item, text, "lenient").value == 1.0


def test_same_seed_same_digest() -> None:
    name = "reasoning-gym:chain_sum"

    assert tasks.load(name, limit=8, seed=3).digest == tasks.load(name, limit=8, seed=3).digest
    assert tasks.load(name, limit=8, seed=3).digest != tasks.load(name, limit=8, seed=4).digest


def test_unknown_data_set_suggests_the_nearest() -> None:
    with pytest.raises(MissingError, match="did you mean reasoning-gym:chain_sum"):
        tasks.load("reasoning-gym:chain_sums")


def test_data_set_that_needs_more_than_a_size_is_refused() -> None:
    with pytest.raises(UsageError, match="from a size and a seed alone"):
        tasks.load("reasoning-gym:composite", limit=2)


def test_data_set_without_a_single_answer_is_scored_by_its_own_rules() -> None:
    task = tasks.load("reasoning-gym:graph_color", limit=2, seed=3)

    score = task.grade(task.items[0], FORM.format("{}"), "strict")

    assert score.value is not None
    assert score.value < 1
    assert "no single answer" in score.explanation or score.verdict == "parse_fail"
