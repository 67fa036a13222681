"""What an upload leaves behind for the database itself."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt_backend.services import inserting
from tunix_rt_backend.settings import Settings


def test_database_looks_at_its_tables_again_only_after_an_upload_that_is_a_large_part(
    client: TestClient, session: Session, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inserting, "_MANY", 0)
    seen, sent = [], 0
    for count in (40, 2, 5):
        rows = range(sent, sent + count)
        lines = "".join(f'{{"question": "Q {n}?", "answer": "{n}+0={n}\\n#### {n}"}}\n' for n in rows)
        answer = client.post("/api/datasets/ingest", files={"file": ("rows.jsonl", lines.encode())})
        assert answer.status_code == 201, answer.text
        sent += count
        if settings.database_url:
            seen.append(session.scalar(text(inserting._ROWS_LAST_SEEN)))
            session.rollback()
    assert seen == ([40, 40, 47] if settings.database_url else [])
