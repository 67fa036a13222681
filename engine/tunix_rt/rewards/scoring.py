"""Rewards: the weighted sum of the terms for each completion, with abstentions, faults and the fading of the format.

    total = clip(Σ weight · value)     over the terms that gave the completion a value

A term that abstains adds nothing. A term that faults for one completion of a group is left out of the totals of the
whole group: nobody in it gains or loses by the fault. It does not know policies or updates.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from typing import Any

from pydantic import Field

from tunix_rt.formats import Format
from tunix_rt.prompt import PromptForm
from tunix_rt.rewards.case import Case, cases_of
from tunix_rt.rewards.config import FormatOptions, RewardsConfig
from tunix_rt.rewards.terms import Outcome, evaluator
from tunix_rt.sampling import Completion
from tunix_rt.trace import ReasoningTrace


class Reward(Format):
    """What one completion earned."""

    total: float
    """Weighted sum, clipped: what is trained on."""
    terms: dict[str, float | None]
    """Value of each term before its weight; None if it abstained or faulted."""
    faults: dict[str, str] = Field(default_factory=dict)
    """Why a term gave no value, by term; a term that only abstained is not here."""


class Rewards:
    """Scores completions; it remembers how many were well formed and which terms faulted.

    Args:
        config: Terms, weights and clipping.
        form: How completions are read.
        max_new_tokens: Limit of a completion, for the length term.
        corpus: Prompts of the training set, for the relevance term; without them all words weigh the same.
    """

    def __init__(
        self, config: RewardsConfig, form: PromptForm, max_new_tokens: int, *, corpus: Sequence[str] = ()
    ) -> None:
        self.config = config
        self.form = form
        self.max_new_tokens = max_new_tokens
        self.faults: Counter[str] = Counter()
        """Completions for which a term faulted, by term."""
        self.scored = 0
        """Completions scored so far."""
        self._evaluate = {term.kind: evaluator(term, corpus) for term in config.terms}
        fading = [term.read_options() for term in config.terms if term.kind == "format"]
        self._fading: FormatOptions | None = fading[0] if fading and fading[0].decay_at is not None else None
        self._recent: deque[bool] = deque(maxlen=self._fading.window if self._fading else 0)

    @property
    def names(self) -> list[str]:
        """The terms in the order of the configuration."""
        return [term.kind for term in self.config.terms]

    @property
    def weights(self) -> dict[str, float]:
        """What the value of each term is multiplied by now."""
        return {term.kind: term.weight * (self._fade() if term.kind == "format" else 1.0) for term in self.config.terms}

    def _fade(self) -> float:
        """Return what is left of the format term's weight: 1 up to the share `decay_at`, falling to 0 at all."""
        if self._fading is None or self._fading.decay_at is None or len(self._recent) < self._fading.window:
            return 1.0
        missing = self._recent.count(False) / len(self._recent)
        return min(1.0, missing / (1 - self._fading.decay_at))

    def score(self, traces: Sequence[ReasoningTrace], completions: Sequence[Completion]) -> list[Reward]:
        """Score completions of the traces' prompts; a trace is repeated for each completion of its group."""
        return self.score_cases(cases_of(traces, completions, self.form, self.max_new_tokens))

    def score_cases(self, cases: Sequence[Case]) -> list[Reward]:
        """Score completions with one set of weights, then take them into the memory that these depend on."""
        weights = self.weights
        outcomes = {kind: evaluate(cases) for kind, evaluate in self._evaluate.items()}
        broken = {
            (kind, case.group)
            for kind, found in outcomes.items()
            for case, outcome in zip(cases, found, strict=True)
            if outcome.fault
        }
        rewards = []
        for index, case in enumerate(cases):
            own: dict[str, Outcome] = {kind: found[index] for kind, found in outcomes.items()}
            paid = {kind: outcome.value for kind, outcome in own.items() if (kind, case.group) not in broken}
            rewards.append(
                Reward(
                    total=self._clipped(
                        sum(weights[kind] * value for kind, value in paid.items() if value is not None)
                    ),
                    terms={kind: outcome.value for kind, outcome in own.items()},
                    faults={kind: outcome.fault for kind, outcome in own.items() if outcome.fault},
                )
            )
        self._remember(cases, rewards)
        return rewards

    def _clipped(self, total: float) -> float:
        low, high = self.config.clip or (total, total)
        return min(max(total, low), high)

    def _remember(self, cases: Sequence[Case], rewards: Sequence[Reward]) -> None:
        self.scored += len(rewards)
        self.faults.update(kind for reward in rewards for kind in reward.faults)
        if self._fading:
            self._recent.extend(case.reading.well_formed for case in cases)

    def state(self) -> dict[str, Any]:
        """Return as JSON values what later scores depend on, for a checkpoint."""
        recent = "".join("1" if flag else "0" for flag in self._recent)
        return {"recent": recent, "scored": self.scored, "faults": dict(self.faults)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._recent.clear()
        self._recent.extend(flag == "1" for flag in state["recent"])
        self.scored = int(state["scored"])
        self.faults = Counter(state["faults"])
