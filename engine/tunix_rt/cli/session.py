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
        result = _session(resolved, reporter, None)
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
    return _session(config, reporter, run)


def _session(config: SessionConfig, reporter: Reporter, resume: RunDir | None) -> Any:
    from tunix_rt.train.session import run_session

    return run_session(config, home(), progress=reporter, resume=resume)


def _show_result(result: Any, as_json: bool) -> None:
    say(result.summary)
    if as_json:
        show_json(result)
    else:
        show(str(result.report))


def _show_plan(config: SessionConfig, as_json: bool) -> None:
    shares = config.phases.model_dump()
    seconds = {name: round(60 * config.budget_minutes * share) for name, share in shares.items()}
    record: dict[str, Any] = {
        "name": config.name,
        "budget_minutes": config.budget_minutes,
        "base_model": config.sft.base_model,
        "sources": list(config.dataset.sources),
        "task": config.eval.task,
        "items": config.eval.limit,
    }
    if as_json:
        show_json(record | {"phases": seconds, "config": config.model_dump(mode="json")})
        return
    show(fields(record | {"sources": ", ".join(config.dataset.sources)}))
    show("\n" + table(["phase", "planned s"], list(seconds.items())))
