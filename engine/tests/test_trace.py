"""The prompt contract: what is rendered reads back, what would lose a part is refused, any text parses to something."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tunix_rt.errors import RenderError
from tunix_rt.trace import (
    CONTRACT_DIGEST,
    END_OF_TURN,
    PROMPT_PREFIX,
    START_OF_TURN,
    ReasoningTrace,
    TraceStep,
    canonical,
    make_trace,
    parse_completion,
    parse_text,
    render,
    render_prompt,
)

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), min_size=1, max_size=60)


TAGS = ("<reasoning>", "</reasoning>", "<answer>", "</answer>")


def sane(text: str) -> bool:
    return text == text.strip() and bool(text) and not any(marker in text for marker in TAGS)


PART = TEXT.filter(sane)


@given(prompt=TEXT, steps=st.lists(PART, min_size=1, max_size=5), answer=PART)
def test_rendered_trace_reads_back(prompt: str, steps: list[str], answer: str) -> None:
    trace = make_trace(prompt, steps, answer, source="test")
    rendered = render(trace)
    assert parse_text(rendered.text) == canonical(trace)
    parsed = parse_completion(rendered.completion)
    assert (parsed.steps, parsed.answer, parsed.well_formed) == (steps, answer, True)
    assert parse_completion(rendered.completion.removesuffix(END_OF_TURN)) == parsed


@given(
    st.lists(st.sampled_from([*"ab \n<>/", *TAGS, END_OF_TURN, "<reasoning>\n", "\n</reasoning>\n<answer>"])).map(
        "".join
    )
)
def test_any_completion_parses_without_an_error(text: str) -> None:
    parsed = parse_completion(text)
    if parsed.well_formed:
        assert parsed.answer
        assert parsed.steps


def test_rendered_text_is_the_contract() -> None:
    rendered = render(make_trace("2 + 3?", ["2 + 3 = 5", "check:\n5 - 3 = 2"], "5"))
    assert rendered.prompt == PROMPT_PREFIX + f"2 + 3?{END_OF_TURN}\n{START_OF_TURN}model\n"
    assert rendered.completion == (
        f"<reasoning>\n2 + 3 = 5\ncheck:\n  5 - 3 = 2\n</reasoning>\n<answer>5</answer>{END_OF_TURN}"
    )


def test_contract_digest_is_frozen() -> None:
    # A change of the contract needs a new CONTRACT_VERSION: datasets, runs and evaluations record this digest.
    assert CONTRACT_DIGEST == "sha256:624ef4f936b41539408620a5f2abdef9783dd978c3901c9a3b01548e8e86ed0a"


@pytest.mark.parametrize(
    ("trace", "part"),
    [
        (make_trace(f"a {END_OF_TURN}", ["b"], "c"), "the prompt"),
        (make_trace("a", ["b", "<answer>"], "c"), "step 2"),
        (make_trace("a", [" b"], "c"), "step 1"),
        (make_trace("a", ["b"], "c\n"), "the answer"),
        (make_trace("a", ["b"], "</answer>"), "the answer"),
    ],
)
def test_trace_that_would_lose_a_part_is_refused(trace: ReasoningTrace, part: str) -> None:
    with pytest.raises(RenderError, match=part):
        render(trace)


@pytest.mark.parametrize("text", ["", "no turns", PROMPT_PREFIX + "only a prompt"])
def test_text_outside_the_contract_is_refused(text: str) -> None:
    with pytest.raises(RenderError, match="prompt contract"):
        parse_text(text)


@pytest.mark.parametrize(
    ("completion", "steps", "answer"),
    [
        ("<answer>5</answer>", [], "5"),
        ("<answer>4</answer> or <answer>5</answer>", [], "5"),
        ("<reasoning>\n2 + 3 = 5\n</reasoning>\n<answer>5", ["2 + 3 = 5"], None),
        ("Sure!\n<reasoning>\n2 + 3 = 5\n</reasoning>\n<answer>5</answer>", ["2 + 3 = 5"], "5"),
        ("<reasoning>\na\n</reasoning>\n<answer>5</answer> and more", ["a"], "5"),
        ("<reasoning>\n\n</reasoning>\n<answer> </answer>", [], None),
        ("the answer is 5", [], None),
    ],
)
def test_broken_completion_gives_what_can_be_found(completion: str, steps: list[str], answer: str | None) -> None:
    parsed = parse_completion(completion)
    assert (parsed.steps, parsed.answer, parsed.well_formed) == (steps, answer, False)


def test_limits_are_kept() -> None:
    with pytest.raises(ValidationError, match="unique"):
        ReasoningTrace(prompt="a", steps=[TraceStep(i=1, content="b"), TraceStep(i=1, content="c")], final_answer="d")
    for wrong in (
        {"prompt": "", "steps": [{"i": 1, "content": "b"}], "final_answer": "d"},
        {"prompt": "a", "steps": [], "final_answer": "d"},
        {"prompt": "a", "steps": [{"i": 1, "content": "b" * 20_001}], "final_answer": "d"},
        {"prompt": "a" * 50_001, "steps": [{"i": 1, "content": "b"}], "final_answer": "d"},
    ):
        with pytest.raises(ValidationError):
            ReasoningTrace.model_validate(wrong)


def test_prompt_with_a_turn_marker_is_refused() -> None:
    with pytest.raises(RenderError, match="start_of_turn"):
        render_prompt(f"a {START_OF_TURN}")
