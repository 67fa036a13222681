"""Base models, fetched once for all tests of this folder, each of which trains, loads or samples a real one."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tunix_rt.train.base_models import ModelFiles, fetch


@pytest.fixture(scope="session")
def models_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home folder that keeps the base models of all tests; tests do not write into it."""
    own = tmp_path_factory.getbasetemp()
    # Test processes that run side by side have folders of their own in one that they share.
    home = (own.parent if "PYTEST_XDIST_WORKER" in os.environ else own) / "home"
    home.mkdir(exist_ok=True)
    return home


@pytest.fixture(scope="session")
def nano_files(models_home: Path) -> ModelFiles:
    return fetch("nano", models_home)


@pytest.fixture(scope="session")
def gemma_files(models_home: Path) -> ModelFiles:
    """Gemma 3 270M, converted once for all tests (about ten seconds)."""
    return fetch("gemma3-270m", models_home)
