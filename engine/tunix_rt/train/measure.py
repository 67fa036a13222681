"""Measure a base model, or what a run trained, on a task. It does not know how it is sampled or graded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tunix_rt.config import EvalConfig
from tunix_rt.evaluation import Evaluation, evaluate
from tunix_rt.progress import Reporter
from tunix_rt.run_folder import RunDir
from tunix_rt.tasks import Task
from tunix_rt.trace import ReasoningTrace
from tunix_rt.train.devices import device_names
from tunix_rt.train.model import DType
from tunix_rt.train.sampler import TunixRtSampler, enable_compilation_cache
from tunix_rt.train.trained import load_named


def measure_model(
    task: Task,
    config: EvalConfig,
    home: Path,
    *,
    model: str | RunDir,
    path: Path | None = None,
    pool: Iterable[ReasoningTrace] = (),
    dtype: DType = "float32",
    deadline: float | None = None,
    progress: Reporter,
) -> Evaluation:
    """Load a base model by name, or a run's trained model, and measure it.

    Args:
        task: What is asked.
        config: How it is asked, and how much is decoded at a time.
        home: Folder that holds the base models.
        model: Name of a base model, or a run with trained weights.
        path: Local folder of the base model's weights; None: the model's own way to be fetched.
        pool: Gold traces to choose worked examples from.
        dtype: Type of weights and activations.
        deadline: A `time.monotonic()` after which completions are cut off and left unscored.
        progress: Told what happens.
    """
    with progress.phase("model"):
        enable_compilation_cache(home)
        subject = load_named(model, home, path=path, dtype=dtype, say=progress.say)
        sampler = TunixRtSampler(subject.model, subject.base.tokenizer, lora=subject.lora, max_rows=config.batch_size)
    with progress.phase("evaluate", total=len(task.items) * config.num_samples, deadline=deadline):
        return evaluate(
            sampler,
            task,
            config,
            model=subject.ref,
            few_shot_pool=pool,
            device=device_names()[0],
            dtype=dtype,
            progress=progress.update,
            deadline=deadline,
        )
