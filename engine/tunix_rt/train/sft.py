"""Supervised fine-tuning: Tunix's PeftTrainer with our packed batches, our loss and our clock, as one recipe.

It does not know how rows are packed, how the loss is computed or how files are laid out.
"""

from __future__ import annotations

import logging
import resource
import statistics
import time
from dataclasses import replace
from typing import Any

import jax
import numpy as np
import optax
from flax import nnx
from orbax import checkpoint as ocp
from tunix.sft.peft_trainer import TrainingConfig

from tunix_rt.config import SFTConfig
from tunix_rt.errors import BudgetError
from tunix_rt.formats import Format, read_jsonl, write_format
from tunix_rt.pace import Speed, steps_in_time
from tunix_rt.progress import Reporter
from tunix_rt.run import Stopped, log_metrics
from tunix_rt.run_folder import RunDir
from tunix_rt.train import checkpoint
from tunix_rt.train.adapter import save_adapter
from tunix_rt.train.base_models import fetch
from tunix_rt.train.batches import Batch, PackedData, eval_batches
from tunix_rt.train.feed import Feed, Finish, Recorder, set_learning_rate, stopping_between_updates
from tunix_rt.train.loss import packed_loss
from tunix_rt.train.memory import keep_pages
from tunix_rt.train.model import LoadedModel, add_lora, load_model, make_mesh
from tunix_rt.train.plan import EVAL_BATCHES, SFTPlan, check_method, make_plan, prepare, steps_by_config
from tunix_rt.train.preview import describe, preview_examples
from tunix_rt.train.sampler import enable_compilation_cache
from tunix_rt.train.samples import Samples
from tunix_rt.train.trainer import Trainer

logger = logging.getLogger(__name__)

_PREVIEWED = 8
"""Examples in the preview."""
_TIMED = 3
"""Micro-batches that are timed before the number of updates is fixed."""
_DISK = 200e6
"""Bytes a second that a disk is expected to take, hashing included."""
_MARGIN = 0.96
"""Part of the time for updates that is planned; the rest is for those that take longer than the timed ones."""


class SFTResult(Format):
    """What became of a fine-tuning."""

    run: str
    """Id of the run."""
    steps: int
    """Optimiser updates made, those before a resume included."""
    planned_steps: int
    """Optimiser updates planned; the learning rate ended with the last of them."""
    finish: Finish
    """`planned`: every update was made; `deadline`: the time was over; `signal`: somebody asked it to stop."""
    loss: float | None
    """Training loss of the last update, nats per trained token; None if no update was made."""
    valid_loss_before: float | None
    """Validation loss before the first update of this attempt; None without a validation split."""
    valid_loss: float | None
    """Validation loss as last measured."""
    tokens: int
    """Tokens read, filler not counted."""
    seconds: float
    """Wall-clock seconds of this attempt, loading included."""
    peak_memory_bytes: int
    """Largest resident memory of the process so far."""
    adapter: str
    """Digest of the trained weights."""


