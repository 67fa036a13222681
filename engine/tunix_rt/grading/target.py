"""What an answer is graded against, and the score that comes out.

It does not know how answers are found or compared.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import Field, model_validator

from tunix_rt.formats import Format

AnswerKind = Literal["number", "text", "choice", "date", "time", "list", "set", "latex", "python", "open"]
"""How an answer is read; `open` means that no rule can verify it, so that it stays unscored."""

Verdict = Literal["equal", "unequal", "parse_fail", "timeout"]
"""`parse_fail`: no single answer could be read; `timeout`: the comparison was stopped. Both count as not right."""

Mode = Literal["strict", "lenient"]
"""`strict`: only a completion that follows the prompt contract; `lenient`: an answer found anywhere."""

MAX_ANSWER = 50_000
"""Longest answer that is read, in characters: the limit of a trace's final answer."""


class Target(Format):
    """The right answer of an item and how to read it."""

    kind: AnswerKind
    """How the answer is read and compared."""
    value: str = Field(max_length=MAX_ANSWER)
    """The right answer; for `choice` its label (`B`) or its full text; empty only for `open`."""
    aliases: list[str] = []
    """Further right answers, read like `value`."""
    choices: list[str] = []
    """Texts of the choices, labelled A, B, C, … in this order; only for `choice`."""
    tolerance: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    """Largest accepted absolute difference of a number, in the unit of the target; None means exact."""
    unit: str | None = None
    """Unit of a number (`km`, `$`, `%`, `apples`); `ratio` says that 50% and 0.5 are the same answer."""

    @model_validator(mode="after")
    def _is_usable(self) -> Self:
        if self.kind != "open" and not all(text.strip() for text in (self.value, *self.aliases)):
            raise ValueError(f"a target of kind {self.kind} needs a value (and aliases) that are not empty")
        if len(self.choices) > 26:
            raise ValueError("a target has at most 26 choices, labelled A to Z")
        return self


class Score(Format):
    """A grader's verdict on one answer, explained in one sentence."""

    value: float | None
    """1.0 right, 0.0 not right; None if unscored, with the reason in the explanation."""
    answer: str | None
    """The answer as it was found; None if there was none."""
    explanation: str
    """One sentence for people."""
    verdict: Verdict | None
    """None only where nothing can be verified (`open`)."""
