"""Shapes of tokens, cookie sessions and the audit log on the wire; it does not know how they are kept."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, StringConstraints

from tunix_rt_backend.schemas.pages import NO_NUL, Body, Wire

TokenName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", max_length=128)]
"""A token's name: letters, digits, dot, dash and underscore."""


class TokenBody(Body):
    """A token to make."""

    name: TokenName
    """What the audit log calls whoever uses it."""
    scope: Literal["read", "write", "admin"] = "read"
    """What it may do; each scope includes the ones before it."""
    expires_days: float | None = Field(None, gt=0, le=3650)
    """Days until it ends; None: it stays until it is revoked."""


class TokenRow(Wire):
    """A token, without its secret, which nobody has but its owner."""

    model_config = ConfigDict(from_attributes=True)

    name: str
    """What the audit log calls whoever uses it."""
    scope: Literal["read", "write", "admin"]
    """What it may do."""
    created_at: datetime
    """When it was made."""
    expires_at: datetime | None
    """When it ends; None: it stays until it is revoked."""
    revoked_at: datetime | None
    """When it was revoked; None: it was not."""
    last_used_at: datetime | None
    """When it was last used, to the minute; None: never."""


class TokenMade(TokenRow):
    """A token with its secret: the only time that it is seen."""

    token: str
    """The text to send as `Authorization: Bearer …`."""


class SessionBody(Body):
    """A token to begin a cookie session with."""

    token: str = Field(min_length=1, max_length=128, pattern=NO_NUL)
    """The token's text."""


class SessionRow(Wire):
    """Who asks."""

    name: str
    """Name of the token; `local`: whoever sits at this machine, without one."""
    scope: Literal["read", "write", "admin"]
    """What they may do."""
    via: Literal["local", "token", "cookie"]
    """How they showed it."""
    expires_at: datetime | None
    """When the session or the token ends; None: never."""
    csrf_token: str | None
    """What a cookie's owner sends as X-CSRF-Token with each change; None without a cookie."""


class AuditRow(Wire):
    """One change, and who made it."""

    model_config = ConfigDict(from_attributes=True)

    seq: int
    """Its number; numbers grow, and may have gaps."""
    at: datetime
    """When."""
    actor: str
    """Name of the token; `local`, `cli` or `worker` without one."""
    action: str
    """Operation id of the route, or the command."""
    target: str | None
    """What was changed, by its id or name."""
    request_id: str | None
    """Id of the request, as in the log."""
    detail: dict[str, Any]
    """More about it."""
