"""`tunix-rt session`: the whole way in one command, inside one wall-clock budget."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunix_rt.cli.options import (
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
    table,
    working,
)

if TYPE_CHECKING:
    from tunix_rt.chips import Chip
    from tunix_rt.config import SessionConfig
    from tunix_rt.memory_plan import MemoryPlan
    from tunix_rt.progress import Reporter
    from tunix_rt.run_folder import RunDir
    from tunix_rt.train.plan import SFTPlan

app = typer.Typer(
    help="From traces to a measured model and a report, in one command and one time budget.",
    no_args_is_help=True,
)


@app.command()
def run(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="YAML file, such as configs/demo.yaml.")],
    model: Annotated[str | None, typer.Option(help="Base model, from `models list`.")] = None,
    time_budget_minutes: TimeBudget = None,
    max_steps: MaxSteps = None,
    max_examples: MaxExamples = None,
    seed: Seed = None,
    run_id: NewRunId = None,
    settings: Settings = None,
    dry_run: DryRun = False,
    chip: Annotated[
        str | None,
        typer.Option(help="With --dry-run: the machine to plan for: v5e-8, v5e-1, t4x2, h100 or cpu. Default: all."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Run a session; its report shows what the model gained, and by which steps."""
    from tunix_rt.config import SessionConfig, load_config
    from tunix_rt.errors import UsageError

    flags = {
        "sft.base_model": model,
        "budget_minutes": time_budget_minutes,
        "sft.max_steps": max_steps,
        "dataset.max_examples": max_examples,
        "seed": seed,
    }
    resolved = load_config(SessionConfig, config, settings or (), flags)
    if resolved.grpo and max_steps:  # the flag limits every training
        resolved = load_config(SessionConfig, config, settings or (), flags | {"grpo.max_steps": max_steps})
    if dry_run:
        _show_plan(resolved, config, chip, as_json)
        return
    if chip:
        raise UsageError("--chip plans for another machine; say --dry-run with it, or leave it out to run here")
    with working() as reporter:
        result = _session(resolved, reporter, run_id=run_id)
    _show_result(result, as_json)


