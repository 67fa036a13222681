"""The service that is attacked, on each database."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from attacked import World, served
from postgresql import Server
from tunix_rt_backend.settings import Settings


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def world(
    request: pytest.FixtureRequest, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """One service for all attacks: each leaves it as it was."""
    root = tmp_path_factory.mktemp("world")
    home = root / "home"
    home.mkdir()
    url = None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgresql")
        url = server.create("attacked", template="migrated")
    else:
        (home / "tunix_rt.db").write_bytes(sqlite_template.read_bytes())
    settings = Settings(home=home, database_url=url, upload_max_bytes=16 * 2**20, disk_reserve_bytes=0)  # type: ignore[arg-type]
    with served(root, settings) as made:
        yield made
    if request.param == "postgresql":
        server.drop("attacked")
