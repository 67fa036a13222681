"""The session planner: what it promises, and two hundred simulated sessions on machines that misbehave."""

import statistics

import pytest

from simulated_session import COURSE, SHARES, Attempt, Kept, Load, Machine, simulate
from tunix_rt.errors import BudgetError
from tunix_rt.session_planner import SessionPlanner, export_seconds

QUICK = Load(
    dataset=1, model=5, compiling=2, item=0.2, items=60, sft_step=0.5, sft_most=10_000, grpo_step=2, checkpoint=0.2,
    export=4, report=1, weight_bytes=2**20,
)  # fmt: skip


def planner(minutes: float, machine: Machine) -> SessionPlanner:
    return SessionPlanner(minutes, SHARES, started=0.0, clock=machine)


def test_two_hundred_sessions_end_in_time_with_weights_and_an_evaluation() -> None:
    outcomes = [simulate(seed) for seed in range(200)]
    assert sum(outcome.attempts > 1 for outcome in outcomes) > 40, "many are killed and go on"
    for outcome in outcomes:
        assert outcome.longest <= 1, outcome
        assert outcome.kept.weights, outcome
        assert outcome.kept.steps["sft"] > 0, outcome
        assert outcome.kept.scored["tuned"] > 0, outcome
        assert outcome.kept.report, outcome
    assert sum(outcome.kept.steps["grpo"] > 0 for outcome in outcomes) > 190, "it is seldom left out"
    assert statistics.median(outcome.used for outcome in outcomes) >= 0.9
    whole = [outcome for outcome in outcomes if outcome.kept.scored["tuned"] == outcome.kept.scored["base_contract"]]
    assert len(whole) > 160, "a measurement is seldom cut short"


def test_undisturbed_session_does_everything_in_its_budget() -> None:
    machine, kept = Machine(), Kept()
    Attempt(planner(10, machine), machine, QUICK, kept).run()
    assert 540 < machine() <= 600
    assert kept.scored == dict.fromkeys(("base_contract", "base_few_shot", "sft", "tuned"), 60)
    assert kept.exports == 3


def test_work_that_slows_down_threefold_for_good_ends_in_time() -> None:
    for share in (0.0, 0.2, 0.5, 0.75, 0.85, 0.9, 0.95):
        machine, kept = Machine(slow_from=600 * share, factor=3.0), Kept()
        Attempt(planner(10, machine), machine, QUICK, kept).run()
        assert machine() <= 600, share
        assert kept.scored["tuned"] > 0
        assert kept.report


def refusal(minutes: float, kept: Kept) -> BudgetError | None:
    """Return why a session cannot be run in so many minutes, or None after it was, in time."""
    machine = Machine()
    try:
        Attempt(planner(minutes, machine), machine, QUICK, kept).run()
    except BudgetError as error:
        return error
    assert machine() <= 60 * minutes
    return None


@pytest.mark.parametrize("minutes", [0.1, 0.3, 0.5])
def test_budget_that_is_too_short_is_refused_with_one_that_is_not(minutes: float) -> None:
    refused = refusal(minutes, Kept())
    assert refused is not None
    assert refused.minutes is not None
    assert minutes < refused.minutes < 5
    assert "too short for one update of phase 'sft'" in str(refused)
    assert f"--time-budget-minutes {refused.minutes:g}" in str(refused)
    assert refusal(refused.minutes, kept := Kept()) is None
    assert min(kept.steps.values()) > 0


def test_time_that_base_and_fine_tuning_leave_goes_to_reinforcement_learning() -> None:
    machine, kept = Machine(), Kept()
    Attempt(planner(10, machine), machine, QUICK, kept).run()
    more = Kept()
    machine = Machine()
    short = Load(**{**vars(QUICK), "sft_most": 10})
    Attempt(planner(10, machine), machine, short, more).run()
    assert more.steps["grpo"] > kept.steps["grpo"]
    assert machine() > 540


def test_items_are_as_many_as_the_planned_time_allows() -> None:
    found = planner(10, Machine())
    # 96 s are planned for the base, half of them for each measurement.
    assert found.items(1000, 40, tokens_per_second=200, max_new_tokens=96) == 100
    assert found.items(1000, 120, tokens_per_second=200, max_new_tokens=96) == 120, "never fewer than asked for"
    assert found.items(50, 40, tokens_per_second=200, max_new_tokens=96) == 50


def test_exports_are_promised_what_they_need_and_no_more_than_planned() -> None:
    assert export_seconds(100_000_000) == 12
    assert export_seconds(100_000_000, last=5.0) == 10
    found = planner(60, Machine())
    assert found.expect_exports(100_000_000, 3) == 36
    assert planner(1, Machine()).expect_exports(100_000_000, 3) == pytest.approx(60 * 0.07)


def test_refusal_without_missing_seconds_is_passed_on() -> None:
    error = BudgetError("memory")
    assert planner(1, Machine()).too_short("sft", error) is error


def test_course_is_that_of_a_real_configuration() -> None:
    assert (COURSE.eval_every_steps, COURSE.checkpoint_every_steps) == (25, 25)
