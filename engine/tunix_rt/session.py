"""Session: what a session keeps between its phases, and the result that it prints; it does not know how phases work.

The result is the last line that `tunix-rt session run --json` prints: one JSON object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tunix_rt.budget import BudgetReport
from tunix_rt.comparison import Comparison, compare, p_text, percent, points, verdict
from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import DataError
from tunix_rt.evaluation import Estimate, Evaluation, ForcedStart
from tunix_rt.formats import Format
from tunix_rt.run_folder import RunDir


class ExportOutcome(Format):
    """What became of one export."""

    digest: str | None
    """Digest of the export's files; None if it was left out."""
    path: str | None
    """Folder, relative to the run; None if it was left out."""
    note: str
    """How it was checked, or why it was left out."""


class TrainingOutcome(Format):
    """How the fine-tuning went."""

    steps: int
    """Optimiser updates made."""
    planned_steps: int
    """Optimiser updates planned; the learning rate ended with the last of them."""
    finish: Literal["planned", "deadline"]
    """`planned`: every update was made; `deadline`: the time was over before."""
    peak_memory_bytes: int
    """Largest resident memory of the process up to the end of the training."""


@dataclass(frozen=True)
class PhaseDir(RunDir):
    """Files of one phase, in a folder of its own inside a session's run; laid out like those of a run."""

    @property
    def id(self) -> str:
        """Name of the session's run."""
        return self.path.parent.name

    @property
    def home(self) -> Path:
        """The home folder that the run belongs to."""
        return self.path.parent.parent.parent


def phase_dir(run: RunDir, name: Literal["sft", "grpo"]) -> PhaseDir:
    """Return where a phase keeps what another phase would overwrite: `sft/adapter`, and all files of `grpo`."""
    return PhaseDir(run.path / name)


def rollouts_path(run: RunDir) -> Path:
    """Return where the groups of a run are written: in a session, those of its reinforcement learning."""
    return run.rollouts if run.rollouts.is_file() else phase_dir(run, "grpo").rollouts


class ReinforcementOutcome(Format):
    """How the reinforcement learning went."""

    steps: int
    """Optimiser updates made; 0 if it was left out."""
    finish: Literal["planned", "deadline", "left out"]
    """`planned`: every update was made; `deadline`: the time was over before; `left out`: `note` says why."""
    reward: float | None = None
    """Mean reward of the completions of the last step."""
    groups: int = 0
    """Groups that were drawn."""
    groups_without_signal: int = 0
    """Groups whose completions all earned the same, so that nothing was learned from them."""
    note: str | None = None
    """Why it was left out."""


class SessionState(Format):
    """What the phases of a session have made so far; a session that was cut off goes on from here."""

    state_version: int = 1
    """Version of this format."""
    dataset: str | None = None
    """Key of the frozen dataset."""
    items: int | None = Field(None, ge=1)
    """Evaluated items, chosen once from the measured speed."""
    decode_tokens_per_second: float | None = None
    """The measured speed that `items` was chosen from."""
    base_contract: str | None = None
    """Evaluation of the base model under the prompt contract."""
    base_few_shot: str | None = None
    """Evaluation of the base model with worked examples."""
    training: TrainingOutcome | None = None
    """How the fine-tuning went; None until it has ended and its weights are written."""
    sft: str | None = None
    """Evaluation of the fine-tuned model before reinforcement learning; None without that phase."""
    grpo: ReinforcementOutcome | None = None
    """How the reinforcement learning went; None until it has ended and its weights are the run's."""
    forced: dict[str, ForcedStart] = Field(default_factory=dict)
    """Accuracy with the reasoning begun for the model: `sft` before and `tuned` after reinforcement learning."""
    tuned: str | None = None
    """Evaluation of the tuned model."""
    exports: dict[str, ExportOutcome] = Field(default_factory=dict)
    """What became of each export."""


