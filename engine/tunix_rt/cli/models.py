"""`tunix-rt models`: the base models by name, and what it takes to have one on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tunix_rt.cli.options import Json, fields, home, show, show_json, table, working

app = typer.Typer(help="List base models and fetch them.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the base models and whether each is on this machine."""
    from tunix_rt.base_models import BASE_MODELS
    from tunix_rt.formats import MANIFEST

    rows = [
        {
            "name": model.name,
            "parameters": model.parameters,
            "here": (home() / "models" / model.name / MANIFEST).is_file(),
            "licence": model.licence,
            "source": model.source,
        }
        for model in BASE_MODELS.values()
    ]
    if as_json:
        show_json({"models": rows})
    else:
        show(table(list(rows[0]), [list(row.values()) for row in rows]))


@app.command()
def fetch(
    name: Annotated[str, typer.Argument(help="Name of the base model, from `models list`.")],
    path: Annotated[Path | None, typer.Option(help="Local Hugging Face or Kaggle folder to take it from.")] = None,
    as_json: Json = False,
) -> None:
    """Fetch a base model, convert it once, and check its files by digest."""
    from tunix_rt.train.base_models import fetch

    with working() as reporter:
        files = fetch(name, home(), path=path, progress=reporter.say)
    record = {
        "name": files.name,
        "folder": str(files.folder),
        "digest": files.digest,
        "parameters": files.manifest.parameters,
        "licence": files.manifest.licence,
    }
    if as_json:
        show_json(record)
    else:
        show(fields(record))
