"""`tunix-rt submit`: from a recipe to what Kaggle takes, from a run to what the competition takes, and the proof."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunix_rt.cli.options import (
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
)

if TYPE_CHECKING:
    from tunix_rt.submission import Forecast

app = typer.Typer(help="Plan a Kaggle session, bundle a run with its write-up, verify a bundle.", no_args_is_help=True)

_CHECKOUT = Path(__file__).parents[3]
"""Where the notebook and the locks lie, if this is a checkout."""


@app.command()
def plan(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="Recipe, such as configs/kaggle-gemma3-1b.yaml.")],
    owner: Annotated[str | None, typer.Option(help="Your Kaggle user name; with --out.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the folders that Kaggle takes: kernel/ and dataset/.")] = None,
    internet: Annotated[bool, typer.Option(help="The notebook may install from the index.")] = False,
    hours_left: Annotated[float, typer.Option(help="TPU hours that are left of this week.")] = 20.0,
    lock: Annotated[Path | None, typer.Option(help="Hashed list of packages; else requirements/kaggle.txt.")] = None,
    notebook: Annotated[Path | None, typer.Option(help="Notebook to run; else that of notebooks/.")] = None,
    time_budget_minutes: TimeBudget = None,
    max_steps: MaxSteps = None,
    max_examples: MaxExamples = None,
    seed: Seed = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Forecast quota and disk of a session, list its wheels, and write the metadata files.

    Exit code 1 if the session does not fit into what Kaggle gives.
    """
    from tunix_rt.config import SessionConfig, load_config
    from tunix_rt.errors import UsageError
    from tunix_rt.submission import forecast, read_lock, write_kernel

    flags = {
        "budget_minutes": time_budget_minutes,
        "sft.max_steps": max_steps,
        "dataset.max_examples": max_examples,
        "seed": seed,
    }
    resolved = load_config(SessionConfig, config, settings or (), flags)
    if resolved.grpo and max_steps:  # the flag limits every training
        resolved = load_config(SessionConfig, config, settings or (), flags | {"grpo.max_steps": max_steps})
    if (owner is None) != (out is None):
        raise UsageError("--owner and --out belong together: the metadata files name the owner; give both or neither")
    if out is not None and (settings or any(value is not None for value in flags.values())):
        raise UsageError(
            f"--out attaches {config} as it stands, so that flags and --set would not reach the notebook: write them "
            "into it; seed, steps, examples and the budget can also be set in the notebook's first cell"
        )
    lock = lock or _CHECKOUT / "requirements" / "kaggle.txt"
    found, wheels = forecast(resolved, owned_hours=hours_left), read_lock(lock)
    if out is not None and owner is not None:
        write_kernel(
            out,
            resolved,
            owner=owner,
            recipe=config,
            notebook=notebook or _CHECKOUT / "notebooks" / "kaggle_submission.ipynb",
            loader=_CHECKOUT / "notebooks" / "load_checkpoint.py",
            lock=lock,
            internet=internet,
        )
        say(f"{out} is written; docs/kaggle_submission.md says how to fill its wheels folder and upload it")
    if as_json:
        record = {"fits": found.fits, "forecast": found.model_dump(mode="json"), "out": str(out) if out else None}
        show_json(record | {"wheels": [wheel.model_dump(mode="json") for wheel in wheels]})
    else:
        _show_forecast(found)
        show(f"\n{len(wheels)} locked packages in {lock}; `--json` lists them with their hashes")
    for problem in found.problems:
        say(f"does not fit: {problem}")
    if not found.fits:
        raise typer.Exit(1)


@app.command()
def bundle(
    run_id: Annotated[str, typer.Argument(metavar="RUN", help="Id or a part of it, the run's folder, or `latest`.")],
    with_rows: Annotated[bool, typer.Option("--with-rows", help="Put the rows of the dataset in as well.")] = False,
    writeup: Annotated[Path | None, typer.Option(help="Your own write-up; it must hold the table of results.")] = None,
    words_per_minute: Annotated[int, typer.Option(help="Pace of the video's narrator.")] = 140,
    kernel: Annotated[Path | None, typer.Option(help="Folder that `submit plan --out` wrote, to be locked in.")] = None,
    out: Annotated[Path | None, typer.Option(help="Write the papers into this new folder, too.")] = None,
    as_json: Json = False,
) -> None:
    """Make write-up, video script and checklist from what a run measured, and lock everything into one archive.

    Refuses a run without a real score. The same run gives the same archive, byte by byte.
    """
    from tunix_rt.formats import staged_folder
    from tunix_rt.run import open_run
    from tunix_rt.submission import BUNDLE, SUBMISSIONS, submit

    run = open_run(home(), run_id)
    done, papers = submit(
        home(), run, with_rows=with_rows, own_writeup=writeup, words_per_minute=words_per_minute, kernel=kernel
    )
    folder = home() / SUBMISSIONS / done.id
    if out is not None:
        with staged_folder(out) as stage:
            for name, text in papers.items():
                (stage / name).write_text(text, encoding="utf-8")
    say(f"`tunix-rt submit verify {done.id}` checks it; kaggle/checklist.md in it says what is left to do")
    if as_json:
        show_json({"folder": str(folder), "papers": papers, "manifest": done.model_dump(mode="json")})
    else:
        show(
            fields({"submission": done.id, "bundle": str(folder / BUNDLE), "bytes": done.bytes, "digest": done.digest})
        )


@app.command()
def verify(
    submission: Annotated[str, typer.Argument(metavar="SUBMISSION", help="Id of a submission, or its folder.")],
    samples: Annotated[int, typer.Option(min=1, help="Grade at most so many samples of an evaluation again.")] = 2000,
    as_json: Json = False,
) -> None:
    """Hash a submission again, grade its stored answers again, and add its figures up again.

    Names the first file that changed, or the first verdict or figure that does not follow from the samples.
    """
    from tunix_rt.submission import SUBMISSIONS, recheck

    folder = Path(submission) if Path(submission).is_dir() else home() / SUBMISSIONS / submission
    found = recheck(folder, samples=samples, home=home())
    if as_json:
        show_json(found)
        return
    show(f"{found.submission}: {found.files} files, {found.bytes:,} bytes, all as recorded")
    rows = [
        [one.evaluation, one.regraded, one.samples, "all again" if one.figures else "of stored verdicts", one.items]
        for one in found.evaluations
    ]
    show(table(["evaluation", "graded again", "samples", "figures", "items of the task"], rows))
    show(f"score {100 * found.score:.2f} % strict, n = {found.n}")


def _show_forecast(found: Forecast) -> None:
    record: dict[str, Any] = {
        "minutes": f"{found.minutes:.0f} with set-up, of {60 * found.session_hours:.0f} of one session",
        "this week": f"{found.sessions_a_week} such sessions in {found.week_hours:g} TPU hours",
        "output": f"{found.disk_bytes / 1e9:.2f} of {found.output_bytes / 1e9:.0f} GB",
    }
    show(fields(record))
    show("\n" + table(["disk", "GB"], [[name, round(size / 1e9, 3)] for name, size in found.disk.items()]))
    show("\nlimits: " + "; ".join(found.sources.values()))
