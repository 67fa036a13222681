"""The plan of a reinforcement learning: which prompts, how many completions, what the start policy can learn from.

It does not train. A run that is resumed goes on with the plan that it began with.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tunix_rt import dataset, tasks
from tunix_rt.config import GRPOConfig
from tunix_rt.dataset import Dataset
from tunix_rt.errors import ConfigError
from tunix_rt.formats import Format
from tunix_rt.grading import trace_target
from tunix_rt.pace import Speed
from tunix_rt.prompt import trace_name
from tunix_rt.rewards.reachability import Reachability
from tunix_rt.run import open_run
from tunix_rt.run_folder import RunDir
from tunix_rt.tasks import Item, Task
from tunix_rt.trace import ReasoningTrace
from tunix_rt.train.adapter import read_adapter
from tunix_rt.train.base_models import outline
from tunix_rt.train.devices import device_names
from tunix_rt.train.prompts import Prompts, fitting_prompts, short_items
from tunix_rt.train.tokenizer import Tokenizer


class GRPOPlan(Format):
    """What a reinforcement learning will do."""

    steps: int
    """Optimiser updates."""
    prompts: int
    """Prompts to train on."""
    too_long: int
    """Prompts that are longer than `max_prompt_tokens`, and left out."""
    dropped: list[str]
    """Names of the traces whose prompts the start policy always or never solves, and which are left out."""
    epochs: float
    """How often each prompt is asked."""
    completions: int
    """Completions that are drawn for all updates together."""
    most_tokens: int
    """Tokens of these completions, if none ends before `max_new_tokens`."""
    eval_items: int
    """Items of one measurement; 0 if there is none."""
    step_seconds: float = 0.0
    """Seconds of one step, as expected from that sample; 0 if the start policy was not asked."""
    compile_seconds: float = 0.0
    """What the first update is expected to take longer."""
    reachability: Reachability | None
    """What the start policy earned on a sample of the prompts; None if it was not asked."""


class Prepared(NamedTuple):
    """The prompts of a reinforcement learning."""

    traces: list[ReasoningTrace]
    """Traces whose prompts fit, each prompt once."""
    too_long: list[str]
    """Names of those that do not."""
    longest: int
    """Tokens of the longest prompt that fits."""
    task: Task | None
    """What the policy is measured on."""


def with_start(config: GRPOConfig, home: Path) -> GRPOConfig:
    """Return a configuration in which base model, method and adapter are those of the run that it starts from.

    Raises ConfigError if the configuration names others.
    """
    if config.start is None:
        return config
    run = open_run(home, config.start)
    adapter = read_adapter(run.adapter)
    for name, own in (("base_model", adapter.base_model), ("method", adapter.method)):
        if name in config.model_fields_set and getattr(config, name) != own:
            raise ConfigError(
                f"{name} is {getattr(config, name)!r}, and the run {run.id} that it starts from has {own!r}; "
                f"leave {name} out"
            )
    changes = {
        "start": run.id if run.path == RunDir(home / "runs" / run.id).path else str(run.path),
        "base_model": adapter.base_model,
        "method": adapter.method,
        "lora": adapter.lora or config.lora,
    }
    return GRPOConfig.model_validate(config.model_dump() | changes)


def prepare(config: GRPOConfig, home: Path, tokenizer: Tokenizer) -> Prepared:
    """Return what a configuration asks the policy and measures it on."""
    frozen = dataset.load(home, config.dataset or "")
    found = list(frozen.traces("train"))[: config.max_examples]
    traces, too_long, longest = fitting_prompts(found, tokenizer, config.max_prompt_tokens)
    task = _eval_task(config, home, frozen)
    if task is not None:
        task = short_items(task, tokenizer, max_tokens=config.max_prompt_tokens, limit=config.eval_items)
    return Prepared(traces, too_long, longest, task if task and task.items else None)


def _eval_task(config: GRPOConfig, home: Path, frozen: Dataset) -> Task | None:
    if not config.eval_items:
        return None
    if config.eval_task is not None:
        return tasks.load(config.eval_task, home=home)
    if "valid" not in frozen.splits:
        return None
    manifest = frozen.manifest
    items = tuple(_item(trace) for trace in frozen.traces("valid"))
    return Task(f"{manifest.key}:valid", manifest.version, "valid", items, "as its sources", manifest.key)


def _item(trace: ReasoningTrace) -> Item:
    return Item(
        id=trace_name(trace),
        prompt=trace.prompt,
        target=trace_target(trace),
        family=str(trace.meta.get("family", "all")),
        domain=str(trace.meta.get("domain", "all")),
        difficulty=int(trace.meta.get("difficulty", 1)),
    )


def make_plan(
    config: GRPOConfig, prepared: Prepared, found: Reachability | None, speed: Speed | None = None
) -> GRPOPlan:
    """Return the plan, in which prompts are left out that a sample showed to be always or never solved.

    Raises ConfigError if fewer prompts are left than a step needs.
    """
    kept = set(found.kept) if found else set()
    dropped = [prompt.trace_id for prompt in found.prompts if prompt.trace_id not in kept] if found else []
    if len(prepared.traces) - len(dropped) < config.prompts_per_step and config.force:
        dropped = []  # the person wants it so
    left = [trace for trace in prepared.traces if trace_name(trace) not in set(dropped)]
    prompts = Prompts(left, per_step=config.prompts_per_step, seed=config.seed)
    rollouts = config.max_steps // config.num_iterations
    completions = rollouts * config.prompts_per_step * config.num_generations
    return GRPOPlan(
        steps=config.max_steps,
        prompts=len(left),
        too_long=len(prepared.too_long),
        dropped=dropped,
        epochs=round(rollouts / prompts.steps_per_epoch, 4),
        completions=completions,
        most_tokens=completions * config.max_new_tokens,
        eval_items=len(prepared.task.items) if prepared.task else 0,
        step_seconds=round(speed.step, 4) if speed else 0.0,
        compile_seconds=round(speed.compiling, 4) if speed else 0.0,
        reachability=found,
    )


def plan_grpo(config: GRPOConfig, home: Path) -> GRPOPlan:
    """Return the plan of a reinforcement learning without the model's weights; the start policy is not asked.

    Raises MissingError if the device that is asked for is not here, as the training itself would.
    """
    device_names()
    config = with_start(config, home)
    base = outline(config.base_model, home, path=config.model_path)
    return make_plan(config, prepare(config, home, base.tokenizer), None)
