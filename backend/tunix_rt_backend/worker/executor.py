"""The executor: a claimed job from its claim to its outcome, as a process in a group of its own; it knows no database.

    waiting ──▶ running ──▶ ended         waiting: for the process of an earlier attempt, which may still be saving
                   │                      ended:   with an Outcome
                   └─ stop(): SIGTERM to the group, a time of grace, SIGKILL

The process is `tunix-rt …`, as a person starts it. Nothing here waits: `poll` looks, acts, and returns at once.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

from tunix_rt.errors import DataError, TunixRtError
from tunix_rt.formats import write_format
from tunix_rt.provenance import now
from tunix_rt.run import is_held, read_run
from tunix_rt_backend.services.run_state import progress_of
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job
from tunix_rt_backend.worker import child, command, host
from tunix_rt_backend.worker.command import Process
from tunix_rt_backend.worker.outcome import Asked, Outcome, close, finished_before, judge

if TYPE_CHECKING:
    from pathlib import Path

logger = logging.getLogger(__name__)

_PRECEDENCE: dict[Asked | None, int] = {None: 0, "release": 1, "memory": 2, "stop": 3, "cancel": 4, "lost": 5}
"""A later wish of more weight replaces an earlier one."""


class Execution:
    """One job that this worker has claimed."""

    def __init__(self, job: Job, settings: Settings, *, closing: bool, before: str | None = None) -> None:
        self.job = job
        self.settings = settings
        self.closing = closing
        """Whether the job shall only be closed, not carried out."""
        self.before = before
        """Why the attempt before this one ended."""
        self.folder = command.job_dir(settings.home, job)
        self.run = command.run_dir(settings.home, job)
        self.process: subprocess.Popen[bytes] | None = None
        self.asked: Asked | None = None
        self.progress = progress_of(self.run)
        self._began = time.monotonic()
        self._kill_at: float | None = None
        self._log_start = 0
        self._told_earlier = False

    def stop(self, why: Asked) -> None:
        """Ask the command to end: it saves what it has, and is killed if that takes longer than the grace."""
        if _PRECEDENCE[why] > _PRECEDENCE[self.asked]:
            self.asked = why
        if self.process is not None and self._kill_at is None:
            self._kill_at = time.monotonic() + self.settings.grace_seconds
            host.signal_group(self.process.pid, signal.SIGTERM)

    def kill(self) -> None:
        """End the command at once."""
        if self.process is not None:
            host.signal_group(self.process.pid, signal.SIGKILL)

    def poll(self) -> Outcome | None:
        """Take the next step; return how the job ended, None while it has not."""
        try:
            return self._wait() if self.process is None else self._watch(self.process)
        except TunixRtError as error:
            self.kill()
            return close(self.settings.home, self.job, "failed", str(error))
        except OSError as error:
            self.kill()
            return Outcome("retry", f"the machine refused: {error}")

    def has_progressed(self) -> bool:
        """Return whether the run has kept new work since this was last asked."""
        found = progress_of(self.run)
        changed, self.progress = found != self.progress, found
        return changed

    def _wait(self) -> Outcome | None:
        """Begin when no process of an earlier attempt is left."""
        if self.asked == "lost":
            return Outcome("lost")
        if self.asked == "release":
            return Outcome("release", "the worker was told to end")
        if not self._is_free():
            return self._patience()
        if done := finished_before(self.settings.home, self.job):
            return done
        if self.asked in ("stop", "cancel") or (self.closing and self.job.cancel_requested):
            return close(self.settings.home, self.job, "cancelled", None)
        if self.closing:
            reason = f"{self.job.reason or 'it did not end'}; {self.job.attempts} attempts in a row kept nothing new"
            return close(self.settings.home, self.job, "failed", reason)
        self._start()
        return None

    def _is_free(self) -> bool:
        """Return whether nobody works on the job; what an earlier attempt left here is told to end, then killed.

        Another's process is never touched.
        """
        earlier = _earlier_process(self.folder.process)
        if earlier is not None:
            late = time.monotonic() > self._began + self.settings.grace_seconds
            if late or not self._told_earlier:
                host.signal_group(earlier.pid, signal.SIGKILL if late else signal.SIGTERM)
                self._told_earlier = True
            return False
        return self.run is None or not is_held(self.run)

    def _patience(self) -> Outcome | None:
        """Return a retry if somebody else has held the run for too long; None: wait on."""
        if time.monotonic() < self._began + 2 * self.settings.grace_seconds:
            return None
        return Outcome("retry", f"another process works on run {self.job.run_id}; stop it, or wait for its end")

    def _start(self) -> None:
        """Start the command."""
        words = command.words(self.settings.home, self.job)
        command.write_config(self.folder, self.job)
        begun = self.run is not None and self.run.manifest.is_file()
        number = read_run(self.run).attempts + 1 if self.run and begun else self.job.attempts
        before = f"--- {now()} before: {self.before}\n" if self.before else ""
        with self.folder.output.open("ab") as log, self.folder.stdout.open("wb") as data:
            log.write(f"{before}--- {now()} attempt {number}: tunix-rt {' '.join(words)}\n".encode())
            log.flush()
            self._log_start = log.tell()
            self.process = subprocess.Popen(
                child.words("-m", "tunix_rt", *words),
                stdin=subprocess.DEVNULL,
                stdout=data,
                stderr=log,
                env=command.environment(self.settings, self.job),
                cwd=self.folder.path,
                start_new_session=True,
            )
        pid = self.process.pid
        write_format(
            self.folder.process,
            Process(host=host.host_name(), pid=pid, started=host.started_at(pid) or time.time()),
        )
        logger.info("job started: id=%s kind=%s run=%s process=%d", self.job.id, self.job.kind, self.job.run_id, pid)

    def _watch(self, process: subprocess.Popen[bytes]) -> Outcome | None:
        """Look after the running command; return its outcome when it has ended."""
        if self._kill_at is not None and time.monotonic() > self._kill_at:
            self.kill()
        limit = self.settings.run_memory_bytes
        if limit is not None and self.asked is None and host.tree_memory(process.pid) > limit:
            self.stop("memory")
        if os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None:
            return None
        self.kill()  # whatever it left behind; its id is not used again before it is waited for
        code = process.wait()
        with self.folder.output.open("ab") as log:
            log.write(self.folder.stdout.read_bytes())
        outcome = judge(self.settings.home, self.job, code, self.asked, limit, self._log_start)
        with self.folder.output.open("ab") as log:
            reason = f": {outcome.reason}" if outcome.reason else ""
            log.write(f"--- {now()} {outcome.status}{reason}\n".encode())
        return outcome


def _earlier_process(path: Path) -> Process | None:
    """Return the process of an earlier attempt if it lives on this machine."""
    try:
        process = Process.read(path) if path.is_file() else None
    except DataError as error:
        logger.warning("%s", error)
        return None
    here = process is not None and process.host == host.host_name()
    return process if process is not None and here and host.is_alive(process.pid, process.started) else None
