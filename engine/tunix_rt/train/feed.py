"""What the trainer is given and what it tells: the next batch, the learning rate, when to stop; and the metrics.

Tunix asks its data hooks for each micro-batch by the number that it counts, so that a resumed run goes on where its
checkpoint stands. This module does not build models or batches.
"""

from __future__ import annotations

import contextlib
import math
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from types import FrameType
from typing import Any, Literal

import jax
import numpy as np
from flax import nnx
from tunix.sft.hooks import DataHooks, TrainingHooks
from tunix.sft.metrics_logger import MetricsLogger

from tunix_rt.config import SFTConfig
from tunix_rt.errors import TunixRtError
from tunix_rt.pace import Speed
from tunix_rt.progress import Reporter
from tunix_rt.run import log_metrics
from tunix_rt.run_folder import RunDir
from tunix_rt.train.batches import Batch, PackedData

Finish = Literal["planned", "deadline", "signal"]


def learning_rate_at(config: SFTConfig, step: int, steps: int) -> float:
    """Return the learning rate of update `step` (from 0) of `steps`: linear warm-up, then the schedule's course."""
    warmup = round(config.warmup_fraction * steps)
    if step < warmup:
        return config.learning_rate * (step + 1) / (warmup + 1)
    if config.schedule == "constant":
        return config.learning_rate
    done = (step - warmup) / max(1, steps - warmup)
    low = config.final_learning_rate_fraction
    return config.learning_rate * (low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


def set_learning_rate(optimizer: nnx.Optimizer[Any], value: float) -> None:
    """Put the learning rate of the next update into the optimiser's state.

    It is data and no constant of the compiled step, as the number of updates is known only after that step was timed.
    """
    state = optimizer.opt_state
    state = getattr(state, "inner_opt_state", state)
    variable = state.hyperparams["learning_rate"]
    variable[...] = jax.device_put(np.float32(value), variable[...].sharding)


@dataclass
class StopRequest:
    """Whether somebody asked the training to end, and by which signal."""

    signal: int | None = None


@contextlib.contextmanager
def stopping_between_updates() -> Iterator[StopRequest]:
    """Note SIGTERM and Ctrl-C instead of obeying them, so that training can end whole; the second one is obeyed."""
    request = StopRequest()
    if threading.current_thread() is not threading.main_thread():
        yield request  # only the main thread may handle signals
        return
    before = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}

    def note(number: int, frame: FrameType | None) -> None:
        request.signal = number
        for known, handler in before.items():
            signal.signal(known, handler)

    for number in before:
        signal.signal(number, note)
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@dataclass
class Feed(DataHooks):  # type: ignore[misc]
    """Hands batches to the trainer, by number, until the plan is done, the time is over or a signal came."""

    data: PackedData
    valid: Sequence[Batch]
    steps: int
    config: SFTConfig
    speed: Speed
    deadline: float | None
    stop: StopRequest
    between: Callable[[int], object]
    """Called before each update, when all those before it have ended, with their number."""
    finish: Finish = "planned"
    _next_valid: int = 0

    def load_next_train_batch(self, train_ctx: Any) -> Batch | None:
        """Return the next micro-batch; None ends the training, and always between two updates."""
        if train_ctx.iter_steps % self.data.accumulation == 0:
            jax.block_until_ready(train_ctx.optimizer.step[...])
            self.between(train_ctx.train_steps)
            if self._is_over(train_ctx.train_steps):
                return None
        return self.data.batch(train_ctx.iter_steps)

    def _is_over(self, done: int) -> bool:
        if done >= self.steps:
            return True
        if self.stop.signal is not None:
            self.finish = "signal"
        elif self.deadline is not None and time.monotonic() + self._needed(done) > self.deadline:
            self.finish = "deadline"
        return self.finish != "planned"

    def _needed(self, done: int) -> float:
        speed = self.speed if self.valid else replace(self.speed, evaluation=0.0)
        return speed.needed(self.config, done)

    def load_next_eval_batch(self, train_ctx: Any) -> Batch | None:
        """Return the next batch of the validation loss; None ends one measurement."""
        if self._next_valid == len(self.valid):
            self._next_valid = 0
            return None
        self._next_valid += 1
        return self.valid[self._next_valid - 1]


