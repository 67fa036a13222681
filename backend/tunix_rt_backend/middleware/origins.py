"""Where a request comes from and whom it is meant for: host, origin, framing, path; it knows no route.

A page of another site can make a browser send requests here. Three things stop it: a host name that is not ours is
refused (a site's name that was bound anew to 127.0.0.1 still arrives as that name), a change that another origin's page
asks for is refused, and what it could only read is refused where the browser says so.
"""

from __future__ import annotations

import re

from starlette.types import ASGIApp, Receive, Scope, Send

from tunix_rt_backend.errors import BadRequest, Forbidden, HeadTooLarge, ServiceError
from tunix_rt_backend.middleware.answers import refuse
from tunix_rt_backend.settings import Settings

LOOPBACK = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
"""Names that only this machine can mean."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing."""
HEAD_BYTES = 32 * 1024
"""Largest head of a request: its address and its headers, in bytes."""

_HOST = re.compile(rb"([A-Za-z0-9_.-]{1,253}|\[::1\])(?::[0-9]{1,5})?")
_ODD_PATH = re.compile(r"[\x00-\x1f\x7f\\\ufffd\ud800-\udfff]|/\.{1,2}(?:/|$)")
_FORWARDED = re.compile(rb"forwarded|x-forwarded-.*|via|x-real-ip|.*-connecting-ip|true-client-ip")
"""Headers that a proxy adds."""
_NEEDED = frozenset({b"host", b"origin", b"content-length", b"transfer-encoding", b"sec-fetch-site", b"sec-fetch-mode"})


class Origins:
    """Refuse what is not meant for this service, comes from another site's page, or can be read in two ways."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.hosts = LOOPBACK | {host.lower().encode() for host in settings.allowed_hosts}
        self.alone = self.hosts == LOOPBACK
        """Whether only this machine is meant: who names another host is likely to stand behind a proxy."""
        self.origins = frozenset(origin.rstrip("/").encode() for origin in settings.allowed_origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on with `scope["local"]`: it names this machine and no proxy brought it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        error = self._refusal(scope)
        if error is not None:
            await refuse(error, scope, receive, send, close=True)
            return
        await self.app(scope, receive, send)

    def _refusal(self, scope: Scope) -> ServiceError | None:
        found: dict[bytes, list[bytes]] = {name: [] for name in _NEEDED}
        size, forwarded = len(scope.get("raw_path") or b"") + len(scope["query_string"]), False
        for name, value in scope["headers"]:
            size += len(name) + len(value)
            if name in found:
                found[name].append(value)
            elif _FORWARDED.fullmatch(name):
                forwarded = True
        if size > HEAD_BYTES:
            return HeadTooLarge(f"address and headers have {size:,} bytes; send at most {HEAD_BYTES:,}")
        host = self._host(found[b"host"])
        if host is None:
            return BadRequest(
                "this service does not answer to the host name of this request; use localhost, or put the name into "
                "TUNIX_RT_ALLOWED_HOSTS"
            )
        scope["local"] = self.alone and host in LOOPBACK and not forwarded and _speaks_for_itself(scope, found)
        if _ODD_PATH.search(scope["path"]) or b"%00" in scope["query_string"]:
            return BadRequest(
                "the address has `.` or `..` as a part, a backslash or a control character; send it without"
            )
        return _framing(found) or self._cross_origin(scope, found)

    def _host(self, values: list[bytes]) -> bytes | None:
        if len(values) != 1:
            return None
        match = _HOST.fullmatch(values[0])
        name = match[1].lower() if match else None
        return name if name in self.hosts else None

    def _cross_origin(self, scope: Scope, found: dict[bytes, list[bytes]]) -> ServiceError | None:
        host = found[b"host"][0].lower()
        origins = found[b"origin"]
        allowed = bool(origins) and all(origin in self.origins for origin in origins)
        if allowed:
            return None
        safe = scope["method"] in SAFE
        if not safe and any(origin.partition(b"://")[2].lower() != host for origin in origins):
            return Forbidden(
                "a page of another origin asked for a change; open the page from this service, or put its origin into "
                "TUNIX_RT_ALLOWED_ORIGINS"
            )
        site = found[b"sec-fetch-site"]
        elsewhere = any(value not in (b"same-origin", b"none") for value in site)
        if elsewhere and not (safe and found[b"sec-fetch-mode"] == [b"navigate"]):
            return Forbidden("a page of another site asked for this; open it from this service")
        return None


def _speaks_for_itself(scope: Scope, found: dict[bytes, list[bytes]]) -> bool:
    """Return whether no proxy (they ask in HTTP/1.0 unless told otherwise) and no other origin's page is behind it."""
    host = found[b"host"][0].lower()
    elsewhere = any(origin.partition(b"://")[2].lower() != host for origin in found[b"origin"])
    return scope.get("http_version") != "1.0" and not elsewhere


def _framing(found: dict[bytes, list[bytes]]) -> ServiceError | None:
    """Refuse a body whose end can be read in two ways: the server before us might have read it the other way."""
    lengths, codings = found[b"content-length"], found[b"transfer-encoding"]
    if not lengths and not codings:
        return None
    if len(lengths) + len(codings) > 1:
        return BadRequest("give one Content-Length or one Transfer-Encoding, not several")
    if lengths and not (lengths[0].isdigit() and len(lengths[0]) <= 18):
        return BadRequest("Content-Length must be a whole number of bytes")
    if codings and codings[0].lower() != b"chunked":
        return BadRequest("of the transfer encodings only `chunked` is read here")
    return None
