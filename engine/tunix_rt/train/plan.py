"""The plan of a fine-tuning: how many updates, tokens, bytes and seconds. It does not train.

The number of updates is fixed before the first one, as the learning rate depends on it; a run that is resumed goes on
with the plan that it began with.
"""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import NamedTuple

import jax
import jax.numpy as jnp

from tunix_rt import dataset
from tunix_rt.architecture import Architecture
from tunix_rt.chips import chip
from tunix_rt.config import SFTConfig
from tunix_rt.errors import ConfigError, DataError
from tunix_rt.formats import Format
from tunix_rt.memory_plan import memory_of, sft_work
from tunix_rt.pace import steps_in_time
from tunix_rt.train.base_models import outline
from tunix_rt.train.batches import Example, PackedData, encode, fitting
from tunix_rt.train.devices import device_names
from tunix_rt.train.tokenizer import Tokenizer

EVAL_BATCHES = 16
"""Micro-batches of one measurement of the validation loss, at most."""
_EFFICIENCY = 0.5
"""Part of the machine's matrix speed that a training step is expected to reach, where none has been measured."""


class SFTPlan(Format):
    """What a fine-tuning will do."""

    steps: int
    """Optimiser updates."""
    epochs: float
    """Passes over the training examples."""
    examples: int
    """Training examples that are used."""
    left_out: int
    """Training examples that are longer than a row, and left out because the configuration says so."""
    rows: int
    """Packed rows of one epoch."""
    useful_share: float
    """Part of all positions that carry a token."""
    trained_share: float
    """Part of all positions that the loss asks for."""
    tokens: int
    """Tokens read in training, filler not counted."""
    trained_tokens: int
    """Tokens that the loss asks for."""
    valid_batches: int
    """Micro-batches of one measurement of the validation loss."""
    memory_bytes: int
    """Estimated peak memory."""
    step_seconds: float
    """Seconds of one update: measured, or estimated from the speed of a matrix product."""
    seconds: float
    """Seconds of training, without loading and compiling."""
    measured: bool
    """Whether the speed was measured on this model, or estimated."""


class Prepared(NamedTuple):
    """The examples of a fine-tuning."""

    data: PackedData
    """Packed training data."""
    valid: list[Example]
    """Validation examples."""
    left_out: list[str]
    """Names of the training examples that are too long."""


def prepare(config: SFTConfig, home: Path, tokenizer: Tokenizer) -> Prepared:
    """Return what a configuration trains on and is measured on; validation examples that are too long go, too."""
    frozen = dataset.load(home, config.dataset or "")
    train, valid = (
        encode(frozen.traces(split), tokenizer) if split in frozen.splits else [] for split in ("train", "valid")
    )
    drop = config.overlong == "drop"
    train, left_out = fitting(train[: config.max_examples], config.max_length, drop=drop)
    valid = fitting(valid, config.max_length, drop=drop)[0] if valid else []
    if config.sample_prompts and not valid:
        raise DataError(
            f"dataset {frozen.manifest.key} has no validation row, and sample_prompts asks their prompts; set it to 0, "
            "or build the dataset with a valid_fraction that keeps some"
        )
    data = PackedData(
        train,
        max_length=config.max_length,
        batch_size=config.batch_size,
        accumulation=config.accumulation,
        seed=config.seed,
    )
    return Prepared(data, valid, left_out)


def steps_by_config(config: SFTConfig, data: PackedData) -> int:
    """Return the updates that the configuration asks for, without regard to time."""
    return config.max_steps or max(1, math.ceil(config.epochs * data.epoch_steps - 1e-9))


def make_plan(
    config: SFTConfig,
    architecture: Architecture,
    data: PackedData,
    *,
    steps: int,
    valid_batches: int,
    left_out: int,
    step_seconds: float,
    measured: bool,
) -> SFTPlan:
    """Return the plan of so many updates."""
    positions = steps * config.accumulation * config.batch_size * config.max_length
    return SFTPlan(
        steps=steps,
        epochs=round(steps / data.epoch_steps, 4),
        examples=data.size,
        left_out=left_out,
        rows=data.epoch_rows,
        useful_share=round(data.useful_share, 4),
        trained_share=round(data.trained_share, 4),
        tokens=round(positions * data.useful_share),
        trained_tokens=round(positions * data.trained_share),
        valid_batches=valid_batches,
        memory_bytes=memory_bytes(config, architecture, data.trained_share),
        step_seconds=round(step_seconds, 4),
        seconds=round(steps * step_seconds, 1),
        measured=measured,
    )


