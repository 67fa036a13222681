"""Rewards: the weighted sum, clipping, faults that hurt nobody, the fading of the format, and its exact resume."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from rewarded import LIMIT, PROMPT, STEPS, case, completion, written
from tunix_rt.errors import DataError
from tunix_rt.prompt import contract_form
from tunix_rt.rewards import Rewards, RewardsConfig, RewardTerm
from tunix_rt.trace import make_trace

GOOD, WRONG, BARE = written(), written(answer="11"), "10"
PEARS = make_trace(PROMPT, list(STEPS), "10", id="pears", answer_kind="number")


def rewards(*terms: RewardTerm, **fields: Any) -> Rewards:
    config = RewardsConfig(terms=terms, **fields) if terms else RewardsConfig(**fields)
    return Rewards(config, contract_form(), LIMIT)


def test_the_default_pays_a_right_answer_and_a_little_form() -> None:
    scored = rewards().score([PEARS] * 3, [completion(text) for text in (GOOD, WRONG, BARE)])
    assert [reward.total for reward in scored] == [1.2, 0.2, 0.0]
    assert scored[1].terms == {"correctness": 0.0, "format": 1.0}


def test_the_total_is_the_weighted_sum_of_what_is_said() -> None:
    made = rewards(
        RewardTerm(kind="correctness", weight=2),
        RewardTerm(kind="steps", weight=0.5),
        RewardTerm(kind="follows", weight=0.25),
        RewardTerm(kind="length", weight=0.1),
        RewardTerm(kind="relevance", weight=5),
        RewardTerm(kind="format", weight=0),
    )
    half = written(("3 * 4 = 13", "12 - 2 = 10"))
    [one] = made.score([PEARS], [completion(half, tokens=90)])
    terms = {
        "correctness": 1,
        "steps": 0.5,
        "follows": 1,
        "length": pytest.approx(-0.5),
        "relevance": None,
        "format": 1,
    }
    assert one.terms == terms
    assert one.total == pytest.approx(2 + 0.25 + 0.25 - 0.05)
    assert one.faults == {}
    assert made.names == ["correctness", "steps", "follows", "length", "relevance", "format"]


def test_a_total_is_clipped_at_both_ends() -> None:
    made = rewards(RewardTerm(kind="correctness"), RewardTerm(kind="length"), clip=(-0.5, 0.75))
    scored = made.score_cases([case(GOOD), case(WRONG, finish="length"), case(WRONG)])
    assert [reward.total for reward in scored] == [0.75, -0.5, 0.0]


def test_a_fault_leaves_its_term_out_for_the_whole_group_and_for_no_other() -> None:
    made = rewards(RewardTerm(kind="correctness"), RewardTerm(kind="format", weight=0.2))
    cases = [
        case(GOOD, group="a"),
        case(GOOD, group="a", value="no number"),  # the grader refuses such a target
        case(GOOD, group="b"),
        case(WRONG, group="b"),
    ]
    scored = made.score_cases(cases)
    assert [reward.total for reward in scored] == [0.2, 0.2, 1.2, 0.2]
    assert [reward.terms["correctness"] for reward in scored] == [1.0, None, 1.0, 0.0]
    assert [list(reward.faults) for reward in scored] == [[], ["correctness"], [], []]
    assert made.faults == {"correctness": 1}
    assert made.scored == 4


def fading(window: int = 4) -> Rewards:
    return rewards(
        RewardTerm(kind="correctness"),
        RewardTerm(kind="format", weight=0.2, options={"decay_at": 0.5, "window": window}),
    )


def test_the_format_fades_once_enough_are_well_formed_and_comes_back() -> None:
    made = fading()
    seen = []
    for text in [GOOD, BARE, GOOD, BARE, GOOD, GOOD, GOOD, BARE, BARE, BARE]:
        made.score_cases([case(text)])
        seen.append(round(made.weights["format"], 6))
    # below four nothing fades; then 2, 2, 3, 3, 3, 2, 1 of the newest four are in form: all at 2, half of it at 3
    assert seen == [0.2, 0.2, 0.2, 0.2, 0.2, 0.1, 0.1, 0.1, 0.2, 0.2]
    made.score_cases([case(GOOD)] * 4)
    [paid] = made.score_cases([case(GOOD)])
    assert made.weights["format"] == 0.0
    assert paid.total == 1.0
    assert paid.terms["format"] == 1.0


def test_one_call_has_one_set_of_weights() -> None:
    made = fading()
    assert {reward.total for reward in made.score_cases([case(GOOD)] * 9)} == {1.2}
    assert {reward.total for reward in made.score_cases([case(GOOD)] * 9)} == {1.0}


def test_the_format_need_not_fade() -> None:
    made = rewards(RewardTerm(kind="format", weight=0.2, options={"decay_at": None}))
    for _ in range(3):
        assert [reward.total for reward in made.score_cases([case(GOOD)] * 300)] == [0.2] * 300


@given(st.lists(st.sampled_from([GOOD, WRONG, BARE]), max_size=30), st.integers(0, 30))
def test_restored_rewards_go_on_to_the_same_totals(texts: list[str], cut: int) -> None:
    straight, before = fading(), fading()
    expected = [straight.score_cases([case(text)])[0] for text in texts]
    for text in texts[:cut]:
        before.score_cases([case(text)])
    after = fading()
    after.restore(json.loads(json.dumps(before.state())))
    assert [after.score_cases([case(text)])[0] for text in texts[cut:]] == expected[cut:]
    assert after.state() == straight.state()


def test_a_trace_without_a_usable_target_is_refused() -> None:
    broken = make_trace(PROMPT, list(STEPS), "10", id="odd", answer_kind="numeral")
    with pytest.raises(DataError, match="trace odd cannot be rewarded"):
        rewards().score([broken], [completion(GOOD)])
    with pytest.raises(DataError, match="2 completions came for 1 traces"):
        rewards().score([PEARS], [completion(GOOD)] * 2)


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"terms": [{"kind": "correctnes"}]}, "terms.0.kind"),
        ({"terms": [{"kind": "format", "options": {"decayat": 0.9}}]}, "did you mean 'decay_at'?"),
        ({"terms": [{"kind": "steps", "options": {"strict": True}}]}, "known options: none"),
        ({"terms": [{"kind": "correctness", "options": {"lenient": 1.5}}]}, "option 'lenient' of correctness"),
        ({"terms": [{"kind": "judge"}]}, "option 'url' of judge"),
        ({"terms": [{"kind": "judge", "options": {"url": "file:///etc/passwd"}}]}, "address of a service"),
        ({"terms": [{"kind": "format", "weight": -1}]}, "greater than or equal to 0"),
        ({"terms": [{"kind": "format", "weight": float("nan")}]}, "finite"),
        ({"terms": [{"kind": "format"}, {"kind": "format"}]}, "twice there: format"),
        ({"terms": [{"kind": "format", "weight": 0}]}, "a weight above 0"),
        ({"terms": []}, "at least 1"),
        ({"clip": [1, 1]}, "the lower end first"),
    ],
)
def test_a_configuration_that_cannot_pay_is_refused(values: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError) as caught:
        RewardsConfig.model_validate(values)
    assert told in str(caught.value).replace("\n", ".")


def test_the_digest_names_what_is_paid() -> None:
    spelled = RewardsConfig.model_validate(
        {"terms": [{"kind": "correctness", "options": {"lenient": 0}}, {"kind": "format", "weight": 0.2}]}
    )
    assert spelled.digest == RewardsConfig().digest
    assert RewardsConfig(clip=(0, 1)).digest != RewardsConfig().digest
    assert RewardsConfig(terms=(RewardTerm(kind="correctness"),)).digest != RewardsConfig().digest
