"""`tunix-rt tasks`: the benchmarks and sets of questions by name."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Annotated

import typer

from tunix_rt.cli.options import Json, fields, home, show, show_json, table

app = typer.Typer(help="List tasks, look at their items, register a local file as a task.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the task, from `tasks list`.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the names of all tasks."""
    from tunix_rt import tasks

    if as_json:
        show_json({"tasks": tasks.names()})
    else:
        show("\n".join(tasks.names()))


@app.command("show")
def show_(
    name: Name,
    path: Annotated[Path | None, typer.Option(help="File of a task that is not built in.")] = None,
    limit: Annotated[int, typer.Option(min=0, help="Items to show.")] = 3,
    as_json: Json = False,
) -> None:
    """Show what a task holds, by family, and its first items."""
    from tunix_rt import tasks

    task = tasks.load(name, path=path, home=home())
    families = Counter(item.family for item in task.items)
    record = {
        "name": task.name,
        "version": task.version,
        "split": task.split,
        "items": len(task.items),
        "licence": task.license,
        "source": task.source,
        "digest": task.digest,
    }
    if as_json:
        shown = [item.model_dump(mode="json") for item in task.items[:limit]]
        show_json(record | {"families": dict(sorted(families.items())), "first_items": shown})
        return
    show(fields(record))
    show("\n" + table(["family", "items"], sorted(families.items())))
    for item in task.items[:limit]:
        show(f"\n[{item.id}] difficulty {item.difficulty}, answer {item.target.value}\n{item.prompt}")


@app.command()
def register(
    name: Annotated[str, typer.Argument(help="Name of the task: gsm8k or svamp.")],
    path: Annotated[Path, typer.Argument(help="Its file on this machine.")],
    as_json: Json = False,
) -> None:
    """Check a local file as a task and remember it; from then on no dataset may overlap it."""
    from tunix_rt import tasks

    task = tasks.register_path(home(), name, path)
    record = {"name": task.name, "items": len(task.items), "digest": task.digest}
    if as_json:
        show_json(record)
    else:
        show(fields(record))
