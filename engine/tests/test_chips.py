"""Chips by name: published sizes, and a plan for this machine takes its memory."""

import psutil
import pytest

from tunix_rt.chips import CHIP_NAMES, GIB, chip
from tunix_rt.errors import UsageError


def test_a_chip_has_devices_memory_and_a_source() -> None:
    assert (chip("v5e-8").devices, chip("v5e-8").device_bytes) == (8, 16 * GIB)
    assert chip("v5e-1").device_bytes == chip("v5e-8").device_bytes
    for name in CHIP_NAMES:
        found = chip(name)
        assert found.name == name
        assert 0 < found.device_limit < found.device_bytes <= max(found.host_bytes, found.device_bytes)
        assert found.words
        assert found.source


def test_the_processor_has_the_memory_of_this_machine() -> None:
    assert chip("cpu").host_bytes == chip("cpu").device_bytes == psutil.virtual_memory().total


def test_an_unknown_chip_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(UsageError, match="did you mean v5e-8"):
        chip("v5e8")
    with pytest.raises(UsageError, match="known chips: v5e-8, v5e-1, t4x2, h100, cpu"):
        chip("zzz")
