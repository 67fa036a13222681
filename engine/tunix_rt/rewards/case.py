"""Case: one completion beside what it answers, as every reward term sees it. It does not know any term."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import ValidationError

from tunix_rt.arithmetic import StepCheck, check_steps
from tunix_rt.errors import DataError
from tunix_rt.grading import Score, Target, grade, trace_target
from tunix_rt.prompt import PromptForm, trace_name
from tunix_rt.reading import Reading, read_completion
from tunix_rt.rollouts import RolloutGroup
from tunix_rt.sampling import Completion, Finish
from tunix_rt.trace import ReasoningTrace


@dataclass(frozen=True)
class Case:
    """A completion to be rewarded."""

    group: str
    """Name of what was asked; completions with the same name are compared with each other."""
    prompt: str
    """What was asked, before the prompt form."""
    target: Target
    """What the answer is graded against."""
    text: str
    """What the policy wrote."""
    tokens: int
    """Tokens generated."""
    finish: Finish
    """Why the completion ended."""
    form: PromptForm
    """How the completion is read."""
    max_new_tokens: int
    """Limit of the generated tokens."""

    @cached_property
    def reading(self) -> Reading:
        """What the completion shows."""
        return read_completion(self.text, self.form)

    @cached_property
    def strict(self) -> Score:
        """Verdict of the evaluation's grader on the answer in its place."""
        return grade(self.reading.contract, self.target, mode="strict")

    @cached_property
    def lenient(self) -> Score:
        """Verdict of the evaluation's grader on an answer found anywhere."""
        return grade(self.reading.own, self.target, mode="lenient")

    @cached_property
    def checks(self) -> list[StepCheck]:
        """Arithmetic of each trace step, executed again."""
        return check_steps(self.reading.steps)


def cases_of(
    traces: Sequence[ReasoningTrace], completions: Sequence[Completion], form: PromptForm, max_new_tokens: int
) -> list[Case]:
    """Return completions beside the traces whose prompts they answer; raise DataError if a trace has no usable target.

    Both have the same length: a trace is repeated for each completion of its group.
    """
    if len(traces) != len(completions):
        raise DataError(f"{len(completions)} completions came for {len(traces)} traces; expected one trace for each")
    known: dict[int, tuple[str, Target]] = {}
    cases = []
    for trace, completion in zip(traces, completions, strict=True):
        if id(trace) not in known:
            known[id(trace)] = f"{trace_name(trace)}\n{trace.prompt}", _target(trace)
        group, target = known[id(trace)]
        cases.append(
            Case(
                group=group,
                prompt=trace.prompt,
                target=target,
                text=completion.text,
                tokens=len(completion.token_ids),
                finish=completion.finish,
                form=form,
                max_new_tokens=max_new_tokens,
            )
        )
    return cases


def _target(trace: ReasoningTrace) -> Target:
    try:
        return trace_target(trace)
    except ValidationError as error:
        first = error.errors()[0]
        raise DataError(
            f"trace {trace_name(trace)} cannot be rewarded: its meta gives no target: {first['msg']}; "
            "correct meta.answer_kind or meta.choices"
        ) from error


def cases_of_group(group: RolloutGroup, form: PromptForm, max_new_tokens: int) -> list[Case]:
    """Return the completions of a stored group, to be rewarded again."""
    return [
        Case(
            group=f"{group.trace_id}\n{group.prompt}",
            prompt=group.prompt,
            target=group.target,
            text=rollout.text,
            tokens=rollout.tokens,
            finish=rollout.finish,
            form=form,
            max_new_tokens=max_new_tokens,
        )
        for rollout in group.completions
    ]
