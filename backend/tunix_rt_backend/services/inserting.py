"""Inserting: what the reader of an upload says becomes rows, each once; it knows neither HTTP nor formats.

- Traces are inserted in chunks. A chunk and the count `rows_inserted` change in one transaction, so that the count is
  the truth after any crash. The reader is deterministic: a repeated upload passes over as many traces as are counted
  and goes on behind them. The count changes only from the value that this process last saw, so that two processes can
  never both add the same chunk.
- With `on_error=fail` the file is read twice: every row is checked before the first is inserted. Checking costs a
  fifth of inserting, and the second reading runs beside the inserting on another core.
- What the reader writes is what the driver takes. Between two chunks others may write.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

import orjson
from sqlalchemy import CursorResult, text, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from tunix_rt_backend.db import is_sqlite
from tunix_rt_backend.errors import Conflict, TooLarge, Unavailable, Unprocessable
from tunix_rt_backend.services.parsing import Frame, Order, Reader
from tunix_rt_backend.services.rows import COLUMNS
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Upload, utc_now

logger = logging.getLogger(__name__)

GAP_SECONDS = 0.11
"""Pause between two pieces of long work. SQLite has no queue: who waits to write looks again every 0.1 seconds."""
_TURN_SECONDS = 3.0
"""After so long an upload makes such a pause; in the far shorter ones between two chunks others need some luck."""
_PROGRESS_SECONDS = 1.0
_MANY = 10_000
"""Rows from which an upload changes what the database should know of its tables."""
_ROWS_LAST_SEEN = "SELECT reltuples FROM pg_class WHERE oid = 'traces'::regclass"
"""Asks PostgreSQL how many rows there were when it last looked; -1: it never did."""


class Transactions(Protocol):
    """What a long piece of work needs of a request: many transactions, some of them for the audit log."""

    @property
    def settings(self) -> Settings:
        """The service's settings."""

    def reading(self) -> AbstractContextManager[Session]:
        """Open a session that only reads."""

    def writing(self, target: str | None = None, **detail: Any) -> AbstractContextManager[Session]:
        """Open a transaction that is committed with an audit entry."""

    def stepping(self) -> AbstractContextManager[Session]:
        """Open a transaction that is committed as a step of an audited change."""


