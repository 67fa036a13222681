"""The command line: one command a verb, thin; data on stdout, words on stderr.

It does not know how any work is done: a command reads its options, calls one function and prints what that returns.
Nothing heavy is imported here at module level, so that `tunix-rt --help` answers at once.
"""

from __future__ import annotations

import errno
import gc
import importlib.metadata
import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer

from tunix_rt import __version__
from tunix_rt.cli import data, doctor, evaluations, exports, models, rewards, runs, session, submit, tasks, train
from tunix_rt.cli.options import home, keep_numpy_to_one_thread
from tunix_rt.errors import TunixRtError
from tunix_rt.progress import printable

FLOW = (
    "data",
    "tasks",
    "models",
    "rewards",
    "train",
    "session",
    "runs",
    "eval",
    "compare",
    "export",
    "submit",
    "doctor",
)
"""Commands in the order in which data flows: the order of the help."""
GC_THRESHOLD = (100_000, 20, 20)
"""When garbage is looked for: what JAX and Tunix import stays, and each 700 new objects it takes 0.7 of 4.3 seconds."""
PLUGINS = "tunix_rt.commands"
"""Entry point group by which another package adds commands: each entry names a function that takes the Typer app."""


class Commands(typer.core.TyperGroup):
    """The root group: options may be written with underscores, and an error ends in one line and an exit code."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of the commands in the order in which data flows, then those of other packages."""
        return sorted(super().list_commands(ctx), key=lambda name: FLOW.index(name) if name in FLOW else len(FLOW))

    def main(self, args: Sequence[str] | None = None, *rest: Any, **extra: Any) -> Any:
        """Run a command line."""
        words = list(sys.argv[1:] if args is None else args)
        return super().main([_dashes(word) for word in words], *rest, **extra)

    def invoke(self, ctx: Any) -> Any:
        """Run the command of a context; 0 done, 1 failed, 2 wrong request, 130 interrupted, 143 told to end."""
        try:
            return super().invoke(ctx)
        except TunixRtError as error:
            sys.stderr.write(f"error: {printable(str(error))}\n")
            raise typer.Exit(error.exit_code) from error
        except OSError as error:
            if error.errno == errno.EPIPE:  # `| head` has read enough; Typer ends quietly
                raise
            sys.stderr.write(f"error: {printable(_system_error(error))}\n")
            raise typer.Exit(1) from error
        except KeyboardInterrupt as error:
            sys.stderr.write("interrupted; what is in a checkpoint is kept\n")
            raise typer.Exit(getattr(error, "exit_code", 130)) from error


app = typer.Typer(
    name="tunix-rt",
    cls=Commands,
    help="Turn reasoning traces into a small language model that shows its work, and prove what it gained.",
    epilog="Everything is kept under the folder in TUNIX_RT_HOME, ./.tunix_rt if that is not set.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110},
)


def _dashes(word: str) -> str:
    """Return `--max_steps=5` as `--max-steps=5`; values and plain words stay as they are."""
    if not word.startswith("--"):
        return word
    name, separator, value = word.partition("=")
    return name.replace("_", "-") + separator + value


def _system_error(error: OSError) -> str:
    """Return in one line what the system refused to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return f"no room on the disk for {error.filename or home()}; free some and start again: nothing is half there"
    return f"{error}; check the path and its permissions"


def _version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"tunix-rt {__version__}\n")
        raise typer.Exit()


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Turn reasoning traces into a small language model that shows its work, and prove what it gained."""


app.add_typer(data.app, name="data")
app.add_typer(tasks.app, name="tasks")
app.add_typer(models.app, name="models")
app.add_typer(rewards.app, name="rewards")
app.add_typer(train.app, name="train")
app.add_typer(session.app, name="session")
app.add_typer(runs.app, name="runs")
app.command(name="eval")(evaluations.evaluate)
app.command(name="compare")(evaluations.compare)
app.command(name="export")(exports.export)
app.add_typer(submit.app, name="submit")
app.command(name="doctor")(doctor.doctor)
for _plugin in importlib.metadata.entry_points(group=PLUGINS):
    _plugin.load()(app)


def main() -> None:
    """Run the command line of this process."""
    gc.set_threshold(*GC_THRESHOLD)
    keep_numpy_to_one_thread()
    try:
        app()
    except SystemExit as end:
        if isinstance(end.code, int) and end.code > 128:
            # XLA may still compile in a thread, which crashes a Python that takes itself apart: leave at once.
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(end.code)
        raise
