"""Figures: what a run measured, gathered from its folders for the papers that speak of it; no figure is typed by hand.

It does not know how a paper is worded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tunix_rt.comparison import Comparison, better_base, compare, compare_with_base, percent, verdict
from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import UsageError
from tunix_rt.evaluation import Estimate, Evaluation, Sample
from tunix_rt.run import RunManifest


@dataclass(frozen=True)
class Figures:
    """A run and its measurements; everything else follows from them."""

    run: RunManifest
    """The run whose model is submitted."""
    config: Mapping[str, Any]
    """Its resolved configuration."""
    dataset: DatasetManifest | None
    """What it was trained on; None if it names no dataset."""
    result: Mapping[str, Any]
    """What the recipe ended with, as its result.json says; empty for a recipe that writes none."""
    tuned: Evaluation
    """The measurement of its model: the recipe's own, else the newest that holds a score."""
    bases: tuple[Evaluation, ...]
    """Measurements of the base model on the same items."""
    earlier: tuple[Evaluation, ...]
    """Measurements of the run's earlier weights on the same items: what reinforcement learning started from."""

    @property
    def base_model(self) -> str:
        """Name of the base model."""
        return self.tuned.manifest.model.name

    @property
    def sft(self) -> Mapping[str, Any]:
        """The part of the configuration that the fine-tuning follows."""
        part: Mapping[str, Any] = self.config.get("sft", self.config)
        return part

    @property
    def score(self) -> Estimate:
        """The leaderboard's score: strict accuracy of the trained model under the prompt contract."""
        found = self.tuned.manifest.metrics.strict
        if found is None:
            raise UsageError(f"evaluation {self.tuned.id} has no strict accuracy; measure run {self.run.id} again")
        return found

    @property
    def comparison(self) -> Comparison | None:
        """The trained model against the better measurement of its base, pair by pair; None without one."""
        return compare_with_base(self.bases, self.tuned) if self.bases else None

    @property
    def base_measured(self) -> str:
        """How the base was measured, to be said after "The base model": first only if it was."""
        first = all(base.manifest.created <= self.tuned.manifest.created for base in self.bases)
        return "was measured first" if first else "was measured as well"

    @property
    def base_had_examples(self) -> bool:
        """Whether the base was asked both under the prompt contract and after worked examples."""
        return len({base.manifest.prompt.name == "contract" for base in self.bases}) == 2

    @property
    def verdict(self) -> str:
        """One sentence that says what the difference from the base shows, and what it does not."""
        paired = self.comparison
        if paired is None:
            return "The base model was not measured on these items, so that nothing can be said of a gain."
        words = verdict(paired).replace("B is", "The trained model is")
        return words.replace("than A", "than the better measurement of its base")

    @property
    def reinforced(self) -> str | None:
        """One sentence on what reinforcement learning alone changed; None if its start was not measured."""
        if not self.earlier:
            return None
        words = verdict(compare(self.earlier[-1], self.tuned))
        return words.replace("B is", "After reinforcement learning the model is").replace(
            "than A", "than the fine-tuned model that it started from"
        )

    @property
    def example(self) -> tuple[Sample, Sample | None]:
        """A right answer of the trained model, if possible one that the base has wrong, with the base's answer.

        The first in the order of the task, so that nobody chose it.
        """
        base = better_base(*self.bases) if self.bases else None
        before = {sample.id: sample for sample in base.samples} if base else {}
        right = [sample for sample in self.tuned.samples if sample.strict.value == 1.0]
        for sample in right:
            other = before.get(sample.id)
            if other is not None and other.lenient.value == 0.0:
                return sample, other
        chosen = right[0] if right else self.tuned.samples[0]
        return chosen, before.get(chosen.id)

    @property
    def minutes(self) -> float:
        """Minutes of wall clock that the phases of the run took."""
        return sum(self.run.timings.values()) / 60


def figures_of(
    run: RunManifest,
    config: Mapping[str, Any],
    evaluations: Sequence[Evaluation],
    *,
    dataset: DatasetManifest | None,
    result: Mapping[str, Any],
) -> Figures:
    """Return the figures of a run; raise UsageError if no measurement of its model holds a score."""
    own = [done for done in evaluations if done.manifest.model.run == run.id and done.manifest.metrics.n]
    if not own:
        raise UsageError(f"run {run.id} has no evaluation with a score; measure it: `tunix-rt eval --run {run.id}`")
    headline = run.outputs["tuned"].key if "tuned" in run.outputs else None
    tuned = max(own, key=lambda done: (done.id == headline, done.manifest.created, done.id))
    bases = [
        done
        for done in evaluations
        if done.manifest.model.run is None and done.manifest.task == tuned.manifest.task and done.manifest.metrics.n
    ]
    weights, asked = tuned.manifest.model.adapter_digest, (tuned.manifest.task, tuned.manifest.prompt)
    earlier = [
        done
        for done in own
        if done.manifest.model.adapter_digest != weights and (done.manifest.task, done.manifest.prompt) == asked
    ]
    return Figures(
        run=run,
        config=config,
        dataset=dataset,
        result=result,
        tuned=tuned,
        bases=tuple(_contract_last(bases)),
        earlier=tuple(sorted(earlier, key=lambda done: (done.manifest.created, done.id))),
    )


def _contract_last(bases: Sequence[Evaluation]) -> list[Evaluation]:
    """Return base measurements with few-shot ones first: on a tie the fairer one is the baseline."""
    return sorted(bases, key=lambda done: (done.manifest.prompt.name == "contract", done.id))


def results_table(figures: Figures) -> str:
    """Return the table of results in Markdown; `verify` makes it again from the samples of a submission."""
    rows = [("base", done) for done in figures.bases]
    rows += [("fine-tuned", done) for done in figures.earlier] + [("trained", figures.tuned)]
    lines = [
        "| model | prompt | n | strict | lenient | format | stopped |",
        "|---|---|---|---|---|---|---|",
    ]
    for who, done in rows:
        metrics = done.manifest.metrics
        shares = [_interval(metrics.strict), _interval(metrics.lenient), _share(metrics.format), _share(metrics.stop)]
        lines.append(f"| {who} | {done.manifest.prompt.name} | {metrics.n} | {' | '.join(shares)} |")
    return "\n".join(lines)


def _interval(found: Estimate | None) -> str:
    return "–" if found is None else f"{percent(found.value)} [{100 * found.low:.1f}, {100 * found.high:.1f}]"


def _share(found: Estimate | None) -> str:
    return "–" if found is None else percent(found.value)
