"""The budget: promises hold and the sum never exceeds the budget, whatever the phases do up to their deadlines."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt.budget import Budget, process_started
from tunix_rt.errors import BudgetError


class Clock:
    """A clock that only moves when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_plan_follows_the_shares() -> None:
    budget = Budget(10, {"sft": 3, "tuned": 1}, reserved={"tuned"}, clock=Clock())
    assert {name: phase.planned for name, phase in budget.report().phases.items()} == {"sft": 450.0, "tuned": 150.0}


def test_time_left_over_goes_to_the_next_phase() -> None:
    clock = Clock()
    budget = Budget(10, {"base": 0.4, "sft": 0.4, "tuned": 0.2}, reserved={"tuned"}, clock=clock)
    with budget.phase("base") as deadline:
        assert deadline == 100 + 600 - 120 - 120  # half of the plan of sft and the whole of tuned are kept
        clock.now += 60
    with budget.phase("sft") as deadline:
        assert deadline == 100 + 600 - 120


def test_measured_speed_changes_what_is_kept() -> None:
    clock = Clock()
    budget = Budget(10, {"base": 0.2, "sft": 0.6, "tuned": 0.2}, reserved={"tuned"}, clock=clock)
    with budget.phase("base"):
        clock.now += 60
    assert budget.expect("tuned", 30) == 30
    assert budget.deadline("sft") == 100 + 600 - 30
    assert budget.expect("tuned", 10_000) == 600 - 60 - 180  # the half of sft stays promised
    with budget.phase("sft"), pytest.raises(BudgetError, match="has begun"):
        budget.expect("sft", 1)


def test_a_phase_at_work_gets_what_later_ones_turn_out_not_to_need() -> None:
    clock = Clock()
    budget = Budget(10, {"sft": 0.6, "tuned": 0.3, "report": 0.1}, reserved={"tuned", "report"}, clock=clock)
    with pytest.raises(BudgetError, match="no phase is at work"):
        budget.extended()
    with budget.phase("sft") as deadline:
        clock.now += 300
        budget.expect("tuned", 60)
        assert budget.extended() == deadline + 120 == 100 + 600 - 60 - 60
        budget.expect("tuned", 600)
        assert budget.extended() == deadline + 120, "what was given is not taken back"
    assert budget.report().phases["sft"].allowed == deadline - 100 + 120


def test_expectation_never_moves_a_deadline_that_was_given() -> None:
    clock = Clock()
    budget = Budget(10, {"base": 0.2, "sft": 0.6, "tuned": 0.2}, clock=clock)
    with budget.phase("base") as deadline:
        granted = budget.expect("tuned", 10_000)
        assert deadline + granted + 180 <= budget.end


def test_an_overrun_is_shared_out() -> None:
    clock = Clock()
    budget = Budget(1, {"a": 0.5, "b": 0.3, "c": 0.2}, reserved={"b", "c"}, clock=clock)
    with budget.phase("a"):
        clock.now += 50  # 20 s too long: 10 s remain where 30 s were promised
    with budget.phase("b") as deadline:
        assert deadline == pytest.approx(100 + 50 + 10 * 18 / 30)


def test_wrong_use_is_refused() -> None:
    budget = Budget(1, {"a": 1.0}, clock=Clock())
    with budget.phase("a"):
        pass
    for wrong in (lambda: budget.phase("a").__enter__(), lambda: budget.phase("z").__enter__()):
        with pytest.raises(BudgetError, match="not open"):
            wrong()
    with pytest.raises(BudgetError, match="not planned"):
        Budget(1, {"a": 1.0}, reserved={"z"})
    with pytest.raises(BudgetError, match="above 0"):
        Budget(0, {"a": 1.0})


def test_the_process_started_before_now() -> None:
    assert 0 < time.monotonic() - process_started() < 3600


@given(
    shares=st.lists(st.floats(0.01, 1), min_size=1, max_size=8),
    minutes=st.floats(0.5, 600),
    data=st.data(),
)
def test_phases_that_keep_their_deadlines_keep_the_budget(
    shares: list[float], minutes: float, data: st.DataObject
) -> None:
    clock = Clock()
    names = [f"p{number}" for number in range(len(shares))]
    reserved = data.draw(st.sets(st.sampled_from(names)))
    budget = Budget(minutes, dict(zip(names, shares, strict=True)), reserved=reserved, clock=clock)
    slack = 1e-6 * minutes * 60
    promised = {name: budget._phases[name].promised for name in names}
    for number, name in enumerate(names):
        if data.draw(st.booleans()):
            continue  # a phase may be left out
        with budget.phase(name) as deadline:
            assert deadline - clock.now >= promised[name] - slack
            for later in names[number + 1 :]:
                if data.draw(st.booleans()):
                    promised[later] = budget.expect(later, data.draw(st.floats(0, 60 * minutes)))
            clock.now += (deadline - clock.now) * data.draw(st.floats(0, 1))
    assert budget.used <= 60 * minutes + slack
    assert sum(phase.used or 0 for phase in budget._phases.values()) <= 60 * minutes + slack
