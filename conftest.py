"""Which tests train, that the long ones go first, and that all processes of a run share what JAX compiled for them."""

import gc
import os
import shutil
import tempfile
from pathlib import Path

import pytest

import compiling
from tunix_rt.cli import GC_THRESHOLD
from tunix_rt.cli.options import keep_numpy_to_one_thread

TRAIN = Path(__file__).parent / "engine" / "tests" / "train"
FIXTURES = {"nano_template", "undisturbed"}
"""Whoever asks for one of these has a model trained."""


CACHE = "JAX_COMPILATION_CACHE_DIR"


def pytest_configure(config: pytest.Config) -> None:
    """Give this run a compile cache of its own; the processes that it starts find the name in their environment."""
    gc.set_threshold(*GC_THRESHOLD)
    compiling.compile_quickly()
    keep_numpy_to_one_thread()
    if CACHE not in os.environ:
        os.environ[CACHE] = folder = tempfile.mkdtemp(prefix="tunix-rt-tests-jax-")
        config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what trains; `pytest -m "not train"` leaves it out."""
    for item in items:
        if TRAIN in item.path.parents or FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.train)
    long = {item.path for item in items if item.get_closest_marker("train") or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
