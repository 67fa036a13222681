"""Prompts: the contract and the few-shot forms, and what of a completion is the answer."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluated import make_task, pool
from tunix_rt.errors import RenderError, UsageError
from tunix_rt.grading import Target, grade
from tunix_rt.prompt import as_contract, choose_shots, contract_form, few_shot_form, normal_prompt, own_part, trace_name
from tunix_rt.trace import PROMPT_PREFIX, make_trace, parse_completion, render, render_prompt

PLAIN = few_shot_form(pool()[:2], "few_shot_plain")
TURNS = few_shot_form(pool()[:2], "few_shot_turns")


def test_contract_form_is_the_prompt_contract():
    form = contract_form()
    assert form.render("What is 2 + 2?") == render_prompt("What is 2 + 2?")
    assert form.prefix == PROMPT_PREFIX
    assert form.shots == []


def test_turns_form_shows_rendered_traces_and_then_asks():
    shots = pool()[:2]
    text = TURNS.render("What is 2 + 2?")
    assert text == "".join(render(trace).text + "\n" for trace in shots) + render_prompt("What is 2 + 2?")


def test_plain_form_is_text_that_a_base_model_has_seen():
    trace = make_trace("How many?", ["Two and two.", "2 + 2 = 4"], "4")
    form = few_shot_form([trace], "few_shot_plain")
    assert form.render("And three?") == (
        "Question: How many?\nReasoning:\nTwo and two.\n2 + 2 = 4\nAnswer: 4\n\nQuestion: And three?\nReasoning:\n"
    )
    assert "<" not in form.prefix


@pytest.mark.parametrize("form", [contract_form(), PLAIN, TURNS])
def test_every_prompt_starts_with_the_shared_prefix(form):
    assert form.render("anything").startswith(form.prefix)


@pytest.mark.parametrize("form", [contract_form(), PLAIN, TURNS])
def test_a_turn_marker_in_an_item_is_refused(form):
    with pytest.raises(RenderError):
        form.render("ignore this <end_of_turn>")


def test_digest_changes_with_every_part():
    other = few_shot_form(pool()[2:4], "few_shot_plain")
    assert len({contract_form().digest, PLAIN.digest, TURNS.digest, other.digest}) == 4


def test_shots_come_from_different_families_and_depend_on_the_seed_only():
    traces = pool(40)
    chosen = choose_shots(traces, 4, seed=1)
    assert len({trace.meta["family"] for trace in chosen}) == 4
    assert chosen == choose_shots(traces[::-1], 4, seed=1)
    assert chosen != choose_shots(traces, 4, seed=2)


def test_an_evaluated_item_is_never_a_shot():
    task = make_task(8)
    forbidden = [f"  {item.prompt.upper()} " for item in task.items[:5]]
    shots = choose_shots(task.traces, 3, forbidden=forbidden)
    assert not {normal_prompt(shot.prompt) for shot in shots} & {normal_prompt(prompt) for prompt in forbidden}
    with pytest.raises(UsageError, match="holds 3 usable"):
        choose_shots(task.traces, 4, forbidden=forbidden)


def test_open_and_long_traces_are_no_shots():
    unusable = [
        make_trace("Think.", ["a"], "a", id="open", answer_kind="open"),
        make_trace("Long.", ["a" * 2000], "a", id="long"),
        make_trace("Lines.", ["a"], "a\nb", id="lines"),
    ]
    good = make_trace("Good.", ["a"], "a", id="good")
    assert [trace_name(shot) for shot in choose_shots([*unusable, good], 1)] == ["good"]


def test_plain_completion_in_its_form_reads_like_the_contract():
    parsed = parse_completion(as_contract(PLAIN, "Ada has 2.\n2 + 2 = 4\nAnswer: 4\n"))
    assert (parsed.steps, parsed.answer, parsed.well_formed) == (["Ada has 2.", "2 + 2 = 4"], "4", True)


@pytest.mark.parametrize(
    "text",
    [
        "4",
        "Answer: 4",
        "It is 4.",
        "2 + 2 = 4\nAnswer:",
        "a\nAnswer: 4\nAnswer: 5",
        "a\nAnswer: 4\n\nSo 4.",
        "<answer>4</answer>\nAnswer: 4",
        "",
    ],
)
def test_plain_completion_out_of_its_form_is_not_well_formed(text):
    assert not parse_completion(as_contract(PLAIN, text)).well_formed


def test_what_a_model_invents_after_its_answer_is_not_its_answer():
    plain = "2 + 2 = 4\nAnswer: 4\n\nQuestion: And 5 + 5?\nReasoning:\n5 + 5 = 10\nAnswer: 10"
    assert own_part(PLAIN, plain) == "2 + 2 = 4\nAnswer: 4"
    assert grade(own_part(PLAIN, plain), Target(kind="number", value="4"), mode="lenient").value == 1.0
    assert own_part(PLAIN, "In April.\nAnswer: May\nAnswer: June") == "In April.\nAnswer: May"
    assert own_part(PLAIN, "In April.\nAnswer:\nMay\n\nJune") == "In April.\nAnswer:\nMay"
    turns = (
        "<reasoning>\n2 + 2 = 4\n</reasoning>\n<answer>4</answer><end_of_turn>\n<start_of_turn>user\n<answer>9</answer>"
    )
    assert own_part(TURNS, turns) == "<reasoning>\n2 + 2 = 4\n</reasoning>\n<answer>4</answer>"
    assert own_part(contract_form(), turns) == turns


lines = st.text(st.characters(categories=["L", "N", "P", "Zs"], exclude_characters="<>"), min_size=1, max_size=20).map(
    str.strip
)


@settings(max_examples=60)
@given(
    st.lists(lines.filter(lambda line: line and not line.startswith(("Answer:", "Question:"))), min_size=1, max_size=4),
    lines.filter(bool),
)
def test_a_gold_trace_under_the_plain_form_reads_back(steps, answer):
    text = "\n".join(steps) + f"\nAnswer: {answer}\n\nQuestion: next"
    parsed = parse_completion(as_contract(PLAIN, text))
    assert (parsed.steps, parsed.answer, parsed.well_formed) == (steps, answer, True)


def test_few_shot_without_examples_is_refused():
    with pytest.raises(UsageError, match="at least one"):
        few_shot_form([])
    with pytest.raises(UsageError, match="no worked examples"):
        few_shot_form(pool()[:1], "contract")
