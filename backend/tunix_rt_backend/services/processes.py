"""A process of its own for work that a request waits for, ended with all that it started when it takes too long.

It does not know what the work is.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

_GRACE_SECONDS = 5.0


def run(
    words: Sequence[str],
    *,
    environment: Mapping[str, str],
    data: bytes = b"",
    folder: Path | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[bytes]:
    """Return what a command printed and how it ended; raise TimeoutError if it took longer than `seconds`."""
    process = subprocess.Popen(
        words,
        cwd=folder,
        env=dict(environment),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    try:
        stdout, stderr = process.communicate(data, timeout=seconds)
    except subprocess.TimeoutExpired as error:
        _end(process)
        raise TimeoutError(f"ended after {seconds} s") from error
    return subprocess.CompletedProcess(words, process.returncode, stdout, stderr)


def _end(process: subprocess.Popen[bytes]) -> None:
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, number)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.communicate(timeout=_GRACE_SECONDS)
            return
