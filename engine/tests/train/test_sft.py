"""Fine-tuning nano for real: it learns, it ends in time, and a run that was cut off ends with the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from tunix_rt import dataset, tasks
from tunix_rt.config import SFTConfig
from tunix_rt.errors import BudgetError, RenderError
from tunix_rt.formats import digest_files, read_jsonl
from tunix_rt.preview import Previews
from tunix_rt.progress import Reporter
from tunix_rt.prompt import trace_name
from tunix_rt.run import Stopped, attempt, new_run
from tunix_rt.run_folder import RunDir
from tunix_rt.train.adapter import read_adapter
from tunix_rt.train.base_models import fetch
from tunix_rt.train.checkpoint import list_checkpoints
from tunix_rt.train.feed import StopRequest
from tunix_rt.train.model import load_model, make_mesh
from tunix_rt.train.plan import SFTPlan, prepare
from tunix_rt.train.samples import Samples
from tunix_rt.train.sft import SFTResult, train_sft

CONFIG = SFTConfig(
    base_model="nano",
    method="full",
    dataset="sums-v1",
    max_length=64,
    batch_size=4,
    accumulation=2,
    learning_rate=5e-3,
    max_steps=24,
    eval_every_steps=10,
    checkpoint_every_steps=5,
)
LORA = CONFIG.model_copy(update={"method": "lora"})


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sft")
    dataset.build([tasks.load("nano-arithmetic", limit=600)], name="sums", version="v1", home=folder)
    return folder


def train(home: Path, config: SFTConfig, **options: Any) -> tuple[RunDir, SFTResult]:
    run = new_run(home, "sft", "test", config=config)
    with attempt(run):
        return run, train_sft(config, run, **options)


@pytest.fixture(scope="module")
def full(home: Path) -> tuple[RunDir, SFTResult]:
    return train(home, CONFIG)


@pytest.fixture(scope="module")
def lora(home: Path) -> tuple[RunDir, SFTResult]:
    return train(home, LORA)


def test_training_beats_its_own_start(full: tuple[RunDir, SFTResult], lora: tuple[RunDir, SFTResult]) -> None:
    for _, result in (full, lora):
        assert result.valid_loss_before is not None
        assert result.valid_loss is not None
        assert result.valid_loss < 0.9 * result.valid_loss_before
    assert full[1].valid_loss < 0.5 * full[1].valid_loss_before  # type: ignore[operator]


def test_run_holds_plan_preview_metrics_checkpoints_and_weights(full: tuple[RunDir, SFTResult]) -> None:
    run, result = full
    plan = SFTPlan.read(run.plan)
    assert (plan.steps, result.steps, result.planned_steps, result.finish) == (24, 24, 24, "planned")
    preview = Previews.read(run.preview)
    assert all(any(token.trained for token in one.tokens) for one in preview.examples)
    assert [checkpoint.step for checkpoint in list_checkpoints(run.checkpoints)] == [20, 24]
    assert read_adapter(run.adapter).digest == result.adapter
    assert result.tokens == pytest.approx(plan.tokens, rel=0.05)


def test_metrics_tell_loss_speed_and_place_of_every_update(full: tuple[RunDir, SFTResult]) -> None:
    run, result = full
    records = list(read_jsonl(run.metrics))
    updates = [record for record in records if "loss" in record]
    assert [record["step"] for record in updates] == list(range(1, 25))
    assert updates[-1]["loss"] == result.loss
    for record in updates[1:]:
        assert record["tokens_per_second"] > record["trained_tokens_per_second"] > 0
        assert record["grad_norm"] > 0
        assert record["time/step"] > 0
    assert updates[0]["learning_rate"] < updates[1]["learning_rate"] > updates[-1]["learning_rate"]
    assert [record["num_tokens"] for record in updates] == sorted(record["num_tokens"] for record in updates)
    assert updates[-1]["num_tokens"] == result.tokens
    assert updates[-1]["epoch"] == pytest.approx(SFTPlan.read(run.plan).epochs, abs=1e-3)
    assert [record["step"] for record in records if "eval/loss" in record] == [0, 10, 20, 24]


CHILD = """
import sys
from pathlib import Path
from tunix_rt.run import attempt, read_run_config
from tunix_rt.run_folder import RunDir
from tunix_rt.train.sft import train_sft
run = RunDir(Path(sys.argv[1]))
with attempt(run):
    train_sft(read_run_config(run), run)
