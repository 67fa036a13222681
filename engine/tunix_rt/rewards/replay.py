"""Replay: stored rollouts scored again with other rewards, to see what they would have trained.

The completions stay what the old policy wrote: a replay shows how other rewards judge them, not what a policy trained
on other rewards would have written. It does not know runs or models.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import groupby

from pydantic import Field

from tunix_rt.errors import DataError
from tunix_rt.formats import Format
from tunix_rt.prompt import PromptForm
from tunix_rt.rewards.advantages import NO_SIGNAL, Estimator, advantages, has_signal
from tunix_rt.rewards.case import cases_of_group
from tunix_rt.rewards.config import RewardsConfig
from tunix_rt.rewards.scoring import Reward, Rewards
from tunix_rt.rollouts import Rollout, RolloutGroup
from tunix_rt.stats import Interval, wilson

_SHOWN = 5
"""Completions with the largest change that are kept."""


class Change(Format):
    """One completion before and after."""

    step: int
    """Update that it was drawn for."""
    trace_id: str
    """Training trace that asks the prompt."""
    index: int = Field(ge=0)
    """Number of the completion in its group, from 0."""
    text: str
    """The completion, shortened."""
    reward: tuple[float, float]
    """Reward before and after."""
    advantage: tuple[float, float]
    """Advantage before and after."""


class TermChange(Format):
    """One term before and after."""

    before: float | None
    """Mean of its stored values; None if there is none."""
    after: float | None
    """Mean of its new values; None if there is none."""
    abstained: int
    """Completions of which it says nothing now."""
    faults: int
    """Completions on which it breaks now."""


class Replay(Format):
    """How other rewards judge stored rollouts."""

    rewards: str
    """Digest of the new configuration."""
    estimator: Estimator
    """How the new advantages were made."""
    groups: int
    """Groups that were scored again."""
    completions: int
    """Completions in them."""
    mean_reward: tuple[float, float]
    """Mean reward before and after."""
    signal: tuple[Interval, Interval]
    """Share of groups whose rewards differ, before and after, with 95 % Wilson intervals."""
    signs: dict[str, int]
    """Completions by the sign of their advantage before and after: `+ to -`, `0 to +`, …"""
    flipped: Interval
    """Share of completions that were pushed one way and would now be pushed the other, with its 95 % interval."""
    mean_advantage_change: float
    """Mean absolute difference of the advantages."""
    terms: dict[str, TermChange]
    """Every old and new term."""
    largest: list[Change]
    """Completions whose advantage changes most."""


def replay(
    groups: Iterable[RolloutGroup],
    config: RewardsConfig,
    form: PromptForm,
    max_new_tokens: int,
    estimator: Estimator,
    *,
    corpus: Sequence[str] = (),
) -> Replay:
    """Score stored groups again, update by update, so that the format fades as it would have.

    Raises DataError if there are no groups.
    """
    rewards = Rewards(config, form, max_new_tokens, corpus=corpus)
    before: list[Rollout] = []
    after: list[tuple[Reward, float]] = []
    changes: list[Change] = []
    signals: list[tuple[bool, bool]] = []
    for _, batch in groupby(groups, key=lambda group: group.step):
        whole = list(batch)
        scored = iter(rewards.score_cases([c for g in whole for c in cases_of_group(g, form, max_new_tokens)]))
        for group in whole:
            new = [next(scored) for _ in group.completions]
            [moved] = advantages([[reward.total for reward in new]], estimator)
            signals.append((has_signal([r.reward for r in group.completions]), has_signal([r.total for r in new])))
            before += group.completions
            after += zip(new, moved, strict=True)
            changes += _changes(group, new, moved)
            changes = sorted(changes, key=_size, reverse=True)[:_SHOWN]
    if not before:
        raise DataError("there are no rollouts to score again; expected at least one group")
    signs = Counter(f"{_sign(old.advantage)} to {_sign(new)}" for old, (_, new) in zip(before, after, strict=True))
    moves = [abs(new - old.advantage) for old, (_, new) in zip(before, after, strict=True)]
    return Replay(
        rewards=config.digest,
        estimator=estimator,
        groups=len(signals),
        completions=len(before),
        mean_reward=(
            sum(old.reward for old in before) / len(before),
            sum(reward.total for reward, _ in after) / len(after),
        ),
        signal=(
            wilson(sum(old for old, _ in signals), len(signals)),
            wilson(sum(new for _, new in signals), len(signals)),
        ),
        signs=dict(sorted(signs.items())),
        flipped=wilson(signs["+ to -"] + signs["- to +"], len(before)),
        mean_advantage_change=sum(moves) / len(moves),
        terms=_terms(before, [reward for reward, _ in after]),
        largest=[change for change in changes if _size(change) > NO_SIGNAL],
    )


def _changes(group: RolloutGroup, rewards: Sequence[Reward], moved: Sequence[float]) -> list[Change]:
    return [
        Change(
            step=group.step,
            trace_id=group.trace_id,
            index=index,
            text=old.text[:400],
            reward=(old.reward, reward.total),
            advantage=(old.advantage, advantage),
        )
        for index, (old, reward, advantage) in enumerate(zip(group.completions, rewards, moved, strict=True))
    ]


def _size(change: Change) -> float:
    return abs(change.advantage[1] - change.advantage[0])


def _sign(advantage: float) -> str:
    return "+" if advantage > NO_SIGNAL else "-" if advantage < -NO_SIGNAL else "0"


def _terms(before: Sequence[Rollout], after: Sequence[Reward]) -> dict[str, TermChange]:
    names = dict.fromkeys([*(name for old in before for name in old.terms), *after[0].terms])
    result = {}
    for name in names:
        old = [value for rollout in before if (value := rollout.terms.get(name)) is not None]
        new = [value for reward in after if (value := reward.terms.get(name)) is not None]
        faults = sum(name in reward.faults for reward in after)
        result[name] = TermChange(
            before=sum(old) / len(old) if old else None,
            after=sum(new) / len(new) if new else None,
            abstained=sum(name in reward.terms for reward in after) - len(new) - faults,
            faults=faults,
        )
    return result
