"""What graders say of a trace: form without a prize for length, arithmetic computed again, and the answer."""

import pytest

from tunix_rt.trace import ReasoningTrace, TraceStep, make_trace
from tunix_rt_backend.services.scores import answer, arithmetic, structure

GOOD = make_trace("What is 2 + 2 + 3?", ["First 2 + 2 = 4.", "Then 4 + 3 = 7."], "7")


def failed(trace: ReasoningTrace) -> set[str]:
    return {name for name, held in structure(trace).details["checks"].items() if not held}


def test_a_sound_trace_has_the_full_score() -> None:
    assert structure(GOOD).score == 100.0
    assert failed(GOOD) == set()


@pytest.mark.parametrize(
    ("check", "trace"),
    [
        ("no_step_repeats_another", make_trace("p", ["Add 2 + 2.", "add 2 +  2", "so 4"], "4")),
        ("no_step_repeats_the_prompt", make_trace("What is it?", ["what is it", "It is 4."], "4")),
        ("every_step_has_words", make_trace("p", ["—", "It is 4."], "4")),
        ("more_than_the_answer", make_trace("p", ["4"], "4")),
        ("last_step_names_the_answer", make_trace("p", ["It is 4.", "Now I check."], "4")),
        ("last_step_names_the_answer", make_trace("p", ["It is 41."], "4")),
        ("reasoning_was_marked", make_trace("p", ["It is 4."], "4", reasoning="absent")),
    ],
)
def test_a_weak_form_costs_its_check(check: str, trace: ReasoningTrace) -> None:
    assert failed(trace) == {check}
    assert 0 < structure(trace).score < 100  # type: ignore[operator]


def test_steps_out_of_order_cost_their_check() -> None:
    steps = [TraceStep(i=2, content="first"), TraceStep(i=1, content="so 4")]
    assert failed(ReasoningTrace(prompt="p", steps=steps, final_answer="4")) == {"numbered_in_order"}


def test_length_earns_nothing() -> None:
    """In the prior system ten steps of 500 characters of anything scored 100."""
    padded = make_trace("p", ["x" * 500] * 10, "7")
    assert structure(padded).score < structure(GOOD).score  # type: ignore[operator]


def test_an_answer_with_separators_is_recognised() -> None:
    assert failed(make_trace("p", ["That makes 1,000 in all."], "1000")) == set()


def test_arithmetic_counts_equations() -> None:
    trace = make_trace("p", ["2 + 2 = 4 and 3 * 3 = 9", "9 - 4 = 6", "nothing"], "6")
    verdict = arithmetic(trace)
    assert verdict.score == pytest.approx(200 / 3)
    assert (verdict.details["right"], verdict.details["checked"]) == (2, 3)
    wrong = {"text": "9 - 4 = 6", "verdict": "wrong", "found": "6", "expected": "5"}
    assert verdict.details["steps"][1] == {"i": 2, "verdict": "wrong", "wrong": [wrong]}
    assert verdict.details["whole"]


def test_arithmetic_reads_a_bounded_part_of_a_very_long_trace() -> None:
    verdict = arithmetic(make_trace("p", ["1 + 1 = 2", *["x" * 20_000] * 5, "1 + 1 = 3"], "2"))
    assert (verdict.score, verdict.details["whole"]) == (100.0, False)


def test_arithmetic_without_an_equation_is_none_with_a_reason() -> None:
    verdict = arithmetic(make_trace("p", ["think"], "4"))
    assert verdict.score is None
    assert "equation" in verdict.details["reason"]


@pytest.mark.parametrize(
    ("last", "final", "meta", "score"),
    [
        ("So 4 + 3 = 7.", "7", {}, 100.0),
        ("So it is 8.", "7", {}, 0.0),
        ("That is 1,000 dollars.", "1000", {}, 100.0),
        ("The capital is Paris.", "Paris", {}, 100.0),
        ("The capital is Rome.", "Paris", {}, 0.0),
        ("So the answer is (B).", "B", {"answer_kind": "choice", "choices": ["x", "y"]}, 100.0),
        ("Whatever.", "an essay", {"answer_kind": "open"}, None),
        ("blue", "blue", {"answer_kind": "number"}, None),
        ("blue", "blue", {"answer_kind": ["nonsense"]}, None),
        ("so 7", "7", {"choices": "nonsense"}, 100.0),
    ],
)
def test_the_answer_is_compared_with_the_last_step(
    last: str, final: str, meta: dict[str, object], score: float | None
) -> None:
    verdict = answer(make_trace("p", ["think", last], final, **meta))
    assert verdict.score == score
    assert bool(verdict.details.get("reason")) == (score is None)