class Inserting:
    """One upload at work."""

    def __init__(self, call: Transactions, upload: Upload, path: Path) -> None:
        self.call, self.path = call, path
        self.id, self.inserted = upload.id, upload.rows_inserted
        self.turn = time.monotonic()
        self.fail_on_error = upload.settings["on_error"] == "fail"
        with call.reading() as session:
            self.sqlite = is_sqlite(session)
        self.order = Order(
            path=path,
            label=upload.source_name,
            schema_name=upload.settings["schema"],
            mapping=upload.settings["mapping"],
            license=upload.settings["license"],
            source=upload.source_name,
            dialect="sqlite" if self.sqlite else "postgresql",
            upload_id=upload.id,
            created_at=upload.created_at,
            skip=self.inserted,
            check_first=self.fail_on_error,
            max_ratio=call.settings.upload_max_ratio,
        )
        names = ", ".join(COLUMNS)
        if self.sqlite:
            self.statement = f"INSERT INTO traces ({names}) VALUES ({', '.join('?' * len(COLUMNS))})"
        else:
            self.statement = f"COPY traces ({names}) FROM STDIN"

    def note(self, **values: Any) -> None:
        """Keep how far the upload is."""
        with self.call.stepping() as session:
            session.execute(update(Upload).where(Upload.id == self.id).values(**values))

    def run(self) -> None:
        """Read the file and insert its traces."""
        noted = time.monotonic()
        for frame, payload in self._frames():
            if frame.rows:
                self._insert(frame, payload)
            elif time.monotonic() - noted > _PROGRESS_SECONDS:
                self.note(rows_read=frame.rows_read, rows_rejected=frame.rows_rejected)
                noted = time.monotonic()
        if self.fail_on_error and frame.rows_rejected:
            self._refuse(frame)
        self._complete(frame)

    def _frames(self) -> Iterator[tuple[Frame, bytes]]:
        """Yield what a reader says up to its end; raise what it refuses, and Unavailable if it broke."""
        reader = Reader(self.order)
        try:
            for frame, payload in reader.frames():
                if frame.kind == "refused":
                    raise (TooLarge if frame.status == TooLarge.status else Unprocessable)(frame.detail)
                yield frame, payload
                if frame.kind == "end":
                    return
            raise Unavailable(f"the reader of the upload broke ({reader.close()}); send the upload again")
        finally:
            reader.close()

    def _insert(self, frame: Frame, payload: bytes) -> None:
        """Insert one chunk, and count it, in one transaction."""
        after = self.inserted + frame.rows
        rows = orjson.loads(payload) if self.sqlite else []
        with self.call.stepping() as session:
            driver: Any = session.connection().connection.driver_connection
            if self.sqlite:
                driver.executemany(self.statement, rows)
            else:
                with driver.cursor() as cursor, cursor.copy(self.statement) as copy:
                    copy.write(payload)
            moved = session.execute(
                update(Upload)
                .where(Upload.id == self.id, Upload.rows_inserted == self.inserted)
                .values(
                    status="inserting",
                    rows_read=frame.rows_read,
                    rows_rejected=frame.rows_rejected,
                    rows_inserted=after,
                )
            )
            if cast("CursorResult[Any]", moved).rowcount != 1:
                raise Conflict(f"upload {self.id} was changed by another process; nothing of this chunk was inserted")
        self.inserted = after
        if self.sqlite and time.monotonic() - self.turn > _TURN_SECONDS:
            time.sleep(GAP_SECONDS)
            self.turn = time.monotonic()

    def _refuse(self, end: Frame) -> None:
        errors = [error.model_dump(mode="json") for error in end.errors]
        self.note(
            rows_read=end.rows_read,
            rows_rejected=end.rows_rejected,
            schema_name=end.schema_name,
            errors=errors,
            reasons=end.reasons,
        )
        if not end.rows_read:
            raise Unprocessable("the upload holds no row; expected at least one")
        counts = ", ".join(f"{count:,} × {reason}" for reason, count in list(end.reasons.items())[:5])
        if end.rows_rejected == end.rows_read:
            fix = "correct them, or give another schema or a mapping"
        else:
            fix = "correct them, or send on_error=skip to leave them out"
        bad = f"{end.rows_rejected:,} of {end.rows_read:,} rows"
        raise Unprocessable(
            f"{bad} cannot be used, and nothing was inserted: {counts}; {fix}",
            errors=errors,
        )

    def _complete(self, end: Frame) -> None:
        if not self.inserted:
            self._refuse(end)
        with self.call.writing(str(self.id), rows_inserted=self.inserted, rows_rejected=end.rows_rejected) as session:
            session.execute(
                update(Upload)
                .where(Upload.id == self.id)
                .values(
                    status="completed",
                    rows_read=end.rows_read,
                    rows_rejected=end.rows_rejected,
                    schema_name=end.schema_name,
                    errors=[error.model_dump(mode="json") for error in end.errors],
                    reasons=end.reasons,
                    completed_at=utc_now(),
                )
            )
        if self.inserted > _MANY:
            self._tell_planner()

    def _tell_planner(self) -> None:
        """Let the database look at its tables anew, so that it plans searches for what is in them now.

        An upload that adds less than a tenth leaves that to the database: it looks by itself after a tenth, too.
        """
        try:
            with self.call.stepping() as session:
                if self.sqlite:
                    session.execute(text("PRAGMA analysis_limit = 1000"))  # a look at each index, not at every row
                    session.execute(text("PRAGMA optimize"))  # tables that have grown much, no others
                elif self.inserted * 10 >= session.execute(text(_ROWS_LAST_SEEN)).scalar_one():
                    session.execute(text("ANALYZE traces"))
        except SQLAlchemyError as error:
            logger.warning("the planner's statistics of traces are old: %s", error)
