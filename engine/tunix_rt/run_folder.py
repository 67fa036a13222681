"""RunDir: the folder of one execution of a recipe; the only place that names the files in it.

runs/2026-01-05-sft-dev-reasoning-7f3a/
    manifest.json      written first, replaced atomically on each change of status
    config.json        the resolved configuration
    metrics.jsonl      one event a line: {"step": 10, "time_s": 8.1, "loss": 0.91}
    samples.jsonl      what fine-tuning wrote at its measurements, one step a line
    rollouts.jsonl     what reinforcement learning was trained on, one group a line
    preview.json       tokens of the first rows with their loss mask, written before step 1
    checkpoints/<step>/  adapter/  exports/<format>/  report.html  logs/attempt-1.log
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tunix_rt.formats import MANIFEST


@dataclass(frozen=True)
class RunDir:
    """Every file name inside a run's folder."""

    path: Path
    """The run's folder."""

    @property
    def id(self) -> str:
        """Name of the run."""
        return self.path.name

    @property
    def home(self) -> Path:
        """The home folder that the run belongs to."""
        return self.path.parent.parent

    @property
    def manifest(self) -> Path:
        """What the run is: a RunManifest."""
        return self.path / MANIFEST

    @property
    def config(self) -> Path:
        """The resolved configuration."""
        return self.path / "config.json"

    @property
    def metrics(self) -> Path:
        """Metrics, one event a line."""
        return self.path / "metrics.jsonl"

    @property
    def rollouts(self) -> Path:
        """Groups of completions that were trained on, one a line, in the order of the updates."""
        return self.path / "rollouts.jsonl"

    @property
    def samples(self) -> Path:
        """What the model answered to a few validation prompts, one step a line."""
        return self.path / "samples.jsonl"

    @property
    def preview(self) -> Path:
        """Tokens of the first rows with their loss mask."""
        return self.path / "preview.json"

    @property
    def plan(self) -> Path:
        """What training decided before its first update; a resumed run goes on with it."""
        return self.path / "plan.json"

    @property
    def checkpoints(self) -> Path:
        """Folder of resumable checkpoints, one a step."""
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        """The trained weights: the LoRA adapter, or all weights after full fine-tuning."""
        return self.path / "adapter"

    @property
    def exports(self) -> Path:
        """Folder of exports, one a format."""
        return self.path / "exports"

    @property
    def report(self) -> Path:
        """The self-contained page."""
        return self.path / "report.html"

    @property
    def state(self) -> Path:
        """What a recipe of several phases has done so far, so that it can go on after the last whole one."""
        return self.path / "state.json"

    @property
    def result(self) -> Path:
        """The result of the recipe as one JSON object."""
        return self.path / "result.json"

    @property
    def logs(self) -> Path:
        """Folder of logs, one an attempt."""
        return self.path / "logs"

    def log(self, attempt: int) -> Path:
        """Log of one attempt."""
        return self.logs / f"attempt-{attempt}.log"
