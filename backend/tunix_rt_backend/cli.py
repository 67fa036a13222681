"""Commands of the service, joined to `tunix-rt` by entry point: serve, worker, migrate, index, import-run, …

Nothing heavy is imported at module level, so that `tunix-rt --help` answers at once.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from tunix_rt.cli.options import Json, fields, show, show_json, table

if TYPE_CHECKING:
    from tunix_rt_backend.deps import Call

tokens = typer.Typer(help="Make, list and revoke the tokens that let people in.", no_args_is_help=True)
TokenNameArgument = Annotated[str, typer.Argument(help="What the audit log calls whoever uses it.")]


def register(app: typer.Typer) -> None:
    """Add the commands of the service to the command line."""
    app.command(name="serve")(serve)
    app.command(name="worker")(worker)
    app.command(name="migrate")(migrate)
    app.command(name="index")(rebuild_index)
    app.command(name="import-run")(import_run)
    app.command(name="openapi")(openapi)
    app.add_typer(tokens, name="token")


Slots = Annotated[int | None, typer.Option(min=1, max=64, help="Runs at a time; without it, TUNIX_RT_SLOTS or 1.")]
LogLevel = Annotated[
    Literal["debug", "info", "warning", "error"], typer.Option(help="Least important log lines that are written.")
]


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen on; one that others can reach needs a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0: any free one.")] = 8000,
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Answer requests only; runs wait.")] = False,
    slots: Slots = None,
    log_level: LogLevel = "info",
) -> None:
    """Serve the API, and the web app when it is built, with one worker; Ctrl-C ends both."""
    from tunix_rt.cli.options import say
    from tunix_rt_backend import db, serving
    from tunix_rt_backend.app import create_app
    from tunix_rt_backend.services.access import check_bind
    from tunix_rt_backend.settings import Settings
    from tunix_rt_backend.telemetry import log_as_json

    log_as_json(logging.getLevelNamesMapping()[log_level.upper()])
    settings = Settings()
    listening = serving.listen(host, port)
    serving.prepare_database(settings, say)
    serving.sweep(settings, say)
    engine = db.make_engine(settings)
    open_access = check_bind(host, db.make_sessions(engine))
    engine.dispose()
    words = ["worker", f"--log-level={log_level}", *([f"--slots={slots}"] if slots else [])]
    shown = f"[{host}]" if ":" in host else host
    say(f"files are kept in {settings.home.absolute()}")
    say(f"http://{shown}:{listening.getsockname()[1]}/api/docs shows what there is")
    say(
        "no worker is started: until `tunix-rt worker` runs, runs wait and folders made by command are not listed"
        if no_worker
        else "runs are carried out here; Ctrl-C ends them whole, and they go on at the next start"
    )
    app = create_app(settings.answering_to(shown), open_access=open_access)
    serving.serve(app, listening, None if no_worker else serving.WorkerKeeper(*words))


def worker(
    slots: Slots = None,
    drain: Annotated[bool, typer.Option("--drain", help="End when the queue is empty.")] = False,
    log_level: LogLevel = "info",
) -> None:
    """Carry out queued runs and evaluations; any number of workers may share a database and a home folder."""
    from tunix_rt.cli.options import say
    from tunix_rt_backend.settings import Settings
    from tunix_rt_backend.telemetry import log_as_json
    from tunix_rt_backend.worker.loop import Worker, check_tables

    log_as_json(logging.getLevelNamesMapping()[log_level.upper()])
    settings = Settings()
    check_tables(settings)
    Worker(settings, slots=slots or settings.slots, drain=drain, say=say).run()


def migrate(
    revision: Annotated[str, typer.Argument(help="`head`, `base`, `-1`, or a revision's id.")] = "head",
    as_json: Json = False,
) -> None:
    """Bring the database's tables to the newest revision, and print which one that is."""
    from alembic.util.exc import CommandError
    from sqlalchemy.exc import SQLAlchemyError

    from tunix_rt.errors import UsageError
    from tunix_rt_backend import db
    from tunix_rt_backend.settings import Settings

    settings = Settings()
    engine = db.make_engine(settings)
    try:
        before, _ = db.revisions(engine)
        db.migrate(settings, revision)
        after, _ = db.revisions(engine)
    except CommandError as error:
        raise UsageError(f"{error}; name `head`, `base`, `-1` or a revision in backend/migrations") from error
    except SQLAlchemyError as error:
        raise db.refusal(engine, error) from error
    finally:
        engine.dispose()
    record = {"database": engine.dialect.name, "before": before, "after": after}
    if as_json:
        show_json(record)
    else:
        show(fields(record))


def openapi() -> None:
    """Print the description of the HTTP interface as JSON."""
    import json
    import sys

    from tunix_rt_backend.app import create_app

    document: Any = create_app().openapi()
    sys.stdout.write(json.dumps(document, indent=2, sort_keys=True) + "\n")


@contextlib.contextmanager
def _call(action: str) -> Iterator[Call]:
    """Yield a call of this command, over a database whose tables are made if it has none; an error is one line."""
    from sqlalchemy.exc import SQLAlchemyError

    from tunix_rt.errors import UsageError
    from tunix_rt_backend import db
    from tunix_rt_backend.deps import Call
    from tunix_rt_backend.errors import ServiceError
    from tunix_rt_backend.services.access import CLI
    from tunix_rt_backend.settings import Settings

    settings = Settings()
    engine = db.make_engine(settings)
    try:
        found, newest = db.revisions(engine)
        if found is None:
            db.migrate(settings)
        elif found != newest:
            raise UsageError(db.mismatch(found, newest))
        yield Call(settings, db.make_sessions(engine), db.make_readers(engine), CLI, action, request_id="")
    except ServiceError as error:
        raise UsageError(error.detail) from error
    except SQLAlchemyError as error:
        raise db.refusal(engine, error) from error
    finally:
        engine.dispose()