class Measured(Format):
    """One evaluation in the figures of the result; a share is None where no sample could be counted."""

    evaluation: str
    """Id of the evaluation."""
    n: int
    """Scored items."""
    strict: Estimate | None
    """Accuracy of answers that follow the form, with a 95 % interval."""
    lenient: Estimate | None
    """Accuracy of answers found anywhere, with a 95 % interval."""
    format: float | None
    """Share of completions that follow the form of their prompt exactly."""
    stop: float | None
    """Share of completions that the model ended itself."""
    truncated: float | None
    """Share of completions that were cut at the token limit."""


class BaseMeasured(Format):
    """The base model, measured twice."""

    contract: Measured
    """Under the prompt contract alone."""
    few_shot: Measured
    """With worked examples before each question."""


class SessionComparison(Format):
    """The tuned model against a baseline, pair by pair."""

    baseline: str
    """Evaluation of the baseline."""
    delta: float
    """Difference of the accuracies, tuned minus baseline."""
    low: float
    """Lower end of the paired bootstrap's 95 % interval."""
    high: float
    """Upper end of that interval."""
    p: float
    """Exact McNemar, two-sided."""
    n: int
    """Pairs."""
    gained: int
    """Items that only the tuned model has right."""
    lost: int
    """Items that only the baseline has right."""


class Reinforcement(Format):
    """What reinforcement learning changed, measured before and after it under the same contract."""

    outcome: ReinforcementOutcome
    """How it went."""
    sft: Measured
    """The fine-tuned model that it started from."""
    comparison: SessionComparison
    """Tuned (strict) against the fine-tuned model (strict)."""
    forced: dict[str, ForcedStart]
    """Accuracy with the reasoning begun for the model, before (`sft`) and after (`tuned`)."""

    @property
    def words(self) -> str:
        """What it did, in a sentence that claims no more than was measured."""
        if self.outcome.finish == "left out":
            return f"Reinforcement learning was left out: {self.outcome.note}."
        pair = self.comparison
        change = f"{points(pair.delta)} points, exact McNemar p {p_text(pair.p)}"
        text = f"Reinforcement learning, {self.outcome.steps} updates: {change}"
        before, after = (found.strict if (found := self.forced.get(role)) else None for role in ("sft", "tuned"))
        if before is None or after is None:
            return f"{text}."
        return (
            f"{text}. With the reasoning begun for the model: {percent(before.value)} before, {percent(after.value)} "
            "after; what is gained only without that help is a choice of manner, not new ability."
        )


class DatasetNamed(Format):
    """The dataset of a session."""

    key: str
    """Name and version."""
    digest: str
    """Digest of its rows."""


class SessionResult(Format):
    """What a session ended with."""

    run: str
    """Id of the run."""
    base_model: str
    """Name of the base model."""
    base: BaseMeasured
    """The base model, measured under the same contract and under a fair few-shot prompt."""
    tuned: Measured
    """The tuned model under the contract."""
    training: TrainingOutcome
    """How the fine-tuning went."""
    comparison: SessionComparison
    """The paired difference: tuned (strict) against the better base measurement (lenient)."""
    reinforcement: Reinforcement | None = None
    """What reinforcement learning changed; None without that phase."""
    budget: BudgetReport
    """Minutes given and used, and the seconds of each phase."""
    dataset: DatasetNamed
    """What was trained on."""
    exports: dict[str, ExportOutcome]
    """What was exported, reloaded and compared."""
    report: str
    """Path of the report."""
    verdict: str
    """One sentence that says what the difference shows."""

    @property
    def headline(self) -> dict[str, Any]:
        """The few figures that one looks for first."""
        more = self.reinforcement
        return {
            "base_contract_lenient": _value(self.base.contract.lenient),
            "base_few_shot_lenient": _value(self.base.few_shot.lenient),
            "tuned_strict": _value(self.tuned.strict),
            "delta": self.comparison.delta,
            "p": self.comparison.p,
            "n": self.comparison.n,
            **({"sft_strict": _value(more.sft.strict), "grpo_delta": more.comparison.delta} if more else {}),
        }

    @property
    def summary(self) -> str:
        """The result in a few lines, for a person."""
        rows = [
            ("base, contract", self.base.contract),
            ("base, few-shot", self.base.few_shot),
            *([("sft, contract", self.reinforcement.sft)] if self.reinforcement else []),
            ("tuned, contract", self.tuned),
        ]
        lines = [f"{'':16}  {'n':>4}  {'strict':>22}  {'lenient':>22}  {'format':>7}  {'stop':>7}"]
        for name, found in rows:
            lines.append(
                f"{name:16}  {found.n:>4}  {_interval(found.strict):>22}  {_interval(found.lenient):>22}"
                f"  {_share(found.format):>7}  {_share(found.stop):>7}"
            )
        used = f"{self.budget.used:.1f} of {self.budget.minutes:.1f} minutes"
        return "\n".join(
            [
                "",
                *lines,
                "",
                self.verdict.replace("B is", "The tuned model is").replace(
                    "than A", "than the better base measurement"
                ),
                *([self.reinforcement.words] if self.reinforcement else []),
                used,
            ]
        )


