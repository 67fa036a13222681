"""Contamination: what repeats an evaluation item is found, what merely resembles it is not."""

from __future__ import annotations

import pytest

from tunix_rt.dataset.contamination import (
    MAX_EXACT,
    EvaluationIndex,
    Match,
    describe_overlap,
    is_contaminated,
    overlaps,
)
from tunix_rt.dataset.words import words
from tunix_rt.grading import Target
from tunix_rt.tasks import Item, Task

LONG = (
    "A gardener plants seven rows of tulips along the northern wall of the castle and waters them every second "
    "morning with two cans from the well. How many cans does she carry in a month of thirty days?"
)
SHORT = "What is 12 plus 7?"


def task(*prompts: str, name: str = "exam") -> Task:
    target = Target(kind="number", value="1")
    items = tuple(
        Item(id=f"e{number}", prompt=prompt, target=target, family="f", domain="d", difficulty=1)
        for number, prompt in enumerate(prompts)
    )
    return Task(name=name, version="1", split="test", items=items, license="MIT", source="here")


def match(index: EvaluationIndex, prompt: str, steps: str = "") -> Match | None:
    return index.match(words(prompt), words(f"{prompt} {steps}"))


@pytest.mark.parametrize("prompt", [SHORT, "what is 12 PLUS 7", "What  is\n12 plus 7 ?"])
def test_the_same_prompt_is_found_whatever_its_marks(prompt: str) -> None:
    assert match(EvaluationIndex([task(LONG, SHORT)]), prompt) == Match(0, 1, "prompt", 1.0)


def test_thirteen_words_in_a_row_are_found_in_prompt_and_steps() -> None:
    index = EvaluationIndex([task(SHORT), task(LONG)])
    copied = " ".join(LONG.split()[3:16])
    found = match(index, f"Once more: {copied} and so on.")
    assert found is not None
    assert (found.task, found.item, found.kind) == (1, 0, "13-gram")
    assert match(index, "Something else", f"I recall: {copied}") is not None
    assert match(index, "Once more: " + " ".join(LONG.split()[3:15])) is None


def test_half_of_the_runs_of_eight_words_are_found() -> None:
    index = EvaluationIndex([task(LONG)])
    text = LONG.split()
    broken = " ".join(word for start in range(0, len(text), 12) for word in [*text[start : start + 12], "and"])
    assert match(index, broken) is None
    short = "Nine bold knights ride north to find the lost ring of the king and his two sons"
    index = EvaluationIndex([task(short)])
    half = " ".join(short.split()[:12]) + " queen"
    found = match(index, half)
    assert found is not None
    assert (found.kind, found.share) == ("8-gram", 0.5)


def test_a_short_item_is_compared_as_a_whole_only() -> None:
    index = EvaluationIndex([task("How many minutes are there in 5 hours and 20 minutes?")])
    assert match(index, "How many minutes are there in 5 hours and 30 minutes?") is None


def test_the_wording_of_a_task_proves_nothing() -> None:
    form = "Read the following little program very carefully and then say in one word what it will print at last: "
    index = EvaluationIndex([task(*(f"{form} print({number})" for number in range(50)))])
    assert match(index, form + " print('hello')") is None
    assert match(index, form + " print(7)") == Match(0, 7, "prompt", 1.0)


def test_no_task_matches_nothing() -> None:
    assert match(EvaluationIndex([]), LONG) is None


def test_the_report_counts_rows_and_items() -> None:
    index = EvaluationIndex([task(LONG, SHORT), task("Other?", name="other")])
    found = [("a", Match(0, 0, "13-gram", 0.4)), ("b", Match(0, 0, "prompt", 1.0)), ("c", Match(0, 1, "8-gram", 0.5))]
    first, second = overlaps(index, found, 300)
    assert (first.rows, first.items_matched, first.same_prompt, first.long_run, first.short_runs) == (3, 2, 1, 1, 1)
    assert (first.items, first.rows_compared, second.rows) == (2, 300, 0)
    assert "exam: 3 of 300 rows (1.0%) repeat 2 of its 2 items" in describe_overlap(first)
    assert "row a ~ item e0" in describe_overlap(first)
    assert describe_overlap(second) == ""


def test_more_than_one_row_in_a_hundred_or_twenty_exact_ones_are_too_many() -> None:
    index = EvaluationIndex([task(LONG)])
    one = [(str(number), Match(0, 0, "13-gram", 1.0)) for number in range(MAX_EXACT)]
    exact = [(str(number), Match(0, 0, "prompt", 1.0)) for number in range(MAX_EXACT)]
    assert not is_contaminated(overlaps(index, one, 2000))
    assert is_contaminated(overlaps(index, one, 1999))
    assert is_contaminated(overlaps(index, exact, 10_000))
    assert not is_contaminated(overlaps(index, exact[1:], 10_000))
    assert not is_contaminated([])
