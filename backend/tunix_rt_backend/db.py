"""The database: one engine, its connections and its migrations; SQLite and PostgreSQL behind the same calls.

It does not know what the tables hold.
"""

from __future__ import annotations

import contextlib
import select
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, Text, create_engine, event, inspect, text
from sqlalchemy.exc import InvalidatePoolError, OperationalError, SQLAlchemyError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from tunix_rt.errors import TunixRtError
from tunix_rt_backend.settings import Settings

if TYPE_CHECKING:
    from alembic.config import Config

_BUSY_SECONDS = 30


class Lines(FunctionElement[str]):
    """The texts of a group in one, a line each, in no order; null if there are none. No text may hold a line's end."""

    inherit_cache = True
    type = Text()


@compiles(Lines)
def _lines(element: Lines, compiler: SQLCompiler, **named: Any) -> str:
    texts = compiler.process(element.clauses, **named)
    return f"group_concat({texts}, char(10))" if compiler.dialect.name == "sqlite" else f"string_agg({texts}, chr(10))"


def make_engine(settings: Settings) -> Engine:
    """Return the engine of the database that the settings name; nothing is connected yet."""
    if settings.url.startswith("sqlite"):
        settings.home.mkdir(parents=True, exist_ok=True)
        engine = create_engine(
            settings.url,
            connect_args={"timeout": _BUSY_SECONDS, "check_same_thread": False},
            pool_size=40,
            max_overflow=20,
        )
        event.listen(engine, "connect", _set_up_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(
        settings.url,
        pool_size=20,
        max_overflow=20,
        pool_timeout=10,
        connect_args={
            "application_name": "tunix-rt",
            "connect_timeout": 5,
            # A network that swallows packets ends a call after 20 seconds; left alone, the system waits for minutes.
            "tcp_user_timeout": 20_000,
            # So does one that forgets a connection that nobody uses: the system finds out, before somebody does.
            "keepalives_idle": 30,
            "keepalives_interval": 10,
            "keepalives_count": 2,
            # What is prepared once outlives a migration of what it reads, and every plan is made for its values anyway.
            "prepare_threshold": None,
        },
    )
    event.listen(engine, "connect", _set_up_postgresql)
    event.listen(engine, "checkout", _refuse_ended)
    return engine


def place(engine: Engine) -> str:
    """Return what people call a database by: its kind and its address, without the password."""
    return f"{engine.dialect.name} database {engine.url.render_as_string(hide_password=True)}"


def refusal(engine: Engine, error: SQLAlchemyError) -> TunixRtError:
    """Return what to say on a command line about a database that does not answer, or not as it should."""
    cause = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
    if isinstance(error, OperationalError):
        return TunixRtError(f"{place(engine)} does not answer: {cause}; start it or correct TUNIX_RT_DATABASE_URL")
    return TunixRtError(f"{place(engine)} does not do this: {cause}; check TUNIX_RT_DATABASE_URL")


def make_sessions(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions; their objects stay readable after a commit."""
    return sessionmaker(engine, expire_on_commit=False)


def make_readers(engine: Engine) -> sessionmaker[Session]:
    """Return the maker of sessions that only read, a few rows at a time.

    On PostgreSQL each of their statements stands alone: at its usual level, READ COMMITTED, one in a transaction sees
    what is committed meanwhile too, and the transaction takes two turns to the server more. Nothing is rolled back
    there, and rows cannot be streamed.
    """
    if engine.dialect.name != "sqlite":
        engine = engine.execution_options(isolation_level="AUTOCOMMIT")
    return make_sessions(engine)


def is_sqlite(session: Session) -> bool:
    """Return whether a session speaks to SQLite."""
    return session.get_bind().dialect.name == "sqlite"


def writing(session: Session) -> None:
    """Take SQLite's write lock now, at the start of a transaction that reads before it writes; else nothing.

    A transaction that turns from reading to writing fails at once if another one wrote in between; one that begins as a
    writer waits for its turn.
    """
    if is_sqlite(session) and not session.in_transaction():
        session.connection(execution_options={"tunix_rt_begin": "IMMEDIATE"})


@contextlib.contextmanager
def committing(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """Yield a session that may write from its start on, and commit when the block ends without an error."""
    with sessions() as session:
        writing(session)
        yield session
        session.commit()


def _set_up_sqlite(connection: sqlite3.Connection, record: Any) -> None:
    connection.isolation_level = None  # transactions begin where SQLAlchemy says, not where the driver guesses
    for pragma in (
        "journal_mode = WAL",
        "synchronous = FULL",  # in WAL mode NORMAL may lose acknowledged rows when the power fails
        "foreign_keys = ON",
        "cache_size = -16384",  # KiB, for each of many connections; the system's page cache serves them all
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _set_up_postgresql(connection: Any, record: Any) -> None:
    # How a word is best searched for depends on how frequent it is: a plan made for any word takes a second for some.
    connection.execute("SET plan_cache_mode = force_custom_plan")
    connection.commit()
    record.info["new"] = True


def _refuse_ended(connection: Any, record: Any, proxy: Any) -> None:
    """Have the pool connect anew if a connection has ended.

    The server says so when it ends one, and says nothing else unasked; a machine that is gone is found out by the
    system, within a minute (`keepalives_idle`). Asking each time, as `pool_pre_ping` does, costs every request a turn
    to the server.
    """
    if record.info.pop("new", False):
        return
    ear = select.poll()
    if not connection.closed:
        ear.register(connection.fileno(), select.POLLIN)
    if connection.closed or ear.poll(0):
        raise InvalidatePoolError


def _begin_sqlite(connection: Any) -> None:
    kind = connection.get_execution_options().get("tunix_rt_begin", "")
    connection.exec_driver_sql(f"BEGIN {kind}")


def _migrations() -> Path:
    here = Path(__file__).resolve().parent
    return next(path for path in (here / "migrations", here.parent / "migrations") if path.is_dir())


def _alembic(settings: Settings) -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_migrations()).replace("%", "%%"))
    config.set_main_option("sqlalchemy.url", settings.url.replace("%", "%%"))
    return config


def migrate(settings: Settings, revision: str = "head") -> None:
    """Bring the tables to a revision, forward or (`base`, `-1`) back."""
    from alembic import command

    if settings.url.startswith("sqlite"):
        settings.home.mkdir(parents=True, exist_ok=True)
    down = revision == "base" or revision.startswith("-")
    (command.downgrade if down else command.upgrade)(_alembic(settings), revision)


def revisions(engine: Engine) -> tuple[str | None, str]:
    """Return the revision of the database and the newest one that this code knows; None: no table yet.

    Every process of the service asks, so Alembic, which takes long to import, is not asked.
    """
    with engine.connect() as connection:
        known = inspect(connection).has_table("alembic_version")
        found = connection.scalar(text("SELECT version_num FROM alembic_version")) if known else None
    return found, max(path.stem.partition("_")[0] for path in (_migrations() / "versions").glob("[0-9]*.py"))


def mismatch(found: str | None, newest: str) -> str:
    """Return that the tables are not those of this version, and what to do."""
    if found is not None and found > newest:
        return f"the database is at revision {found}, and this version knows none after {newest}; run the newer version"
    return f"the database is at revision {found}, and this version needs {newest}; run `tunix-rt migrate`"
