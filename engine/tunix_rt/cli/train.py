"""`tunix-rt train`: run one training recipe on a dataset."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from tunix_rt.cli.options import (
    ConfigFile,
    DryRun,
    Json,
    MaxExamples,
    MaxSteps,
    NewRunId,
    Seed,
    Settings,
    TimeBudget,
    fields,
    home,
    say,
    show,
    show_json,
    working,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from tunix_rt.config import GRPOConfig, SFTConfig
    from tunix_rt.progress import Reporter
    from tunix_rt.run import Stopped
    from tunix_rt.run_folder import RunDir
    from tunix_rt.train.grpo import GRPOResult
    from tunix_rt.train.plan import SFTPlan
    from tunix_rt.train.sft import SFTResult

Result = TypeVar("Result")

app = typer.Typer(help="Train a model on a dataset.", no_args_is_help=True)


@app.callback()
def group() -> None:
    """Train a model on a dataset."""


@app.command()
def sft(
    config: ConfigFile = None,
    dataset: Annotated[str | None, typer.Option(help="Key of the dataset, from `data list`, or its folder.")] = None,
    model: Annotated[str | None, typer.Option(help="Base model, from `models list`.")] = None,
    max_steps: MaxSteps = None,
    max_examples: MaxExamples = None,
    time_budget_minutes: TimeBudget = None,
    seed: Seed = None,
    run_id: NewRunId = None,
    settings: Settings = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Fine-tune a base model so that it imitates the traces of a dataset."""
    from tunix_rt.config import SFTConfig, load_config
    from tunix_rt.errors import ConfigError

    flags = {
        "dataset": dataset,
        "base_model": model,
        "max_steps": max_steps,
        "max_examples": max_examples,
        "time_budget_minutes": time_budget_minutes,
        "seed": seed,
    }
    resolved = load_config(SFTConfig, config, settings or (), flags)
    if resolved.dataset is None:
        raise ConfigError("no dataset is named; say --dataset KEY (`tunix-rt data list` shows the keys)")
    if dry_run:
        _show_plan(resolved, as_json)
        return
    with working() as reporter:
        run = new_sft_run(resolved, reporter, run_id)
        say(f"run {run.id}")
        result = _train(resolved, run, reporter)
    if as_json:
        show_json(result)
    else:
        show(run.id)


