"""Growing files of a run, read once for all who watch it: its log, its metrics, and its status to the end.

A Tail looks at a run every fraction of a second, in a thread, and puts what is new into a short list of events; each
viewer sends these on. A viewer that comes late or is slow reads what it missed from the files themselves, so that
nobody waits for anybody, and nothing is lost or told twice: a position in the files is all that a viewer has to know.
A Tail ends with its last viewer. It holds no database connection between two looks, and knows no HTTP.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import threading
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property, partial
from pathlib import Path
from types import FrameType
from typing import Literal, TypeVar

import orjson
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from tunix_rt_backend.errors import NotFound
from tunix_rt_backend.services.curves import parse_row
from tunix_rt_backend.services.files import opening_beneath
from tunix_rt_backend.services.run_state import State, read_state

logger = logging.getLogger(__name__)

CHUNK = 64 * 2**10
"""Most bytes of one event; a longer line is told in several."""
_BUFFERED = 2 * 2**20
"""Bytes of events that wait for slower viewers; whoever is further behind reads the files."""
_UNSEEN_SECONDS = 2.0
"""How long a run without viewers is still watched: they may come again at once."""
_WOKEN_AT_ONCE = 16
HEARTBEAT_SECONDS = 15.0
"""Longest silence, so that nothing on the way takes a quiet stream for a dead one."""

Kind = Literal["log", "metrics", "status", "heartbeat", "end", "closed"]
Parts = tuple[tuple[Path, str], ...]
T = TypeVar("T")


@dataclass(frozen=True)
class Position:
    """How much of a run a viewer has: bytes of its log (all parts together) and of its metrics."""

    log: int = 0
    metrics: int = 0


@dataclass(frozen=True)
class Event:
    """Something new about a run."""

    kind: Kind
    before: Position
    """What one must have for this to be the next."""
    after: Position
    """What one has then."""
    data: dict[str, object] = field(repr=False)
    """What is told."""

    def follows(self, here: Position) -> bool:
        """Return whether this is what comes next for a viewer."""
        if self.kind == "log":
            return self.before.log == here.log
        return self.kind != "metrics" or self.before.metrics == here.metrics

    def reached_from(self, here: Position) -> Position:
        """Return what a viewer has after this."""
        if self.kind == "log":
            return Position(self.after.log, here.metrics)
        return Position(here.log, self.after.metrics) if self.kind == "metrics" else here

    @cached_property
    def encoded(self) -> bytes:
        """Event and data as they go over the wire; made once for all viewers."""
        return b"event: " + self.kind.encode() + b"\ndata: " + orjson.dumps(self.data) + b"\n\n"


Told = tuple[Event, Position]
"""An event, and what a viewer has after it."""


def read_log(parts: Parts, start: int, most: int) -> tuple[bytes, datetime]:
    """Return bytes of a log that lies in several files one after the other, and when they were written."""
    found, place, written = b"", 0, 0
    for folder, path in parts:
        with contextlib.suppress(NotFound), opening_beneath(folder, path) as file:
            skip = max(0, start + len(found) - place)
            if skip < file.size and len(found) < most:
                found += file.read(skip, min(most - len(found), file.size - skip))
                written = file.modified_ns
            place += file.size
    return found, datetime.fromtimestamp(written / 1e9, UTC)


def log_size(parts: Parts) -> int:
    """Return the bytes of a log."""
    size = 0
    for folder, path in parts:
        with contextlib.suppress(NotFound), opening_beneath(folder, path) as file:
            size += file.size
    return size


def read_metrics(folder: Path, start: int, most: int) -> bytes:
    """Return bytes of a run's metrics."""
    if not most:
        return b""
    with contextlib.suppress(NotFound), opening_beneath(folder, "metrics.jsonl") as file:
        return file.read(start, min(most, max(0, file.size - start)))
    return b""


def whole_lines(data: bytes, *, flush: bool) -> int:
    """Return how many bytes at the start of `data` can be told: up to the last end of a line, a carriage return too.

    With `flush`, or where a line fills a whole chunk, it may end anywhere but inside of a character.
    """
    end = max(data.rfind(b"\n"), data.rfind(b"\r", 0, len(data) - 1)) + 1  # a last \r may be half of \r\n
    if len(data) < CHUNK and not flush:
        return end
    if end:
        return len(data) if flush and len(data) < CHUNK else end
    end = len(data)
    if len(data) == CHUNK:
        while end > len(data) - 4 and data[end - 1] & 0xC0 == 0x80:
            end -= 1
        if data[end - 1] >= 0xC0:
            end -= 1
    return end if end > len(data) - 4 else len(data)


def _wake(waiting: list[asyncio.Future[None]]) -> None:
    for one in waiting:
        if not one.done():  # a viewer may have left
            one.set_result(None)