def train_sft(
    config: SFTConfig,
    run: RunDir,
    *,
    deadline: float | None = None,
    progress: Reporter | None = None,
    base: LoadedModel | None = None,
) -> SFTResult:
    """Fine-tune a base model on a dataset; write checkpoints, metrics, a preview and the trained weights into the run.

    A run that has a checkpoint goes on from it and ends with the same weights, bit for bit, as if it had not been cut.
    SIGTERM and Ctrl-C end it between two updates with everything saved, and are then raised (`Stopped`).

    Args:
        config: What to train and how; `dataset` is a key under the run's home, or a folder.
        run: Where everything goes.
        deadline: A `time.monotonic()` by which everything is written; the number of updates is planned to fit.
        progress: Told what happens.
        base: The base model, if it is in memory already; method `lora` leaves it as it is.

    Raises:
        RenderError: a trace whose trained tokens are none, cut off, or lose a part of it; nothing was trained.
        BudgetError: there is no time for a single update.
        DigestError: the dataset or the base model changed on disk.
    """
    began = time.monotonic()
    check_method(config)
    keep_pages()
    enable_compilation_cache(run.home)
    say = progress.say if progress else logger.info
    if base is None:
        files = fetch(config.base_model, run.home, path=config.model_path, progress=say)
        mesh = make_mesh(tensor_parallel=config.tensor_parallel)
        base = load_model(files, dtype=config.dtype, mesh=mesh, remat=config.remat)
    data, valid, left_out = prepare(config, run.home, base.tokenizer)
    measured = eval_batches(
        valid, max_length=config.max_length, batch_size=config.batch_size, most=EVAL_BATCHES, seed=config.seed
    )
    previews = preview_examples(data.first_examples(_PREVIEWED), base.tokenizer)
    write_format(run.preview, previews)
    say(f"{data.size} examples in {data.epoch_rows} rows, {len(left_out)} left out as too long; the first:")
    say(describe(previews.examples[0]))

    lora = config.lora if config.method == "lora" else None
    model = add_lora(base.model, lora, seed=config.seed) if lora else base.model
    for problem in checkpoint.settle(run.checkpoints)[1]:
        say(f"checkpoint not used: {problem}")

    def seal() -> None:
        checkpoint.seal(run.checkpoints, lambda step: data.position(step * config.accumulation))

    with base.mesh, stopping_between_updates() as stop:
        trainer = make_trainer(config, run, model)
        _, measure = trainer.compile_steps(base.mesh)
        samples = None
        if config.sample_prompts:
            samples = Samples(config, run, base, model, valid, stop=stop, deadline=deadline)
        plan, speed = _settled_plan(config, run, base, trainer, data, measured, len(left_out), deadline, samples)
        say(
            f"{plan.steps} updates, {plan.epochs:.2f} epochs, {plan.tokens:,} tokens; from update {trainer.train_steps}"
        )
        recorder = Recorder(config, run, data, plan.steps, speed, deadline, progress, seal)
        if samples:
            recorder.at_measurement = samples.draw
        feed = Feed(data, measured, plan.steps, config, speed, deadline, stop, recorder.between)
        trainer.metrics_logger = recorder
        trainer.with_training_hooks(recorder)
        trainer.with_data_hooks(feed)
        trainer.train((), measured, skip_jit=True)
        seal()
        if measured and trainer.train_steps not in recorder.valid_losses and feed.finish != "signal":
            now = time.monotonic()
            loss = statistics.fmean(float(measure(batch)[0]) for batch in measured)
            recorder.valid_loss(trainer.train_steps, loss, time.monotonic() - now)
        recorder.at_measurement = None  # it holds the sampler's weights
    adapter = save_adapter(model, run.adapter, base=base.files, lora=lora, step=trainer.train_steps)
    result = SFTResult(
        run=run.id,
        steps=trainer.train_steps,
        planned_steps=plan.steps,
        finish=feed.finish,
        loss=recorder.losses.get(trainer.train_steps),
        valid_loss_before=next(iter(recorder.valid_losses.values()), None),
        valid_loss=next(reversed(recorder.valid_losses.values()), None),
        tokens=sum(data.counts(number)[0] for number in range(trainer.iter_steps)),
        seconds=round(time.monotonic() - began, 2),
        peak_memory_bytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss,
        adapter=adapter.digest,
    )
    if stop.signal is not None and feed.finish == "signal":
        say(f"stopped after update {trainer.train_steps} of {plan.steps}; everything is saved, resume to go on")
        raise Stopped(stop.signal, result)
    return result


def make_trainer(config: SFTConfig, run: RunDir, model: nnx.Module) -> Trainer:
    """Return Tunix's trainer with our loss; it restores the newest checkpoint of the run."""
    # Not in the background: Orbax would delete an old checkpoint while we seal it.
    options = ocp.CheckpointManagerOptions(
        save_interval_steps=config.checkpoint_every_steps,
        max_to_keep=config.keep_checkpoints,
        enable_async_checkpointing=False,
    )
    run.checkpoints.mkdir(parents=True, exist_ok=True)
    tunix_config = TrainingConfig(
        eval_every_n_steps=config.eval_every_steps,
        gradient_accumulation_steps=config.accumulation if config.accumulation > 1 else None,
        checkpoint_root_directory=str(run.checkpoints.resolve()),
        checkpointing_options=options,
    )
    trainer: Trainer = Trainer(model, make_optimizer(config), tunix_config).with_loss_fn(packed_loss)
    return trainer


