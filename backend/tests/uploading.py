"""Uploads as a test sends them, and what they left in the database."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt.trace import ReasoningTrace
from tunix_rt_backend.tables import Trace

URL = "/api/datasets/ingest"
QUESTION = "How many clips?"
STEPS = ["She sold 48/2 = 24 clips.", "In all 48+24 = 72 clips."]
PLAIN = {
    "prompt": QUESTION,
    "steps": [{"i": 1, "content": STEPS[0]}, {"i": 4, "content": STEPS[1]}],
    "final_answer": "72",
}


def as_lines(rows: list[dict[str, Any]]) -> bytes:
    """Return rows as JSON lines."""
    return b"".join(orjson.dumps(row) + b"\n" for row in rows)


def gsm8k(count: int) -> list[dict[str, Any]]:
    """Return rows of the schema of GSM8K."""
    return [
        {"question": f"What is {n} + {n}?", "answer": f"{n}+{n} = <<{n}+{n}={2 * n}>>{2 * n}\n#### {2 * n}"}
        for n in range(count)
    ]


def send(client: TestClient, data: bytes, name: str = "rows.jsonl", key: str | None = None, **fields: str) -> Any:
    """Send a file by form."""
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(URL, files={"file": (name, data)}, data=fields, headers=headers)


def count(session: Session, table: type = Trace) -> int:
    """Count the rows of a table, of which a request may have written some just now."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(table)) or 0


def traces_of(session: Session) -> list[ReasoningTrace]:
    """Return every trace, in the order in which they came."""
    session.rollback()
    return [
        ReasoningTrace(prompt=row.prompt, steps=row.steps, final_answer=row.final_answer, meta=row.meta)
        for row in session.scalars(select(Trace).order_by(Trace.seq))
    ]


def count_uploads(client: TestClient) -> int:
    """Count the uploads that are listed."""
    return len(client.get("/api/datasets/uploads").json()["data"])
