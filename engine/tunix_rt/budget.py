"""Budget: divides a session's wall clock into phases with deadlines, and divides again as measured times come in.

It does not know what a phase does, and it never stops one: it says until when a phase may work. Its promise: if every
phase ends by its deadline, the session ends inside its budget, and each later phase still finds what it was promised.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass

from tunix_rt.errors import BudgetError
from tunix_rt.formats import Format

KEPT_WHILE_ELASTIC = 0.5
"""Part of its plan that a phase without a reserve may still count on while earlier phases work."""


class PhaseTime(Format):
    """Planned and measured time of one phase, in seconds."""

    planned: float
    """What the plan gave it when the session began."""
    allowed: float | None
    """What it was allowed when it began; None if it has not begun."""
    used: float | None
    """What it took; None if it has not ended."""


class BudgetReport(Format):
    """What became of a budget."""

    minutes: float
    """The budget."""
    used: float
    """Minutes from the start of the process until now."""
    phases: dict[str, PhaseTime]
    """Every phase, in order."""


@dataclass
class _Phase:
    planned: float
    promised: float
    """Seconds that earlier phases must leave for it."""
    allowed: float | None = None
    used: float | None = None


class Budget:
    """The plan of one session, kept up to date while it runs. Times are those of the given clock, in seconds."""

    def __init__(
        self,
        minutes: float,
        shares: Mapping[str, float],
        *,
        reserved: Collection[str] = (),
        started: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Plan `minutes` from `started` (None: now) over the phases of `shares`, in that order.

        A phase in `reserved` is promised its whole plan whatever happens before it, any other phase half of its plan.
        """
        total = sum(shares.values())
        if minutes <= 0 or not shares or min(shares.values()) <= 0:
            raise BudgetError(f"a budget needs minutes and shares above 0; got {minutes} minutes and {dict(shares)}")
        unknown = set(reserved) - set(shares)
        if unknown:
            raise BudgetError(f"reserved phases {sorted(unknown)} are not planned; planned: {', '.join(shares)}")
        self._clock = clock
        self._start = clock() if started is None else started
        self.minutes = minutes
        self.end = self._start + 60 * minutes
        self._open: str | None = None
        self._open_until: float | None = None
        self._phases: dict[str, _Phase] = {}
        for name, share in shares.items():
            planned = 60 * minutes * share / total
            self._phases[name] = _Phase(planned, planned * (1 if name in reserved else KEPT_WHILE_ELASTIC))

    @property
    def remaining(self) -> float:
        """Seconds until the session must have ended; 0 if that is past."""
        return max(0.0, self.end - self._clock())

    @property
    def used(self) -> float:
        """Seconds since the start."""
        return self._clock() - self._start

    def deadline(self, name: str) -> float:
        """Return the time by which a phase must end, so that all later phases find what they were promised.

        Where the promises no longer fit into what remains, each phase from this one on gets its part of it.
        """
        now, later = self._clock(), self._promised_after(name)
        mine = self._phases[name].promised
        if later + mine > self.end - now:
            return min(now + self.remaining * mine / (later + mine), self.end)
        return self.end - later

    @contextlib.contextmanager
    def phase(self, name: str) -> Iterator[float]:
        """Work on a phase; yields its deadline. Phases may be left out, but each begins once."""
        phase = self._phases.get(name)
        if phase is None or phase.allowed is not None:
            raise BudgetError(f"phase {name!r} is not open; planned: {', '.join(self._phases)}, and each begins once")
        began, deadline = self._clock(), self.deadline(name)
        phase.allowed, self._open, self._open_until = deadline - began, name, deadline
        try:
            yield deadline
        finally:
            phase.used, self._open, self._open_until = self._clock() - began, None, None

    def extended(self) -> float:
        """Return the deadline of the phase that is at work; it gets what later phases were promised too much."""
        if self._open is None or self._open_until is None:
            raise BudgetError("no phase is at work; a deadline is extended inside `phase`")
        phase, until = self._phases[self._open], max(self._open_until, self.end - self._promised_after(self._open))
        phase.allowed = (phase.allowed or 0.0) + until - self._open_until
        self._open_until = until
        return until

    def expect(self, name: str, seconds: float) -> float:
        """Promise a phase that has not begun what measured speed says it needs; return what can be promised.

        Less than planned leaves more to the others; more is granted only as far as the other promises, and the deadline
        of a phase that is at work, leave room.
        """
        phase = self._phases[name]
        if phase.allowed is not None:
            raise BudgetError(f"phase {name!r} has begun; expectations are for later phases")
        others = sum(p.promised for n, p in self._phases.items() if p.allowed is None and n != name)
        room = self.end - max(self._clock(), self._open_until or 0.0) - others
        phase.promised = min(max(0.0, seconds), max(phase.promised, room))
        return phase.promised

    def report(self) -> BudgetReport:
        """Return planned and measured times so far."""
        return BudgetReport(
            minutes=self.minutes,
            used=round(self.used / 60, 5),  # under a millisecond
            phases={
                name: PhaseTime(planned=round(p.planned, 1), allowed=_tenths(p.allowed), used=_tenths(p.used))
                for name, p in self._phases.items()
            },
        )

    def _promised_after(self, name: str) -> float:
        names = list(self._phases)
        later = names[names.index(name) + 1 :]
        return sum(self._phases[n].promised for n in later if self._phases[n].allowed is None)


def _tenths(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def process_started() -> float:
    """Return when this process began, on the clock of `time.monotonic()`; imports before any code of ours count."""
    import psutil

    age: float = time.time() - psutil.Process().create_time()
    return time.monotonic() - max(0.0, age)
