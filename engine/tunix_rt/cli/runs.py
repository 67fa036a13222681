"""`tunix-rt runs`: look at runs, resume them, verify them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunix_rt.cli.options import Json, fields, home, say, show, show_json, table, working

if TYPE_CHECKING:
    from tunix_rt.progress import Reporter
    from tunix_rt.run_folder import RunDir

app = typer.Typer(help="Look at runs, resume them, verify them.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(metavar="RUN", help="Id or a part of it, the run's folder, or `latest`.")]


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the runs, the newest first."""
    from tunix_rt.run import list_runs, shown_status
    from tunix_rt.run_folder import RunDir

    rows = []
    for manifest in list_runs(home()):
        run = RunDir(home() / "runs" / manifest.id)
        dataset = manifest.inputs.get("dataset")
        rows.append(
            {
                "id": manifest.id,
                "kind": manifest.kind,
                "status": shown_status(run, manifest),
                "stage": manifest.stage,
                "dataset": dataset.key if dataset else None,
                "attempts": manifest.attempts,
                "created": manifest.created,
            }
        )
    if as_json:
        show_json({"runs": rows})
    elif rows:
        show(table(list(rows[0]), [list(row.values()) for row in rows]))
    else:
        say(f"no runs under {home()}; start one with `tunix-rt session run configs/demo.yaml`")


@app.command("show")
def show_run(run_id: RunId, as_json: Json = False) -> None:
    """Show what a run is, what it was made from and how far it got."""
    from tunix_rt.run import open_run, read_run, shown_status

    run = open_run(home(), run_id)
    manifest = read_run(run)
    record: dict[str, Any] = manifest.model_dump(mode="json") | {
        "status": shown_status(run, manifest),
        "folder": str(run.path),
    }
    if as_json:
        show_json(record)
        return
    show(
        fields(
            {
                **{name: record[name] for name in ("id", "kind", "status", "stage", "attempts", "seed")},
                **{name: record[name] for name in ("created", "started", "finished", "folder")},
                **{f"input {part}": f"{ref.key}  {ref.digest}" for part, ref in manifest.inputs.items()},
                **{f"output {part}": f"{ref.key}  {ref.digest}" for part, ref in manifest.outputs.items()},
                **{f"result {name}": value for name, value in manifest.results.items()},
                "error": manifest.error.message if manifest.error else None,
            }
        )
    )


@app.command()
def resume(run_id: RunId, as_json: Json = False) -> None:
    """Go on with a run that was interrupted, stopped or failed, from its newest checkpoint."""
    from tunix_rt.cli.session import resume_session
    from tunix_rt.cli.train import resume_grpo, resume_sft
    from tunix_rt.run import open_run, read_run

    run = open_run(home(), run_id)
    by_kind: dict[str, Callable[[RunDir, Reporter], Any]] = {"session": resume_session, "grpo": resume_grpo}
    with working() as reporter:
        result = by_kind.get(read_run(run).kind, resume_sft)(run, reporter)
    if as_json:
        show_json(result)
    else:
        say(f"{run.id}: {read_run(run).status}")


@app.command()
def verify(run_id: RunId, as_json: Json = False) -> None:
    """Hash everything that a run was made from and made; name the first file that changed by one byte."""
    from tunix_rt.run import open_run, verify_run

    verified = verify_run(open_run(home(), run_id))
    if as_json:
        show_json(verified)
    else:
        show(f"{verified.run}: {verified.files:,} files, {verified.bytes:,} bytes, all as recorded")
        show("\n".join(f"  {name}" for name in verified.checked))
