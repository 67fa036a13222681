"""How JAX compiles in tests: quickly for what runs for seconds, as for a user where a model is trained in earnest."""

from __future__ import annotations

import os

QUICKLY = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1", "XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false"}
"""Two and a half times as fast to compile, and a third slower to run; every process of a test run has it."""


def as_for_a_user() -> dict[str, str]:
    """Return this process's environment without what makes tests compile quickly."""
    return {name: value for name, value in os.environ.items() if name not in QUICKLY}


def on_devices(count: int) -> dict[str, str]:
    """Return this process's environment with a processor that JAX takes for so many devices."""
    flags = f"{QUICKLY['XLA_FLAGS']} --xla_force_host_platform_device_count={count}"
    return os.environ | {"XLA_FLAGS": flags}
