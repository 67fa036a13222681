"""What the service refuses, each with its HTTP status and a stable name that a client can switch on.

An answer is `application/problem+json` (RFC 9457). This module knows nothing of requests.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict

TYPE_PREFIX = "https://tunix-rt.dev/problems/"


class Problem(BaseModel):
    """The body of every answer that is an error (RFC 9457)."""

    model_config = ConfigDict(use_attribute_docstrings=True)

    type: str
    """Stable name of the kind of error; a client may switch on it."""
    title: str
    """The kind of error in words."""
    status: int
    """HTTP status."""
    detail: str
    """What was expected, what came, and what to do next."""
    instance: str
    """Path of the request."""
    request_id: str
    """Id of the request, as in the log and in the header X-Request-Id."""
    errors: list[dict[str, Any]] = []
    """Each wrong field or row, where there are several."""


class ServiceError(Exception):
    """Root of what the service refuses."""

    status = 500
    name = "internal"
    title = "Internal error"

    def __init__(self, detail: str, *, errors: list[dict[str, Any]] | None = None, **headers: str) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = errors or []
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


class BadRequest(ServiceError):
    """The request cannot be read."""

    status, name, title = 400, "bad-request", "The request cannot be read"


class Unauthorized(ServiceError):
    """There is no token, or a wrong one."""

    status, name, title = 401, "unauthorized", "A token is needed"

    def __init__(self, detail: str) -> None:
        super().__init__(detail, WWW_Authenticate='Bearer realm="tunix-rt"')


class Forbidden(ServiceError):
    """The token may not do this, or the request comes from another page."""

    status, name, title = 403, "forbidden", "Not allowed"


class NotFound(ServiceError):
    """There is nothing of that name."""

    status, name, title = 404, "not-found", "Not found"


class MethodNotAllowed(ServiceError):
    """The address does not take this method."""

    status, name, title = 405, "method-not-allowed", "Method not allowed here"


class TimedOut(ServiceError):
    """The body did not arrive in time."""

    status, name, title = 408, "timed-out", "The body took too long"


class Conflict(ServiceError):
    """It exists with other content, or is in a state that does not allow this."""

    status, name, title = 409, "conflict", "Conflict with what is there"


class TooLarge(ServiceError):
    """The body, the upload or its unpacked content is larger than allowed."""

    status, name, title = 413, "too-large", "Too large"


class UnsupportedMedia(ServiceError):
    """The body has a content type that is not read here."""

    status, name, title = 415, "unsupported-media-type", "Content type not read here"


class RangeNotSatisfiable(ServiceError):
    """The range lies outside the file."""

    status, name, title = 416, "range-not-satisfiable", "Range outside the file"


class Unprocessable(ServiceError):
    """It is well formed, but impossible."""

    status, name, title = 422, "unprocessable", "Not possible as asked"


class Locked(ServiceError):
    """Too many wrong tokens came from this address."""

    status, name, title = 429, "locked", "Too many failures"


class HeadTooLarge(ServiceError):
    """The address and the headers together are larger than allowed."""

    status, name, title = 431, "head-too-large", "Headers too large"


class Unavailable(ServiceError):
    """The database or the disk does not answer."""

    status, name, title = 503, "unavailable", "Not available now"

    def __init__(self, detail: str, *, retry_after: int = 5, errors: list[dict[str, Any]] | None = None) -> None:
        super().__init__(detail, errors=errors, Retry_After=str(retry_after))


BY_STATUS: dict[int, type[ServiceError]] = {kind.status: kind for kind in ServiceError.__subclasses__()}
"""Every kind under its status, which no two share."""