def rebuild_index(as_json: Json = False) -> None:
    """Make the rows of datasets, runs, evaluations and submissions again from their folders.

    Prints how many there are; a folder that is not whole has no row, and is named with what is wrong with it. An
    evaluation that is new or changed is measured again from its samples: with other figures than they give it has none.
    """
    from tunix_rt.cli.options import say, working
    from tunix_rt_backend.services import census, metrics, soundness

    with _call("rebuild_index") as call, working() as reporter:
        with call.reading() as session:
            soundness.remember(session)
        with reporter.phase("read the folders"):
            found = census.take(call.home, reporter.update)
        with reporter.phase("write the rows"), call.writing(target="index") as session:
            report = census.write(session, found)
        with reporter.phase("thin out the metrics"):
            large = [place.name for place in found.found if place.part == "runs"]
            large = [name for name in large if metrics.are_large(call.home, name)]
            for number, name in enumerate(large, start=1):
                metrics.precompute(call.home, name)
                reporter.update(number, len(large))
    if as_json:
        show_json(report)
        return
    show(fields(report.model_dump(exclude={"broken"})))
    for broken in report.broken:
        say(f"no row for {broken.folder}: {broken.problem}")


def import_run(
    source: Annotated[
        Path, typer.Argument(metavar="FOLDER|ZIP", help="A run's folder, a home folder, or a zip of one.")
    ],
    as_json: Json = False,
) -> None:
    """Take in runs made elsewhere, such as in a notebook, with the datasets and evaluations that came along.

    Every byte is checked against the record, and evaluations are measured again from their samples; what a run names
    that is not here is reported and is no error.
    """
    import zipfile

    from tunix_rt.cli.options import say
    from tunix_rt.errors import MissingError, UsageError
    from tunix_rt_backend.routers.tunix_runs import take_in
    from tunix_rt_backend.services import archives, imports

    if not source.exists():
        raise MissingError(f"{source} does not exist; give a run's folder, a home folder, or a zip of one")
    if source.is_file() and not zipfile.is_zipfile(source):
        raise UsageError(f"{source} is no zip; give a run's folder, a home folder, or a zip of one")
    with _call("import_run") as call, archives.workplace(call.home) as place:
        if source.is_dir():
            whole = (source / "manifest.json").is_file() or not (source / "runs").is_dir()
            archives.copied(source, place / "files", () if whole else imports.PARTS)
            taken = take_in(call, place / "files")
        else:
            archive = archives.Archive(source, source.stat().st_size)
            with archives.unpacked(archive, place / "files", call.settings) as folder:
                taken = take_in(call, folder)
    if as_json:
        show_json(taken)
        return
    for run in taken.runs:
        show(run.run_id)
        say("it was here already" if run.replayed else f"{run.files:,} files, {run.bytes:,} bytes, as recorded")
        for missing in run.missing_upstream:
            say(f"not here: {missing}")


@tokens.command("create")
def create_token(
    name: TokenNameArgument,
    scope: Annotated[str, typer.Option(help="`read`, `write` or `admin`; each includes the ones before it.")] = "read",
    expires_days: Annotated[float | None, typer.Option(help="Days until it ends; without it, until revoked.")] = None,
    as_json: Json = False,
) -> None:
    """Make a token and print it: the only time that it is seen."""
    from pydantic import ValidationError

    from tunix_rt.errors import UsageError
    from tunix_rt_backend.schemas.access import TokenBody, TokenMade, TokenRow
    from tunix_rt_backend.services import access

    try:
        body = TokenBody.model_validate({"name": name, "scope": scope, "expires_days": expires_days})
    except ValidationError as error:
        first = error.errors()[0]
        raise UsageError(f"{first['loc'][0]}: {first['msg']}; got {first['input']!r}") from error
    with _call("create_token") as call, call.writing(target=name, scope=scope) as session:
        token, text = access.create_token(session, body.name, body.scope, body.expires_days)
    made = TokenMade(**TokenRow.model_validate(token).model_dump(), token=text)
    if as_json:
        show_json(made)
    else:
        show(text)


@tokens.command("list")
def list_tokens(as_json: Json = False) -> None:
    """List the tokens, the newest first; their secrets are nowhere."""
    from tunix_rt_backend.schemas.access import TokenRow
    from tunix_rt_backend.services import access

    rows: list[dict[str, Any]] = []
    cursor = None
    with _call("list_tokens") as call, call.reading() as session:
        while True:
            found, pagination = access.list_tokens(session, limit=1000, offset=0, cursor=cursor)
            rows += [TokenRow.model_validate(token).model_dump(mode="json") for token in found]
            cursor = pagination.next_cursor
            if cursor is None:
                break
    if as_json:
        show_json({"tokens": rows})
    else:
        columns = ["name", "scope", "created_at", "expires_at", "revoked_at", "last_used_at"]
        show(table(columns, [[row[column] for column in columns] for row in rows]))


@tokens.command("revoke")
def revoke_token(name: TokenNameArgument, as_json: Json = False) -> None:
    """Make a token and its cookie sessions invalid at once and for ever."""
    from tunix_rt_backend.schemas.access import TokenRow
    from tunix_rt_backend.services import access

    with _call("revoke_token") as call, call.writing(target=name) as session:
        row = TokenRow.model_validate(access.revoke_token(session, name)).model_dump(mode="json")
    if as_json:
        show_json(row)
    else:
        show(fields(row))
