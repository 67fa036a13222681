"""Compare LaTeX answers in processes that can be killed.

SymPy can take for ever or all memory on a few characters, and its own time limit needs signals, which do not work in
threads. Therefore math-verify runs in a small pool of processes with a hard time limit; one that exceeds it is killed
and replaced. This module knows nothing of mathematics.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import math
import os
import queue
import select
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Literal

from tunix_rt.errors import GradingError

LatexVerdict = Literal["equal", "unequal", "parse_fail", "target_fail", "timeout"]
"""`target_fail`: the target itself is not LaTeX that can be read."""

_WORKER = Path(__file__).with_name("latex_worker.py")
_START_SECONDS = 60.0


class _Worker:
    """One process and its pipes."""

    def __init__(self) -> None:
        # -P keeps this folder off the import path; a session of its own keeps Ctrl-C away.
        self._process = subprocess.Popen(
            [sys.executable, "-P", str(_WORKER)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._ready = False

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def _line(self, deadline: float) -> str | None:
        """Return the next line, or None if the deadline passes or the process ends first."""
        assert self._process.stdout is not None
        pipe = self._process.stdout.fileno()
        poll = select.poll()
        poll.register(pipe, select.POLLIN)
        line = b""
        while not line.endswith(b"\n"):
            if not poll.poll(max(0.0, deadline - time.monotonic()) * 1000):
                return None
            piece = os.read(pipe, 4096)
            if not piece:
                return None
            line += piece
        return line.decode().strip()

    def wait_until_ready(self) -> None:
        """Wait for the imports; they do not count against the time of a comparison."""
        if self._ready:
            return
        if self._line(time.monotonic() + _START_SECONDS) != "ready":
            self.kill()
            raise GradingError(
                "the LaTeX worker did not start; check that math-verify is installed in this environment"
            )
        self._ready = True

    def ask(self, found: str, wanted: str, seconds: float) -> str | None:
        """Return the worker's answer, or None if it did not come in time."""
        assert self._process.stdin is not None
        deadline = time.monotonic() + seconds
        # The alarm is the last resort, for a worker whose parent died in the meantime.
        request = {"found": found, "wanted": wanted, "seconds": math.ceil(seconds) + 1}
        try:
            self._process.stdin.write(json.dumps(request).encode() + b"\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            return None
        return self._line(deadline)

    def kill(self) -> None:
        """End the process now and reap it."""
        self._process.kill()
        with contextlib.suppress(BrokenPipeError):
            self._process.communicate()


class LatexPool:
    """A few worker processes shared by any number of threads; started on first use, closed at exit."""

    def __init__(self, *, workers: int = 2, seconds: float = 5.0) -> None:
        """Make a pool that starts at most `workers` processes and stops a comparison after `seconds`."""
        self.seconds = seconds
        self._size = workers
        self._lock = threading.Lock()
        self._reset()
        atexit.register(self.close)

    def _reset(self) -> None:
        self._owner = os.getpid()
        self._all: set[_Worker] = set()
        self._slots: queue.LifoQueue[_Worker | None] = queue.LifoQueue()
        for _ in range(self._size):
            self._slots.put(None)

    def _start(self) -> _Worker:
        worker = _Worker()
        self._all.add(worker)
        return worker

    def _replace(self, worker: _Worker) -> None:
        worker.kill()
        self._all.discard(worker)

    def pids(self) -> list[int]:
        """Return the process ids of the workers that exist now."""
        return sorted(worker.pid for worker in self._all)

    def compare(self, found: str, wanted: str) -> LatexVerdict:
        """Compare two formulas; waits for a free worker, then takes at most `seconds`."""
        if self._owner != os.getpid():
            # After a fork the pipes belong to the parent: this process starts its own workers.
            with self._lock:
                if self._owner != os.getpid():
                    self._reset()
        slots = self._slots
        worker = slots.get()
        try:
            if worker is not None and not worker.is_alive:
                self._replace(worker)
                worker = None
            worker = worker or self._start()
            worker.wait_until_ready()
            answer = worker.ask(found, wanted, self.seconds)
            if answer is None:
                self._replace(worker)
                worker = self._start()
                return "timeout"
        except BaseException:
            if worker is not None:
                self._replace(worker)
            worker = None
            raise
        finally:
            slots.put(worker)
        match answer:
            case "equal" | "unequal" | "parse_fail" | "target_fail":
                return answer
        raise GradingError(f"the LaTeX worker answered {answer!r}; expected a verdict")

    def close(self) -> None:
        """End all workers of this process; the pool may be used again afterwards."""
        if self._owner == os.getpid():
            for worker in list(self._all):
                worker.kill()
            self._reset()


POOL = LatexPool()
"""The pool of this process; no process is started before the first comparison."""
