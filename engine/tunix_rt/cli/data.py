"""`tunix-rt data`: from files of traces to a frozen dataset, and a look at every stage between."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tunix_rt.cli.options import Json, MaxExamples, fields, home, say, show, show_json, table, working

if TYPE_CHECKING:
    from tunix_rt.dataset import DatasetManifest, OverlapError, RejectedRowsError
    from tunix_rt.tasks import Task

app = typer.Typer(help="Check files of traces, freeze them into a dataset, look at it.", no_args_is_help=True)

Sources = Annotated[list[str], typer.Argument(metavar="SOURCE...", help="Files, folders, or names of training tasks.")]
Schema = Annotated[str, typer.Option(help="Schema of the files; `auto` looks at their columns.")]
Mapping = Annotated[
    list[str] | None,
    typer.Option(
        "--map", metavar="PART=COLUMN", help="Name a column by hand, such as prompt=question; may be repeated."
    ),
]
Key = Annotated[str, typer.Argument(metavar="DATASET", help="Key of the dataset, from `data list`, or its folder.")]


@app.command()
def check(sources: Sources, schema: Schema = "auto", mapping: Mapping = None, as_json: Json = False) -> None:
    """Check files row by row and write nothing; exit 1 if a row cannot be used."""
    from tunix_rt import dataset

    parts = training_sources(sources)
    with working(quiet=as_json) as reporter, reporter.phase("check"):
        report = dataset.check(parts, schema=schema, mapping=_mapping(mapping), progress=reporter.part)
    if as_json:
        show_json(report)
    else:
        show(dataset.describe_check(report))
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def build(
    sources: Sources,
    name: Annotated[str, typer.Option(help="Name of the dataset.")],
    version: Annotated[str, typer.Option(help="Version of the dataset; the key is NAME-VERSION.")] = "v1",
    schema: Schema = "auto",
    mapping: Mapping = None,
    licence: Annotated[str | None, typer.Option("--license", help="Licence of rows that state none.")] = None,
    on_error: Annotated[
        Literal["fail", "skip"], typer.Option(help="A bad row fails the build, or is left out and recorded.")
    ] = "fail",
    max_examples: MaxExamples = None,
    valid_fraction: Annotated[float, typer.Option(help="Share of the rows for the validation loss.")] = 0.05,
    test_fraction: Annotated[float, typer.Option(help="Share of the rows for a test split.")] = 0.0,
    near_duplicate: Annotated[float, typer.Option(help="Likeness, 0 to 1, from which two rows count as one.")] = 0.85,
    against: Annotated[
        list[str] | None,
        typer.Option(metavar="TASK[=FILE]", help="Evaluation task that no row may repeat, beside all registered ones."),
    ] = None,
    allow_contaminated: Annotated[bool, typer.Option(help="Freeze although rows repeat an evaluation task.")] = False,
    seed: Annotated[int, typer.Option(help="Seed of the splits and of what --max-examples keeps.")] = 0,
    as_json: Json = False,
) -> None:
    """Validate, remove duplicates, decontaminate, split by family, freeze."""
    from tunix_rt import dataset

    parts = training_sources(sources)
    refused: dataset.RejectedRowsError | dataset.OverlapError | None = None
    with working() as reporter, reporter.phase("dataset"):
        try:
            manifest = dataset.build(
                parts,
                name=name,
                version=version,
                home=home(),
                schema=schema,
                mapping=_mapping(mapping),
                license=licence,
                on_error=on_error,
                max_examples=max_examples,
                valid_fraction=valid_fraction,
                test_fraction=test_fraction,
                near_duplicate=near_duplicate,
                against=_against(against or []),
                allow_contaminated=allow_contaminated,
                seed=seed,
                progress=reporter.part,
            )
        except (dataset.RejectedRowsError, dataset.OverlapError) as error:
            refused = error
    if refused:
        if as_json:
            show_json(_why_refused(refused))
        raise refused
    if as_json:
        show_json(manifest)
    else:
        show(_summary(manifest))


@app.command("show")
def show_(
    key: Key,
    row: Annotated[str, typer.Option(help="Id of a row, or its number from 0.")] = "0",
    as_json: Json = False,
) -> None:
    """Show what a dataset holds, and one of its rows as the model reads it."""
    from tunix_rt import dataset

    found = dataset.load(home(), key)
    view = found.row(row)
    if as_json:
        show_json({"manifest": found.manifest.model_dump(mode="json"), "row": view.model_dump(mode="json")})
    else:
        show(_summary(found.manifest))
        show(f"\n[{view.id}, {view.split}]\n{view.prompt}{view.completion}")


@app.command("list")
def list_(as_json: Json = False) -> None:
    """List the datasets."""
    from tunix_rt import dataset

    manifests = [dataset.load(home(), key, verify=False).manifest for key in dataset.dataset_keys(home())]
    rows = [
        {"key": m.key, "rows": m.counts.kept, **m.splits, "created": m.created, "digest": m.digest} for m in manifests
    ]
    if as_json:
        show_json({"datasets": rows})
    elif rows:
        columns = ["key", "rows", "train", "valid", "created", "digest"]
        show(table(columns, [[row.get(column) for column in columns] for row in rows]))
    else:
        say(f"no datasets under {home()}; make one with `tunix-rt data build dev-reasoning-v1 --name dev-reasoning`")


@app.command()
def tokens(
    source: Annotated[
        str, typer.Argument(metavar="DATASET|FILE", help="Key of the dataset, its folder, or a file of traces.")
    ],
    model: Annotated[str, typer.Option(help="Base model whose tokenizer is used.")] = "gemma3-270m",
    row: Annotated[str, typer.Option(help="Id of a row, or its number from 0.")] = "0",
    as_json: Json = False,
) -> None:
    """Show one row as tokens: the prompt, what is trained, and what is ignored, each in its colour."""
    from tunix_rt import dataset

    file = Path(source)
    view = dataset.file_row(file, row) if file.is_file() else dataset.load(home(), source).row(row)
    with working(quiet=as_json):
        from tunix_rt.train.preview import preview_row

        preview = preview_row(view, model, home())
    if as_json:
        show_json(preview)
    else:
        _show_tokens(preview)


@app.command()
def diff(
    a: Annotated[str, typer.Argument(help="Key or folder of a dataset.")],
    b: Annotated[str, typer.Argument(help="Key or folder of another one.")],
    as_json: Json = False,
) -> None:
    """Show what differs between two datasets, row by row."""
    from tunix_rt import dataset

    found = dataset.diff(dataset.load(home(), a), dataset.load(home(), b))
    if as_json:
        show_json(found)
        return
    show(fields(found.model_dump(include={"a", "b", "identical", "same", "moved", "edited", "added", "removed"})))
    for name, ids in found.examples.items():
        if ids:
            show(f"{name}: {', '.join(ids)}")


@app.command()
def export(
    key: Key,
    out: Annotated[Path, typer.Option(help="File to write, as JSON lines.")],
    form: Annotated[
        Literal["trace", "tunix_sft", "training_example", "messages", "prompt_completion"],
        typer.Option("--format", help="What each row looks like."),
    ] = "messages",
    split: Annotated[str | None, typer.Option(help="Only this split: train, valid or test.")] = None,
    as_json: Json = False,
) -> None:
    """Write a dataset in a format that other tools read."""
    from tunix_rt import dataset

    written = dataset.export(dataset.load(home(), key), form, out, split=split)
    record: dict[str, Any] = {"out": str(out), "format": form, "rows": written}
    if as_json:
        show_json(record)
    else:
        show(fields(record))


def _why_refused(refused: RejectedRowsError | OverlapError) -> dict[str, Any]:
    """Return the report of a build that froze nothing."""
    from tunix_rt.dataset import RejectedRowsError

    if isinstance(refused, RejectedRowsError):
        return refused.report.model_dump(mode="json")
    return {"ok": False, "contamination": [overlap.model_dump(mode="json") for overlap in refused.overlap]}


def _summary(manifest: DatasetManifest) -> str:
    """Return what a dataset holds as text."""
    from tunix_rt.dataset import describe_overlap

    counts = {name.replace("_", " "): number for name, number in manifest.counts.model_dump().items() if number}
    facts = {
        "key": manifest.key,
        "digest": manifest.digest,
        "created": manifest.created,
        **counts,
        **{f"split {name}": rows for name, rows in manifest.splits.items()},
        **{f"licence {name}": rows for name, rows in manifest.licenses.items()},
    }
    overlaps = [text for part in manifest.contamination if (text := describe_overlap(part))]
    return "\n\n".join([fields(facts), *overlaps])


def _against(names: list[str]) -> list[Task]:
    """Return every registered evaluation task and those that are named, each once."""
    from tunix_rt import tasks

    found = {task.name: task for task in tasks.registered(home())}
    for name in names:
        task, _, file = name.partition("=")
        found[task] = tasks.load(task, path=Path(file) if file else None, home=home())
    return list(found.values())


def training_sources(names: list[str]) -> list[Path | Task]:
    """Return each source as a path if it exists, else as a task."""
    from tunix_rt import tasks
    from tunix_rt.errors import MissingError

    found: list[Path | Task] = []
    for name in names:
        if Path(name).exists():
            found.append(Path(name))
        elif "/" in name or "." in Path(name).name:
            raise MissingError(
                f"{name} does not exist; expected a file, a folder, or the name of a task (`tunix-rt tasks list`)"
            )
        else:
            found.append(tasks.load(name, home=home()))
    return found


def _mapping(pairs: list[str] | None) -> dict[str, str] | None:
    from tunix_rt.errors import UsageError
    from tunix_rt.importers import mapping_of

    if not pairs:
        return None
    try:
        return mapping_of(*pairs)
    except UsageError as error:
        raise UsageError(f"--map: {error}") from error


def _show_tokens(preview: Any) -> None:
    from rich.console import Console
    from rich.text import Text

    from tunix_rt.progress import printable

    colours = {"prompt": "cyan", "trained": "bold green", "ignored": "dim"}
    text = Text()
    for token in preview.tokens:
        text.append(printable(token.text), style=colours[token.role])
    console = Console(soft_wrap=True, highlight=False)
    console.print(text)
    counts = {role: sum(token.role == role for token in preview.tokens) for role in colours}
    console.print(Text.assemble(*((f"  {role}: {counts[role]}", colour) for role, colour in colours.items())))
