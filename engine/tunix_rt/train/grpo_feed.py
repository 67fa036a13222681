"""What the learner is given and what it tells: the next prompts, the learning rate, when to stop; and the metrics.

It does not build models, draw completions or reward them.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tunix.sft.hooks import TrainingHooks
from tunix.sft.metrics_logger import MetricsLogger

from tunix_rt.config import GRPOConfig
from tunix_rt.errors import TunixRtError
from tunix_rt.pace import Speed
from tunix_rt.progress import Reporter
from tunix_rt.run import log_metrics
from tunix_rt.run_folder import RunDir
from tunix_rt.train.feed import Finish, StopRequest, set_learning_rate
from tunix_rt.train.groups import Groups
from tunix_rt.train.prompts import Prompts


def learning_rate_at(config: GRPOConfig, step: int) -> float:
    """Return the learning rate of update `step`, from 0: a linear warm-up, then constant.

    It does not depend on how many updates there will be, so that a run may end by the clock.
    """
    return config.learning_rate * min(1.0, (step + 1) / (config.warmup_steps + 1))


@dataclass
class PromptFeed:
    """Hands a step's prompts to the learner until the updates are made, the time is over or a signal came.

    The learner asks in a thread of its own, and only when all updates before have ended.
    """

    prompts: Prompts
    config: GRPOConfig
    trainer: Any
    speed: Speed
    deadline: float | None
    stop: StopRequest
    between: Callable[[int], object]
    """Called before each step with the updates done: checkpoints are sealed, the policy is measured."""
    finish: Finish = "planned"

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Yield columns `prompts` and `row`.

        Tunix passes over as many batches as a checkpoint has updates, whatever they hold.
        """
        for _ in range(self.trainer.train_steps):
            yield self.prompts.batch(0)
        while True:
            done = self.trainer.train_steps
            self.between(done)
            if self._is_over(done):
                return
            yield self.prompts.batch(done // self.config.num_iterations)

    def _is_over(self, done: int) -> bool:
        if done >= self.config.max_steps:
            return True
        if self.stop.signal is not None:
            self.finish = "signal"
        elif self.deadline is not None and time.monotonic() + self._needed(done) > self.deadline:
            self.finish = "deadline"
        return self.finish != "planned"

    def _needed(self, done: int) -> float:
        return self.speed.needed(self.config, done + self.config.num_iterations - 1)


@dataclass
class StepRecorder(MetricsLogger, TrainingHooks):  # type: ignore[misc]
    """Sets the learning rate before each update and writes metrics after it; Tunix's own backends are never started."""

    config: GRPOConfig
    run: RunDir
    groups: Groups
    speed: Speed
    deadline: float | None
    progress: Reporter | None
    losses: dict[int, float] = field(default_factory=dict)
    rewards: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(None)
        self._began = self._last = time.monotonic()
        self._values: dict[str, float] = {}
        self._seconds: dict[int, float] = {}
        self._first: int | None = None
        self._completions = self.config.prompts_per_step * self.config.num_generations

    def log(self, metrics_prefix: str, metric_name: str, scalar_value: Any, mode: Any, step: int) -> None:
        """Keep one value until its update is written."""
        self._values[f"{mode}/{metric_name}"] = float(scalar_value)

    def get_metric(self, metrics_prefix: str, metric_name: str, mode: Any) -> float:
        """Return the newest value."""
        return self._values[f"{mode}/{metric_name}"]

    def close(self) -> None:
        """Nothing is held open."""

    def between(self, done: int) -> None:
        """Take the time of the step that has ended with update `done`."""
        now = time.monotonic()
        if self._first is None:
            self._first = done + self.config.num_iterations
        else:
            self._seconds[done] = seconds = now - self._last
            self.speed.compiling = 0.0
            if done > self._first:  # the first one of an attempt may compile
                self.speed.step = max(seconds, 0.8 * self.speed.step)
        self._last = now

    def leave_out(self, seconds: float) -> None:
        """Do not count so many seconds as the next step's: something else took them."""
        self._last += seconds

    def on_train_start(self, train_ctx: Any) -> None:
        """Nothing to do: Tunix begins anew for every micro-batch."""

    def on_train_step_start(self, train_ctx: Any) -> None:
        """Set the learning rate of the update that this micro-batch belongs to."""
        set_learning_rate(train_ctx.optimizer, learning_rate_at(self.config, train_ctx.train_steps))

    def on_train_step_end(self, train_ctx: Any, train_step: int, train_loss: float) -> None:
        """Write the metrics of an update; Tunix tells them while the next one runs."""
        loss = float(train_loss)
        if not math.isfinite(loss):
            raise TunixRtError(
                f"the loss of update {train_step} is {loss}: the training diverged; lower learning_rate "
                f"(now {self.config.learning_rate:g}) and start a new run"
            )
        drawn = self.groups.metrics.pop(train_step, {})
        seconds = self._seconds.pop(train_step, None)
        self.losses[train_step] = loss
        record: dict[str, float | int | None] = {
            "step": train_step,
            "time_s": round(time.monotonic() - self._began, 3),
            "loss": loss,
            "learning_rate": learning_rate_at(self.config, train_step - 1),
            "grad_norm": self._values.get("train/grad_norm"),
            "kl": self._values.get("train/kl") if self.config.beta else None,
            "entropy": self._values.get("train/entropy"),
            "clip_ratio": self._values.get("train/pg_clipfrac"),
            **drawn,
        }
        if drawn:
            self.rewards[train_step] = drawn["reward"]
            record["rollout_tokens_per_second"] = round(
                drawn["completions/mean_length"] * self._completions / max(drawn["time/rollout"], 1e-9), 1
            )
        if seconds is not None:
            record["time/step"] = round(seconds, 4)
        if self.deadline is not None:
            record["budget/remaining_s"] = round(self.deadline - time.monotonic(), 1)
        log_metrics(self.run, **record)
        if self.progress:
            shown = {"reward": drawn["reward"]} if drawn else {}
            self.progress.update(train_step, self.config.max_steps, self.groups.counts["tokens"], **shown)

    def on_train_end(self, train_ctx: Any) -> None:
        """Nothing to do: the trainer still has one update to tell."""

    def on_eval_step_start(self, train_ctx: Any) -> None:
        """Never called: the policy is measured by our own evaluator."""

    def on_eval_step_end(self, train_ctx: Any, eval_loss: float) -> None:
        """Never called: the policy is measured by our own evaluator."""