def plan_sft(config: SFTConfig, home: Path, *, flops: float | None = None) -> SFTPlan:
    """Return the plan of a fine-tuning without the model's weights; its time is estimated from a matrix product.

    `flops` a second are those of another machine that is planned for; None: this one's, measured now. Raises
    MissingError if the device that is asked for is not here, as the fine-tuning itself would.
    """
    if flops is None:
        device_names()
    base = outline(config.base_model, home, path=config.model_path)
    data, valid, left_out = prepare(config, home, base.tokenizer)
    seconds = step_flops(config, base.architecture, data.trained_share) / (_EFFICIENCY * (flops or matrix_speed()))
    steps = steps_by_config(config, data)
    if config.time_budget_minutes is not None:
        steps = min(steps, steps_in_time(config, 60 * config.time_budget_minutes, seconds))
    return make_plan(
        config,
        base.architecture,
        data,
        steps=steps,
        valid_batches=min(EVAL_BATCHES, math.ceil(len(valid) / config.batch_size)),
        left_out=len(left_out),
        step_seconds=seconds,
        measured=False,
    )


def layer_parameters(architecture: Architecture) -> int:
    """Return the weights that every token meets: all matrices of all layers, the embedding left out."""
    a = architecture
    attention = a.embed_dim * a.head_dim * (2 * a.num_heads + 2 * a.num_kv_heads)
    return a.num_layers * (attention + 3 * a.embed_dim * a.hidden_dim)


def step_flops(config: SFTConfig, architecture: Architecture, trained_share: float) -> float:
    """Return the floating-point operations of one update, filler included.

    Of one position: 2 P forward, 2 P for the gradient of the inputs, 2 P for that of the weights if they are trained
    (P weights in the layers); attention 4 L N H forward and twice that backward. Of one trained position: 2 V D for the
    logits, 2 V D for the gradient of the hidden states, and 4 V D more where the embedding is trained.
    """
    a, full = architecture, config.method == "full"
    positions = config.accumulation * config.batch_size * config.max_length
    layers = (6 if full else 4) * layer_parameters(a)
    attention = 12 * config.max_length * a.num_heads * a.head_dim * a.num_layers
    head = (8 if full else 4) * a.vocab_size * a.embed_dim
    return positions * (layers + attention + trained_share * head)


def memory_bytes(config: SFTConfig, architecture: Architecture, trained_share: float) -> int:
    """Return the estimated peak memory of the process in bytes, computed on a CPU.

    Gemma 3 270M, LoRA, rows of 512: 4.4 GB estimated and 4.0 measured for one, 5.5 and 5.1 for two.
    """
    return memory_of(sft_work(config, architecture, trained_share=trained_share), chip("cpu")).host_bytes


def matrix_speed(seconds: float = 0.1) -> float:
    """Return the floating-point operations a second of a float32 matrix product, measured now: the best of several."""
    size, tried = 1024, 0
    product = jax.jit(lambda a, b: a @ b)
    a = jnp.ones((size, size), jnp.float32)
    product(a, a).block_until_ready()
    best, end = math.inf, time.perf_counter() + seconds
    while tried < 3 or time.perf_counter() < end:
        began, tried = time.perf_counter(), tried + 1
        product(a, a).block_until_ready()
        best = min(best, time.perf_counter() - began)
    return 2 * size**3 / best


def check_method(config: SFTConfig) -> None:
    """Raise ConfigError for a combination that would not learn."""
    if config.method == "full" and config.dtype != "float32":
        raise ConfigError(
            f"method full with dtype {config.dtype} loses most updates to rounding; set dtype: float32, or method: lora"
        )