def session_result(
    run: RunDir,
    *,
    frozen: DatasetManifest,
    base_model: str,
    evaluations: Mapping[str, Evaluation],
    comparison: Comparison,
    training: TrainingOutcome | None,
    exports: Mapping[str, ExportOutcome],
    budget: BudgetReport,
    reinforced: ReinforcementOutcome | None = None,
    forced: Mapping[str, ForcedStart] | None = None,
) -> SessionResult:
    """Collect the result from what the phases made; raise DataError if a measurement is missing."""
    missing = {"base_contract", "base_few_shot", "tuned"} - set(evaluations)
    if missing or training is None:
        raise DataError(f"the session has no {', '.join(sorted(missing)) or 'tuned'} measurement; resume it")
    reinforcement = None
    if reinforced is not None:
        reinforcement = Reinforcement(
            outcome=reinforced,
            sft=_measured(evaluations["sft"]),
            comparison=_compared(compare(evaluations["sft"], evaluations["tuned"])),
            forced=dict(forced or {}),
        )
    return SessionResult(
        run=run.id,
        base_model=base_model,
        base=BaseMeasured(
            contract=_measured(evaluations["base_contract"]), few_shot=_measured(evaluations["base_few_shot"])
        ),
        tuned=_measured(evaluations["tuned"]),
        training=training,
        comparison=_compared(comparison),
        reinforcement=reinforcement,
        budget=budget,
        dataset=DatasetNamed(key=frozen.key, digest=frozen.digest),
        exports=dict(exports),
        report=str(run.report),
        verdict=verdict(comparison),
    )


def _compared(comparison: Comparison) -> SessionComparison:
    delta = comparison.main.paired
    return SessionComparison(
        baseline=comparison.a.id,
        delta=delta.delta,
        low=delta.low,
        high=delta.high,
        p=delta.p,
        n=delta.n,
        gained=delta.gained,
        lost=delta.lost,
    )


def _measured(evaluation: Evaluation) -> Measured:
    metrics = evaluation.manifest.metrics
    return Measured(
        evaluation=evaluation.id,
        n=metrics.n,
        strict=metrics.strict,
        lenient=metrics.lenient,
        format=_value(metrics.format),
        stop=_value(metrics.stop),
        truncated=_value(metrics.truncated),
    )


def _value(estimate: Estimate | None) -> float | None:
    return None if estimate is None else estimate.value


def _share(value: float | None) -> str:
    return "-" if value is None else percent(value)


def _interval(estimate: Estimate | None) -> str:
    if estimate is None:
        return "-"
    return f"{percent(estimate.value)} [{100 * estimate.low:.1f}, {100 * estimate.high:.1f}]"


__all__ = [
    "BaseMeasured",
    "DatasetNamed",
    "ExportOutcome",
    "Measured",
    "PhaseDir",
    "Reinforcement",
    "ReinforcementOutcome",
    "SessionComparison",
    "SessionResult",
    "SessionState",
    "TrainingOutcome",
    "phase_dir",
    "session_result",
]
