"""Fixtures: a migrated database of each kind, the application over it, and a client that speaks to it.

A test that names `settings`, `app`, `client` or `session` runs on SQLite and on PostgreSQL.
"""

from __future__ import annotations

import fcntl
import itertools
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

import compiling
import loopback
import nano
from postgresql import Server
from tunix_rt_backend import db
from tunix_rt_backend.app import create_app
from tunix_rt_backend.settings import Settings

hypothesis.settings.register_profile("suite", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("suite")

_loopback_only = pytest.fixture(autouse=True, scope="session")(loopback.guard)
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _compiled_as_for_a_user(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the service's parts start here finds what was compiled for the real service."""
    for name in os.environ.keys() - compiling.as_for_a_user().keys():
        monkeypatch.delenv(name)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Server]:
    """One server for all tests; durability is off, since nothing is killed here."""
    server = Server()
    db.migrate(Settings(home=Path("/nonexistent"), database_url=server.create("migrated")))
    yield server
    server.close()


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty SQLite file, to be copied."""
    home = tmp_path_factory.mktemp("template")
    db.migrate(Settings(home=home))
    return home / "tunix_rt.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, sqlite_template: Path) -> Iterator[Settings]:
    """Settings of a fresh home with a migrated, empty database of each kind."""
    home = tmp_path / "home"
    home.mkdir()
    if request.param == "sqlite":
        shutil.copy(sqlite_template, home / "tunix_rt.db")
        yield Settings(home=home)
        return
    server: Server = request.getfixturevalue("postgresql")
    name = f"test_{next(_numbers)}"
    yield Settings(home=home, database_url=server.create(name, template="migrated"))
    server.drop(name)


@pytest.fixture
def sqlite_settings(tmp_path: Path, sqlite_template: Path) -> Settings:
    """Settings over SQLite alone, for what no database can change."""
    home = tmp_path / "home"
    home.mkdir()
    shutil.copy(sqlite_template, home / "tunix_rt.db")
    return Settings(home=home)


@pytest.fixture(scope="session")
def nano_template(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home in which the nano training runs at once, and the digest that it ends with when nothing disturbs it."""
    own = tmp_path_factory.getbasetemp()
    # Test processes that run side by side have folders of their own in one that they share.
    place = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "nano"
    home, digest = place / "home", place / "digest"
    home.mkdir(parents=True, exist_ok=True)
    with (place / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not digest.exists():
            digest.write_text(nano.prepare(home))
    return home, digest.read_text()


@pytest.fixture
def undisturbed(settings: Settings, nano_template: tuple[Path, str]) -> str:
    """Make the nano training ready in the home of `settings`; the digest that it must end with."""
    template, digest = nano_template
    shutil.copytree(template, settings.home, dirs_exist_ok=True)
    return digest


@pytest.fixture
def app(settings: Settings) -> Iterator[FastAPI]:
    """The application over a fresh database."""
    made = create_app(settings)
    yield made
    made.state.engine.dispose()


@pytest.fixture
def client(app: FastAPI) -> Iterator[TestClient]:
    """A client of the application; an error inside it is answered, not raised, as a real client sees it."""
    with TestClient(app, base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def session(app: FastAPI) -> Iterator[Session]:
    """A session of the application's database; commit what a request shall see."""
    with app.state.sessions() as made:
        yield made


@pytest.fixture
def sqlite_app(sqlite_settings: Settings) -> Iterator[FastAPI]:
    """The application over SQLite alone."""
    made = create_app(sqlite_settings)
    yield made
    made.state.engine.dispose()


@pytest.fixture
def sqlite_client(sqlite_app: FastAPI) -> Iterator[TestClient]:
    """A client of the application over SQLite alone."""
    with TestClient(sqlite_app, base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made


@pytest.fixture
def sqlite_session(sqlite_app: FastAPI) -> Iterator[Session]:
    """A session of the database of `sqlite_app`."""
    with sqlite_app.state.sessions() as made:
        yield made
