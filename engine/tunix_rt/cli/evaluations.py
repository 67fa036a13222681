"""`tunix-rt eval` and `tunix-rt compare`: measure a model on a task, and pair two measurements."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tunix_rt.cli.options import (
    ConfigFile,
    DryRun,
    Json,
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
    from tunix_rt.evaluation import Evaluation

METRICS = ("strict", "lenient", "format", "stop", "truncated", "arithmetic", "tokens")


def evaluate(
    config: ConfigFile = None,
    model: Annotated[str | None, typer.Option(help="Base model to measure, from `models list`.")] = None,
    model_path: Annotated[Path | None, typer.Option(help="Local folder of the base model's weights.")] = None,
    run: Annotated[str | None, typer.Option(help="Run whose trained model to measure instead.")] = None,
    task: Annotated[str | None, typer.Option(help="Task, from `tasks list`.")] = None,
    path: Annotated[Path | None, typer.Option(help="File of a task that is not built in.")] = None,
    limit: Annotated[int | None, typer.Option(help="Measure only the first so many items.")] = None,
    prompt: Annotated[str | None, typer.Option(help="`contract`, or `few_shot` for worked examples.")] = None,
    few_shot_pool: Annotated[str, typer.Option(help="Task that gives the worked examples.")] = "dev-reasoning-v1",
    dtype: Annotated[Literal["float32", "bfloat16"], typer.Option(help="Type of the arithmetic.")] = "float32",
    time_budget_minutes: TimeBudget = None,
    seed: Seed = None,
    settings: Settings = None,
    dry_run: DryRun = False,
    as_json: Json = False,
) -> None:
    """Measure a model on a task and keep every sample.

    The measurement becomes a folder that never changes; `tunix-rt compare A B` pairs two of them.
    """
    from tunix_rt import tasks
    from tunix_rt.config import EvalConfig, load_config
    from tunix_rt.errors import ConfigError
    from tunix_rt.evaluation import write_evaluation

    flags = {"task": task, "task_path": path, "limit": limit, "prompt": prompt, "seed": seed}
    resolved = load_config(EvalConfig, config, settings or (), flags)
    if (model is None) == (run is None):
        raise ConfigError("name the model to measure: either --model NAME or --run RUN")
    items = tasks.load(resolved.task, path=resolved.task_path, home=home(), limit=resolved.limit, seed=resolved.seed)
    if dry_run:
        plan = {
            "model": model or run,
            "task": items.name,
            "items": len(items.items),
            "completions": len(items.items) * resolved.num_samples,
            "most_tokens": len(items.items) * resolved.num_samples * resolved.max_new_tokens,
            "prompt": resolved.prompt,
        }
        show_json(plan) if as_json else show(fields(plan))
        return
    if resolved.task_path:
        # From now on no dataset may repeat its items unseen.
        tasks.register_path(home(), resolved.task, resolved.task_path)
    deadline = None if time_budget_minutes is None else time.monotonic() + 60 * time_budget_minutes
    pool = [] if resolved.prompt == "contract" else tasks.load(few_shot_pool, home=home()).traces
    with working() as reporter:
        from tunix_rt.run import open_run
        from tunix_rt.train.measure import measure_model

        subject = open_run(home(), run) if run else model or ""
        done = measure_model(
            items,
            resolved,
            home(),
            model=subject,
            path=model_path,
            pool=pool,
            dtype=dtype,
            deadline=deadline,
            progress=reporter,
        )
    folder = write_evaluation(home() / "evaluations", done)
    say(f"evaluation {folder}")
    if as_json:
        show_json(_record(done, folder))
    else:
        show(_text(done))


def compare(
    a: Annotated[str, typer.Argument(help="Baseline: id or folder of an evaluation.")],
    b: Annotated[str, typer.Argument(help="Candidate: id or folder of an evaluation.")],
    a_score: Annotated[Literal["strict", "lenient"], typer.Option(help="Score of A.")] = "strict",
    b_score: Annotated[Literal["strict", "lenient"], typer.Option(help="Score of B.")] = "strict",
    as_json: Json = False,
) -> None:
    """Compare two evaluations of the same items, pair by pair.

    Prints B minus A with its interval and an exact p, for the whole and by family.
    """
    from tunix_rt import comparison

    result = comparison.compare(_open(a), _open(b), a_score=a_score, b_score=b_score)
    if as_json:
        show_json(result)
    else:
        show(result.to_text())


def _open(name: str) -> Evaluation:
    from tunix_rt.evaluation import load_evaluation

    folder = Path(name)
    return load_evaluation(folder if folder.is_dir() else home() / "evaluations" / name)


def _record(done: Evaluation, folder: Path) -> dict[str, Any]:
    manifest = done.manifest.model_dump(mode="json")
    kept = ("id", "digest", "task", "model", "metrics", "by_family", "timings")
    return {name: manifest[name] for name in kept} | {"folder": str(folder)}


def _text(done: Evaluation) -> str:
    metrics = done.manifest.metrics
    rows = []
    for name in METRICS:
        found = getattr(metrics, name)
        rows.append([name, *((found.value, found.low, found.high, found.n) if found else (None, None, None, 0))])
    families = [
        [family, part.n, part.strict.value if part.strict else None, part.lenient.value if part.lenient else None]
        for family, part in done.manifest.by_family.items()
    ]
    return "\n\n".join(
        [
            f"{done.id}",
            table(["metric", "value", "low", "high", "n"], rows),
            table(["family", "n", "strict", "lenient"], families),
        ]
    )