@dataclass
class Recorder(MetricsLogger, TrainingHooks):  # type: ignore[misc]
    """Sets the learning rate before each update and writes metrics after it; Tunix's own backends are never started."""

    config: SFTConfig
    run: RunDir
    data: PackedData
    steps: int
    speed: Speed
    deadline: float | None
    progress: Reporter | None
    after_update: Callable[[], object]
    """Called after the metrics of an update are on disk."""
    at_measurement: Callable[[int], object] | None = None
    """Called with the updates that are done, at each measurement of the validation loss; its time counts as that's."""
    losses: dict[int, float] = field(default_factory=dict)
    valid_losses: dict[int, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(None)
        self._began = self._last = time.monotonic()
        self._values: dict[str, float] = {}
        self._seconds: dict[int, float] = {}
        self._tokens = 0
        self._eval_began: float | None = None

    def log(self, metrics_prefix: str, metric_name: str, scalar_value: Any, mode: Any, step: int) -> None:
        """Keep one value until its update or measurement is written."""
        self._values[f"{mode}/{metric_name}"] = float(scalar_value)

    def get_metric(self, metrics_prefix: str, metric_name: str, mode: Any) -> float:
        """Return the newest value."""
        return self._values[f"{mode}/{metric_name}"]

    def close(self) -> None:
        """Nothing is held open."""

    def between(self, done: int) -> None:
        """Take the time of the update that has ended."""
        now = time.monotonic()
        self._seconds[done], self._last = now - self._last, now

    def on_train_start(self, train_ctx: Any) -> None:
        """Begin to count time; tokens of a resumed run go on from its checkpoint."""
        self._began = self._last = time.monotonic()
        self._warm = train_ctx.train_steps + 1
        self._tokens = sum(self.data.counts(number)[0] for number in range(train_ctx.iter_steps))

    def on_train_step_start(self, train_ctx: Any) -> None:
        """Set the learning rate of the update that this micro-batch belongs to."""
        set_learning_rate(train_ctx.optimizer, learning_rate_at(self.config, train_ctx.train_steps, self.steps))

    def on_train_step_end(self, train_ctx: Any, train_step: int, train_loss: float) -> None:
        """Write the metrics of an update; Tunix tells them while the next one runs."""
        accumulation = self.data.accumulation
        counts = [self.data.counts((train_step - 1) * accumulation + number) for number in range(accumulation)]
        tokens, trained = (sum(parts) for parts in zip(*counts, strict=True))
        seconds, loss = self._seconds.pop(train_step), float(train_loss)
        if not math.isfinite(loss):
            raise TunixRtError(
                f"the loss of update {train_step} is {loss}: the training diverged; lower learning_rate "
                f"(now {self.config.learning_rate:g}) and start a new run"
            )
        self.speed.compiling = 0.0
        self._tokens += tokens
        self.losses[train_step] = loss
        record: dict[str, float | int | None] = {
            "step": train_step,
            "time_s": round(time.monotonic() - self._began, 3),
            "loss": loss,
            "learning_rate": learning_rate_at(self.config, train_step - 1, self.steps),
            "grad_norm": self._values.get("train/grad_norm"),
            "epoch": self.data.position(train_step * accumulation)["epoch"],
            "num_tokens": self._tokens,
            "time/step": round(seconds, 4),
        }
        if train_step > self._warm:  # the first one of an attempt may compile
            if train_step % self.config.checkpoint_every_steps == 0:
                self.speed.checkpoint = max(0.0, seconds - self.speed.step)
            else:
                self.speed.step = max(seconds, 0.8 * self.speed.step)
            record["tokens_per_second"] = round(tokens / seconds, 1)
            record["trained_tokens_per_second"] = round(trained / seconds, 1)
        if self.deadline is not None:
            record["budget/remaining_s"] = round(self.deadline - time.monotonic(), 1)
        log_metrics(self.run, **record)
        if self.progress:
            self.progress.update(train_step, self.steps, self._tokens, loss=loss)
        self.after_update()

    def on_train_end(self, train_ctx: Any) -> None:
        """Nothing to do: the trainer still has one update to tell."""

    def on_eval_step_start(self, train_ctx: Any) -> None:
        """Note when a measurement began."""
        self._eval_began = self._eval_began or time.monotonic()

    def on_eval_step_end(self, train_ctx: Any, eval_loss: float) -> None:
        """Write the validation loss; its time is not the next update's."""
        measured = time.monotonic()
        began, self._eval_began = self._eval_began or measured, None
        self.valid_loss(train_ctx.train_steps, self._values["eval/loss"], measured - began)
        seconds = time.monotonic() - began
        self._last += seconds
        self.speed.evaluation = max(seconds, 0.8 * self.speed.evaluation)

    def valid_loss(self, step: int, loss: float, seconds: float) -> None:
        """Write a validation loss that was measured after update `step`."""
        self.valid_losses[step] = loss
        log_metrics(self.run, step=step, **{"eval/loss": loss, "time/eval": round(seconds, 4)})
        if self.at_measurement:
            self.at_measurement(step)
