"""What the service tells of itself: figures for Prometheus and log lines as JSON; it does not know what happens."""

from __future__ import annotations

import contextvars
import logging
import sys
from datetime import UTC, datetime
from typing import Any

import orjson
from prometheus_client import Counter, Histogram

REQUEST_ID: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
"""Id of the request that is being answered; every log line written meanwhile carries it."""

REQUESTS = Counter("tunix_rt_requests", "Requests answered.", ["method", "route", "status"])
"""Requests by method, route template and status; 499: the client went away first."""
SECONDS = Histogram(
    "tunix_rt_request_seconds",
    "Time from a request's head to the end of its answer; a stream's is its life.",
    ["method", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
"""Seconds by method and route template."""

_METHODS = frozenset({"DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT"})
_children: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}


def count_request(method: str, route: str, status: int, seconds: float) -> None:
    """Count and time one request; `route` is a template, so that the number of series stays small."""
    method = method if method in _METHODS else "OTHER"
    key = (method, route, status)
    children = _children.get(key)
    if children is None:  # looking a series up by its labels costs more than counting
        children = _children[key] = (REQUESTS.labels(method, route, str(status)), SECONDS.labels(method, route))
    children[0].inc()
    children[1].observe(seconds)


class JsonLines(logging.Formatter):
    """A log record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line: time, level, logger, message, request id, and the fields that the record came with."""
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        line.update(getattr(record, "fields", {}))
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def log_as_json(level: int = logging.INFO) -> None:
    """Write every log line of this process as JSON on stderr."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(handlers=[handler], level=level, force=True)
    logging.getLogger("alembic").setLevel(max(level, logging.WARNING))  # it says the same at every start
