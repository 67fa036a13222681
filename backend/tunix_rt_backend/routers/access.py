"""Access: cookie sessions for the web app, tokens, and the audit log."""

from __future__ import annotations

import dataclasses
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from tunix_rt_backend.deps import AdminCall, ReadCall, make_call
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.access import AuditRow, SessionBody, SessionRow, TokenBody, TokenMade, TokenName, TokenRow
from tunix_rt_backend.schemas.pages import Cursor, Limit, Offset, Page, Text
from tunix_rt_backend.services import access
from tunix_rt_backend.services.access import LOCAL, Principal

router = APIRouter(tags=["access"], responses=problems())

Word = Annotated[Text | None, Query(max_length=128, description="Exactly this one.")]


@router.post("/api/session", status_code=201)
def create_session(body: SessionBody, request: Request, response: Response) -> SessionRow:
    """Begin a cookie session with a token; send the CSRF token that comes back with every change."""
    call = make_call(request, LOCAL)
    with call.reading() as session:
        token = access.verify(session, body.token, access.address_of(request), request.app.state.lockout)
        principal = Principal(token.name, access.scope_of(token), "cookie")
    call = dataclasses.replace(call, principal=principal)
    with call.writing(target=principal.name) as session:
        secret, row = access.create_session(session, token, call.settings.session_hours)
    secure = "https" in (request.url.scheme, request.headers.get("origin", "").partition(":")[0])
    response.set_cookie(
        access.COOKIE,
        secret,
        max_age=int((row.expires_at - row.created_at).total_seconds()),
        httponly=True,
        samesite="strict",
        secure=secure,
    )
    response.headers["cache-control"] = "no-store"
    return _row(dataclasses.replace(principal, expires_at=row.expires_at), secret)


@router.get("/api/session")
def read_session(call: ReadCall, request: Request, response: Response) -> SessionRow:
    """Say who asks, and give a cookie's owner the CSRF token once more."""
    response.headers["cache-control"] = "no-store"
    return _row(call.principal, request.cookies.get(access.COOKIE, ""))


@router.delete("/api/session", status_code=204)
def delete_session(call: ReadCall, request: Request, response: Response) -> None:
    """End the cookie session; without one nothing happens."""
    if call.principal.via == "cookie":
        with call.writing(target=call.principal.name) as session:
            access.end_session(session, request.cookies[access.COOKIE])
    response.delete_cookie(access.COOKIE, httponly=True, samesite="strict")


@router.get("/api/tokens")
def list_tokens(call: AdminCall, limit: Limit = 50, offset: Offset = 0, cursor: Cursor = None) -> Page[TokenRow]:
    """List tokens, the newest first; their secrets are nowhere."""
    with call.reading() as session:
        rows, pagination = access.list_tokens(session, limit=limit, offset=offset, cursor=cursor)
        return Page(data=[TokenRow.model_validate(row) for row in rows], pagination=pagination)


@router.post("/api/tokens", status_code=201, responses=problems(409))
def create_token(body: TokenBody, call: AdminCall, response: Response) -> TokenMade:
    """Make a token; its text is in this answer and nowhere else."""
    with call.writing(target=body.name, scope=body.scope) as session:
        token, text = access.create_token(session, body.name, body.scope, body.expires_days)
    response.headers["cache-control"] = "no-store"
    return TokenMade(**TokenRow.model_validate(token).model_dump(), token=text)


@router.delete("/api/tokens/{name}", responses=problems(404))
def revoke_token(name: Annotated[TokenName, Path()], call: AdminCall) -> TokenRow:
    """Make a token and its cookie sessions invalid at once and for ever."""
    with call.writing(target=name) as session:
        return TokenRow.model_validate(access.revoke_token(session, name))


@router.get("/api/audit")
def list_audit(
    call: AdminCall,
    actor: Word = None,
    action: Word = None,
    limit: Limit = 50,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Page[AuditRow]:
    """List every change that was made, the newest first."""
    with call.reading() as session:
        rows, pagination = access.list_audit(
            session, actor=actor, action=action, limit=limit, offset=offset, cursor=cursor
        )
        return Page(data=[AuditRow.model_validate(row) for row in rows], pagination=pagination)


def _row(principal: Principal, secret: str) -> SessionRow:
    return SessionRow(
        name=principal.name,
        scope=principal.scope,
        via=principal.via,
        expires_at=principal.expires_at,
        csrf_token=access.csrf_token(secret) if principal.via == "cookie" else None,
    )
