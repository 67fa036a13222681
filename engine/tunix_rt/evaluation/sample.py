"""Sample: one evaluated completion, read, checked and graded.

It does not know how completions are made or added up.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from pydantic import Field

from tunix_rt.arithmetic import StepCheck, check_steps
from tunix_rt.formats import Format
from tunix_rt.grading import Mode, Score, Target, grade
from tunix_rt.prompt import PromptForm
from tunix_rt.reading import read_completion
from tunix_rt.sampling import Completion, Finish
from tunix_rt.tasks import Item, Task

CUT = "cut off by the deadline"
"""Reason of a completion without a score because the time was up."""


class Sample(Format):
    """One evaluated completion, with everything needed to judge it again."""

    id: str
    """Id of the item."""
    index: int = Field(ge=0)
    """Number of the completion among those of the same item, from 0."""
    family: str
    """Family of the item."""
    domain: str
    """Domain of the item."""
    difficulty: int
    """Difficulty of the item, 1 to 5."""
    prompt: str
    """What was asked, before the prompt form."""
    target: Target
    """The gold answer."""
    completion: str
    """What the model wrote, unchanged."""
    steps: list[str]
    """Trace steps read from the completion."""
    checks: list[StepCheck]
    """One arithmetic check for each trace step."""
    answer: str | None
    """Answer in the place that the form gives it; None if there is none."""
    well_formed: bool
    """Whether the completion is exactly in the form that the prompt asks for."""
    strict: Score
    """Verdict on the answer in its place; value None if unscored."""
    lenient: Score
    """Verdict on an answer found anywhere; value None if unscored."""
    finish: Finish
    """Why the completion ended."""
    tokens: int
    """Tokens generated."""
    prompt_tokens: int
    """Tokens of the whole prompt."""

    @property
    def was_cut(self) -> bool:
        """Whether the time ran out before the completion ended; such a sample has no score."""
        return self.strict.value is None and self.strict.explanation == CUT

    @property
    def arithmetic(self) -> float | None:
        """1.0 if every equation holds that can be recomputed, 0.0 if one does not, None if there is none."""
        verdicts = {check.verdict for check in self.checks} - {"none"}
        return float("wrong" not in verdicts) if verdicts else None


def grade_sample(
    task: Task, item: Item, index: int, completion: Completion, form: PromptForm, *, cut_limit: int | None = None
) -> Sample:
    """Grade one completion.

    With `cut_limit`, one that ended as `length` below so many tokens was cut off by a deadline and is unscored.
    """
    tokens = len(completion.token_ids)
    cut = cut_limit is not None and completion.finish == "length" and tokens < cut_limit
    return Sample(
        id=item.id,
        index=index,
        family=item.family,
        domain=item.domain,
        difficulty=item.difficulty,
        prompt=item.prompt,
        target=item.target,
        completion=completion.text,
        finish=completion.finish,
        tokens=tokens,
        prompt_tokens=completion.prompt_tokens,
        **_judged(completion.text, form, lambda text, mode: task.grade(item, text, mode), cut=cut),
    )


def regrade_sample(sample: Sample, form: PromptForm, max_new_tokens: int) -> Sample:
    """Return a sample as its completion and its target give it, graded by the shared grading library."""
    cut = sample.was_cut and sample.finish == "length" and sample.tokens < max_new_tokens
    judged = _judged(sample.completion, form, lambda text, mode: grade(text, sample.target, mode=mode), cut=cut)
    return sample.model_copy(update=judged)


def _judged(text: str, form: PromptForm, grader: Callable[[str, Mode], Score], *, cut: bool) -> dict[str, Any]:
    """Return what a sample says of its completion; `cut`: the deadline ended it, so that it has no score."""
    reading = read_completion(text, form)
    unscored = Score(value=None, answer=None, explanation=CUT, verdict=None)
    return {
        "steps": reading.steps,
        "checks": check_steps(reading.steps),
        "answer": reading.answer,
        "well_formed": reading.well_formed,
        "strict": unscored if cut else grader(reading.contract, "strict"),
        "lenient": unscored if cut else grader(reading.own, "lenient"),
    }
