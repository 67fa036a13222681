"""`tunix-rt export`: write what a run trained in forms that other tools load."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from tunix_rt.cli.options import Json, home, show, show_json, table, working

FORMATS: tuple[Literal["safetensors"], Literal["peft"], Literal["orbax"]] = ("safetensors", "peft", "orbax")
"""What a trained model can be written as, in this order."""


def export(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id or a part of it, the run's folder, or `latest`.")],
    to: Annotated[
        list[str] | None,
        typer.Option(help="safetensors (the default, for Hugging Face), peft or orbax; may be repeated."),
    ] = None,
    dtype: Annotated[Literal["float32", "bfloat16"], typer.Option(help="Type of the exported weights.")] = "float32",
    replace: Annotated[bool, typer.Option("--replace", help="Write an export again that is there.")] = False,
    model_path: Annotated[Path | None, typer.Option(help="Local folder of the base model's weights.")] = None,
    as_json: Json = False,
) -> None:
    """Write a trained model in forms that other tools load.

    Each export is loaded again and must write the same tokens as the model that it was made from, or it is not kept.
    """
    from tunix_rt.errors import UsageError
    from tunix_rt.formats import locked
    from tunix_rt.provenance import folder_ref
    from tunix_rt.run import open_run, read_run, update_run

    formats = to or ["safetensors"]
    unknown = set(formats) - set(FORMATS)
    if unknown:
        raise UsageError(f"unknown format {', '.join(sorted(unknown))}; expected one of {', '.join(FORMATS)}")
    run = open_run(home(), run_id)
    with locked(run.path), working() as reporter, reporter.phase("export"):
        from tunix_rt.train.export import export_model
        from tunix_rt.train.trained import load_named

        subject = load_named(run, home(), path=model_path, dtype=dtype, say=reporter.say)
        done = export_model(
            subject.model,
            subject.base,
            run.exports,
            lora=subject.lora,
            formats=[name for name in FORMATS if name in formats],
            source=subject.adapter.digest if subject.adapter else None,
            replace=replace,
            progress=reporter.say,
        )
        made = {f"export {name}": folder_ref("output", name, run.exports / name, home=home()) for name in done}
        update_run(run, outputs=read_run(run).outputs | made)
    rows = [
        {"format": name, "folder": str(run.exports / name), "digest": manifest.digest}
        for name, manifest in done.items()
    ]
    if as_json:
        show_json({"run": run.id, "exports": rows})
    else:
        show(table(list(rows[0]), [list(row.values()) for row in rows]))
