"""Chips: the machines that a session may be planned for, with their memory and speed. It does not ask the machine.

Sizes are those that makers and hosts publish; a plan for `cpu` takes the memory of the machine that it is made on.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Literal

import psutil

from tunix_rt.errors import UsageError

Kind = Literal["tpu", "gpu", "cpu"]
GIB = 2**30


@dataclass(frozen=True)
class Chip:
    """One kind of machine: so many equal devices and a host."""

    name: str
    """How `--chip` names it."""
    words: str
    """What it is, for people."""
    kind: Kind
    devices: int
    device_bytes: int
    """Memory of one device; on a CPU that of the host."""
    usable: float
    """Part of a device's memory that a program gets."""
    host_bytes: int
    """Memory of the host; what a program's own parts take of it is counted in a plan."""
    flops: float | None
    """Published dense bfloat16 (T4: float16) operations a second of one device; None: must be measured."""
    source: str
    """Where the figures are from."""

    @property
    def device_limit(self) -> int:
        """Bytes of one device that a plan may fill."""
        return int(self.usable * self.device_bytes)

    @property
    def host_limit(self) -> int:
        """Bytes of the host that a plan may fill; a tenth is left to the system."""
        return int(0.9 * self.host_bytes)


def _cpu() -> Chip:
    memory = psutil.virtual_memory().total
    return Chip("cpu", "this machine's processor", "cpu", 1, memory, 0.9, memory, None, "measured here")


CHIPS: tuple[Chip, ...] = (
    Chip(
        "v5e-8", "eight TPU v5e chips (a Kaggle TPU session)", "tpu", 8, 16 * GIB, 0.95, 330 * 10**9, 197e12,
        "Cloud TPU, system architecture, v5e: 16 GB and 197 TFLOPS a chip; the host's memory is assumed",
    ),
    Chip(
        "v5e-1", "one TPU v5e chip (Colab)", "tpu", 1, 16 * GIB, 0.95, 47 * 10**9, 197e12,
        "Cloud TPU, system architecture, v5e; the host's memory is assumed",
    ),
    Chip(
        "t4x2", "two NVIDIA T4 (a Kaggle GPU session)", "gpu", 2, 15 * GIB, 0.75, 30 * 10**9, 65e12,
        "NVIDIA T4 data sheet, 16 GB less error correction; JAX takes 75 % of a GPU; the host's is assumed",
    ),
    Chip(
        "h100", "one NVIDIA H100 with 80 GB", "gpu", 1, 80 * 10**9, 0.75, 128 * GIB, 989e12,
        "NVIDIA H100 SXM data sheet; JAX takes 75 % of a GPU unless XLA_PYTHON_CLIENT_MEM_FRACTION says otherwise",
    ),
)  # fmt: skip
"""Every accelerator that is known by name; `chip` adds the processor of this machine."""

CHIP_NAMES = (*(chip.name for chip in CHIPS), "cpu")


def chip(name: str) -> Chip:
    """Return a chip by its name; raise UsageError naming the nearest known one."""
    if name == "cpu":
        return _cpu()
    found = next((chip for chip in CHIPS if chip.name == name), None)
    if found is None:
        near = difflib.get_close_matches(name, CHIP_NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"known chips: {', '.join(CHIP_NAMES)}"
        raise UsageError(f"unknown chip {name!r}; {hint}")
    return found