"""


def test_run_killed_in_the_middle_ends_with_the_same_bytes(home: Path, lora: tuple[RunDir, SFTResult]) -> None:
    # It also writes what it would answer, which must change nothing.
    config = LORA.model_copy(update={"sample_prompts": 2})
    run = new_run(home, "sft", "killed", config=config)
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(run.path)])
    while not list_checkpoints(run.checkpoints):
        assert child.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    done = list_checkpoints(run.checkpoints)[-1].step
    assert 0 < done < 24
    with attempt(run):
        result = train_sft(config, run, deadline=time.monotonic() + 600)  # whose draws are timed first
    assert digest_files(run.adapter) == digest_files(lora[0].adapter)
    assert result.adapter == lora[1].adapter
    assert result.steps == 24
    losses = {record["step"]: record["loss"] for record in read_jsonl(run.metrics) if "loss" in record}
    expected = {record["step"]: record["loss"] for record in read_jsonl(lora[0].metrics) if "loss" in record}
    assert losses == expected
    steps, written = zip(*[(record["step"], record["samples"]) for record in read_jsonl(run.samples)], strict=True)
    assert sorted(set(steps)) == list(steps)
    assert {0, 10, 20, 24} <= set(steps) <= {0, 10, 20, 24, done}
    asked = [trace_name(trace) for trace in dataset.load(home, "sums-v1").traces("valid")][:2]
    assert all([sample["trace_id"] for sample in samples] == asked for samples in written)
    assert [sample["score"]["value"] for sample in written[0]] == [0.0, 0.0]
    assert [sample["text"] for sample in written[-1]] != [sample["text"] for sample in written[0]]


class Terminator(Reporter):
    """A reporter that sends this process a signal after some updates."""

    def update(self, done: int, total: int | None = None, tokens: int | None = None, **figures: float) -> None:
        """Send it once."""
        if done == 7:
            os.kill(os.getpid(), signal.SIGTERM)


def test_run_that_is_asked_to_stop_saves_everything_and_goes_on(home: Path, full: tuple[RunDir, SFTResult]) -> None:
    run = new_run(home, "sft", "stopped", config=CONFIG)
    with pytest.raises(Stopped), attempt(run):
        train_sft(CONFIG, run, progress=Terminator(quiet=True))
    stopped = list_checkpoints(run.checkpoints)[-1].step
    assert 7 <= stopped <= 9
    assert read_adapter(run.adapter).step == stopped
    with attempt(run):
        result = train_sft(CONFIG, run)
    assert result.steps == 24
    assert digest_files(run.adapter) == digest_files(full[0].adapter)


def test_damaged_checkpoint_is_not_used(home: Path, full: tuple[RunDir, SFTResult]) -> None:
    run, _ = train(home, CONFIG.model_copy(update={"max_steps": 12, "eval_every_steps": 100}))
    newest = list_checkpoints(run.checkpoints)[-1].folder
    victim = next(path for path in sorted(newest.rglob("*")) if path.is_file() and path.stat().st_size > 1000)
    victim.write_bytes(victim.read_bytes()[:-1] + b"?")
    before = digest_files(run.adapter)
    result = train_sft(CONFIG.model_copy(update={"max_steps": 12, "eval_every_steps": 100}), run)
    assert result.steps == 12
    assert digest_files(run.adapter) == before
    assert (run.checkpoints / f"damaged-{newest.name}").is_dir()


def test_run_ends_before_its_deadline_with_a_schedule_that_fits(home: Path) -> None:
    config = CONFIG.model_copy(update={"max_steps": None, "epochs": 10_000, "eval_every_steps": 100})
    deadline = time.monotonic() + 20
    run, result = train(home, config, deadline=deadline)
    assert time.monotonic() < deadline
    plan = SFTPlan.read(run.plan)
    assert plan.measured
    assert 1 <= result.steps <= plan.steps < 10_000
    assert list_checkpoints(run.checkpoints)[-1].step == result.steps
    rates = [record["learning_rate"] for record in read_jsonl(run.metrics) if "learning_rate" in record]
    if result.finish == "planned":
        assert rates[-1] < 0.1 * max(rates)
    assert json.loads(run.plan.read_text())["step_seconds"] > 0


def test_measured_plan_gives_the_weights_of_a_given_one(home: Path, full: tuple[RunDir, SFTResult]) -> None:
    config = CONFIG.model_copy(update={"sample_prompts": 2})
    run, result = train(home, config, deadline=time.monotonic() + 600)
    assert result.adapter == full[1].adapter, "timing a few steps and drawing samples must leave no trace"
    assert SFTPlan.read(run.plan).measured
    assert [record["step"] for record in read_jsonl(run.samples)] == [0, 10, 20, 24]


def test_nothing_is_drawn_where_the_training_is_asked_to_end_or_its_time_is_over(home: Path) -> None:
    config = CONFIG.model_copy(update={"sample_prompts": 2})
    run = new_run(home, "sft", "drawn", config=config)
    base = load_model(fetch("nano", home), dtype="float32", mesh=make_mesh())
    valid = prepare(config, home, base.tokenizer).valid
    stop = StopRequest(signal.SIGTERM)
    Samples(config, run, base, base.model, valid, stop=stop).draw(0)
    over = time.monotonic() - 1
    Samples(config, run, base, base.model, valid, stop=StopRequest(), deadline=over).draw(0)
    assert not run.samples.exists()
    stop.signal = None
    Samples(config, run, base, base.model, valid, stop=stop).draw(3)
    assert [record["step"] for record in read_jsonl(run.samples)] == [3]


def test_no_time_for_one_update_is_an_error_that_says_so(home: Path) -> None:
    with pytest.raises(BudgetError, match="one update takes"):
        train(home, CONFIG, deadline=time.monotonic() + 1)


def test_trace_that_would_be_cut_stops_the_run_before_it_starts(home: Path) -> None:
    config = CONFIG.model_copy(update={"max_length": 40})
    run = new_run(home, "sft", "cut", config=config)
    with pytest.raises(RenderError, match=r"max_length=40 .* the longest is \S+ with"), attempt(run):
        train_sft(config, run)
    assert not run.metrics.exists()
    assert not run.checkpoints.exists()
    assert not run.adapter.exists()


def test_activations_that_are_computed_twice_give_the_same_gradient(home: Path, lora: tuple[RunDir, SFTResult]) -> None:
    run, _ = train(home, LORA.model_copy(update={"remat": True, "max_steps": 1}))
    again, whole = (next(row for row in read_jsonl(of.metrics) if row.get("grad_norm")) for of in (run, lora[0]))
    assert again["step"] == whole["step"] == 1
    assert again["loss"] == pytest.approx(whole["loss"], rel=1e-5)
    assert again["grad_norm"] == pytest.approx(whole["grad_norm"], rel=1e-4)
