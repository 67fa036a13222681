"""Progress: says how far long work is: one live line in a terminal, a plain line every few seconds where piped.

It does not know what is being done. Words go to the error stream; the output stream is for data.
"""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import TracebackType
from typing import TYPE_CHECKING, Self, TextIO

if TYPE_CHECKING:
    from rich.live import Live

BAR_WIDTH = 24
"""Characters of the bar."""
_CONTROLS = [code for code in (*range(32), *range(127, 160)) if chr(code) not in "\n\t"]
_DIRECTIONS = [*range(0x202A, 0x202F), *range(0x2066, 0x206A)]
_VISIBLE = {code: chr(code).encode("unicode_escape").decode() for code in (*_CONTROLS, *_DIRECTIONS)}


@dataclass
class _Phase:
    name: str
    began: float
    deadline: float | None
    done: int = 0
    total: int | None = None
    tokens: int | None = None
    part: str | None = None
    figures: dict[str, float] = field(default_factory=dict)
    first: tuple[float, int, int] | None = None
    """Time, done and tokens of the first update: speed counts from there, since a first step also compiles.

    Where `done` falls something new has begun, and speed counts from there."""


class Reporter:
    """Shows the phase, a bar, tokens/s, the time that the work still needs (ETA) and has (deadline)."""

    def __init__(
        self,
        stream: TextIO | None = None,
        *,
        interval: float = 5.0,
        quiet: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Write to `stream` (None: the error stream); without a terminal at most one line every `interval` seconds."""
        self._stream = stream or sys.stderr
        self._interval = interval
        self._quiet = quiet
        self._clock = clock
        self._phase: _Phase | None = None
        self._said = -interval
        self._live: Live | None = None

    def __enter__(self) -> Self:
        if self._stream.isatty() and not self._quiet:
            from rich.console import Console
            from rich.live import Live

            self._live = Live(console=Console(file=self._stream), refresh_per_second=4, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
            self._live = None

    @contextlib.contextmanager
    def phase(self, name: str, *, total: int | None = None, deadline: float | None = None) -> Iterator[Self]:
        """Work on one phase: announces it, and says at its end how long it took.

        `deadline` is a time of the clock (`time.monotonic()`).
        """
        before = self._phase
        self._phase = _Phase(name, self._clock(), deadline, total=total)
        left = "" if deadline is None else f" (at most {duration(deadline - self._clock())})"
        if not self._live:
            self._write(f"{name}: started{left}")
        self._said = self._clock()
        try:
            yield self
        except BaseException:
            self._write(f"{name}: broken off after {duration(self._clock() - self._phase.began)}")
            raise
        else:
            self._write(f"{name}: done in {duration(self._clock() - self._phase.began)}")
        finally:
            self._phase = before

    def update(self, done: int, total: int | None = None, tokens: int | None = None, **figures: float) -> None:
        """Say how far the phase is: `done` of `total`, tokens so far, and figures to show beside them (loss=0.91)."""
        phase = self._phase
        if phase is None:
            return
        if phase.first is None or done < phase.done:
            phase.first = (self._clock(), done, tokens or 0)
        phase.done, phase.tokens = done, tokens
        phase.total = total or (phase.total if phase.part is None else None)
        phase.figures = figures or phase.figures
        if self._live:
            self._live.update(self.line())
        elif self._clock() - self._said >= self._interval:
            self._said = self._clock()
            self._write(self.line())

    def extend(self, deadline: float) -> None:
        """Give the phase at work another deadline, a time of the clock."""
        if self._phase is not None:
            self._phase.deadline = deadline

    def part(self, name: str, done: int, total: int | None = None) -> None:
        """Say how far one part of the phase is, such as `read` or `deduplicate` of a dataset."""
        if self._phase is not None and self._phase.part != name:
            self._phase.part, self._phase.first = name, None
        self.update(done, total)

    def say(self, text: str) -> None:
        """Say something once, above the live line."""
        self._write(text)

    def line(self) -> str:
        """Return the line that shows the present phase."""
        phase = self._phase
        if phase is None:
            return ""
        now = self._clock()
        began, done, tokens = phase.first or (phase.began, 0, 0)
        elapsed = max(now - began, 1e-9)
        parts = [phase.name if phase.part is None else f"{phase.name}: {phase.part}"]
        if phase.total:
            filled = round(BAR_WIDTH * min(1.0, phase.done / phase.total))
            parts.append("█" * filled + "░" * (BAR_WIDTH - filled))
            parts.append(f"{phase.done:,}/{phase.total:,}")
        elif phase.done:
            parts.append(f"{phase.done:,}")
        if phase.tokens and phase.tokens > tokens:
            parts.append(f"{(phase.tokens - tokens) / elapsed:,.0f} tokens/s")
        parts += [f"{name} {value:.4g}" for name, value in phase.figures.items()]
        if phase.total and phase.done > done:
            parts.append(f"ETA {duration(elapsed * (phase.total - phase.done) / (phase.done - done))}")
        if phase.deadline is not None:
            parts.append(f"deadline in {duration(phase.deadline - now)}")
        return "  ".join(parts)

    def _write(self, text: str) -> None:
        if self._quiet:
            return
        text = printable(text)
        if self._live:
            self._live.console.print(text, markup=False, highlight=False)
        else:
            self._stream.write(text + "\n")
            self._stream.flush()


def printable(text: str) -> str:
    """Return text that a terminal only shows: characters that would command it (or turn its lines) are spelled out."""
    return text.translate(_VISIBLE)


def duration(seconds: float) -> str:
    """Return a length of time for people: `0.4 s`, `42 s`, `3:07`, `1:02:45`; a negative one is `0 s`."""
    if seconds < 10:
        return f"{max(seconds, 0):.1f} s" if seconds > 0.05 else "0 s"
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
