"""What an upload leaves behind for the database itself."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session
from starlette.testclient import TestClient

from tunix_rt_backend.services import inserting


@pytest.mark.parametrize("settings", ["postgresql"], indirect=True)
def test_postgresql_looks_at_its_tables_again_only_after_an_upload_that_is_a_large_part(
    client: TestClient, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inserting, "_MANY", 0)
    seen, sent = [], 0
    for count in (40, 2, 5):
        rows = range(sent, sent + count)
        lines = "".join(f'{{"question": "Q {n}?", "answer": "{n}+0={n}\\n#### {n}"}}\n' for n in rows)
        answer = client.post("/api/datasets/ingest", files={"file": ("rows.jsonl", lines.encode())})
        assert answer.status_code == 201, answer.text
        sent += count
        seen.append(session.scalar(text(inserting._ROWS_LAST_SEEN)))
        session.rollback()
    assert seen == [40, 40, 47]


def test_large_upload_tells_sqlite_how_large_its_search_index_is(
    sqlite_client: TestClient, sqlite_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(inserting, "_MANY", 0)
    lines = "".join(f'{{"question": "Q {n}?", "answer": "{n}+0={n}\\n#### {n}"}}\n' for n in range(500))
    sent = sqlite_client.post("/api/datasets/ingest", files={"file": ("rows.jsonl", lines.encode())})
    assert sent.status_code == 201
    known = sqlite_session.execute(text("SELECT tbl, stat FROM sqlite_stat1")).all()
    assert "traces_fts_idx" in {row.tbl for row in known}
