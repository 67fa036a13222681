"""Strict and lenient extraction, and what must never be graded right."""

import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graded import CITIES, completion, target
from tunix_rt.grading import AnswerKind, Score, Target, compare, grade


def test_strict_needs_the_whole_contract() -> None:
    five = target("number", "5")
    good = completion("5")
    assert grade(good, five, mode="strict").value == 1.0
    assert grade(good.removesuffix("<end_of_turn>"), five, mode="strict").value == 1.0
    for bad in (
        "5",
        "#### 5",
        "<answer>5</answer>",
        "<reasoning>\nx\n</reasoning>\n<answer>5",
        "So: " + good,
        good.replace("<end_of_turn>", " and more"),
        good.replace("<answer>5</answer>", "<answer>5</answer><answer>5</answer>"),
        good.replace("A step.", "<answer>5</answer>"),
        good.replace("</reasoning>\n", ""),
        "",
    ):
        score = grade(bad, five, mode="strict")
        assert (score.value, score.verdict, score.answer) == (0.0, "parse_fail", None)
        assert score.explanation.startswith("No answer: ")


@pytest.mark.parametrize(
    "answer", ["1 2 3 4 5 6 7", "5, 6", "5 or 6", "4 5", "x=4, x=5", "4 = 5", "5 6 = 5", "not 5", ">= 5", "1/5/5"]
)
def test_answer_spam_is_not_right_under_strict(answer: str) -> None:
    score = grade(completion(answer), target("number", "5"), mode="strict")
    assert (score.value, score.verdict) == (0.0, "parse_fail"), score.explanation


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("The answer is not 42", None),
        ("The answer is 41, not 42", "41"),
        ("The answer is not 42 but 41.", "41"),
    ],
)
def test_lenient_leaves_out_what_the_answer_is_not(text: str, answer: str | None) -> None:
    assert grade(text, target("number", "42"), mode="lenient").value == 0.0
    assert grade(text, target("number", "41"), mode="lenient").value == float(answer is not None)


def test_lenient_takes_the_last_of_several_answers() -> None:
    text = "<answer>5</answer> or <answer>6</answer>"
    assert grade(text, target("number", "5"), mode="lenient").value == 0.0
    assert grade(text, target("number", "6"), mode="lenient").value == 1.0
    assert grade(completion("4 5 6"), target("number", "5"), mode="lenient").value == 0.0


@pytest.mark.parametrize(
    "text",
    [
        "<answer>72</answer>",
        "<answer>72",
        "70 + 2 = 72\n#### 72 clips",
        "so \\boxed{\\text{72}} it is, 3 times",
        "The answer is 72.",
        "The final answer is: **72** clips. Ask me 5 more",
        "The answer to the problem is $72.00",
        "Answer: seventy-two",
        "She has 70 + 2 = 72 clips",
        "72.\n\nQuestion: What is 5 + 5?\nAnswer: 10",
        "The answer is 72.\n\nQ: next?\nA: The answer is 9.",
        "It is 72<end_of_turn>\n<start_of_turn>user\n9",
    ],
)
def test_lenient_finds_a_number(text: str) -> None:
    score = grade(text, target("number", "72"), mode="lenient")
    assert score.value == 1.0, score.explanation
    assert "found" in score.explanation


@pytest.mark.parametrize(
    "text",
    [
        "The answer is B, not C.",
        "The answer is (B) because A is wrong",
        "I think it is Paris.",
        "A is wrong, so B.",
        "The correct option is (b).",
        "**Answer:** B. Paris",
    ],
)
def test_lenient_finds_a_choice(text: str) -> None:
    assert grade(text, target("choice", "B", choices=CITIES), mode="lenient").value == 1.0


@pytest.mark.parametrize(
    ("kind", "value", "text"),
    [
        ("date", "2024-03-05", "It was on 5 March 2024, a Tuesday"),
        ("time", "15:05", "The train leaves at 3:05 pm, as planned"),
        ("list", "[1, 2]", "Sorted: [2, 1]\nThat gives [1, 2]"),
        ("text", "Paris", "First I think.\nParis."),
        ("text", "Paris", "The answer is Paris. It lies in France."),
        ("python", "[1]", "It prints [1]"),
    ],
)
def test_lenient_finds_other_kinds(kind: AnswerKind, value: str, text: str) -> None:
    score = grade(text, target(kind, value), mode="lenient")
    assert score.value == 1.0, score.explanation


NASTY = {
    "answer tags": "<answer>" * 60_000,
    "closed tags": "<reasoning>\n" + "x\n</reasoning>\n<answer>" * 20_000 + "</answer>",
    "digits": "1" * 1_000_000,
    "groups": "1," * 500_000,
    "apostrophes": "1'" * 500_000,
    "slashes": "1/" * 300_000,
    "numbers": "1 " * 500_000,
    "signs": "- " * 500_000,
    "spaces": "<reasoning>" + " " * 1_000_000,
    "newlines": "\n" * 1_000_000,
    "boxes": "\\boxed{" * 100_000,
    "phrases": "answer to " * 100_000,
    "dollars": "$a" * 300_000,
    "brackets": "[ " * 300_000,
    "labels": "(b) " * 200_000,
    "months": "march 5 " * 100_000,
    "times": "3:05 " * 100_000,
    "ands": " and " * 100_000,
}

NASTY_TARGETS: dict[AnswerKind, str] = {
    "number": "17",
    "text": "x",
    "choice": "D",
    "date": "May 5",
    "time": "noon",
    "set": "1",
    "python": "7",
}


@pytest.mark.parametrize("name", NASTY)
def test_megabytes_do_not_hang_the_grader(name: str) -> None:
    start = time.perf_counter()
    for kind, value in NASTY_TARGETS.items():
        assert grade(NASTY[name], target(kind, value), mode="strict").value == 0.0
        assert grade(NASTY[name], target(kind, value), mode="lenient").value == 0.0
        compare(NASTY[name][:50_000], target(kind, value))
    # Linear patterns need less than 2 s for all of this; a quadratic one needs minutes.
    assert time.perf_counter() - start < 10


KINDS: list[AnswerKind] = ["number", "text", "choice", "date", "time", "list", "set", "python"]


@given(text=st.text(max_size=200), kind=st.sampled_from(KINDS))
def test_any_text_gets_a_score(text: str, kind: AnswerKind) -> None:
    values = {"number": "5", "choice": "B", "date": "2024-03-05", "time": "15:05", "python": "[1]"}
    for mode in ("strict", "lenient"):
        score = grade(text, target(kind, values.get(kind, "x")), mode=mode)  # type: ignore[arg-type]
        assert score.value in (0.0, 1.0)
        assert Score.model_validate_json(score.model_dump_json()) == score


@pytest.mark.parametrize("mode", ["strict", "lenient"])
@pytest.mark.parametrize("completion", ["", "no tags at all", "<reasoning>\na\n</reasoning>\n<answer>b</answer>"])
def test_open_target_is_never_scored_even_where_the_form_is_broken(mode: Any, completion: str) -> None:
    score = grade(completion, Target(kind="open", value=""), mode=mode)
    assert score.value is None
    assert score.verdict is None
