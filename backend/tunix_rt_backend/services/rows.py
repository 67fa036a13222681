"""Rows: a trace as the columns of its table; it knows no database.

The reader of an upload imports this, and little else: it starts for every file.
"""

from __future__ import annotations

import random
import time
import uuid
from datetime import datetime
from typing import Any

import orjson

from tunix_rt.trace import ReasoningTrace
from tunix_rt_backend.services.words import words

FACETS = {"source": 256, "license": 128, "domain": 128, "family": 128, "difficulty": 32}
"""Keys of `meta` that have a column of their own, with its width in characters."""
COLUMNS = (
    *("id", "created_at", "trace_version", "prompt", "steps", "final_answer", "meta", "words"),
    *FACETS,
    *("upload_id", "upload_row"),
)
"""Every column but `seq`, which the database gives."""


def new_id() -> uuid.UUID:
    """Return a UUID of version 7 (RFC 9562): ids that grow with time keep the index of a million rows small."""
    milliseconds = time.time_ns() // 1_000_000
    number = random.getrandbits(80) | (milliseconds << 80)
    number = number & ~(0xF << 76) | (7 << 76)
    return uuid.UUID(int=number & ~(3 << 62) | (2 << 62))


def facet(value: Any, width: int) -> str | None:
    """Return a value of `meta` as its column holds it: a text as it is, a number as JSON, else None."""
    if isinstance(value, str):
        return value[:width]
    return orjson.dumps(value).decode()[:width] if isinstance(value, bool | int | float) else None


def row_values(
    trace: ReasoningTrace, *, created_at: datetime, upload_id: uuid.UUID | None = None, upload_row: int | None = None
) -> dict[str, Any]:
    """Return the COLUMNS of a trace, in their order, as Python values, with a new id.

    The trace has passed `tunix_rt.importers`, which refuses what a database cannot keep (NUL, integers beyond 64 bits).
    """
    meta = trace.meta
    return {
        "id": new_id(),
        "created_at": created_at,
        "trace_version": trace.trace_version,
        "prompt": trace.prompt,
        "steps": [{"i": step.i, "type": step.type, "content": step.content} for step in trace.steps],
        "final_answer": trace.final_answer,
        "meta": meta,
        "words": words("\n".join([trace.prompt, *(step.content for step in trace.steps), trace.final_answer])),
        **{name: facet(meta.get(name), width) for name, width in FACETS.items()},
        "upload_id": upload_id,
        "upload_row": upload_row,
    }
