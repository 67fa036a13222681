"""Completions: where the reasoning ends, what the answer is, and which steps it took."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunix_rt.importers.problems import RowProblem
from tunix_rt.importers.reasoning import MAX_STEP, MAX_STEPS, find_answer, read_completion, split_steps


@pytest.mark.parametrize(
    ("text", "answer", "steps"),
    [
        ("a\nb\n#### 1,080", "1,080", ["a", "b"]),
        ("so \\boxed{\\frac{1}{2}}.", "\\frac{1}{2}", ["so \\boxed{\\frac{1}{2}}."]),
        ("a\n**Final answer:** 3.5.", "3.5", ["a"]),
        ("First a. So the answer is 12.", "12", ["First a. So the answer is 12."]),
        ("reasoned</think>\nyes", "yes", ["reasoned"]),
        ("<thinking>a\n\nb\nc</thinking>long text", "long text", ["a", "b\nc"]),
        ("<think>a</think>It follows.\nAnswer: 5", "5", ["a", "It follows."]),
        ("<reasoning>\na\n</reasoning>\n<answer>5</answer>", "5", ["a"]),
        ("a\n<answer>5</answer>", "5", ["a"]),
    ],
)
def test_completions_are_read(text: str, answer: str, steps: list[str]) -> None:
    reasoning = read_completion(text)
    assert (reasoning.answer, reasoning.steps, reasoning.marked) == (answer, steps, True)


def test_a_plain_text_is_its_own_answer() -> None:
    assert read_completion("Blue.\nOr red.") == (["Blue.", "Or red."], "Blue.\nOr red.", False)
    assert find_answer("Blue.") is None


@pytest.mark.parametrize("text", ["<think>cut", "<think>a</think> ", "<reasoning>\na\n</reasoning>\n<answer>5"])
def test_cut_completions_are_refused(text: str) -> None:
    with pytest.raises(RowProblem):
        read_completion(text)


def test_steps_keep_code_and_indentation_together() -> None:
    assert split_steps("a\n  b\nc") == ["a\n  b", "c"]
    assert split_steps("a\n\n```\nx\n\n  y\n```\n\nb") == ["a", "```\nx\n\n  y\n```", "b"]


@settings(deadline=None)
@given(st.text(alphabet="ab \n\t`", max_size=300))
def test_splitting_into_steps_loses_no_letter(text: str) -> None:
    steps = split_steps(text)
    assert Counter("".join("".join(steps).split())) == Counter("".join(text.split()))
    assert all(step == step.strip() and step for step in steps)


def test_very_long_reasoning_fits_the_limits_of_a_trace() -> None:
    steps = split_steps("\n".join(f"line {number}" for number in range(2500)) + "\n" + "word " * 10_000)
    assert len(steps) <= MAX_STEPS
    assert max(map(len, steps)) <= MAX_STEP
    assert "line 2499" in "".join(steps)
