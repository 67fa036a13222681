"""Find the answer in a completion and grade it.

It does not know how a completion was made.
"""

from __future__ import annotations

import re

from tunix_rt.grading.comparison import compare, infer_kind
from tunix_rt.grading.target import Mode, Score, Target
from tunix_rt.trace import ReasoningTrace, parse_completion, render


def grade(completion: str, target: Target, *, mode: Mode) -> Score:
    """Grade a completion: find its answer as `mode` allows and compare it with the target."""
    parsed = parse_completion(completion)
    answer = parsed.answer if parsed.well_formed or mode == "lenient" else None
    if answer is None and mode == "lenient":
        numbers = re.findall(r"-?\d+(?:\.\d+)?", completion[-20_000:])
        answer = numbers[-1] if numbers and target.kind == "number" else None
    if answer is None:
        return Score(value=0.0, answer=None, explanation="No answer was found.", verdict="parse_fail")
    return compare(answer, target)


def grade_trace(trace: ReasoningTrace) -> Score:
    """Grade a trace's own answer against itself, through text."""
    target = Target(kind=trace.meta.get("answer_kind") or infer_kind(trace.final_answer), value=trace.final_answer)
    return grade(render(trace).completion, target, mode="strict")
