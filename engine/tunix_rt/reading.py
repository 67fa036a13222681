"""Reading: a completion as its prompt form gives it, which is what evaluation and rewards both judge.

It does not know targets or scores: whoever grades takes `contract` for a strict verdict and `own` for a lenient one.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunix_rt.grading import MAX_COMPLETION
from tunix_rt.prompt import PromptForm, as_contract, own_part
from tunix_rt.trace import parse_completion


@dataclass(frozen=True)
class Reading:
    """What a completion shows under its prompt form."""

    contract: str
    """The completion in the words of the prompt contract, for the strict grader."""
    own: str
    """The part that belongs to its item, for the lenient grader."""
    steps: list[str]
    """Contents of the trace steps; empty if no reasoning was found."""
    answer: str | None
    """Answer in the place that the form gives it; None if there is none."""
    well_formed: bool
    """Whether the completion is exactly in the form that the prompt asks for."""


def read_completion(text: str, form: PromptForm) -> Reading:
    """Read a completion under a prompt form."""
    contract = as_contract(form, text)
    parsed = parse_completion(contract[-MAX_COMPLETION:])  # of a longer one no more than the graders read
    return Reading(
        contract=contract,
        own=own_part(form, text),
        steps=parsed.steps,
        answer=parsed.answer,
        well_formed=parsed.well_formed and len(contract) <= MAX_COMPLETION,
    )
