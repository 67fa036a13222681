"""Grading: find the answer in a completion, compare it with a target, and say why.

It knows neither models nor tasks; rewards, evaluations and data filters all use it, so that they cannot disagree.
"""

from tunix_rt.grading.comparison import compare, infer_kind
from tunix_rt.grading.completion import MAX_COMPLETION, grade, grade_trace, trace_target
from tunix_rt.grading.target import AnswerKind, Mode, Score, Target, Verdict

__all__ = [
    "MAX_COMPLETION",
    "AnswerKind",
    "Mode",
    "Score",
    "Target",
    "Verdict",
    "compare",
    "grade",
    "grade_trace",
    "infer_kind",
    "trace_target",
]
