"""Options and output that every command shares; it does not know any command.

Words go to stderr and data to stdout; with `--json` the last line of stdout is one JSON object.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tunix_rt.progress import printable

if TYPE_CHECKING:
    from tunix_rt.progress import Reporter

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object as the last line of stdout.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the plan and stop before any work.")]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Set any key of the configuration, such as lora.rank=8."),
]
ConfigFile = Annotated[Path | None, typer.Argument(metavar="[CONFIG]", help="YAML file; without it, the defaults.")]
Seed = Annotated[int | None, typer.Option(help="Seed of everything that is drawn.")]
MaxSteps = Annotated[int | None, typer.Option(help="Stop after so many optimiser updates.")]
MaxExamples = Annotated[int | None, typer.Option(help="Use at most so many training examples.")]
TimeBudget = Annotated[float | None, typer.Option("--time-budget-minutes", help="Stop cleanly inside so many minutes.")]
NewRunId = Annotated[
    str | None, typer.Option("--run-id", help="Name of the new run; without it, one is made from the date.")
]


def home() -> Path:
    """Return the folder that everything is kept under: TUNIX_RT_HOME, or ./.tunix_rt."""
    return Path(os.environ.get("TUNIX_RT_HOME") or ".tunix_rt")


def side_environment() -> Path | None:
    """Return the Python of an environment with other trainers, which benchmarks time; None if none is named."""
    named = os.environ.get("TUNIX_RT_SIDE_PYTHON")
    return Path(named) if named else None


def keep_numpy_to_one_thread() -> None:
    """Have NumPy, if it is imported after this, start no threads, here and in the processes that this one starts.

    To start them takes some 0.1 s of CPU; little is multiplied by NumPy, and JAX has threads of its own. Whoever set
    OPENBLAS_NUM_THREADS or OMP_NUM_THREADS is heard.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


def say(text: str) -> None:
    """Say something to the person: on stderr."""
    sys.stderr.write(printable(text) + "\n")


def show(text: str) -> None:
    """Print data: on stdout."""
    sys.stdout.write(printable(text).rstrip("\n") + "\n")


def show_json(value: Any) -> None:
    """Print one JSON object as one line of stdout."""
    plain = value.model_dump(mode="json") if hasattr(value, "model_dump") else value
    sys.stdout.write(json.dumps(plain, ensure_ascii=False, allow_nan=False) + "\n")
    sys.stdout.flush()


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return rows as aligned text; numbers stand to the right, None is a dash."""
    cells = [[_cell(value) for value in row] for row in rows]
    widths = [max([len(name), *(len(row[i]) for row in cells)]) for i, name in enumerate(columns)]
    right = [bool(rows) and all(isinstance(row[i], int | float | None) for row in rows) for i in range(len(columns))]
    lines = [columns, *cells]
    return "\n".join(
        "  ".join(
            text.rjust(w) if r else text.ljust(w) for text, w, r in zip(line, widths, right, strict=True)
        ).rstrip()
        for line in lines
    )


def fields(values: Mapping[str, Any]) -> str:
    """Return names and values as two aligned columns."""
    width = max(len(name) for name in values)
    return "\n".join(f"{name.ljust(width)}  {_cell(value)}" for name, value in values.items())


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, int):
        return f"{value:,}"
    return str(value)


@contextlib.contextmanager
def working(*, quiet: bool = False) -> Iterator[Reporter]:
    """Work with progress on stderr; what other libraries print goes there too, and SIGTERM ends the work cleanly."""
    from tunix_rt.progress import Reporter
    from tunix_rt.run import stopping_on_sigterm

    with contextlib.redirect_stdout(sys.stderr), stopping_on_sigterm(), Reporter(quiet=quiet) as reporter:
        yield reporter
