"""Reinforcement learning of nano for real: it can be repeated and cut off to the byte, and says what it did."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compiling import on_devices
from tunix_rt import dataset, tasks
from tunix_rt.config import GRPOConfig, LoRAConfig, SFTConfig
from tunix_rt.errors import BudgetError, ConfigError, DataError, UsageError
from tunix_rt.formats import digest_files, read_jsonl
from tunix_rt.progress import Reporter
from tunix_rt.rewards import RewardsConfig, RewardTerm, advantages
from tunix_rt.rollouts import RolloutGroup, read_rollouts
from tunix_rt.run import Stopped, attempt, new_run
from tunix_rt.run_folder import RunDir
from tunix_rt.train.adapter import read_adapter
from tunix_rt.train.checkpoint import list_checkpoints
from tunix_rt.train.grpo import GRPOResult, load_start, train_grpo
from tunix_rt.train.grpo_plan import GRPOPlan, plan_grpo, with_start
from tunix_rt.train.sft import train_sft

STEPS = 6


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grpo")
    dataset.build([tasks.load("nano-arithmetic-mixed", limit=600)], name="mixed", version="v1", home=folder)
    return folder


@pytest.fixture(scope="module")
def config(home: Path) -> GRPOConfig:
    """What every test changes a little: it starts from a short fine-tuning, which is sometimes right."""
    run = new_run(home, "sft", "start", config=SFTConfig())
    sft = SFTConfig(
        base_model="nano",
        method="full",
        dataset="mixed-v1",
        max_length=64,
        batch_size=4,
        accumulation=1,
        learning_rate=5e-3,
        max_steps=120,
        eval_every_steps=120,
        checkpoint_every_steps=120,
    )
    with attempt(run):
        train_sft(sft, run)
    named = GRPOConfig(
        start=run.id,
        dataset="mixed-v1",
        num_generations=4,
        prompts_per_step=4,
        max_prompt_tokens=24,
        max_new_tokens=40,
        beta=0.0,
        learning_rate=1e-3,
        warmup_steps=2,
        max_steps=STEPS,
        probe_prompts=16,
        eval_items=16,
        eval_every_steps=3,
        checkpoint_every_steps=2,
    )
    return with_start(named, home)


def train(home: Path, config: GRPOConfig, **options: Any) -> tuple[RunDir, GRPOResult]:
    run = new_run(home, "grpo", "test", config=config)
    with attempt(run):
        return run, train_grpo(config, run, **options)


@pytest.fixture(scope="module")
def straight(home: Path, config: GRPOConfig) -> tuple[RunDir, GRPOResult]:
    return train(home, config)


def losses(run: RunDir) -> dict[int, float]:
    return {record["step"]: record["loss"] for record in read_jsonl(run.metrics) if "loss" in record}


def test_run_holds_plan_metrics_rollouts_checkpoints_and_weights(
    home: Path, config: GRPOConfig, straight: tuple[RunDir, GRPOResult]
) -> None:
    run, result = straight
    plan = GRPOPlan.read(run.plan)
    assert (result.steps, result.planned_steps, result.finish, plan.steps) == (STEPS, STEPS, "planned", STEPS)
    assert [checkpoint.step for checkpoint in list_checkpoints(run.checkpoints)] == [STEPS - 2, STEPS]
    assert read_adapter(run.adapter).digest == result.adapter
    assert read_adapter(run.adapter).digest != read_adapter(RunDir(home / "runs" / str(config.start)).adapter).digest
    assert plan.reachability is not None
    assert set(plan.dropped).isdisjoint(plan.reachability.kept)
    measured = {record["step"]: record for record in read_jsonl(run.metrics) if "eval/strict" in record}
    assert list(measured) == [0, 3, 6]
    assert result.strict == measured[6]["eval/strict"]
    assert result.eval_items == measured[6]["eval/n"] == 16
    updates = [record for record in read_jsonl(run.metrics) if "loss" in record]
    assert [record["step"] for record in updates] == list(range(1, STEPS + 1))
    assert updates[-1]["num_tokens"] == result.tokens
    assert all(record["grad_norm"] > 0 for record in updates if record["frac_reward_zero_std"] < 1)
    assert any(record["frac_reward_zero_std"] < 1 for record in updates)


def test_metrics_are_those_of_the_rollouts_on_disk(straight: tuple[RunDir, GRPOResult], config: GRPOConfig) -> None:
    run, result = straight
    for record in (record for record in read_jsonl(run.metrics) if "loss" in record):
        groups = list(read_rollouts(run.rollouts, step=record["step"]))
        assert len(groups) == config.prompts_per_step
        totals = [[one.reward for one in group.completions] for group in groups]
        everyone = [one for group in groups for one in group.completions]
        assert {group.policy_step for group in groups} == {record["step"] - 1}
        assert record["reward"] == pytest.approx(np.mean(totals))
        assert record["reward_std"] == pytest.approx(np.std(totals, axis=1, ddof=1).mean())
        assert record["frac_reward_zero_std"] == np.mean([len(set(rewards)) == 1 for rewards in totals])
        assert record["completions/mean_length"] == np.mean([one.tokens for one in everyone])
        assert record["completions/clipped_ratio"] == np.mean([one.finish == "length" for one in everyone])
        right = [one.terms["correctness"] or 0.0 for one in everyone]
        assert record["rewards/correctness/mean"] == pytest.approx(np.mean(right))
        assert record["rewards/correctness/std"] == pytest.approx(np.std(right))
        for group, expected in zip(groups, advantages(totals, "grpo"), strict=True):
            assert [one.advantage for one in group.completions] == pytest.approx(expected, abs=1e-6)
    assert result.groups == STEPS * config.prompts_per_step


def test_two_runs_with_one_seed_are_identical(
    home: Path, config: GRPOConfig, straight: tuple[RunDir, GRPOResult]
) -> None:
    run, result = train(home, config)
    assert run.rollouts.read_bytes() == straight[0].rollouts.read_bytes()
    assert losses(run) == losses(straight[0])
    assert digest_files(run.adapter) == digest_files(straight[0].adapter)
    assert result.adapter == straight[1].adapter


CHILD = """
import sys
from pathlib import Path
from tunix_rt.run import attempt, read_run_config
from tunix_rt.run_folder import RunDir
from tunix_rt.train.grpo import train_grpo
run = RunDir(Path(sys.argv[1]))
with attempt(run):
    train_grpo(read_run_config(run), run)