def make_optimizer(config: SFTConfig) -> optax.GradientTransformation:
    """Return AdamW behind a clip of the global norm; the learning rate is a number in its state, set from outside."""

    def build(learning_rate: float) -> optax.GradientTransformation:
        return optax.chain(
            optax.clip_by_global_norm(config.clip_norm),
            optax.adamw(learning_rate, b2=config.beta2, weight_decay=config.weight_decay),
        )

    return optax.inject_hyperparams(build)(learning_rate=0.0)


def _settled_plan(
    config: SFTConfig,
    run: RunDir,
    base: LoadedModel,
    trainer: Trainer,
    data: PackedData,
    valid: list[Batch],
    left_out: int,
    deadline: float | None,
    samples: Samples | None,
) -> tuple[SFTPlan, Speed]:
    """Return the plan that the run began with; if it has none, make it, with a few timed steps if time is limited."""
    speed = _expected_speed(trainer.model)
    if run.plan.is_file():
        plan, records = SFTPlan.read(run.plan), read_jsonl(run.metrics) if run.metrics.is_file() else ()
        compiling = next((record["time/compile"] for record in records if "time/compile" in record), 0.0)
        drawing = samples.seconds() if samples and deadline is not None else 0.0
        return plan, replace(speed, step=plan.step_seconds, evaluation=drawing, compiling=compiling)
    steps = steps_by_config(config, data)
    if deadline is not None:
        speed = _measured_speed(config, run, trainer, data, valid, speed)
        drawing = samples.seconds() if samples else 0.0
        speed.evaluation += drawing
        left = (deadline - time.monotonic() - speed.closing - speed.evaluation) * _MARGIN
        try:
            steps = min(steps, steps_in_time(config, left, speed.step, speed.evaluation, speed.checkpoint))
        except BudgetError as error:
            if not samples:
                raise
            words = f"{error}; or fewer sample_prompts, which take {drawing:.1f} s at each measurement"
            raise BudgetError(words, missing=error.missing) from error
    plan = make_plan(
        config,
        base.files.architecture,
        data,
        steps=steps,
        valid_batches=len(valid),
        left_out=left_out,
        step_seconds=speed.step,
        measured=deadline is not None,
    )
    write_format(run.plan, plan)
    return plan, speed


def _measured_speed(
    config: SFTConfig, run: RunDir, trainer: Trainer, data: PackedData, valid: list[Batch], expected: Speed
) -> Speed:
    """Return the speed of a few micro-batches at learning rate 0.

    They leave no trace: the weights do not move, and the optimiser's state is set back to its start, all zeros.
    """
    began = time.monotonic()
    step, measure = trainer.create_train_step_fn(), trainer.create_eval_step_fn()
    set_learning_rate(trainer.optimizer, 0.0)
    _seconds(step, data.batch(0))
    if valid:
        _seconds(measure, valid[0])
    compiled = time.monotonic()
    times = [_seconds(step, data.batch(number)) for number in range(_TIMED)]
    evaluation = len(valid) * _seconds(measure, valid[0]) if valid else 0.0
    state = nnx.state(trainer.optimizer, nnx.optimizer.OptState)
    nnx.update(trainer.optimizer, jax.tree.map(_zeros_like, state))
    log_metrics(run, step=0, **{"time/compile": round(compiled - began, 2), "time/probe": round(sum(times), 3)})
    return replace(expected, step=statistics.median(times) * config.accumulation, evaluation=evaluation)


def _seconds(compute: Any, batch: Batch) -> float:
    began = time.monotonic()
    jax.block_until_ready(compute(batch))
    return time.monotonic() - began


def _zeros_like(leaf: jax.Array) -> jax.Array:
    zeros: jax.Array = jax.device_put(np.zeros(leaf.shape, leaf.dtype), leaf.sharding)
    return zeros


def _expected_speed(model: nnx.Module) -> Speed:
    # Weights and two moments are written and hashed; at the end the weights once more.
    size = sum(leaf.nbytes for leaf in jax.tree.leaves(checkpoint.trained_state(model)))
    saving = 0.3 + 3 * size / _DISK
    return Speed(step=0.0, evaluation=0.0, checkpoint=saving, closing=2.0 + saving + size / _DISK)
