"""What a route gets: a Call, which knows who asks and opens the sessions of a request.

    @router.post("", status_code=201)
    def create_trace(body: TraceBody, call: WriteCall) -> TraceCreated:
        with call.writing() as session:
            row = traces.create(session, body)
            audit.names(session, row.id)
        return row

A change is committed inside the route, with its audit entry, before anything is answered: what was acknowledged is on
the disk. Services never commit.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, Request
from sqlalchemy.orm import Session, sessionmaker
from starlette.concurrency import run_in_threadpool

from tunix_rt_backend import queries
from tunix_rt_backend.db import committing
from tunix_rt_backend.errors import Forbidden
from tunix_rt_backend.services import access, audit
from tunix_rt_backend.services.access import Principal, Scope
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, utc_now


@dataclass(frozen=True)
class Call:
    """One request: who asks, and the database."""

    settings: Settings
    sessions: sessionmaker[Session]
    readers: sessionmaker[Session]
    principal: Principal
    action: str
    request_id: str

    @property
    def home(self) -> Path:
        """Folder that everything is kept under."""
        return self.settings.home

    @contextlib.contextmanager
    def reading(self) -> Iterator[Session]:
        """Yield a session that only reads."""
        with self.readers() as session:
            yield session

    @contextlib.contextmanager
    def streaming(self) -> Iterator[Session]:
        """Yield a session that only reads, more rows than the memory should hold."""
        with self.sessions() as session:
            yield session

    @contextlib.contextmanager
    def writing(self, target: str | None = None, **detail: Any) -> Iterator[Session]:
        """Yield a session whose transaction is committed with an audit entry when the block ends without an error.

        The entry names `target`, or what the block says by `audit.names`; a repeated request leaves none.
        """
        with committing(self.sessions) as session:
            note = audit.note_of(session)
            note.target, note.detail = target, detail
            yield session
            if not note.repeated:
                assert note.target, f"{self.action} does not say what it changed"
                entry = AuditEntry(
                    at=utc_now(),
                    actor=self.principal.name,
                    action=self.action,
                    target=note.target[:512],
                    request_id=self.request_id,
                    detail=note.detail,
                )
                session.add(entry)

    def stepping(self) -> contextlib.AbstractContextManager[Session]:
        """Return a session whose transaction is committed as a step of a longer change, whose end is audited."""
        return committing(self.sessions)


def make_call(request: Request, principal: Principal) -> Call:
    """Return the call of a request by someone whose right to it is already known."""
    state = request.app.state
    route = request.scope.get("route")
    return Call(
        settings=state.settings,
        sessions=state.sessions,
        readers=state.readers,
        principal=principal,
        action=getattr(route, "name", "unknown"),
        request_id=request.scope.get("request_id", ""),
    )


@dataclass(frozen=True)
class Caller:
    """A dependency: the call of a request whose sender has a scope."""

    scope: Scope

    async def __call__(self, request: Request) -> Call:
        """Return the call; raise Unauthorized, Forbidden or Locked, or RequestValidationError for an unknown query."""
        state = request.app.state
        principal = access.without_database(request, state)
        if principal is None:
            principal = await run_in_threadpool(access.identify, request, state)
        if not principal.may(self.scope):
            raise Forbidden(f"token {principal.name!r} has scope {principal.scope}; this needs {self.scope}")
        queries.check(request)
        return make_call(request, principal)


ReadCall = Annotated[Call, Depends(Caller("read"))]
"""A request of someone who may read."""
WriteCall = Annotated[Call, Depends(Caller("write"))]
"""A request of someone who may change things."""
AdminCall = Annotated[Call, Depends(Caller("admin"))]
"""A request of someone who may manage tokens and read the audit log."""
