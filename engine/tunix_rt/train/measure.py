"""Measure a base model, or what a run trained, on a task. It does not know how it is sampled or graded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from tunix_rt.config import EvalConfig
from tunix_rt.errors import MissingError, UsageError
from tunix_rt.evaluation import Evaluation, ModelRef, evaluate
from tunix_rt.formats import MANIFEST
from tunix_rt.progress import Reporter
from tunix_rt.run import RunDir
from tunix_rt.tasks import Task
from tunix_rt.trace import ReasoningTrace
from tunix_rt.train.adapter import load_adapter, read_adapter
from tunix_rt.train.base_models import fetch
from tunix_rt.train.devices import device_names
from tunix_rt.train.model import DType, load_model
from tunix_rt.train.sampler import TunixRtSampler


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
    run = model if isinstance(model, RunDir) else None
    if run and not (run.adapter / MANIFEST).is_file():
        raise MissingError(f"run {run.id} has no trained weights yet; resume it with `tunix-rt runs resume {run.id}`")
    adapter = read_adapter(run.adapter) if run else None
    name = adapter.base_model if adapter else model
    if not isinstance(name, str):
        raise UsageError("expected the name of a base model or a run")
    with progress.phase("model"):
        base = load_model(fetch(name, home, path=path, progress=progress.say), dtype=dtype)
        policy = load_adapter(run.adapter, base) if run else base.model
        sampler = TunixRtSampler(
            policy, base.tokenizer, lora=adapter.lora if adapter else None, max_rows=config.batch_size
        )
    ref = ModelRef(
        name=name,
        digest=base.files.digest,
        run=run.id if run else None,
        adapter_digest=adapter.digest if adapter else None,
    )
    with progress.phase("evaluate", total=len(task.items) * config.num_samples, deadline=deadline):
        return evaluate(
            sampler,
            task,
            config,
            model=ref,
            few_shot_pool=pool,
            device=device_names()[0],
            dtype=dtype,
            progress=progress.update,
            deadline=deadline,
        )
