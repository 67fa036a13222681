"""What the trainer is given and when it is told to stop."""

from __future__ import annotations

import os
import signal
import time
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from tunix_rt.config import SFTConfig
from tunix_rt.errors import TunixRtError
from tunix_rt.pace import Speed
from tunix_rt.run_folder import RunDir
from tunix_rt.train.batches import Example, PackedData
from tunix_rt.train.feed import (
    Feed,
    Recorder,
    StopRequest,
    learning_rate_at,
    set_learning_rate,
    stopping_between_updates,
)
from tunix_rt.train.sft import make_optimizer

CONFIG = SFTConfig(
    learning_rate=1e-3,
    warmup_fraction=0.1,
    final_learning_rate_fraction=0.1,
    eval_every_steps=2,
    checkpoint_every_steps=3,
)
DATA = PackedData([Example("a", np.arange(8, dtype=np.int32), 4)] * 3, max_length=8, accumulation=2)


def at(update: int, micro: int = 0) -> Any:
    """Return what the trainer shows of itself between micro-batches."""
    optimizer = SimpleNamespace(step=nnx.Variable(jnp.zeros(())))
    return SimpleNamespace(iter_steps=2 * update + micro, train_steps=update, optimizer=optimizer)


def feed(**changes: Any) -> Feed:
    settings: dict[str, Any] = {
        "data": DATA, "valid": [], "steps": 5, "config": CONFIG, "speed": Speed(1.0, 4.0, 3.0, 2.0), "deadline": None,
        "stop": StopRequest(), "between": lambda done: None,
    }  # fmt: skip
    return Feed(**settings | changes)


def test_learning_rate_rises_then_falls_to_its_end() -> None:
    rates = [learning_rate_at(CONFIG, step, 100) for step in range(100)]
    assert rates.index(max(rates)) == 10
    assert max(rates) == pytest.approx(1e-3)
    assert all(a < b for a, b in pairwise(rates[:11]))
    assert all(a > b for a, b in pairwise(rates[10:]))
    assert rates[-1] == pytest.approx(1e-4, rel=0.02)
    assert min(rates) > 0


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_learning_rate_of_a_tiny_run_is_positive(steps: int) -> None:
    assert all(0 < learning_rate_at(CONFIG, step, steps) <= 1e-3 for step in range(steps))


def test_constant_schedule_stays_at_the_peak() -> None:
    config = CONFIG.model_copy(update={"schedule": "constant"})
    assert {learning_rate_at(config, step, 50) for step in range(5, 50)} == {1e-3}


def test_learning_rate_is_data_of_the_optimiser() -> None:
    module = nnx.Linear(2, 2, rngs=nnx.Rngs(0))
    optimizer = nnx.Optimizer(module, make_optimizer(SFTConfig(clip_norm=1e9)), wrt=nnx.Param)
    gradients = jnp.ones((2, 2))
    for rate in (0.0, 0.5):
        before = module.kernel[...]
        set_learning_rate(optimizer, rate)
        optimizer.update(module, nnx.State({"kernel": nnx.Param(gradients), "bias": nnx.Param(jnp.zeros(2))}))
        np.testing.assert_allclose(before - module.kernel[...], rate, atol=1e-4)


def test_batches_are_asked_for_by_the_number_that_the_trainer_counts() -> None:
    assert np.array_equal(feed().load_next_train_batch(at(2, 1))["tokens"], DATA.batch(5)["tokens"])  # type: ignore[index]


def test_plan_ends_training_after_its_last_update() -> None:
    one = feed()
    assert one.load_next_train_batch(at(4)) is not None
    assert one.load_next_train_batch(at(5)) is None
    assert one.finish == "planned"


def test_deadline_leaves_room_for_the_update_its_measurement_and_the_last_checkpoint() -> None:
    now = time.monotonic()
    assert feed(deadline=now + 3.5).load_next_train_batch(at(0)) is not None
    late = feed(deadline=now + 2.9)
    assert late.load_next_train_batch(at(0)) is None
    assert late.finish == "deadline"
    measured = feed(deadline=now + 8, valid=[DATA.batch(0)])
    assert measured.load_next_train_batch(at(0)) is not None
    assert measured.load_next_train_batch(at(1)) is None, "update 2 is measured, which takes four seconds more"
    saved = feed(deadline=now + 5)
    assert saved.load_next_train_batch(at(1)) is not None
    assert saved.load_next_train_batch(at(2)) is None, "update 3 is saved, which takes three seconds more"


def test_nothing_stops_in_the_middle_of_an_update() -> None:
    one = feed(deadline=time.monotonic() - 1, stop=StopRequest(signal.SIGTERM))
    assert one.load_next_train_batch(at(0, 1)) is not None


def test_signal_is_noted_once_and_obeyed_twice() -> None:
    with pytest.raises(KeyboardInterrupt), stopping_between_updates() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.signal == signal.SIGINT
        one = feed(stop=stop)
        assert one.load_next_train_batch(at(1)) is None
        assert one.finish == "signal"
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGTERM)
    with stopping_between_updates():
        assert signal.getsignal(signal.SIGTERM) != before
    assert signal.getsignal(signal.SIGTERM) == before


def test_validation_batches_come_round_again() -> None:
    one = feed(valid=[DATA.batch(0), DATA.batch(1)])
    seen = [one.load_next_eval_batch(None) is not None for _ in range(6)]
    assert seen == [True, True, False, True, True, False]


def test_loss_that_is_no_number_ends_the_training_and_is_not_logged(tmp_path: Path) -> None:
    run = RunDir(tmp_path)
    recorder = Recorder(CONFIG, run, DATA, 5, feed().speed, None, None, lambda: None)
    recorder.on_train_start(at(0))
    recorder.between(1)
    with pytest.raises(TunixRtError, match=r"loss of update 1 is nan.*learning_rate"):
        recorder.on_train_step_end(at(1), 1, float("nan"))
    assert not run.metrics.exists()
