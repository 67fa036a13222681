"""`python -m tunix_rt_backend.worker.child PARENT WORDS…`: become `python WORDS…`, and be told to end when PARENT dies.

The kernel sends SIGTERM when the thread that started this process ends, be it by SIGKILL. That is asked for here, in a
program of its own, since code between fork and exec is not safe in a process with threads. It knows no command.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1
"""See prctl(2); only Linux has it."""


def words(*command: str) -> list[str]:
    """Return the command line that runs `python COMMAND…` as a child of this process that does not outlive it."""
    return [sys.executable, "-P", "-m", "tunix_rt_backend.worker.child", str(os.getpid()), *command]


def main() -> None:
    """Become the command that is named by the arguments."""
    parent, command = int(sys.argv[1]), sys.argv[2:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:  # it died before the kernel knew whom to tell
        sys.exit(128 + signal.SIGTERM)
    # -P: nothing is imported from the folder that somebody happens to stand in.
    os.execv(sys.executable, [sys.executable, "-P", *command])


if __name__ == "__main__":
    main()