@app.command()
def grpo(
    config: ConfigFile = None,
    start: Annotated[
        str | None, typer.Option(help="Run to start from, usually a fine-tuning; without it, the base model.")
    ] = None,
    dataset: Annotated[str | None, typer.Option(help="Key of the dataset, from `data list`, or its folder.")] = None,
    model: Annotated[str | None, typer.Option(help="Base model, from `models list`; not with --start.")] = None,
    rewards: Annotated[Path | None, typer.Option(help="YAML file of rewards, see `rewards list`.")] = None,
    algorithm: Annotated[
        Literal["grpo", "drgrpo", "gspo-token", "dapo"] | None, typer.Option(help="How completions are compared.")
    ] = None,
    num_generations: Annotated[int | None, typer.Option(help="Completions of one prompt.")] = None,
    prompts_per_step: Annotated[int | None, typer.Option(help="Prompts of one step.")] = None,
    max_steps: MaxSteps = None,
    max_examples: MaxExamples = None,
    time_budget_minutes: TimeBudget = None,
    seed: Seed = None,
    force: Annotated[
        bool, typer.Option("--force", help="Train although hardly any group of completions carries signal.")
    ] = False,
    run_id: NewRunId = None,
    settings: Settings = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Train a policy on verifiable rewards: it answers prompts, and what is right more often becomes more likely.

    The start policy answers a sample of the prompts first; if it never or always succeeds there is nothing to learn,
    and the training is refused with advice.
    """
    from tunix_rt.config import GRPOConfig, load_config
    from tunix_rt.errors import ConfigError
    from tunix_rt.rewards import RewardsConfig

    flags: dict[str, Any] = {
        "start": start,
        "dataset": dataset,
        "base_model": model,
        "rewards": load_config(RewardsConfig, rewards).model_dump(mode="json") if rewards else None,
        "algorithm": algorithm,
        "num_generations": num_generations,
        "prompts_per_step": prompts_per_step,
        "max_steps": max_steps,
        "max_examples": max_examples,
        "time_budget_minutes": time_budget_minutes,
        "seed": seed,
        "force": force or None,
    }
    resolved = load_config(GRPOConfig, config, settings or (), flags)
    if resolved.dataset is None:
        raise ConfigError("no dataset is named; say --dataset KEY (`tunix-rt data list` shows the keys)")
    if dry_run:
        from tunix_rt.train.grpo_plan import plan_grpo

        with working(quiet=as_json):
            plan = plan_grpo(resolved, home())
        show_json(plan) if as_json else show(fields(plan.model_dump(exclude={"dropped", "reachability"})))
        return
    with working() as reporter:
        run = new_grpo_run(resolved, reporter, run_id)
        say(f"run {run.id}")
        result = _train_grpo(run, reporter)
    if as_json:
        show_json(result)
    else:
        show(run.id)


def new_grpo_run(config: GRPOConfig, reporter: Reporter, run_id: str | None = None) -> RunDir:
    """Make the run of a reinforcement learning: its dataset, base model and start policy recorded by digest."""
    from tunix_rt import dataset
    from tunix_rt.provenance import folder_ref
    from tunix_rt.run import new_run, open_run, read_run
    from tunix_rt.train.base_models import fetch
    from tunix_rt.train.devices import device_names
    from tunix_rt.train.grpo_plan import with_start

    device_names()  # before anything is made
    config = with_start(config, home())
    frozen = dataset.load(home(), config.dataset or "")
    files = fetch(config.base_model, home(), path=config.model_path, progress=reporter.say)
    inputs = {
        "dataset": folder_ref("dataset", frozen.manifest.key, frozen.folder, home=home()),
        "base_model": folder_ref("base_model", files.name, files.folder, home=home()),
    }
    if config.start is not None:
        begun = open_run(home(), config.start)
        inputs["start"] = folder_ref("output", f"{begun.id}/{begun.adapter.name}", begun.adapter, home=home())
        earlier = read_run(begun).inputs.get("dataset")
        inputs |= {"start_dataset": earlier} if earlier else {}
    return new_run(home(), "grpo", frozen.manifest.key, config=config, inputs=inputs, run_id=run_id)


def resume_grpo(run: RunDir, reporter: Reporter) -> GRPOResult:
    """Go on with the run of a reinforcement learning and return its result."""
    from tunix_rt.run import check_inputs

    check_inputs(run)
    return _train_grpo(run, reporter)


def _train_grpo(run: RunDir, reporter: Reporter) -> GRPOResult:
    from tunix_rt.budget import process_started
    from tunix_rt.config import GRPOConfig
    from tunix_rt.errors import UsageError
    from tunix_rt.formats import write_format
    from tunix_rt.provenance import provenance
    from tunix_rt.run import attempt, read_run_config, update_run
    from tunix_rt.train.devices import device_names
    from tunix_rt.train.grpo import train_grpo

    config = read_run_config(run)
    if not isinstance(config, GRPOConfig):
        raise UsageError(f"run {run.id} is of another kind; expected a reinforcement learning")
    minutes = config.time_budget_minutes
    deadline = None if minutes is None else process_started() + 60 * minutes
    with attempt(run), reporter.phase("train", deadline=deadline):
        record = provenance(device=device_names()[0], dtype=config.dtype)
        update_run(run, stage="train", provenance=record)
        result, stopped = _whole(lambda: train_grpo(config, run, deadline=deadline, progress=reporter))
        write_format(run.result, result)
        kept = {"steps", "planned_steps", "finish", "reward", "strict_before", "strict", "groups_without_signal"}
        status = "running" if result.finish == "planned" else "stopped"
        update_run(run, stage="done", results=result.model_dump(include=kept), status=status)
    if stopped:
        raise stopped
    return result


def new_sft_run(config: SFTConfig, reporter: Reporter, run_id: str | None = None) -> RunDir:
    """Make the run of a fine-tuning, with its dataset and base model recorded by digest."""
    from tunix_rt import dataset
    from tunix_rt.provenance import folder_ref
    from tunix_rt.run import new_run
    from tunix_rt.train.base_models import fetch
    from tunix_rt.train.devices import device_names

    device_names()  # before anything is made
    frozen = dataset.load(home(), config.dataset or "")
    files = fetch(config.base_model, home(), path=config.model_path, progress=reporter.say)
    inputs = {
        "dataset": folder_ref("dataset", frozen.manifest.key, frozen.folder, home=home()),
        "base_model": folder_ref("base_model", files.name, files.folder, home=home()),
    }
    return new_run(home(), "sft", frozen.manifest.key, config=config, inputs=inputs, run_id=run_id)


def resume_sft(run: RunDir, reporter: Reporter) -> SFTResult:
    """Go on with the run of a fine-tuning and return its result."""
    from tunix_rt.config import SFTConfig
    from tunix_rt.errors import UsageError
    from tunix_rt.run import check_inputs, read_run_config

    config = read_run_config(run)
    if not isinstance(config, SFTConfig):
        raise UsageError(f"run {run.id} is of another kind; expected a fine-tuning")
    check_inputs(run)
    return _train(config, run, reporter)


def _train(config: SFTConfig, run: RunDir, reporter: Reporter) -> SFTResult:
    from tunix_rt.budget import process_started
    from tunix_rt.formats import write_format
    from tunix_rt.provenance import provenance
    from tunix_rt.run import attempt, update_run
    from tunix_rt.train.devices import device_names
    from tunix_rt.train.sft import train_sft

    minutes = config.time_budget_minutes
    deadline = None if minutes is None else process_started() + 60 * minutes
    with attempt(run), reporter.phase("train", deadline=deadline):
        record = provenance(device=device_names()[0], dtype=config.dtype)
        update_run(run, stage="train", provenance=record)
        result, stopped = _whole(lambda: train_sft(config, run, deadline=deadline, progress=reporter))
        write_format(run.result, result)
        figures = result.model_dump(include={"steps", "planned_steps", "finish", "loss", "valid_loss"})
        status = "running" if result.finish == "planned" else "stopped"
        update_run(run, stage="done", results=figures, status=status)
    if stopped:
        raise stopped
    return result


def _whole(train: Callable[[], Result]) -> tuple[Result, Stopped | None]:
    """Return what a training says, with the signal that ended it between two updates; one that cut it is raised."""
    from tunix_rt.run import Stopped

    try:
        return train(), None
    except Stopped as error:
        if error.result is None:
            raise
        return error.result, error


def _show_plan(config: SFTConfig, as_json: bool) -> None:
    from tunix_rt.train.plan import plan_sft

    with working(quiet=as_json):
        plan = plan_sft(config, home())
    if as_json:
        show_json(plan)
    else:
        show(plan_text(plan))


def plan_text(plan: SFTPlan) -> str:
    """Return the plan of a fine-tuning as text."""
    from tunix_rt.progress import duration

    words = {"memory": f"{plan.memory_bytes / 2**30:.1f} GiB", "time": duration(plan.seconds)}
    return fields(plan.model_dump(exclude={"memory_bytes", "seconds"}) | words)