def _first_character(data: bytes) -> int:
    """Return where the first whole character begins."""
    return next((place for place, byte in enumerate(data[:4]) if byte & 0xC0 != 0x80), 0)


class Tail:
    """One run, watched."""

    def __init__(self, tails: Tails, run_id: str) -> None:
        self.tails = tails
        self.run_id = run_id
        self.folder = tails.home / "runs" / run_id
        self.viewers = 0
        self.state: State | None = None
        self.here = Position()
        self.events: deque[Event] = deque()
        self.first = 0
        self._waiting: list[asyncio.Future[None]] = []
        self.is_done = False
        self.task: asyncio.Task[None] | None = None
        self._bytes = 0

    @property
    def next(self) -> int:
        """Number of the event that comes next."""
        return self.first + len(self.events)

    @property
    def has_end(self) -> bool:
        """Whether the end of the run is among the events: it is there before those who wait for it are woken."""
        return bool(self.events) and self.events[-1].kind == "end"

    def _publish(self, *events: Event) -> None:
        for event in events:
            self.events.append(event)
            self._bytes += len(event.encoded)
            self.here = event.after
        while self._bytes > _BUFFERED and len(self.events) > 2:  # a last status and the end stay
            self._bytes -= len(self.events.popleft().encoded)
            self.first += 1

    async def wait(self) -> None:
        """Wait until there is something new."""
        one = asyncio.get_running_loop().create_future()
        self._waiting.append(one)
        await one

    async def wake(self) -> None:
        """Let the viewers go on, a few at a time, so that other requests are answered in between."""
        waiting, self._waiting = self._waiting, []
        for place in range(0, len(waiting), _WOKEN_AT_ONCE):
            _wake(waiting[place : place + _WOKEN_AT_ONCE])
            await asyncio.sleep(0)

    def wake_all(self) -> None:
        """Let all viewers go on at once, to their end."""
        waiting, self._waiting = self._waiting, []
        _wake(waiting)

    async def start(self) -> None:
        """Look for the first time; raise NotFound if there is no such run."""
        self.state = await self.tails.in_thread(partial(self.tails.look, self.run_id))
        self.here = await self.tails.in_thread(partial(self._end_of_files, self.state.logs))
        self.task = asyncio.create_task(self._watch())

    def _end_of_files(self, logs: Parts) -> Position:
        """Return the ends of the last whole lines, where the common reading begins."""
        size = log_size(logs)
        start = max(0, size - CHUNK + 1)
        data, _ = read_log(logs, start, size - start)
        log = start + (whole_lines(data, flush=False) or (_first_character(data) if start else 0))
        with contextlib.suppress(NotFound), opening_beneath(self.folder, "metrics.jsonl") as file:
            start = max(0, file.size - 16 * CHUNK)
            return Position(log, start + file.read(start, file.size - start).rfind(b"\n") + 1)
        return Position(log)

    async def _watch(self) -> None:
        quiet = unseen = 0.0
        while unseen <= _UNSEEN_SECONDS:
            before, events = self.here, await self._news()
            quiet = 0.0 if events else quiet + self.tails.poll
            unseen = 0.0 if self.viewers else unseen + self.tails.poll
            if quiet >= HEARTBEAT_SECONDS:
                quiet, events = 0.0, [Event("heartbeat", before, before, {"seq": before.log})]
            if events:
                self._publish(*events)
                await self.wake()
                if events[-1].kind == "end":
                    break
            if self.here.log - before.log < CHUNK // 2 and self.here.metrics - before.metrics < CHUNK:
                await asyncio.sleep(self.tails.poll)  # else there is more already
        self.tails.drop(self)
        self.is_done = True
        self.wake_all()

    async def _news(self) -> list[Event]:
        try:
            self.state, events = await self.tails.in_thread(self._look)
        except NotFound:
            return [Event("end", self.here, self.here, {"status": "deleted", "exit_code": None})]
        except (OSError, SQLAlchemyError) as error:
            logger.warning("run cannot be looked at now: id=%s error=%s", self.run_id, error)
            return []
        return events

    def _look(self) -> tuple[State, list[Event]]:
        """Return what is new. The status is read first: all that a run wrote before its end is there after it."""
        state = self.tails.look(self.run_id)
        events = self.read(self.here, state.logs, flush=False)
        here = events[-1].after if events else self.here
        before = self.state and (self.state.status, self.state.stage)
        if not state.is_over and (state.status, state.stage) != before:
            events.append(_status(state, here))
        if state.is_over and here == self.here:
            events += self.read(here, state.logs, flush=True)
            here = events[-1].after if events else here
            events += [_status(state, here), _end(state, here)]
        return state, events

    def read(self, start: Position, logs: Parts, *, flush: bool, until: Position | None = None) -> list[Event]:
        """Return at most one event of each file from a position on: up to `until`, or to the last whole line."""
        events = []
        most = CHUNK if until is None else min(CHUNK, max(0, until.log - start.log))
        data, written = read_log(logs, start.log, most)
        data = data[: whole_lines(data, flush=flush or 0 < len(data) == most < CHUNK)]
        here = start
        if data:
            here = Position(start.log + len(data), start.metrics)
            text = data.decode(errors="replace")
            told = {"seq": here.log, "stream": "stderr", "chunk": text, "created_at": written.isoformat()}
            events.append(Event("log", start, here, told))
        most = 4 * CHUNK if until is None else min(4 * CHUNK, max(0, until.metrics - start.metrics))
        lines = read_metrics(self.folder, start.metrics, most)
        whole = lines.rfind(b"\n") + 1 or (len(lines) if len(lines) == most else 0)
        if whole:
            after = Position(here.log, here.metrics + whole)
            rows = [row for line in lines[:whole].split(b"\n") if (row := parse_row(line)) is not None]
            events.append(Event("metrics", here, after, {"seq": after.metrics, "rows": rows}))
        return events