"""


def test_run_killed_in_the_middle_ends_with_the_same_bytes(
    home: Path, config: GRPOConfig, straight: tuple[RunDir, GRPOResult]
) -> None:
    run = new_run(home, "grpo", "killed", config=config)
    child = subprocess.Popen([sys.executable, "-c", CHILD, str(run.path)])
    while not list_checkpoints(run.checkpoints):
        assert child.poll() is None, "it ended before it could be killed"
        time.sleep(0.01)
    child.kill()
    assert child.wait() == -signal.SIGKILL
    assert 0 < list_checkpoints(run.checkpoints)[-1].step < STEPS
    with attempt(run):
        result = train_grpo(config, run)
    assert result.steps == STEPS
    assert result.adapter == straight[1].adapter
    assert digest_files(run.adapter) == digest_files(straight[0].adapter)
    assert run.rollouts.read_bytes() == straight[0].rollouts.read_bytes()
    assert losses(run) == losses(straight[0])
    assert (result.groups, result.tokens) == (straight[1].groups, straight[1].tokens)


EIGHT = f"""
from tunix_rt.train.model import make_mesh
assert dict(make_mesh().shape) == {{"fsdp": 8, "tp": 1}}
{CHILD}"""


def test_eight_devices_draw_the_same_and_give_the_same_losses(
    home: Path, config: GRPOConfig, straight: tuple[RunDir, GRPOResult]
) -> None:
    run = new_run(home, "grpo", "eight", config=config)
    subprocess.run([sys.executable, "-c", EIGHT, str(run.path)], env=on_devices(8), check=True)
    one, eight = ([texts_of(group) for group in read_rollouts(path.rollouts)] for path in (straight[0], run))
    assert eight == one
    assert losses(run) == pytest.approx(losses(straight[0]), abs=1e-4)


def texts_of(group: RolloutGroup) -> tuple[int, str, list[str]]:
    return group.step, group.trace_id, [one.text for one in group.completions]


class Terminator(Reporter):
    """A reporter that sends this process a signal after some updates."""

    def update(self, done: int, total: int | None = None, tokens: int | None = None, **figures: float) -> None:
        """Send it once."""
        if done == 3:
            os.kill(os.getpid(), signal.SIGTERM)


def test_adapter_with_reference_two_updates_a_step_and_micro_batches_goes_on_after_a_stop(
    home: Path, config: GRPOConfig
) -> None:
    changes = {
        "start": None,
        "base_model": "nano",
        "method": "lora",
        "lora": LoRAConfig(rank=4),
        "beta": 0.1,
        "num_iterations": 2,
        "prompts_per_batch": 2,
        "algorithm": "dapo",
        "force": True,
        "max_new_tokens": 16,
        "eval_items": 0,
        "eval_every_steps": 2,
        "rewards": RewardsConfig(terms=(RewardTerm(kind="length", options={"soft": 0.2}),)),
    }
    adapted = GRPOConfig.model_validate(config.model_dump() | changes)
    whole, expected = train(home, adapted)
    run = new_run(home, "grpo", "stopped", config=adapted)
    with pytest.raises(Stopped), attempt(run):
        train_grpo(adapted, run, progress=Terminator(quiet=True))
    assert list_checkpoints(run.checkpoints)[-1].step == read_adapter(run.adapter).step == 4
    with attempt(run):
        result = train_grpo(adapted, run)
    assert result.adapter == expected.adapter
    assert run.rollouts.read_bytes() == whole.rollouts.read_bytes()
    assert losses(run) == losses(whole)
    updates = [record for record in read_jsonl(whole.metrics) if "loss" in record]
    assert updates[0]["kl"] == pytest.approx(0, abs=1e-9)
    assert updates[-1]["kl"] > 0
    assert ["reward" in record for record in updates] == [True, False] * (STEPS // 2)


def test_start_policy_without_signal_is_refused_with_advice(home: Path, config: GRPOConfig) -> None:
    raw = GRPOConfig.model_validate(config.model_dump() | {"start": None, "base_model": "nano"})
    run = new_run(home, "grpo", "raw", config=raw)
    with pytest.raises(UsageError, match=r"groups of the start policy carry signal .* --force"), attempt(run):
        train_grpo(raw, run)
    assert not run.rollouts.exists()


def test_time_for_less_than_one_step_is_refused_with_what_it_needs(home: Path, config: GRPOConfig) -> None:
    run = new_run(home, "grpo", "late", config=config)
    with pytest.raises(BudgetError, match=r"one step .* needs about \d+ s"), attempt(run):
        train_grpo(config, run, deadline=time.monotonic())


def test_deadline_ends_the_run_with_everything_written(home: Path, config: GRPOConfig) -> None:
    long = config.model_copy(update={"max_steps": 4000, "checkpoint_every_steps": 1000, "eval_every_steps": 1000})
    deadline = time.monotonic() + 16
    run, result = train(home, long, deadline=deadline)
    assert time.monotonic() < deadline
    assert result.finish == "deadline"
    assert 0 < result.steps < 4000
    assert [checkpoint.step for checkpoint in list_checkpoints(run.checkpoints)] == [result.steps]
    assert read_adapter(run.adapter).step == result.steps


def test_rewards_that_are_always_the_same_are_reported(
    home: Path, config: GRPOConfig, straight: tuple[RunDir, GRPOResult]
) -> None:
    flat = config.model_copy(
        update={
            "seed": 1,
            "rewards": RewardsConfig(terms=(RewardTerm(kind="correctness"),), clip=(0.0, 1e-9)),
            "max_steps": 1,
            "force": True,
            "eval_items": 0,
        }
    )
    run, result = train(home, flat)
    assert result.groups_without_signal == result.groups == flat.prompts_per_step
    assert next(record for record in read_jsonl(run.metrics) if "loss" in record)["frac_reward_zero_std"] == 1
    assert "update 1 learns nothing: in no group do the rewards differ" in run.log(1).read_text()
    texts = [
        [one.text for group in read_rollouts(path.rollouts, step=1) for one in group.completions]
        for path in (run, straight[0])
    ]
    assert texts[0] != texts[1]  # another seed asks and draws otherwise


def test_long_prompts_are_left_out_and_none_at_all_is_refused(home: Path, config: GRPOConfig) -> None:
    plan = plan_grpo(config, home)
    short = plan_grpo(config.model_copy(update={"max_prompt_tokens": 12}), home)
    assert plan.too_long == 0
    assert short.too_long > 0
    assert short.prompts + short.too_long == plan.prompts
    with pytest.raises(DataError, match=r"none of .* prompts has at most 3 tokens"):
        plan_grpo(config.model_copy(update={"max_prompt_tokens": 3}), home)
    with pytest.raises(ConfigError, match="prompts are left and prompts_per_step is 4000"):
        plan_grpo(config.model_copy(update={"prompts_per_step": 4000}), home)


def test_configuration_that_contradicts_its_start_is_refused(home: Path, config: GRPOConfig) -> None:
    named = GRPOConfig(start=config.start, dataset="mixed-v1")
    assert with_start(named, home).method == "full"
    for name, value in (("base_model", "gemma3-1b-it"), ("method", "lora")):
        wrong = GRPOConfig.model_validate({"start": config.start, "dataset": "mixed-v1", name: value})
        with pytest.raises(ConfigError, match=f"{name} is '{value}', and the run .* leave {name} out"):
            with_start(wrong, home)


def test_start_is_the_trained_model_of_the_run(home: Path, config: GRPOConfig) -> None:
    start = load_start(config, home, print)
    assert start.run == config.start
    assert start.adapter is not None
    assert start.adapter.method == "full"
