"""Settings with small limits, and a client of the application that tells what reached it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from echo import with_echo
from tunix_rt_backend.settings import Settings


@pytest.fixture
def small(sqlite_settings: Settings) -> Settings:
    """Settings with small limits."""
    return sqlite_settings.model_copy(
        update={"trace_max_bytes": 1024, "batch_max_bytes": 4096, "upload_max_bytes": 8192, "request_seconds": 0.2}
    )


@pytest.fixture
def echo(small: Settings, tmp_path: Path) -> Iterator[TestClient]:
    """The application with routes beside its own that tell what reached them."""
    with TestClient(with_echo(small, tmp_path), base_url="http://localhost", raise_server_exceptions=False) as made:
        yield made
