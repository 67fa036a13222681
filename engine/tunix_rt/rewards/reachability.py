"""Reachability: whether a start policy earns different rewards in one group, without which it cannot learn.

A group whose completions all earn the same has advantages of 0. Prompts that the policy always or never solves are such
groups for hours; this finds them from one sample, before the first update. It does not know how the sample was drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

from pydantic import Field

from tunix_rt.errors import UsageError
from tunix_rt.formats import Format
from tunix_rt.rewards.advantages import has_signal
from tunix_rt.rewards.scoring import Reward
from tunix_rt.stats import Interval, wilson

LOWEST_PASS_RATE, HIGHEST_PASS_RATE = 0.1, 0.9
"""Prompts are kept whose pass rate lies in this range, both ends included."""
LEAST_SIGNAL = 0.1
"""Share of groups with signal below which a training is refused."""


class PromptReach(Format):
    """What the start policy earned on one prompt."""

    trace_id: str
    """Name of the training trace that asks the prompt."""
    completions: int = Field(ge=2)
    """Completions in the sample."""
    pass_rate: float | None
    """Share of them with the right answer; None where no rule can verify it."""
    signal: bool
    """Whether their rewards differ."""
    kept: bool
    """Whether the prompt is trained on: its pass rate lies in the range, or it has no pass rate but signal."""


class Reachability(Format):
    """What a sample of the start policy says about a training."""

    prompts: list[PromptReach]
    """Each prompt of the sample, in order."""
    signal: Interval
    """Share of the groups whose rewards differ, with its 95 % Wilson interval."""
    never: int
    """Prompts that no completion solved."""
    always: int
    """Prompts that every completion solved."""
    well_formed: float | None
    """Share of all completions that are in the form of the prompt; None without a format term."""

    @property
    def kept(self) -> list[str]:
        """Names of the prompts to train on."""
        return [prompt.trace_id for prompt in self.prompts if prompt.kept]


def reachability(groups: Sequence[tuple[str, Sequence[Reward]]]) -> Reachability:
    """Return what scored completions of the start policy say: for each prompt its trace id and its G rewards.

    Raises UsageError if there are no groups or one has fewer than two completions.
    """
    if not groups:
        raise UsageError("reachability needs at least one group of completions; sample some prompts first")
    prompts = [_reach(trace_id, rewards) for trace_id, rewards in groups]
    formed = [value for _, rewards in groups for r in rewards if (value := r.terms.get("format")) is not None]
    return Reachability(
        prompts=prompts,
        signal=wilson(sum(prompt.signal for prompt in prompts), len(prompts)),
        never=sum(prompt.pass_rate == 0.0 for prompt in prompts),
        always=sum(prompt.pass_rate == 1.0 for prompt in prompts),
        well_formed=sum(formed) / len(formed) if formed else None,
    )


def _reach(trace_id: str, rewards: Sequence[Reward]) -> PromptReach:
    if len(rewards) < 2:
        raise UsageError(f"prompt {trace_id} has {len(rewards)} completion(s); set num_generations to at least 2")
    passed = [value == 1.0 for reward in rewards if (value := reward.terms.get("correctness")) is not None]
    rate = sum(passed) / len(passed) if passed else None
    signal = has_signal([reward.total for reward in rewards])
    return PromptReach(
        trace_id=trace_id,
        completions=len(rewards),
        pass_rate=rate,
        signal=signal,
        kept=signal if rate is None else LOWEST_PASS_RATE <= rate <= HIGHEST_PASS_RATE,
    )


def check_reachable(found: Reachability, *, force: bool = False) -> None:
    """Raise UsageError, with advice, if too few groups carry signal or no prompt would be left to train on.

    `force` raises nothing; with no prompt kept, the caller then trains on all of them.
    """
    if force:
        return
    groups = len(found.prompts)
    if found.signal.value < LEAST_SIGNAL:
        raise UsageError(
            f"only {found.signal.value:.0%} of {groups} groups of the start policy carry signal (95 % interval "
            f"{found.signal.low:.0%} to {found.signal.high:.0%}); a training that learns needs at least "
            f"{LEAST_SIGNAL:.0%}. {_advice(found)} Go on all the same with --force."
        )
    if not found.kept:
        raise UsageError(
            f"none of {groups} prompts has a pass rate from {LOWEST_PASS_RATE:g} to {HIGHEST_PASS_RATE:g}. "
            f"{_advice(found)} Go on all the same with --force."
        )


def _advice(found: Reachability) -> str:
    half = len(found.prompts) / 2
    if found.well_formed is not None and found.well_formed < 0.5:
        return (
            f"Only {found.well_formed:.0%} of the completions are in the form of the prompt: train with "
            "`tunix-rt train sft` first, or raise max_new_tokens if they are cut off."
        )
    if found.never > half:
        return (
            f"The policy solves none of its tries on {found.never} prompts: train it longer with `tunix-rt train sft`, "
            "take easier prompts, or raise num_generations."
        )
    if found.always > half:
        return f"The policy solves every try on {found.always} prompts: take harder ones, or raise the temperature."
    return "Raise num_generations or the temperature, so that the completions of a group differ."
