"""Fixtures of tests that speak to the service about runs."""

from __future__ import annotations

from pathlib import Path

import pytest

import nano
from tunix_rt_backend.settings import Settings


@pytest.fixture
def home(settings: Settings) -> Path:
    """A home with the dataset that every run of a test learns from."""
    nano.build_dataset(settings.home)
    return settings.home
