"""This machine and its processes: a name by which workers know that they share it, and whether a process still lives.

It does not know what the processes do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import socket
from pathlib import Path

import psutil

_SAME_START = 2.0
"""Seconds that two readings of one process's start may differ by, since the clock is corrected now and then."""


def host_name() -> str:
    """Return a name for the space in which a process id means one process: host, boot and container."""
    parts = [socket.gethostname()]
    with contextlib.suppress(OSError):
        parts.append(Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8])
        parts.append(str(os.stat("/proc/self/ns/pid").st_ino))
    return "/".join(parts)


def started_at(pid: int) -> float | None:
    """Return when a process began, in seconds since 1970; None if there is none, or only what is left of one."""
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else process.create_time()
    except psutil.Error:
        return None


def is_alive(pid: int, started: float) -> bool:
    """Return whether the process that had this id at its start is still there, and no later one of the same id."""
    found = started_at(pid)
    return found is not None and abs(found - started) <= _SAME_START


def signal_group(group: int, number: signal.Signals) -> None:
    """Send a signal to every process of a group; one that is gone needs none."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(group, number)


def tree_memory(pid: int) -> int:
    """Return the resident memory of a process and its descendants, in bytes; 0 if it is gone."""
    try:
        process = psutil.Process(pid)
        family = [process, *process.children(recursive=True)]
    except psutil.Error:
        return 0
    total = 0
    for member in family:
        with contextlib.suppress(psutil.Error):
            total += member.memory_info().rss
    return total
