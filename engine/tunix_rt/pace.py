"""Pace: how long the parts of training take, how many updates fit into a time, and whether another one still does.

It does not know what an update is, and it reads no clock: the training and its simulation share it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from tunix_rt.errors import BudgetError


class Course(Protocol):
    """A configuration that says what happens between updates."""

    @property
    def eval_every_steps(self) -> int:
        """Updates between two measurements."""

    @property
    def checkpoint_every_steps(self) -> int:
        """Updates between two checkpoints."""


@dataclass
class Speed:
    """Seconds of the parts of training; measured before it, kept up to date while it runs."""

    step: float
    """One update."""
    evaluation: float
    """One measurement between updates, such as that of the validation loss; 0 if there is none."""
    checkpoint: float
    """One checkpoint."""
    closing: float
    """Last checkpoint and weights."""
    compiling: float = 0.0
    """What the first update of an attempt takes longer; 0 once it has ended."""

    def needed(self, course: Course, done: int) -> float:
        """Return the seconds that one more update needs after `done` of them, with all that must follow it."""
        seconds = self.step
        if (done + 1) % course.eval_every_steps == 0:
            seconds += self.evaluation
        if (done + 1) % course.checkpoint_every_steps == 0:
            seconds += self.checkpoint
        return 1.1 * seconds + self.compiling + self.evaluation + self.closing


def steps_in_time(
    course: Course, seconds: float, step_seconds: float, eval_seconds: float = 0.0, checkpoint_seconds: float = 0.0
) -> int:
    """Return how many updates, with the measurements and checkpoints between them, fit into so many seconds.

    Raises BudgetError, with the seconds that are missing, if there is not time for one.
    """
    between = eval_seconds / course.eval_every_steps + checkpoint_seconds / course.checkpoint_every_steps
    steps = math.floor((seconds - eval_seconds) / (step_seconds + between))
    if steps < 1:
        raise BudgetError(
            f"{max(seconds, 0):.0f} s are left for training and one update takes {step_seconds:.1f} s; give it more "
            "time, or a smaller model, batch_size, accumulation or max_length",
            missing=step_seconds + between + eval_seconds - seconds,
        )
    return steps
