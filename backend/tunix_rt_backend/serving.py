"""Serving: one HTTP server, and one worker beside it that is started again when it dies; it knows no route."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import resource
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from types import FrameType

import uvicorn
from fastapi import FastAPI
from sqlalchemy.exc import SQLAlchemyError

from tunix_rt import leftovers
from tunix_rt.errors import TunixRtError, UsageError
from tunix_rt_backend import db
from tunix_rt_backend.middleware.connections import server_options
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.worker import child

logger = logging.getLogger(__name__)

_CLOSING_SECONDS = 3
"""Seconds that open requests have to end when the service does; streams have no end of their own."""
_FIRST_WAIT, _LONGEST_WAIT, _HEALTHY = 0.5, 15.0, 10.0
"""Seconds before a dead worker is started again: first, at most; and the life from which one counts as healthy."""
_POLL = 0.1


def prepare_database(settings: Settings, say: Callable[[str], None]) -> None:
    """Bring the tables to the newest revision; raise TunixRtError if the database does not answer."""
    engine = db.make_engine(settings)
    try:
        found, newest = db.revisions(engine)
        if found is not None and found > newest:
            raise UsageError(db.mismatch(found, newest))
        if found != newest:
            say(
                f"{db.place(engine)}: tables {'are made' if found is None else f'go from revision {found} to {newest}'}"
            )
            db.migrate(settings)
    except SQLAlchemyError as error:
        raise db.refusal(engine, error) from error
    finally:
        engine.dispose()


def sweep(settings: Settings, say: Callable[[str], None]) -> None:
    """Remove what killed processes left half done in the home folder."""
    gone = leftovers.remove(leftovers.find(settings.home))
    if gone:
        say(f"removed {len(gone)} leftovers of killed processes, {sum(one.bytes for one in gone):,} bytes")


def listen(host: str, port: int) -> socket.socket:
    """Return a socket on an address; raise TunixRtError if it cannot be had."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        found = socket.socket(family, kind, protocol)
        found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        found.bind(address)
    except (OSError, UnicodeError, OverflowError) as error:
        raise TunixRtError(
            f"cannot listen on {host}, port {port}: {error}; stop what listens there, or say --port or --host"
        ) from error
    return found


class WorkerKeeper:
    """Keeps one worker alive."""

    def __init__(self, *words: str) -> None:
        self.words = words
        self.process: subprocess.Popen[bytes] | None = None
        self.ending = False

    async def keep(self) -> None:
        """Start the worker, and again whenever it dies, until the end is asked for and it has ended."""
        wait = _FIRST_WAIT
        while not self.ending:
            began = time.monotonic()
            # A session of its own: Ctrl-C reaches this process alone, which then asks the worker to end.
            self.process = subprocess.Popen(
                child.words("-m", "tunix_rt", *self.words), stdin=subprocess.DEVNULL, start_new_session=True
            )
            while self.process.poll() is None:
                await asyncio.sleep(_POLL)
            if self.ending:
                return
            wait = _FIRST_WAIT if time.monotonic() - began > _HEALTHY else wait
            logger.warning("worker ended with exit code %s, again in %.1f s", self.process.returncode, wait)
            again = time.monotonic() + wait
            wait = min(2 * wait, _LONGEST_WAIT)
            while not self.ending and time.monotonic() < again:
                await asyncio.sleep(_POLL)

    def end(self) -> None:
        """Ask the worker to end; a second time: at once."""
        self.ending = True
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()


class _Server(uvicorn.Server):
    """A server whose signals somebody else handles."""

    def capture_signals(self) -> contextlib.AbstractContextManager[None]:  # type: ignore[override]
        """Leave the signals alone."""
        return contextlib.nullcontext()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Shut down; let the application know it after a second signal too, which else breaks it off with a trace."""
        await super().shutdown(sockets)
        if self.force_exit:
            await self.lifespan.shutdown()


def serve(app: FastAPI, listening: socket.socket, keeper: WorkerKeeper | None) -> None:
    """Answer requests until Ctrl-C or SIGTERM, then end the worker too; a second signal does not wait."""
    config = uvicorn.Config(
        app,
        timeout_graceful_shutdown=_CLOSING_SECONDS,
        backlog=2048,
        lifespan="on",
        **server_options(app.state.settings),
    )
    server = _Server(config)

    async def both() -> None:
        kept = asyncio.create_task(keeper.keep()) if keeper else None
        try:
            await server.serve(sockets=[listening])
        finally:
            if keeper and kept:
                if not keeper.ending:
                    keeper.end()
                await kept

    _settle_memory()
    _raise_file_limit()
    with _ending(server, keeper), asyncio.Runner(loop_factory=config.get_loop_factory()) as runner:
        runner.run(both())


def _settle_memory() -> None:
    """Keep what was made at the start out of the garbage collector's way.

    It is 200,000 objects that never go; each full look at them holds every request up for 50 milliseconds and more.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


def _raise_file_limit() -> None:
    """Let this process hold as many files open as the system allows: each viewer of a log holds one."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


@contextlib.contextmanager
def _ending(server: uvicorn.Server, keeper: WorkerKeeper | None) -> Iterator[None]:
    def end(number: int, frame: FrameType | None) -> None:
        server.force_exit = server.should_exit
        server.should_exit = True
        if keeper:
            keeper.end()

    before = {number: signal.signal(number, end) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
