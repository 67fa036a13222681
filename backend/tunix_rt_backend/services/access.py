"""Who asks, and what they may do: tokens, cookie sessions, and a lockout for guessing; it knows no route.

A token is `trt_` and 32 random bytes as URL-safe text; the database keeps its SHA-256 and nothing else. A cookie
session belongs to the token that began it, and ends with it. Open access lets in without a token whoever sits at this
machine: the request names a loopback host, and no proxy brought it.

Ten wrong tokens within a minute lock an address out for a minute. While it is locked the right token is refused as
well: an answer that tells a right guess from a wrong one would be no lock. A request that shows no token, or a text
that does not have the form of one, is neither counted nor locked out. One that shows a token of ours that has expired
or was revoked is not counted: it is no guess.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import socket
import threading
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, get_args

from fastapi import Request
from sqlalchemy import delete, or_, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from tunix_rt.errors import UsageError
from tunix_rt_backend import addresses
from tunix_rt_backend.db import committing
from tunix_rt_backend.errors import Conflict, Forbidden, Locked, NotFound, Unauthorized
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import AuditEntry, CookieSession, Token, utc_now

logger = logging.getLogger(__name__)

Scope = Literal["read", "write", "admin"]
_ORDER = {scope: place for place, scope in enumerate(get_args(Scope))}

COOKIE = "tunix_rt_session"
"""Name of the cookie of the web app."""
PREFIX = "trt_"
"""What every token begins with, so that a scanner for secrets knows one."""
TOKEN_LENGTH = len(PREFIX) + 43
"""Characters of a token: 32 bytes take 43 in base64."""

_WINDOW_SECONDS = 60.0
_ADDRESSES = 10_000
_TOUCH_SECONDS = 60.0
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Principal:
    """Who asks."""

    name: str
    scope: Scope
    via: Literal["local", "token", "cookie"] = "local"
    expires_at: datetime | None = None
    """When the cookie session or the token ends; None: never."""

    def may(self, scope: Scope) -> bool:
        """Return whether this scope includes another."""
        return _ORDER[self.scope] >= _ORDER[scope]


LOCAL = Principal("local", "admin")
"""Whoever sits at this machine: loopback without a token."""
CLI = Principal("cli", "admin")
"""Whoever runs a command on the machine of the database."""
RESERVED = frozenset({"local", "cli", "worker"})
"""Names in the audit log that are no token's."""


class Lockout:
    """Failures by address; kept in memory, since they matter for a minute."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.Lock()
        self.failures: dict[str, tuple[float, int]] = {}
        """Address: when its window ends or it is let in again, and how many failures it has."""

    def check(self, address: str) -> None:
        """Raise Locked if an address is locked out."""
        ends, count = self.failures.get(address, (0.0, 0))
        left = ends - time.monotonic()
        if count >= self.settings.failures_before_lockout and left > 0:
            seconds = str(int(left) + 1)
            raise Locked(f"too many wrong tokens came from this address; wait {seconds} s", Retry_After=seconds)

    def fail(self, address: str) -> None:
        """Count a failure; the last one that is allowed locks the address."""
        now = time.monotonic()
        with self.lock:
            ends, count = self.failures.pop(address, (0.0, 0))
            if ends <= now:
                ends, count = now + _WINDOW_SECONDS, 0
            count += 1
            if count == self.settings.failures_before_lockout:
                ends = now + self.settings.lockout_seconds
                logger.warning("locked out after %d wrong tokens: %s", count, address)
            self.failures[address] = (ends, count)
            if len(self.failures) > _ADDRESSES:
                del self.failures[next(iter(self.failures))]  # the one that was quiet for longest


class LastUse:
    """Writes when a token was last used: at most once a minute for each, and beside the request, never in it."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self.sessions = sessions
        self.seen: dict[uuid.UUID, float] = {}
        self.thread = ThreadPoolExecutor(1, "last-use")

    def note(self, token_id: uuid.UUID) -> None:
        """Note that a token is used now."""
        now = time.monotonic()
        if now - self.seen.get(token_id, -_TOUCH_SECONDS) >= _TOUCH_SECONDS:
            self.seen[token_id] = now
            self.thread.submit(self._write, token_id, utc_now())

    def close(self) -> None:
        """Finish what is being written; forget the rest."""
        self.thread.shutdown(wait=True, cancel_futures=True)

    def _write(self, token_id: uuid.UUID, moment: datetime) -> None:
        try:
            with committing(self.sessions) as session:
                if (token := session.get(Token, token_id)) is not None:
                    token.last_used_at = moment
        except SQLAlchemyError as error:
            logger.warning("time of last use not written: %s", error)