class Tails:
    """All runs that somebody watches, and the few threads that read for them."""

    def __init__(self, home: Path, sessions: sessionmaker[Session], poll: float) -> None:
        self.home = home
        self.sessions = sessions
        self.poll = poll
        self._tails: dict[str, Tail] = {}
        self._starting = asyncio.Lock()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="tail")
        self._closing = asyncio.Event()

    async def in_thread(self, work: Callable[[], T]) -> T:
        """Return what a piece of blocking work returns, done in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def look(self, run_id: str) -> State:
        """Return how far a run is; raise NotFound if there is none."""
        return read_state(self.home, self.sessions, run_id)

    def drop(self, tail: Tail) -> None:
        """Forget a tail, so that whoever comes next begins a new one."""
        if self._tails.get(tail.run_id) is tail:
            del self._tails[tail.run_id]

    def close(self) -> None:
        """End all streams at once, since the service ends."""
        self._closing.set()
        for tail in self._tails.values():
            tail.wake_all()

    async def follow(self, run_id: str, start: Position) -> AsyncGenerator[Told, None]:
        """Return the events of a run from a position on, to its end; raise NotFound at once if there is no such run."""
        async with self._starting:
            tail = self._tails.get(run_id)
            if tail is None:
                tail = Tail(self, run_id)
                await tail.start()
                self._tails[run_id] = tail
        return self._events(tail, start)

    async def _events(self, tail: Tail, start: Position) -> AsyncGenerator[Told, None]:
        here = start
        tail.viewers += 1
        try:
            if tail.state is not None:
                yield _status(tail.state, here), here
            number = -1
            while not self._closing.is_set():
                if not tail.first <= number <= tail.next:
                    number, goal = max(tail.first, tail.next - 2 * tail.has_end), tail.here
                    async for told in self._missed(tail, here, goal):
                        here = told[1]
                        yield told
                while tail.first <= number < tail.next and not self._closing.is_set():
                    event = tail.events[number - tail.first]
                    number += 1
                    if event.follows(here):
                        here = event.reached_from(here)
                        yield event, here
                    else:
                        async for told in self._missed(tail, here, event.after):
                            here = told[1]
                            yield told
                    if event.kind == "end":
                        return
                if number == tail.next:
                    if tail.is_done:
                        return
                    await tail.wait()
        finally:
            tail.viewers -= 1

    async def _missed(self, tail: Tail, here: Position, goal: Position) -> AsyncGenerator[Told, None]:
        """Yield, from the files, what lies between a viewer and a goal."""
        while not self._closing.is_set() and (here.log < goal.log or here.metrics < goal.metrics):
            read = partial(tail.read, here, tail.state.logs if tail.state else (), flush=False, until=goal)
            events = await self.in_thread(read)
            for event in events:
                here = event.after
                yield event, here
            if not events:
                return  # the files are shorter than they were


def _status(state: State, here: Position) -> Event:
    return Event("status", here, here, {"status": state.status, "stage": state.stage})


def _end(state: State, here: Position) -> Event:
    return Event("end", here, here, {"status": state.status, "exit_code": state.exit_code})


@contextlib.contextmanager
def closing_on_signals(tails: Tails) -> Iterator[None]:
    """End all streams when the process is asked to end: a server waits for open answers before it says so itself."""
    loop = asyncio.get_running_loop()
    before: dict[int, Callable[[int, FrameType | None], object]] = {}

    def end(number: int, frame: FrameType | None) -> None:
        loop.call_soon_threadsafe(tails.close)
        before[number](number, frame)

    if threading.current_thread() is threading.main_thread():
        for number in (signal.SIGINT, signal.SIGTERM):
            handler = signal.getsignal(number)
            if callable(handler):  # the server's; without one the process ends at once, and its streams with it
                before[number] = handler
                signal.signal(number, end)
    try:
        yield
    finally:
        for caught, handler in before.items():
            signal.signal(caught, handler)
        tails.close()
