"""Compare an answer with a target, each kind by its own documented rule.

It does not know completions: see `completion`.
"""

from __future__ import annotations

import re

from tunix_rt.grading.target import AnswerKind, Score, Target

_NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def infer_kind(answer: str) -> AnswerKind:
    """Return the kind that fits how an answer is written."""
    return "number" if _NUMBER.fullmatch(answer.strip()) else "text"


def compare(found: str, target: Target) -> Score:
    """Compare an answer with a target."""
    if target.kind == "open":
        return Score(value=None, answer=found, explanation="Unscored: an open answer.", verdict=None)
    want = [value.strip().casefold() for value in (target.value, *target.aliases)]
    right = found.strip().strip(".()").replace(",", "").casefold() in want
    return Score(
        value=float(right),
        answer=found,
        explanation=f'"{found}" {"equals" if right else "differs from"} the target "{target.value}".',
        verdict="equal" if right else "unequal",
    )