def without_database(request: Request, state: Any) -> Principal | None:
    """Return who asks if no row is needed to know it; None: ask `identify`. Raise Unauthorized or Locked early."""
    shown = request.headers.getlist("authorization")
    if shown:
        if len(shown) > 1 or _bearer(shown[0]) is None:
            raise _unauthorized()
        state.lockout.check(address_of(request))
        return None
    if COOKIE in request.cookies:
        return None
    return _local(request, state)


def identify(request: Request, state: Any) -> Principal:
    """Return who asks by token or cookie; raise Unauthorized, Forbidden (no CSRF token) or Locked."""
    shown = request.headers.get("authorization")
    with state.readers() as session:
        if shown is None:
            found = _by_cookie(session, request)
            if found is None:
                return _local(request, state)
            token, principal = found
        else:
            token = verify(session, _bearer(shown) or "", address_of(request), state.lockout)
            principal = Principal(token.name, scope_of(token), "token", token.expires_at)
    state.last_use.note(token.id)
    request.scope["actor"] = principal.name
    return principal


def verify(session: Session, text: str, address: str, lockout: Lockout) -> Token:
    """Return the valid token with this text; raise Unauthorized, or Locked if its address is locked out."""
    if not _has_form(text):
        raise _unauthorized()
    lockout.check(address)
    token = _find(session, text)
    if token is None:
        lockout.fail(address)
        raise _unauthorized()
    return _still_valid(token)


def why_ended(request: Request, state: Any) -> str | None:
    """Return why a token or cookie that let somebody in does so no more; None: it does.

    The lockout is not asked: whoever guesses beside a viewer of a stream neither ends it nor keeps it open.
    """
    shown = request.headers.get("authorization")
    with state.readers() as session:
        try:
            if shown is None:
                return None if _by_cookie(session, request) else "the session has ended; sign in again"
            token = _find(session, _bearer(shown) or "")
            if token is None:
                raise _unauthorized()
            _still_valid(token)
        except Unauthorized as error:
            return error.detail
    return None


def _find(session: Session, text: str) -> Token | None:
    digest = digest_of(text)
    token = session.scalar(select(Token).where(Token.secret_digest == digest))
    return token if token is not None and hmac.compare_digest(token.secret_digest, digest) else None


def _still_valid(token: Token) -> Token:
    if token.revoked_at is not None:
        raise Unauthorized(f"token {token.name!r} was revoked; `tunix-rt token create NAME` makes another one")
    if token.expires_at is not None and token.expires_at <= utc_now():
        raise Unauthorized(f"token {token.name!r} has expired; `tunix-rt token create NAME` makes another one")
    return token


