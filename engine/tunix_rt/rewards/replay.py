"""Replay: stored rollouts scored again with other rewards, to see what they would have trained.

The completions stay what the old policy wrote: a replay shows how other rewards judge them, not what a policy trained
on other rewards would have written. It does not know runs or models.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
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

_ROUNDING = 1e-6
"""Largest difference of a stored reward from the sum of its terms."""
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

    The groups of one update are in memory at a time. `corpus` is that of the relevance term: the prompts of the
    training set. Raises DataError if there are no groups, UsageError for a group of one completion.
    """
    rewards = Rewards(config, form, max_new_tokens, corpus=corpus)
    count = n = 0
    totals, moves = [0.0, 0.0], 0.0
    signal = [0, 0]
    signs: Counter[str] = Counter()
    terms: dict[str, _TermSums] = {}
    largest: list[Change] = []
    for _, batch in groupby(groups, key=lambda group: group.step):
        whole = list(batch)
        scored = iter(rewards.score_cases([c for g in whole for c in cases_of_group(g, form, max_new_tokens)]))
        for group in whole:
            new = [next(scored) for _ in group.completions]
            [moved] = advantages([[reward.total for reward in new]], estimator)
            count += 1
            signal[0] += has_signal([old.reward for old in group.completions])
            signal[1] += has_signal([reward.total for reward in new])
            for old, reward, advantage in zip(group.completions, new, moved, strict=True):
                n += 1
                totals[0] += old.reward
                totals[1] += reward.total
                moves += abs(advantage - old.advantage)
                signs[f"{_sign(old.advantage)} to {_sign(advantage)}"] += 1
                for name in old.terms | reward.terms:
                    terms.setdefault(name, _TermSums()).add(old, reward, name)
            largest = sorted([*largest, *_changes(group, new, moved)], key=_size, reverse=True)[:_SHOWN]
    if not n:
        raise DataError("there are no rollouts to score again; expected at least one group")
    return Replay(
        rewards=config.digest,
        estimator=estimator,
        groups=count,
        completions=n,
        mean_reward=(totals[0] / n, totals[1] / n),
        signal=(wilson(signal[0], count), wilson(signal[1], count)),
        signs=dict(sorted(signs.items())),
        flipped=wilson(signs["+ to -"] + signs["- to +"], n),
        mean_advantage_change=moves / n,
        terms={name: sums.change for name, sums in terms.items()},
        largest=[change for change in largest if _size(change) > NO_SIGNAL],
    )


def checked(groups: Iterable[RolloutGroup], trained: RewardsConfig) -> Iterator[RolloutGroup]:
    """Yield stored groups; raise DataError for a reward that its terms do not give by the rewards of the run."""
    low, high = trained.clip or (-math.inf, math.inf)
    weights: dict[str, float] = {term.kind: term.weight for term in trained.terms}
    for group in groups:
        broken = {name for one in group.completions for name in one.faults}
        for one in group.completions:
            where = f"update {group.step}, {group.trace_id}: reward {one.reward:g}"
            unknown = sorted(one.terms.keys() - weights.keys())
            if unknown:
                raise DataError(f"{where} is also of {unknown[0][:100]!r}; the run was paid by {', '.join(weights)}")
            paid = {name: weights[name] * value for name, value in one.terms.items() if value and name not in broken}
            fading = paid.pop("format", 0.0)  # its weight fell with the course of the training
            ends = [min(max(sum(paid.values()) + part, low), high) for part in (0.0, fading)]
            if not min(ends) - _ROUNDING <= one.reward <= max(ends) + _ROUNDING:
                raise DataError(f"{where} is not what its terms give, {ends[0]:g} to {ends[1]:g}; it was edited")
        yield group


@dataclass
class _TermSums:
    """One term over all completions so far: sums and counts of its values before and after."""

    before: float = 0.0
    n_before: int = 0
    after: float = 0.0
    n_after: int = 0
    abstained: int = 0
    faults: int = 0

    def add(self, old: Rollout, new: Reward, name: str) -> None:
        if (value := old.terms.get(name)) is not None:
            self.before += value
            self.n_before += 1
        if (value := new.terms.get(name)) is not None:
            self.after += value
            self.n_after += 1
        elif name in new.faults:
            self.faults += 1
        elif name in new.terms:
            self.abstained += 1

    @property
    def change(self) -> TermChange:
        return TermChange(
            before=self.before / self.n_before if self.n_before else None,
            after=self.after / self.n_after if self.n_after else None,
            abstained=self.abstained,
            faults=self.faults,
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
