"""Check: does a reward pay what it should? Mutated answers of real items, scored, and the wrong payments counted.

A completion's share is (total - total of an empty completion) / (total of the gold completion - the same). The gold
completion and harmless rewritings should earn it all, a right answer with a flaw less, a wrong answer at most half. It
does not know where items come from, nor any model.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random

from tunix_rt.errors import DataError, UsageError
from tunix_rt.formats import Format
from tunix_rt.grading import trace_target
from tunix_rt.prompt import contract_form, trace_name
from tunix_rt.rewards.case import Case
from tunix_rt.rewards.config import RewardsConfig, TermKind
from tunix_rt.rewards.mutations import (
    CHARACTERS_A_TOKEN,
    MUTATIONS,
    Attempt,
    Expected,
    Mutation,
    Subject,
    completion_of,
)
from tunix_rt.rewards.scoring import Reward, Rewards
from tunix_rt.stats import Interval, wilson
from tunix_rt.tasks import Item
from tunix_rt.trace import ReasoningTrace

_EVEN = 0.01
"""Shares this close are the same."""
_LITTLE = 0.5
"""Largest share of a completion that should earn little."""
_LOWEST: dict[TermKind, float] = {"length": -1.0}
"""Lowest value of a term where it is not 0; a term that gives the gold completion no more sees nothing below it."""
_LENGTHS = 2
"""The token limit is so many times the longest gold completion."""


class Example(Format):
    """One wrong payment."""

    id: str
    """Id of the item."""
    text: str
    """The completion, shortened."""
    share: float
    """What it earned, as a share of what the gold completion earned."""


class MutationResult(Format):
    """What a reward pays for one way of answering."""

    name: str
    """The way of answering."""
    expected: Expected
    """What it should earn beside the gold completion: all of it, less, or at most half."""
    n: int
    """Items on which it was tried and seen by a term that says something."""
    wrong: int
    """Items on which it was paid wrongly: too little for `full` (false negative), else too much (false positive)."""
    rate: Interval | None
    """Their share, with its 95 % Wilson interval; None if nothing in these rewards looks at it."""
    mean_share: float | None
    """What it earned on average, as a share of the gold completion, over those items."""
    seen_by: tuple[TermKind, ...]
    """Terms that can tell it from the gold completion."""
    seconds: float
    """Time to score one such completion, on average."""
    example: Example | None
    """The first wrong payment."""


class TermResult(Format):
    """What one term pays by itself."""

    term: TermKind
    """The term."""
    false_positives: int
    """Completions that it should not pay and did."""
    should_not_pay: int
    """Completions that it should not pay."""
    false_positive_rate: Interval | None
    """Their share, with its 95 % Wilson interval; None without such completions."""
    false_negatives: int
    """Completions that it should pay and did not."""
    should_pay: int
    """Completions that it should pay."""
    false_negative_rate: Interval | None
    """Their share, with its 95 % Wilson interval; None without such completions."""
    abstained: int
    """Completions of which it said nothing."""
    faults: int
    """Completions on which it broke or ran out of time."""


class RewardsCheck(Format):
    """The result of a check."""

    rewards: str
    """Digest of the checked configuration."""
    items: int
    """Items that the corpus was made from."""
    completions: int
    """Completions that were scored."""
    limit: float
    """Highest rate of wrong payments that passes."""
    passed: bool
    """Whether no mutation is above the limit."""
    mutations: list[MutationResult]
    """Every way of answering."""
    terms: list[TermResult]
    """Every term by itself."""
    first_fault: str | None
    """The first fault of any term; None without faults."""

    @property
    def failed(self) -> list[MutationResult]:
        """The mutations above the limit."""
        return [result for result in self.mutations if result.rate and result.rate.value > self.limit]


def subjects_of_items(items: Sequence[Item]) -> list[Subject]:
    """Return the items that have a gold trace."""
    return [Subject(item.id, item.trace, item.target) for item in items if item.trace is not None]


def subjects_of_traces(traces: Sequence[ReasoningTrace]) -> list[Subject]:
    """Return traces as items that are graded against their own answers."""
    return [Subject(trace_name(trace), trace, trace_target(trace)) for trace in traces]


def check_rewards(
    config: RewardsConfig, subjects: Sequence[Subject], *, limit: float = 0.02, seed: int = 0
) -> RewardsCheck:
    """Score the mutation corpus of some items; the weight of the format counts in full, as at the start of a training.

    Raises UsageError if there are fewer than two items, DataError if no gold completion earns anything.
    """
    if len(subjects) < 2:
        raise UsageError(f"a check needs at least two items with gold traces; got {len(subjects)}")
    gold = [Attempt(_gold_text(subject)) for subject in subjects]
    tokens = _LENGTHS * max(_tokens(attempt) for attempt in gold)
    rewards = Rewards(_unfading(config), contract_form(), tokens, corpus=[subject.trace.prompt for subject in subjects])
    best = rewards.score_cases(_cases(rewards, subjects, gold))
    floor = rewards.score_cases(_cases(rewards, subjects, [Attempt("")] * len(subjects)))
    count = _Count(config, best, floor)
    results = [_try(mutation, subjects, rewards, count, seed) for mutation in MUTATIONS]
    if not any(result.n for result in results):
        raise DataError("no gold completion earns more than an empty one; these rewards have no term for these items")
    passed = all(result.rate is None or result.rate.value <= limit for result in results)
    return RewardsCheck(
        rewards=config.digest,
        items=len(subjects),
        completions=rewards.scored,
        limit=limit,
        passed=passed,
        mutations=results,
        terms=count.terms(),
        first_fault=count.first_fault,
    )


def _unfading(config: RewardsConfig) -> RewardsConfig:
    terms = [
        term.model_copy(update={"options": term.options | {"decay_at": None}}) if term.kind == "format" else term
        for term in config.terms
    ]
    return config.model_copy(update={"terms": tuple(terms)})


def _gold_text(subject: Subject) -> str:
    trace = subject.trace
    return completion_of(trace.prompt, [step.content for step in trace.steps], trace.final_answer)


def _tokens(attempt: Attempt) -> int:
    return -(-len(attempt.text) // CHARACTERS_A_TOKEN)


def _cases(rewards: Rewards, subjects: Sequence[Subject], attempts: Sequence[Attempt]) -> list[Case]:
    return [
        Case(
            group=subject.id,
            prompt=subject.trace.prompt,
            target=subject.target,
            text=attempt.text,
            tokens=_tokens(attempt),
            finish=attempt.finish,
            form=rewards.form,
            max_new_tokens=rewards.max_new_tokens,
        )
        for subject, attempt in zip(subjects, attempts, strict=True)
    ]


@dataclass
class _Tally:
    """What one term said so far."""

    false_positives: int = 0
    should_not_pay: int = 0
    false_negatives: int = 0
    should_pay: int = 0
    abstained: int = 0
    faults: int = 0


class _Count:
    """Adds up what the terms and the totals pay, beside the gold and the empty completion of each item."""

    def __init__(self, config: RewardsConfig, best: Sequence[Reward], floor: Sequence[Reward]) -> None:
        self._paid = {term.kind for term in config.terms if term.weight}
        self._best, self._floor = best, floor
        self._tallies = {term.kind: _Tally() for term in config.terms}
        self.first_fault: str | None = None

    def share(self, index: int, mutation: Mutation, reward: Reward, *, verifiable: bool) -> float | None:
        """Return what a completion earned as a share of the gold one; None if nothing here looks at it.

        A wrong answer counts also where no term looks at answers: paying for it is the mistake.
        """
        best, floor = self._best[index], self._floor[index]
        eyes = self._paid & {*mutation.seen_by, "judge"}
        looks = any((best.terms[kind] or 0.0) > _LOWEST.get(kind, 0.0) for kind in eyes)
        looks = looks or (mutation.expected == "little" and verifiable)
        room = best.total - floor.total
        return (reward.total - floor.total) / room if looks and room > _EVEN else None

    def add(self, index: int, mutation: Mutation, reward: Reward) -> None:
        """Count what each term says of one completion."""
        for kind, tally in self._tallies.items():
            value, gold = reward.terms[kind], self._best[index].terms[kind]
            if kind in reward.faults:
                tally.faults += 1
                self.first_fault = self.first_fault or f"{kind}, {mutation.name}: {reward.faults[kind]}"
            elif value is None:
                tally.abstained += 1
            elif kind in mutation.pays and gold is not None:
                low = _LOWEST.get(kind, 0.0)
                paid = value - low > (gold - low) / 2
                if mutation.pays[kind]:
                    tally.should_pay += 1
                    tally.false_negatives += not paid
                else:
                    tally.should_not_pay += 1
                    tally.false_positives += paid

    def terms(self) -> list[TermResult]:
        """Return what each term paid."""
        return [
            TermResult(
                term=kind,
                false_positive_rate=_rate(tally.false_positives, tally.should_not_pay),
                false_negative_rate=_rate(tally.false_negatives, tally.should_pay),
                **asdict(tally),
            )
            for kind, tally in self._tallies.items()
        ]


def _rate(count: int, n: int) -> Interval | None:
    return wilson(count, n) if n else None


def _try(mutation: Mutation, subjects: Sequence[Subject], rewards: Rewards, count: _Count, seed: int) -> MutationResult:
    made: list[tuple[int, Attempt]] = []
    for index, subject in enumerate(subjects):
        random = Random(f"{seed}/{mutation.name}/{subject.id}")
        other = subjects[(index + random.randrange(1, len(subjects))) % len(subjects)]
        attempt = mutation.make(subject, other, rewards.max_new_tokens, random)
        if attempt is not None:
            made.append((index, attempt))
    started = time.perf_counter()
    cases = _cases(rewards, [subjects[index] for index, _ in made], [attempt for _, attempt in made])
    scored = rewards.score_cases(cases)
    seconds = time.perf_counter() - started
    shares: list[float] = []
    wrong: list[Example] = []
    for (index, attempt), reward in zip(made, scored, strict=True):
        count.add(index, mutation, reward)
        share = count.share(index, mutation, reward, verifiable=subjects[index].target.kind != "open")
        if share is not None:
            shares.append(share)
            if _is_wrong(mutation.expected, share, is_gold=mutation is MUTATIONS[0], reward=reward):
                wrong.append(Example(id=subjects[index].id, text=attempt.text[:400], share=round(share, 4)))
    return MutationResult(
        name=mutation.name,
        expected=mutation.expected,
        n=len(shares),
        wrong=len(wrong),
        rate=_rate(len(wrong), len(shares)),
        mean_share=sum(shares) / len(shares) if shares else None,
        seen_by=mutation.seen_by,
        seconds=seconds / len(made) if made else 0.0,
        example=wrong[0] if wrong else None,
    )


def _is_wrong(expected: Expected, share: float, *, is_gold: bool, reward: Reward) -> bool:
    if is_gold:  # its share is 1 by definition; what can be wrong is that its own answer is not right
        return reward.terms.get("correctness", 1.0) == 0.0
    if expected == "full":
        return share < 1 - _EVEN
    return share > (1 - _EVEN if expected == "less" else _LITTLE)
