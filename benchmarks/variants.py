"""Variants of a benchmark, each alone in a fresh process; and what the machine can do at most.

The script of a benchmark is its own child: it runs itself with the name of a variant. It knows no trainer or sampler,
and needs nothing but the standard library until something is measured, since another Python may run it.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Result = dict[str, Any]


def say(text: str) -> None:
    """Tell how far it is; results go to stdout, this does not."""
    print(text, file=sys.stderr, flush=True)


def peak_mib() -> float:
    """Return the peak of resident memory of this process."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


def best_seconds(function: Callable[[], Any], calls: int) -> float:
    """Return the time of the fastest of several calls, after one that compiles."""
    import jax

    jax.block_until_ready(function())
    times = []
    for _ in range(calls):
        began = time.perf_counter()
        jax.block_until_ready(function())
        times.append(time.perf_counter() - began)
    return min(times)


def gflops_ceiling(calls: int) -> float:
    """Return the billions of operations a second of a float32 matrix product of 2048 x 2048 x 2048."""
    import jax
    import jax.numpy as jnp

    square = jnp.ones((2048, 2048), jnp.float32)
    multiply = jax.jit(lambda x: x @ x)
    return 2 * 2048**3 / best_seconds(lambda: multiply(square), calls) / 1e9


def keep_defaults_of_jax() -> None:
    """Have JAX find its devices, before tunix-rt does and sets how calls follow each other on a CPU."""
    import jax

    jax.devices()


class OutOfMemory(SystemExit):
    """The kernel ended a variant for its memory."""


@dataclass(frozen=True)
class Variants:
    """The variants of one benchmark."""

    script: str
    """File of the benchmark."""
    functions: Mapping[str, Callable[[Result], Result]]
    """What each does with a job."""

    def run(self, variant: str, job: Result, python: str = sys.executable) -> Result:
        """Run one in a fresh process, so that none lends its memory or its compiled functions to the next."""
        with tempfile.TemporaryDirectory() as folder:
            (Path(folder) / "job.json").write_text(json.dumps(job))
            environment = {name: value for name, value in os.environ.items() if name != "JAX_COMPILATION_CACHE_DIR"}
            words = [python, self.script, "--variant", variant, "--job", folder]
            process = subprocess.run(words, env=environment, check=False)
            if process.returncode == -9:
                raise OutOfMemory(f"{variant} needs more memory than this machine has")
            if process.returncode != 0:
                raise SystemExit(f"{variant} ended with exit code {process.returncode}; its message stands above")
            result: Result = json.loads((Path(folder) / "result.json").read_text())
            return result

    def parse(self, options: argparse.ArgumentParser) -> argparse.Namespace:
        """Return the options of a person; in a fresh process do its job instead, and end."""
        options.add_argument("--variant", choices=sorted(self.functions), help=argparse.SUPPRESS)
        options.add_argument("--job", type=Path, help=argparse.SUPPRESS)
        chosen = options.parse_args()
        if chosen.variant:
            job = json.loads((chosen.job / "job.json").read_text())
            (chosen.job / "result.json").write_text(json.dumps(self.functions[chosen.variant](job)))
            raise SystemExit
        return chosen
