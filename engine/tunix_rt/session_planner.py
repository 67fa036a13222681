"""The session planner: what each phase of a session may take, from its budget and from speeds as they are measured.

It does no work and moves no clock, so that a session can be simulated. Its promise, held by two hundred simulated
sessions (engine/tests/test_session_planner.py): work that slows down to a third at any moment still ends in time, with
weights and an evaluation.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping

from tunix_rt.budget import Budget
from tunix_rt.errors import BudgetError

RESERVED = ("grpo", "tuned", "export", "report")
"""Phases whose time is never given to earlier ones: without the last three a session has nothing to show."""
_DISK, _PASSES, _START = 100e6, 4, 8.0
"""Bytes a second of a slow disk; how often an export writes, hashes and reads a weight; seconds to load and compare."""
_LOADING = 15.0
"""Seconds to load and compile a tuned model at most; a budget in which they are over 2 % is that of a tiny model."""


class SessionPlanner:
    """The budget of one session (or of what a resumed one still has to do) and what is promised from it."""

    def __init__(
        self,
        minutes: float,
        shares: Mapping[str, float],
        *,
        started: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Plan `minutes` from `started` (None: now) over phases in order, by their shares."""
        reserved = [name for name in RESERVED if name in shares]
        self.budget = Budget(minutes, shares, reserved=reserved, started=started, clock=clock)
        self._clock = clock
        self._shares = dict(shares)
        self._measurement = 0.0
        """Seconds of one measurement of the base at most, once its speed is known."""
        self._exports = 0.0
        """Seconds of all exports at most, once the size of the weights is known."""

    def items(self, available: int, least: int, tokens_per_second: float, max_new_tokens: int) -> int:
        """Return how many items are measured: twice on the base, in the time that is planned for it, never fewer."""
        fits = int(self._planned("base") * tokens_per_second / (2 * max_new_tokens))
        items = min(available, max(least, fits))
        self._measurement = items * max_new_tokens / tokens_per_second
        return items

    def first_base_deadline(self, deadline: float) -> float:
        """Return by when the first of the two measurements of the base ends; it is the longer one."""
        now = self._clock()
        return now + 0.6 * (deadline - now)

    def expect_measurement(self, phase: str, seconds: float) -> float:
        """Promise the measurement of a tuned model what one like it took before, and some more.

        Of the base's, that is the quicker one: it never ends an answer under our prompt, while a tuned model does, as
        the base does after examples. A model that does not end its answers either is cut short by its deadline.
        """
        return self.budget.expect(phase, min(_LOADING, 1.2 * self.budget.minutes) + 1.3 * seconds)

    def expect_exports(self, weight_bytes: int, formats: int) -> float:
        """Promise the exports what they need at worst, if that is less than planned; return what is promised."""
        self._exports = formats * export_seconds(weight_bytes)
        return self.budget.expect("export", min(self._exports, self._planned("export")))

    def too_short(self, phase: str, error: BudgetError) -> BudgetError:
        """Return the refusal of a phase that has no time for one update, with the budget that would do."""
        if error.missing is None:
            return error
        least = math.ceil(10.5 * self._least_minutes(phase, error.missing)) / 10
        return BudgetError(
            f"the budget of {self.budget.minutes:g} minutes is too short for one update of phase {phase!r}: {error}; "
            f"it needs about {least:g} minutes: say --time-budget-minutes {least:g}",
            missing=error.missing,
            minutes=least,
        )

    def _least_minutes(self, phase: str, missing: float) -> float:
        """Return a budget in which a phase finds so many seconds more, and all others are done as they should be.

        What was used is used again, with the base measured whole; some later phases need seconds, others a share.
        """
        total = sum(self._shares.values())
        names = list(self._shares)
        later = names[names.index(phase) + 1 :]
        report = self.budget.report().phases
        base = report["base"].used or 0.0
        measured = max(2 * self._measurement, base)
        before = self.budget.used - base + max(0.0, self.budget.deadline(phase) - self._clock()) + missing
        seconds = {"tuned": _LOADING + 1.3 * measured / 2, "export": self._exports}
        fixed = before + measured + sum(size for name, size in seconds.items() if name in later)
        part = sum(self._shares[name] for name in later if name not in seconds) / total
        least = fixed / (1 - part)
        if least * self._shares["base"] / total > measured:  # more time would mean more items
            least = (fixed - measured) / (1 - part - self._shares["base"] / total)
        return max(least / 60, self.budget.minutes)

    def _planned(self, phase: str) -> float:
        return 60 * self.budget.minutes * self._shares[phase] / sum(self._shares.values())


def export_seconds(weight_bytes: int, last: float | None = None) -> float:
    """Return what must be left for one export, which cannot be cut short: twice what the `last` one took.

    Before one was timed: every weight is written, hashed and read back, at what a slow disk does.
    """
    return _START + _PASSES * weight_bytes / _DISK if last is None else 2 * last
