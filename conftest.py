"""Which tests train, and that the long ones go first, so that processes side by side end together."""

from pathlib import Path

import pytest

TRAIN = Path(__file__).parent / "engine" / "tests" / "train"
FIXTURES = {"nano_template", "undisturbed"}
"""Whoever asks for one of these has a model trained."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what trains; `pytest -m "not train"` leaves it out."""
    for item in items:
        if TRAIN in item.path.parents or FIXTURES & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.train)
    long = {item.path for item in items if item.get_closest_marker("train") or item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in long)
