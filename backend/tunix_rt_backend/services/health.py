"""Health: what the service needs to do its work, looked at one by one; it knows no HTTP."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import Literal

from sqlalchemy import ColumnElement, Engine, and_, func, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from tunix_rt_backend.db import mismatch, revisions
from tunix_rt_backend.schemas.health import Part
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import WorkerRow, utc_now


def readiness(engine: Engine, sessions: sessionmaker[Session], settings: Settings) -> list[Part]:
    """Look at the database, the disk and the workers; nothing is raised, what is wrong is said."""
    database = _database(engine)
    workers = _workers(sessions, settings) if database.ok else _part("worker", "the database cannot be asked")
    return [database, _disk(settings), workers]


def alive(settings: Settings) -> ColumnElement[bool]:
    """Return the condition that a worker has not ended, and was heard of within a lease."""
    since = utc_now() - timedelta(seconds=settings.lease_seconds)
    return and_(WorkerRow.stopped_at.is_(None), WorkerRow.heartbeat_at >= since)


def _part(name: Literal["database", "disk", "worker"], wrong: str | None, right: str = "") -> Part:
    return Part(name=name, ok=wrong is None, detail=wrong or right)


def _database(engine: Engine) -> Part:
    try:
        found, newest = revisions(engine)
    except SQLAlchemyError as error:
        # The driver's message may name the host and the user, which a stranger need not know.
        return _part("database", f"does not answer ({type(error).__name__}); start it or correct TUNIX_RT_DATABASE_URL")
    if found != newest:
        return _part("database", mismatch(found, newest))
    return _part("database", None, f"{engine.dialect.name}, revision {found}")


def _disk(settings: Settings) -> Part:
    settings.home.mkdir(parents=True, exist_ok=True)
    free, wanted = shutil.disk_usage(settings.home).free, settings.disk_reserve_bytes
    room = f"{free / 2**30:.1f} GiB free"
    return _part("disk", None if free >= wanted else f"{room}, {wanted / 2**30:.1f} wanted; free some", room)


def _workers(sessions: sessionmaker[Session], settings: Settings) -> Part:
    figures = select(func.count(), func.coalesce(func.sum(WorkerRow.slots), 0)).where(alive(settings))
    with sessions() as session:
        count, slots = session.execute(figures).one()
    if not count:
        silent = f"no heartbeat for {settings.lease_seconds:.0f} s; start one with `tunix-rt worker`"
        return _part("worker", silent)
    return _part("worker", None, f"{count} alive, {slots} slots")
