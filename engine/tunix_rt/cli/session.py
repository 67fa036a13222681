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
    from tunix_rt.config import SessionConfig
    from tunix_rt.progress import Reporter
    from tunix_rt.run import RunDir

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
    as_json: Json = False,
) -> None:
    """Run a session; its report shows what the model gained, and by which steps."""
    from tunix_rt.config import SessionConfig, load_config

    flags = {
        "sft.base_model": model,
        "budget_minutes": time_budget_minutes,
        "sft.max_steps": max_steps,
        "dataset.max_examples": max_examples,
        "seed": seed,
    }
    resolved = load_config(SessionConfig, config, settings or (), flags)
    if dry_run:
        _show_plan(resolved, as_json)
        return
    with working() as reporter:
        result = _session(resolved, reporter, run_id=run_id)
    _show_result(result, as_json)


@app.command()
def resume(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id or a part of it, the run's folder, or `latest`.")],
    as_json: Json = False,
) -> None:
    """Go on with a session that was interrupted, stopped or failed; what is done is not done again."""
    from tunix_rt.run import open_run

    with working() as reporter:
        result = resume_session(open_run(home(), run_id), reporter)
    _show_result(result, as_json)


def resume_session(run: RunDir, reporter: Reporter) -> Any:
    """Go on with a session's run and return its result."""
    from tunix_rt.config import SessionConfig
    from tunix_rt.errors import UsageError
    from tunix_rt.run import read_run_config

    config = read_run_config(run)
    if not isinstance(config, SessionConfig):
        raise UsageError(f"run {run.id} is no session; resume it with `tunix-rt runs resume {run.id}`")
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


def _show_plan(config: SessionConfig, as_json: bool) -> None:
    """Print what a session would do: its phases, and the fine-tuning that fits into its share of the time."""
    import tempfile

    from tunix_rt import dataset
    from tunix_rt.cli.data import training_sources
    from tunix_rt.cli.train import plan_text
    from tunix_rt.train.plan import plan_sft

    seconds = {name: round(60 * config.budget_minutes * share, 1) for name, share in config.phases.model_dump().items()}
    with tempfile.TemporaryDirectory() as folder, working(quiet=as_json) as reporter:
        part = config.dataset
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
        changes = {"dataset": str(Path(folder) / "datasets" / frozen.key), "time_budget_minutes": seconds["sft"] / 60}
        plan = plan_sft(config.sft.model_copy(update=changes), home())
    record: dict[str, Any] = {
        "name": config.name,
        "budget_minutes": config.budget_minutes,
        "base_model": config.sft.base_model,
        "sources": list(part.sources),
        "task": config.eval.task,
        "items": config.eval.limit,
    }
    if as_json:
        plans = {"phases": seconds, "sft": plan.model_dump(mode="json"), "config": config.model_dump(mode="json")}
        show_json(record | plans)
        return
    show(fields(record | {"sources": ", ".join(part.sources)}))
    show("\n" + table(["phase", "planned s"], list(seconds.items())))
    show("\nfine-tuning\n" + plan_text(plan))
