"""The watch: rows of what people make beside the service, by command in the same home; it changes no folder.

It looks at the manifests of all folders every few seconds and reads those that are new or changed. Whatever happens
between a look and the writing of a row is seen by the next look. Every worker has one, and several do no harm; a
service without a worker has none, since looking through thousands of folders would hold its answers up.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from sqlalchemy import delete, select
from sqlalchemy.exc import DataError as DataFault
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from tunix_rt.errors import TunixRtError
from tunix_rt.formats import MANIFEST
from tunix_rt_backend import db
from tunix_rt_backend.services import census, index, soundness
from tunix_rt_backend.services.census import PARTS, Mark, Place

logger = logging.getLogger(__name__)

_SECONDS = 2.0
"""Time between two looks, at least."""
_AFTER_ERROR = 15.0
"""The same after one that the database did not answer."""
_LAST = 10.0
"""Seconds that an ending worker waits for the last look; a row that it does not write, the next worker does."""
_REST = 20
"""A look is followed by a rest of so many times its own length: it never takes more than a twentieth of a core."""


@contextlib.contextmanager
def repeating(fault: str, look: Callable[[threading.Event], object], *, rest: int) -> Iterator[None]:
    """Do something every few seconds, in a thread of its own, while the block lasts; `look` may see that it ends.

    Each time is followed by a rest of `rest` times its own length. `fault` says what an error means.
    """
    ended = threading.Event()

    def keep() -> None:
        while not ended.is_set():
            began, least = time.monotonic(), _SECONDS
            try:
                look(ended)
            except (SQLAlchemyError, OSError) as error:
                least = _AFTER_ERROR
                logger.warning("%s, again in %.0f s: %s", fault, least, error)
            ended.wait(max(least, rest * (time.monotonic() - began)))

    thread = threading.Thread(target=keep, name="watch", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(_LAST)


class Watch:
    """Keeps the rows of one home like its folders."""

    def __init__(self, sessions: sessionmaker[Session], home: Path) -> None:
        self.sessions = sessions
        self.home = home
        self.seen: dict[Place, Mark | None] = {}
        """The folders whose rows are up to date, as they were; None: a row is all that is known."""
        self._began = False

    def keeping(self) -> contextlib.AbstractContextManager[None]:
        """Look every few seconds, in a thread of its own, while the block lasts."""
        return repeating("the folders are not compared with their rows", self.look, rest=_REST)

    def look(self, ended: threading.Event | None = None) -> None:
        """Bring the rows of folders that came, changed or went since the last look up to date."""
        if not self._began:
            with db.committing(self.sessions) as session:
                census.settle(session, self.home)
            self.seen = dict.fromkeys(self._rows())
            self._began = True
        now = {place: mark for place, mark in census.marks(self.home).items() if mark is not None}
        changed = {place: mark for place, mark in now.items() if self.seen.get(place) != mark}
        rows = self._rows({place.part for place in changed}) if changed else {}
        for place, mark in changed.items():
            if ended is not None and ended.is_set():
                return
            if place not in rows or rows[place] != self._digest(place):
                self._write(place)
            self.seen[place] = mark
        for place in self.seen.keys() - now.keys():
            self._drop(place)
            del self.seen[place]
        with self.sessions() as session:
            stale = index.stale_runs(session, self.home)
        for name in stale:
            self._write(Place("runs", name))

    def _rows(self, parts: set[str] | None = None) -> dict[Place, str | None]:
        """Return the digest that each row knows."""
        with self.sessions() as session:
            return {
                Place(name, key): digest
                for name, part in PARTS.items()
                if parts is None or name in parts
                for key, digest in session.execute(select(part.key, part.digest))
            }

    def _digest(self, place: Place) -> str | None:
        """Return the digest that a manifest says."""
        try:
            found = orjson.loads((self.home / place.part / place.name / MANIFEST).read_bytes())
        except (OSError, orjson.JSONDecodeError):
            return None
        digest = found.get("digest") if isinstance(found, dict) else None
        return digest if isinstance(digest, str) else None

    def _write(self, place: Place) -> None:
        folder = self.home / place.part / place.name
        try:
            if place.part == "evaluations":
                soundness.read(folder, self.home)  # nobody waits to write while its samples are graded again
            with db.committing(self.sessions) as session:
                if place.part == "runs":
                    index.refresh_run(session, self.home, place.name)
                else:
                    PARTS[place.part].write(session, folder)
            logger.info("row written: %s/%s", *place)
        except (TunixRtError, OSError, DataFault, OverflowError) as error:
            logger.warning("no row for %s/%s: %s", *place, error)

    def _drop(self, place: Place) -> None:
        with db.committing(self.sessions) as session:
            if place.part == "runs":
                index.refresh_run(session, self.home, place.name)
            elif not (self.home / place.part / place.name / MANIFEST).is_file():
                part = PARTS[place.part]
                session.execute(delete(part.table).where(part.key == place.name))
        logger.info("folder is gone: %s/%s", *place)