def digest_of(text: str) -> str:
    """Return what is kept of a secret: its SHA-256. A random secret of 256 bits needs no slow hash."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def create_token(session: Session, name: str, scope: Scope, expires_days: float | None) -> tuple[Token, str]:
    """Return a new token and its text, which is seen here and never again."""
    if name in RESERVED:
        raise Conflict(f"{name!r} has a meaning of its own in the audit log; choose another name")
    if session.scalar(select(Token.id).where(Token.name == name)) is not None:
        raise Conflict(f"a token {name!r} is or was there; choose another name, since the audit log refers to that one")
    text = PREFIX + secrets.token_urlsafe(32)
    now = utc_now()
    token = Token(
        id=uuid.uuid4(),
        name=name,
        secret_digest=digest_of(text),
        scope=scope,
        created_at=now,
        expires_at=None if expires_days is None else now + timedelta(days=expires_days),
    )
    session.add(token)
    session.flush()
    return token, text


def list_tokens(session: Session, *, limit: int, offset: int, cursor: str | None) -> tuple[list[Token], Pagination]:
    """Return a page of tokens, the newest first; revoked ones too."""
    order = ((Token.created_at, datetime), (Token.name, str))
    return page(session, select(Token), order, limit=limit, offset=offset, cursor=cursor)


def revoke_token(session: Session, name: str) -> Token:
    """Make a token and its cookie sessions invalid for ever; a second time changes nothing."""
    token = session.scalar(select(Token).where(Token.name == name))
    if token is None:
        raise NotFound(f"there is no token {name!r}; `tunix-rt token list` shows them")
    token.revoked_at = token.revoked_at or utc_now()
    session.execute(delete(CookieSession).where(CookieSession.token_id == token.id))
    return token


def create_session(session: Session, token: Token, hours: float) -> tuple[str, CookieSession]:
    """Begin a cookie session; return its secret, which goes into the cookie, and its row."""
    now = utc_now()
    session.execute(delete(CookieSession).where(CookieSession.expires_at <= now))
    secret = secrets.token_urlsafe(32)
    ends = now + timedelta(hours=hours)
    row = CookieSession(
        id_digest=digest_of(secret),
        token_id=token.id,
        csrf_digest=digest_of(csrf_token(secret)),
        created_at=now,
        expires_at=min(ends, token.expires_at) if token.expires_at else ends,
    )
    session.add(row)
    return secret, row


def csrf_token(secret: str) -> str:
    """Return the word that a page of ours sends with each change, and that no other page can read or work out."""
    return hmac.new(secret.encode(), b"csrf", hashlib.sha256).hexdigest()


def end_session(session: Session, secret: str) -> None:
    """End a cookie session, if it is there."""
    session.execute(delete(CookieSession).where(CookieSession.id_digest == digest_of(secret)))


def list_audit(
    session: Session, *, actor: str | None, action: str | None, limit: int, offset: int, cursor: str | None
) -> tuple[list[AuditEntry], Pagination]:
    """Return a page of the audit log, the newest entry first."""
    query = select(AuditEntry)
    if actor is not None:
        query = query.where(AuditEntry.actor == actor)
    if action is not None:
        query = query.where(AuditEntry.action == action)
    return page(session, query, ((AuditEntry.seq, int),), limit=limit, offset=offset, cursor=cursor)


def check_bind(host: str, sessions: sessionmaker[Session]) -> bool:
    """Return whether a service on this address lets people in without a token: on loopback only.

    Raise UsageError where others can reach the address and no valid token is there.
    """
    if is_loopback(host):
        return True
    valid = (Token.revoked_at.is_(None), or_(Token.expires_at.is_(None), Token.expires_at > utc_now()))
    with sessions() as session:
        if session.scalar(select(Token.id).where(*valid).limit(1)) is None:
            raise UsageError(
                f"others can reach {host or 'every address of this machine'}, and there is no valid token; run "
                "`tunix-rt token create NAME` first, or bind to 127.0.0.1"
            )
    return False


def is_loopback(host: str) -> bool:
    """Return whether only this machine can reach an address; a name is looked up, and unknown ones are not."""
    try:
        found = {info[4][0] for info in socket.getaddrinfo(host or None, None, flags=socket.AI_PASSIVE)}
    except (OSError, UnicodeError):
        return False
    return all((address := addresses.parse(str(one))) is not None and address.is_loopback for one in found)


def _local(request: Request, state: Any) -> Principal:
    if state.open_access and request.scope.get("local", False):
        request.scope["actor"] = LOCAL.name
        return LOCAL
    raise _unauthorized()


def _by_cookie(session: Session, request: Request) -> tuple[Token, Principal] | None:
    """Return whose session a cookie names, if it is still valid; raise Forbidden without the CSRF token."""
    now = utc_now()
    query = (
        select(Token, CookieSession)
        .join(Token, Token.id == CookieSession.token_id)
        .where(
            CookieSession.id_digest == digest_of(request.cookies[COOKIE]),
            CookieSession.expires_at > now,
            Token.revoked_at.is_(None),
        )
    )
    row = session.execute(query).one_or_none()
    if row is None:
        return None
    token, cookie = row
    if request.method not in _SAFE:
        shown = digest_of(request.headers.get("x-csrf-token", ""))
        if not hmac.compare_digest(shown, cookie.csrf_digest):
            raise Forbidden("send the session's CSRF token in the header X-CSRF-Token; GET /api/session tells it")
    return token, Principal(token.name, scope_of(token), "cookie", cookie.expires_at)


def scope_of(token: Token) -> Scope:
    """Return what a token allows, as one of the scopes."""
    return next(scope for scope in get_args(Scope) if scope == token.scope)


def _bearer(header: str) -> str | None:
    """Return the token in an Authorization header; None if it is not of the form of ours."""
    kind, _, text = header.partition(" ")
    text = text.strip()
    return text if kind.lower() == "bearer" and _has_form(text) else None


def _has_form(text: str) -> bool:
    return text.startswith(PREFIX) and len(text) == TOKEN_LENGTH


def address_of(request: Request) -> str:
    """Return what failures are counted for: the client's address, behind a trusted proxy too."""
    peer = request.client.host if request.client else ""
    trusted = request.app.state.settings.trusted_proxies
    return addresses.group_of(addresses.client_of(peer, request.headers.getlist("x-forwarded-for"), trusted))


def _unauthorized() -> Unauthorized:
    return Unauthorized("send `Authorization: Bearer TOKEN` with a valid token; `tunix-rt token create NAME` makes one")
