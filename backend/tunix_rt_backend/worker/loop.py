"""The loop of one worker: claim jobs, look after their processes, say how they ended; it knows no command line.

Processes are looked after whether the database answers or not. While it does not, nothing is claimed, and every ending
is kept until it is back.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from types import FrameType

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tunix_rt.errors import UsageError
from tunix_rt_backend import db
from tunix_rt_backend.services import blocks
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, utc_now
from tunix_rt_backend.worker import queue, record
from tunix_rt_backend.worker.executor import Execution
from tunix_rt_backend.worker.outcome import Outcome
from tunix_rt_backend.worker.watch import Watch, repeating

logger = logging.getLogger(__name__)

_HEARTBEATS_A_LEASE = 3
_LONGEST_SILENCE = 15.0
"""Seconds between two tries to reach a database that does not answer, at most."""
_REST_OF_WORDS = 3
"""Rest after the words of some new traces were kept for searches, in times of how long that took."""
_LAST_TRIES = 10.0
"""Seconds that an ending worker waits for such a database; its jobs come back by themselves when their lease ends."""


class Worker:
    """One worker process."""

    def __init__(
        self, settings: Settings, *, slots: int, drain: bool = False, say: Callable[[str], None] = logger.info
    ) -> None:
        self.settings = settings
        self.say = say
        """Tells whoever ends this worker what is waited for."""
        self.slots = slots
        self.drain = drain
        """Whether to end when there is nothing left to do."""
        self.id = uuid.uuid4()
        self.engine = db.make_engine(settings)
        self.sessions = db.make_sessions(self.engine)
        self.executions: dict[uuid.UUID, Execution] = {}
        self.ended: list[tuple[Execution, Outcome]] = []
        """What has ended and is not in the database yet."""
        self.changes = record.Changes()
        self.asked_to_end = 0
        """How often somebody asked this worker to end; the second time it kills."""
        self._registered = self._idle = False
        self._progressed: set[uuid.UUID] = set()
        self._heartbeat_at = self._database_at = 0.0
        self._silence = 0.0

    def run(self) -> None:
        """Work until somebody asks this worker to end."""
        watch = Watch(self.sessions, self.settings.home)
        words = repeating(
            "the words of new traces are not kept", lambda _: blocks.keep_settled(self.sessions), rest=_REST_OF_WORDS
        )
        with self._signals() as wake, watch.keeping(), words:
            logger.info("worker started: id=%s slots=%d", self.id, self.slots)
            while not self.asked_to_end and not (self.drain and self._idle):
                self._tick()
                _sleep(wake, self.settings.poll_seconds)
            self._end(wake)
        self.engine.dispose()
        logger.info("worker ended: id=%s", self.id)

    def _tick(self) -> None:
        for job_id, execution in list(self.executions.items()):
            outcome = execution.poll()
            if outcome is not None:
                del self.executions[job_id]
                self.ended.append((execution, outcome))
        if time.monotonic() < self._database_at:
            return
        try:
            self._exchange()
            if self._silence:
                logger.info("the database answers again")
            self._silence = 0.0
        except SQLAlchemyError as error:
            self._silence = min(max(0.5, 2 * self._silence), 1.0 if self.asked_to_end else _LONGEST_SILENCE)
            self._database_at = time.monotonic() + self._silence
            self._idle = False
            logger.warning("the database does not do its part, again in %.1f s: %s", self._silence, error)

    def _exchange(self) -> None:
        """Tell the database what happened here, and hear what to do."""
        if not self._registered:
            with db.committing(self.sessions) as session:
                queue.register(session, self.id, pid=os.getpid(), slots=self.slots)
            self._registered = True
        while self.ended:
            self._acknowledge(*self.ended[0])
            del self.ended[0]
        self._heed()
        if time.monotonic() >= self._heartbeat_at or self._progressed:
            self._heartbeat()
        self._index()
        if not self.asked_to_end:
            self._claim()

    def _acknowledge(self, execution: Execution, outcome: Outcome) -> None:
        """Say how an attempt ended, unless another worker has the job by now."""
        job = execution.job
        reason = outcome.reason.replace("\0", "") if outcome.reason else None  # PostgreSQL keeps no NUL
        with db.committing(self.sessions) as session:
            ours = outcome.status != "lost" and self._write_end(session, execution, outcome, reason)
            if ours:
                detail = {"kind": job.kind, "run": job.run_id, "reason": reason}
                action, target = f"job_{outcome.status}", f"job {job.id}"
                session.add(AuditEntry(at=utc_now(), actor="worker", action=action, target=target, detail=detail))
                session.flush()
                record.job_ended(session, self.settings.home, job, outcome)
        self.changes.forget(execution)
        if ours:
            logger.info("job ended: id=%s run=%s status=%s reason=%s", job.id, job.run_id, outcome.status, reason)
            record.curves_kept(self.settings.home, job, outcome)
        else:
            logger.warning("job lost to another worker: id=%s run=%s", job.id, job.run_id)

    def _write_end(self, session: Session, execution: Execution, outcome: Outcome, reason: str | None) -> bool:
        code = outcome.exit_code
        if outcome.status in ("retry", "release"):
            # A job that was only to be closed has no attempt to give back.
            counted = outcome.status == "retry" or execution.closing
            return queue.release(
                session, self.id, execution.job.id, reason=reason or "", counted=counted, exit_code=code
            )
        return queue.finish(
            session,
            self.id,
            execution.job.id,
            status=outcome.status,
            reason=reason,
            exit_code=code,
            result=outcome.result,
        )

    def _heed(self) -> None:
        """Stop what shall end, and what another worker has taken over."""
        if not self.executions:
            return
        with self.sessions() as session:
            ours = queue.held(session, self.id, self.executions)
        for job_id, execution in self.executions.items():
            if job_id not in ours:
                execution.stop("lost")
            elif (wish := ours[job_id]) and not execution.closing:
                execution.stop(wish)

    def _heartbeat(self) -> None:
        lease, progressed = self.settings.lease_seconds, set(self._progressed)
        with db.committing(self.sessions) as session:
            queue.heartbeat(session, self.id, self.executions, lease_seconds=lease, progressed=progressed)
        self._progressed -= progressed
        self._heartbeat_at = time.monotonic() + lease / _HEARTBEATS_A_LEASE
        with db.committing(self.sessions) as session:
            for words in queue.bury(session, self.id):
                logger.warning("%s", words)
            for job in queue.reap(session):
                logger.warning("job is free again: id=%s: %s", job.id, job.reason)
                record.run_changed(session, self.settings.home, job)

    def _index(self) -> None:
        """Bring the rows of runs whose manifest has changed up to date."""
        for job_id, execution in self.executions.items():
            if execution.has_progressed():
                self._progressed.add(job_id)
            if self.changes.has_changed(execution):
                with db.committing(self.sessions) as session:
                    if execution.process is not None:
                        queue.note_process(session, self.id, job_id, execution.process.pid)
                    record.run_changed(session, self.settings.home, execution.job)

    def _claim(self) -> None:
        """Claim jobs while there are slots for them."""
        found = True
        while found:
            full = sum(not execution.closing for execution in self.executions.values()) >= self.slots
            with self.sessions() as session:
                found = queue.is_waiting(session, closing_only=full)
            found = found and self._claim_one(closing_only=full)
        if self.drain:
            with self.sessions() as session:
                self._idle = not self.executions and queue.is_empty(session)

    def _claim_one(self, *, closing_only: bool) -> bool:
        with db.committing(self.sessions) as session:
            claimed = queue.claim(
                session,
                self.id,
                lease_seconds=self.settings.lease_seconds,
                closing_only=closing_only,
                except_for=self.executions,
            )
            if claimed is not None:
                record.run_changed(session, self.settings.home, claimed.job)
        if claimed is None:
            return False
        self.executions[claimed.job.id] = Execution(
            claimed.job, self.settings, closing=claimed.closing, before=claimed.before
        )
        return True

    def _end(self, wake: int) -> None:
        """Let every command save what it has and put its job back into the queue."""
        saving = sum(execution.process is not None for execution in self.executions.values())
        runs = f"{saving} run{'s' * (saving > 1)}"
        if saving:
            self.say(f"saving {runs}, up to {self.settings.grace_seconds:g} s; Ctrl-C again ends at once")
        for execution in self.executions.values():
            execution.stop("release")
        gone_at: float | None = None
        while self.executions or self.ended:
            if self.asked_to_end > 1:
                for execution in self.executions.values():
                    execution.kill()
            if not self._silence:
                gone_at = None
            elif gone_at is None:
                gone_at = time.monotonic() + _LAST_TRIES
            elif not self.executions and time.monotonic() > gone_at:
                logger.warning("the database does not answer; its jobs come back when their leases are over")
                break
            self._tick()
            _sleep(wake, min(0.1, self.settings.poll_seconds))
        if saving:
            how = "saved" if self.asked_to_end == 1 else "ended at once:"
            self.say(f"{how} {runs}; the next worker goes on from the last checkpoint")
        with contextlib.suppress(SQLAlchemyError), db.committing(self.sessions) as session:
            queue.deregister(session, self.id)

    @contextlib.contextmanager
    def _signals(self) -> Iterator[int]:
        """Count the requests to end; yield what becomes readable when one comes, or when a process ends."""

        def end(number: int, frame: FrameType | None) -> None:
            self.asked_to_end += 1

        def wake(number: int, frame: FrameType | None) -> None:
            """Be woken by the pipe; there is nothing else to do."""

        reading, writing = os.pipe()
        os.set_blocking(reading, False)
        os.set_blocking(writing, False)
        handlers = {signal.SIGTERM: end, signal.SIGINT: end, signal.SIGCHLD: wake}
        before = {number: signal.signal(number, handler) for number, handler in handlers.items()}
        pipe = signal.set_wakeup_fd(writing, warn_on_full_buffer=False)
        try:
            yield reading
        finally:
            signal.set_wakeup_fd(pipe)
            for number, handler in before.items():
                signal.signal(number, handler)
            os.close(reading)
            os.close(writing)


def _sleep(wake: int, seconds: float) -> None:
    """Wait, but not while there is news."""
    if select.select([wake], [], [], seconds)[0]:
        os.read(wake, 4096)


def check_tables(settings: Settings) -> None:
    """Raise UsageError if the database answers and its tables are not those of this version."""
    engine = db.make_engine(settings)
    try:
        found, newest = db.revisions(engine)
    except SQLAlchemyError:
        return  # the loop tries again
    finally:
        engine.dispose()
    if found != newest:
        raise UsageError(db.mismatch(found, newest))
