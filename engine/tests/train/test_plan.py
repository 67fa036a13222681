"""The plan: updates, tokens, operations, memory and seconds, from sizes that are worked out by hand."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tunix_rt import dataset, tasks
from tunix_rt.architecture import Architecture
from tunix_rt.config import SFTConfig
from tunix_rt.errors import BudgetError, ConfigError, DataError, RenderError
from tunix_rt.pace import steps_in_time
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.plan import (
    check_method,
    layer_parameters,
    memory_bytes,
    plan_sft,
    step_flops,
)

GEMMA_270M = Architecture(
    family="gemma3", num_layers=18, vocab_size=262_144, embed_dim=640, hidden_dim=2048, num_heads=4, num_kv_heads=1,
    head_dim=256, sliding_window=512, global_rope=1e6, local_rope=1e4,
)  # fmt: skip


@pytest.fixture(scope="module")
def home(models_home: Path) -> Path:
    dataset.build([tasks.load("nano-arithmetic", limit=200)], name="plan", version="v1", home=models_home)
    return models_home


def test_weights_of_the_layers_are_the_published_100_million() -> None:
    assert layer_parameters(GEMMA_270M) == pytest.approx(100e6, rel=0.01)


def test_operations_of_an_update_are_those_worked_out_by_hand() -> None:
    config = SFTConfig(max_length=512, batch_size=2, accumulation=3)
    layers, attention, head = 4 * layer_parameters(GEMMA_270M), 12 * 512 * 4 * 256 * 18, 4 * 262_144 * 640
    assert step_flops(config, GEMMA_270M, 0.5) == pytest.approx(3072 * (layers + attention + 0.5 * head))
    full = config.model_copy(update={"method": "full"})
    assert step_flops(full, GEMMA_270M, 0.5) > 1.5 * step_flops(config, GEMMA_270M, 0.5)


def test_memory_grows_with_rows_and_with_full_fine_tuning() -> None:
    config = SFTConfig(max_length=512)
    small = memory_bytes(config, GEMMA_270M, 0.5)
    assert 2e9 < small < 7e9
    assert memory_bytes(config.model_copy(update={"batch_size": 4}), GEMMA_270M, 0.5) > small + 1e9
    assert memory_bytes(config.model_copy(update={"method": "full"}), GEMMA_270M, 0.5) > small + 3e9


def test_steps_in_time_pays_for_what_lies_between_updates() -> None:
    config = SFTConfig(eval_every_steps=10, checkpoint_every_steps=5)
    assert steps_in_time(config, 100, 2.0) == 50
    assert steps_in_time(config, 100, 2.0, eval_seconds=20.0) == 20
    assert steps_in_time(config, 100, 2.0, checkpoint_seconds=10.0) == 25
    with pytest.raises(BudgetError, match="one update takes 9"):
        steps_in_time(config, 5, 9.0)


def test_plan_counts_updates_and_tokens_without_a_model(home: Path, nano_files: ModelFiles) -> None:
    config = SFTConfig(base_model="nano", dataset="plan-v1", max_length=128, batch_size=2, accumulation=2, epochs=3)
    plan = plan_sft(config, home)
    assert plan.steps == -(-3 * plan.rows // 4)
    assert plan.epochs == pytest.approx(plan.steps * 4 / plan.rows, abs=1e-3)
    assert plan.tokens == pytest.approx(plan.steps * 4 * 128 * plan.useful_share, rel=1e-3)
    assert 0 < plan.trained_tokens < plan.tokens
    assert plan.seconds == pytest.approx(plan.steps * plan.step_seconds, rel=0.1, abs=0.1)
    assert not plan.measured
    assert plan_sft(config.model_copy(update={"max_steps": 7}), home).steps == 7
    assert plan_sft(config.model_copy(update={"max_examples": 50}), home).examples == 50


def test_plan_does_not_make_the_model(tmp_path: Path) -> None:
    dataset.build([tasks.load("nano-arithmetic", limit=60)], name="plan", version="v1", home=tmp_path)
    assert plan_sft(SFTConfig(base_model="nano", dataset="plan-v1", max_length=128), tmp_path).steps > 0
    assert not (tmp_path / "models").exists()


def test_rows_that_are_too_short_are_refused_or_counted(home: Path, nano_files: ModelFiles) -> None:
    config = SFTConfig(base_model="nano", dataset="plan-v1", max_length=40)
    with pytest.raises(RenderError, match="longer than max_length=40"):
        plan_sft(config, home)
    plan = plan_sft(config.model_copy(update={"overlong": "drop"}), home)
    assert plan.left_out > 0
    assert plan.examples + plan.left_out == dataset.load(home, "plan-v1").manifest.splits["train"]


def test_samples_without_validation_prompts_are_refused(models_home: Path, nano_files: ModelFiles) -> None:
    source = tasks.load("nano-arithmetic", limit=40)
    dataset.build([source], name="whole", version="v1", home=models_home, valid_fraction=0.0)
    config = SFTConfig(base_model="nano", dataset="whole-v1", max_length=128, sample_prompts=2)
    with pytest.raises(DataError, match="whole-v1 has no validation row, and sample_prompts asks"):
        plan_sft(config, models_home)
    assert plan_sft(config.model_copy(update={"sample_prompts": 0}), models_home).valid_batches == 0


@pytest.mark.parametrize("words", [["--dry-run"], []])
def test_a_device_that_is_not_here_is_refused_in_a_sentence(home: Path, words: list[str]) -> None:
    command = [sys.executable, "-m", "tunix_rt", "train", "sft", "--dataset=plan-v1", "--model=nano", *words]
    environment = os.environ | {"JAX_PLATFORMS": "cuda", "CUDA_VISIBLE_DEVICES": "", "TUNIX_RT_HOME": str(home)}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "there is no cuda device here; JAX finds cpu; leave the device out" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((home / "runs").glob("*plan-v1*")), "other tests may run in this home"


def test_full_fine_tuning_in_half_precision_is_refused() -> None:
    with pytest.raises(ConfigError, match="float32"):
        check_method(SFTConfig(method="full", dtype="bfloat16"))
    check_method(SFTConfig(method="lora", dtype="bfloat16"))
