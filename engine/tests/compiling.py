"""How JAX compiles in tests: quickly for what runs for seconds, as for a user where a model is trained in earnest."""

from __future__ import annotations

import os

ONE_THREAD = {"PJRT_NPROC": "1"}
"""JAX computes in one thread. Two tests share two cores: nano's update takes 77 ms of CPU so, 113 to 138 in two threads
that wait for each other. The last bits of a sum depend on the number of threads."""

QUICKLY = {
    "JAX_DISABLE_MOST_OPTIMIZATIONS": "1",
    "XLA_FLAGS": "--xla_cpu_use_fusion_emitters=false --xla_cpu_parallel_codegen_split_count=1",
}
"""Compiles what test_loss.py needs in a third of the time, and trains nano at half the speed. With these
a short session of nano takes a tenth less CPU if its code is compiled in one piece instead of 32."""


def compile_quickly() -> None:
    """Let this process, and what inherits from it, compile quickly and in one thread, unless somebody said how."""
    if not QUICKLY.keys() & os.environ.keys():
        os.environ |= QUICKLY
    if not ONE_THREAD.keys() & os.environ.keys():
        os.environ |= ONE_THREAD


def as_for_a_user() -> dict[str, str]:
    """Return this process's environment without what makes tests quick."""
    return {name: value for name, value in os.environ.items() if (QUICKLY | ONE_THREAD).get(name) != value}


def on_devices(count: int) -> dict[str, str]:
    """Return this process's environment with a processor that JAX takes for so many devices."""
    flags = f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count}"
    return os.environ | {"XLA_FLAGS": flags.strip()}
