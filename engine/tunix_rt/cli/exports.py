"""`tunix-rt export`: write what a run trained in forms that other tools load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tunix_rt.cli.options import Json, home, show, show_json, table, working

FORMATS: tuple[Literal["merged"], Literal["peft"], Literal["orbax"]] = ("merged", "peft", "orbax")
"""What a trained model can be written as, in this order."""


def export(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id or a part of it, the run's folder, or `latest`.")],
    to: Annotated[
        list[str] | None,
        typer.Option(help="merged (the default, for Hugging Face), peft or orbax; may be repeated."),
    ] = None,
    dtype: Annotated[Literal["float32", "bfloat16"], typer.Option(help="Type of the exported weights.")] = "float32",
    model_path: Annotated[Path | None, typer.Option(help="Local folder of the base model's weights.")] = None,
    as_json: Json = False,
) -> None:
    """Write a trained model in forms that other tools load.

    Each export is loaded again and must write the same tokens as the model that it was made from, or it is not kept.
    """
    from tunix_rt.errors import UsageError
    from tunix_rt.run import changing_files, open_run

    formats = to or ["merged"]
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise UsageError(f"unknown format {', '.join(sorted(unknown))}; expected one of {', '.join(FORMATS)}")
    run = open_run(home(), run_id)
    rows = []
    with changing_files(run), working() as reporter, reporter.phase("export"):
        from tunix_rt.train.export import export_model
        from tunix_rt.train.trained import load_base

        base = load_base(run, home(), path=model_path, dtype=dtype, say=reporter.say)
        for name in FORMATS:
            if name in formats:
                done = export_model(run, base, name)
                reporter.say(f"{name}: {done.note}")
                rows.append({"format": name, "folder": str(run.exports / name), "digest": done.digest})
    if as_json:
        show_json({"run": run.id, "exports": rows})
    else:
        show(table(list(rows[0]), [list(row.values()) for row in rows]))