@app.command()
def resume(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id or a part of it, the run's folder, or `latest`.")],
    time_budget_minutes: Annotated[
        float | None, typer.Option(help="Budget of what is left to do; without it, the session's whole budget again.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Go on with a session that was interrupted, stopped or failed; what is done is not done again."""
    from tunix_rt.run import open_run

    with working() as reporter:
        result = resume_session(open_run(home(), run_id), reporter, minutes=time_budget_minutes)
    _show_result(result, as_json)


def resume_session(run: RunDir, reporter: Reporter, *, minutes: float | None = None) -> Any:
    """Go on with a session's run, with another budget if `minutes` are given, and return its result."""
    from tunix_rt.config import SessionConfig
    from tunix_rt.errors import UsageError
    from tunix_rt.run import read_run_config

    config = read_run_config(run)
    if not isinstance(config, SessionConfig):
        raise UsageError(f"run {run.id} is no session; resume it with `tunix-rt runs resume {run.id}`")
    if minutes is not None:
        config = SessionConfig.model_validate(config.model_dump() | {"budget_minutes": minutes})
    return _session(config, reporter, resume=run)


def _session(
    config: SessionConfig, reporter: Reporter, *, resume: RunDir | None = None, run_id: str | None = None
) -> Any:
    from tunix_rt.budget import process_started
    from tunix_rt.train.session import run_session

    # What a person waits for begins with the process, its imports included.
    return run_session(config, home(), progress=reporter, resume=resume, run_id=run_id, started=process_started())


def _show_result(result: Any, as_json: bool) -> None:
    say(result.summary)
    if as_json:
        show_json(result)
    else:
        show(str(result.report))


def _show_plan(config: SessionConfig, path: Path, chip: str | None, as_json: bool) -> None:
    """Print what a session would do: its phases, the fine-tuning that fits into its share of the time, the memory."""
    from tunix_rt import chips
    from tunix_rt.cli.train import plan_text

    machines = [chips.chip(name) for name in ([chip] if chip else chips.CHIP_NAMES)]
    memory = [_memory(config, machine) for machine in machines]
    seconds = {name: round(60 * config.budget_minutes * share, 1) for name, share in config.phases.planned.items()}
    plan, note = _sft_plan(config, seconds["sft"], machines[0] if chip else None, quiet=as_json)
    record: dict[str, Any] = {
        "name": config.name,
        "budget_minutes": config.budget_minutes,
        "base_model": config.sft.base_model,
        "sources": list(config.dataset.sources),
        "task": config.eval.task,
        "items": config.eval.limit,
    }
    if as_json:
        plans = {
            "phases": seconds,
            "sft": plan and plan.model_dump(mode="json"),
            "sft_note": note,
            "memory": [one.model_dump(mode="json") for plans in memory for one in plans],
            "config": config.model_dump(mode="json"),
        }
        show_json(record | plans)
        return
    show(fields(record | {"sources": ", ".join(config.dataset.sources)}))
    show("\n" + table(["phase", "planned s"], list(seconds.items())))
    show("\nfine-tuning\n" + (plan_text(plan) if plan else f"not planned: {note}"))
    show("\n" + (_memory_parts(machines[0], memory[0], path) if chip else _memory_overview(machines, memory)))


def _sft_plan(
    config: SessionConfig, seconds: float, chip: Chip | None, *, quiet: bool
) -> tuple[SFTPlan | None, str | None]:
    """Return the plan of the fine-tuning; without the base model's tokenizer there is none, but a reason."""
    import tempfile

    from tunix_rt import dataset
    from tunix_rt.cli.data import training_sources
    from tunix_rt.errors import MissingError
    from tunix_rt.train.plan import plan_sft

    part = config.dataset
    with tempfile.TemporaryDirectory() as folder, working(quiet=quiet) as reporter:
        with reporter.phase("dataset"):
            frozen = dataset.build(
                training_sources(list(part.sources)),
                name=part.name,
                version=part.version,
                home=Path(folder),
                seed=config.seed,
                max_examples=part.max_examples,
                valid_fraction=part.valid_fraction,
                near_duplicate=part.near_duplicate,
            )
        changes = {"dataset": str(Path(folder) / "datasets" / frozen.key), "time_budget_minutes": seconds / 60}
        flops = chip.flops * chip.devices if chip and chip.flops else None
        try:
            return plan_sft(config.sft.model_copy(update=changes), home(), flops=flops), None
        except MissingError as error:
            if chip is None:
                raise
            return None, str(error)


def _memory(config: SessionConfig, chip: Chip) -> list[MemoryPlan]:
    """Return the memory plan of every phase that fills memory."""
    from tunix_rt.architecture import ARCHITECTURES
    from tunix_rt.config import GRPOConfig
    from tunix_rt.memory_plan import evaluation_work, grpo_work, plan_memory, sft_work

    sizes = ARCHITECTURES[config.sft.base_model]
    # A row of the fine-tuning is longer than any prompt of the contract, and about as long as a few-shot prompt.
    evaluation = evaluation_work(config.eval, config.sft, sizes, prompt_tokens=config.sft.max_length)
    works = [sft_work(config.sft, sizes), evaluation]
    if config.grpo:
        shared = config.sft.model_dump(include={"base_model", "method", "lora", "dtype"})
        grpo = GRPOConfig.model_validate(config.grpo.model_dump() | shared)
        works.insert(1, grpo_work(grpo, sizes, remat=config.sft.remat, tensor_parallel=config.sft.tensor_parallel))
    return [plan_memory(work, chip) for work in works]


def _memory_parts(chip: Chip, plans: list[MemoryPlan], path: Path) -> str:
    """Return where the memory of one chip goes, part by part, and what to set so that it fits."""
    gib = 2**30
    each = "" if chip.devices == 1 else ", each"
    lines = [f"memory on {chip.name}: {chip.words}{each} with {chip.device_limit / gib:.1f} GiB for a program"]
    parts = list(dict.fromkeys(name for plan in plans for name in plan.device))
    host = list(dict.fromkeys(name for plan in plans for name in plan.host))
    columns = ["GiB of a device", *(plan.phase for plan in plans)]
    size = [[name, *(_gib(plan.device.get(name)) for plan in plans)] for name in parts]
    size.append(["most at a time", *(_gib(plan.device_bytes) for plan in plans)])
    more = [[name, *(_gib(plan.host.get(name)) for plan in plans)] for name in host]
    more.append(["most at a time", *(_gib(plan.host_bytes) for plan in plans)])
    settings = [
        ["mesh (fsdp, tp)", *(f"{plan.fsdp}, {plan.tensor_parallel}" for plan in plans)],
        ["trained", *(plan.method or "-" for plan in plans)],
        ["weights", *(plan.dtype for plan in plans)],
        ["remat", *("yes" if plan.remat else "no" for plan in plans)],
        ["sequences at a time", *(f"{plan.rows} of {plan.length} tokens" for plan in plans)],
    ]
    lines += [table(columns, size), "", table(["GiB of the host", *columns[1:]], more), ""]
    lines += [table(["settings", *columns[1:]], settings), "", *(f"{plan.phase}: {plan.words}" for plan in plans)]
    changes = {name: value for plan in plans if plan.fits for name, value in plan.changes.items()}
    if changes:
        words = " ".join(f"--set {name}={str(value).lower()}" for name, value in changes.items())
        lines.append(f"to run it so: tunix-rt session run {path} {words}")
    return "\n".join(lines)


def _memory_overview(chips: list[Chip], memory: list[list[MemoryPlan]]) -> str:
    """Return one line a chip and phase; `--chip NAME` shows the parts."""
    rows = [[chip.name, plan.phase, plan.words] for chip, plans in zip(chips, memory, strict=True) for plan in plans]
    return "memory (--chip NAME shows the parts)\n" + table(["chip", "phase", "finding"], rows)


def _gib(size: int | None) -> str:
    return "-" if size is None else f"{size / 2**30:.2f}"
