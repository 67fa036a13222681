"""What is graded: a target, and a completion that gives an answer as the contract wants it."""

from tunix_rt.grading import AnswerKind, Target
from tunix_rt.trace import make_trace, render

CITIES = ["Rome", "Paris", "London"]


def target(kind: AnswerKind, value: str, **fields: object) -> Target:
    """Return what an answer is compared with."""
    return Target.model_validate({"kind": kind, "value": value, **fields})


def completion(answer: str) -> str:
    """Return a completion that keeps the contract."""
    return render(make_trace("What?", ["A step.", "Another."], answer)).completion
