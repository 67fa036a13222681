"""Uploads: a file becomes traces, once and only once, whatever breaks on the way; it knows neither HTTP nor formats.

What makes an upload safe to repeat, beside what `services.inserting` does:

- An upload is known by its key: the client's, or else the digest of content, source name and settings. The key is a
  unique column, taken when the content has arrived. Whoever sends a complete upload again gets its result.
- A process that works on an upload holds a lock which the kernel releases when it dies. An upload that is neither
  complete nor held is shown as `interrupted`: it can be sent again or deleted. Only a complete one is acknowledged.
"""

from __future__ import annotations

import contextlib
import hashlib
import sqlite3
import time
import uuid
from datetime import datetime
from pathlib import Path
from typing import Any, cast

import orjson
import psycopg
from sqlalchemy import CursorResult, delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tunix_rt.errors import UsageError
from tunix_rt.importers.schemas import converter, mapped
from tunix_rt_backend.db import is_sqlite
from tunix_rt_backend.errors import Conflict, NotFound, ServiceError, Unavailable, Unprocessable
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.schemas.uploads import (
    MAX_TRACE_IDS,
    UploadDetail,
    UploadListed,
    UploadOptions,
    UploadResult,
    UploadStatus,
)
from tunix_rt_backend.services import audit, kept, receiving
from tunix_rt_backend.services.inserting import GAP_SECONDS, Inserting, Transactions
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.services.receiving import Receiver
from tunix_rt_backend.tables import Trace, Upload, utc_now

_CONTENT = "content:"
"""Start of the key of an upload whose client gave none; a client's key has no colon."""
_ALIKE_LOOKED_AT = 50
"""Earlier uploads of as many traces that are compared with a new one, the newest first."""
_READ_ELSEWHERE = "its traces are here; GET /api/datasets/uploads says what else is known of it"
"""What to do about an upload that another version kept: no folder holds it, so that no index makes it again."""
_DELETED_AT_ONCE = 1000
"""Traces of one piece of a deletion: about 50 ms, in which nobody else may write to SQLite."""


def begin(session: Session, upload_id: uuid.UUID, actor: str) -> None:
    """Add an upload whose content is still to come."""
    session.add(
        Upload(
            id=upload_id,
            source_name="",
            settings={},
            status="receiving",
            errors=[],
            reasons={},
            actor=actor,
            created_at=utc_now(),
        )
    )


def received(session: Session, upload_id: uuid.UUID, count: int) -> None:
    """Note how many bytes arrived."""
    session.execute(update(Upload).where(Upload.id == upload_id).values(bytes=count))


def forget(session: Session, upload_id: uuid.UUID) -> None:
    """Take away an upload whose content never arrived in full."""
    session.execute(delete(Upload).where(Upload.id == upload_id, Upload.status == "receiving"))


def check_options(options: UploadOptions) -> None:
    """Raise Unprocessable if there is no such schema, or the mapping names no trace."""
    try:
        if options.mapping is not None:
            mapped(options.mapping)
        elif options.schema_name != "auto":
            converter(options.schema_name)
    except UsageError as error:
        raise Unprocessable(str(error)) from error


def ingest(
    call: Transactions, upload_id: uuid.UUID, body: Receiver, options: UploadOptions, key: str | None
) -> UploadResult:
    """Read what was received and insert its traces, or go on where an earlier try of the same upload ended."""
    source_name = options.source_name or body.name or "upload"
    settings = options.model_dump(mode="json", by_alias=True, exclude={"source_name"})
    # Not the file's name, beyond the ending that says how it is read: the same file is the same under any name.
    identity = [body.digest, options.source_name, settings, body.path.suffixes]
    content = hashlib.sha256(orjson.dumps(identity, option=orjson.OPT_SORT_KEYS)).hexdigest()
    with contextlib.ExitStack() as stack:
        with call.writing(digest=body.digest, source_name=source_name) as session:
            upload = _settled(session, upload_id, key or _CONTENT + content)
            if upload.id == upload_id:
                upload.digest, upload.source_name, upload.settings = body.digest, source_name, settings
                upload.bytes = body.bytes
            elif (upload.digest, upload.settings) != (body.digest, settings) or (
                options.source_name not in (None, upload.source_name)
            ):
                raise Conflict(
                    f"the key {key!r} belongs to upload {upload.id}, which has other content or settings; "
                    "give this one a key of its own"
                )
            if upload.status != "completed":
                if upload.id != upload_id:
                    stack.enter_context(receiving.held(call.settings.home, upload.id))
                upload.status, upload.detail = "reading", None
                audit.names(session, upload.id)
            else:
                audit.repeats(session)
        if upload.status == "completed":
            return _result(call, upload.id, replayed=True)
        work = Inserting(call, upload, body.path)
        try:
            work.run()
        except ServiceError as error:
            with contextlib.suppress(Exception):  # the database may be what failed; the lock's end tells as much
                work.note(status="failed", detail=error.detail)
            raise
        except (psycopg.OperationalError, sqlite3.OperationalError) as error:
            raise _database_problem(error) from error
    return _result(call, upload.id, replayed=False)


def _settled(session: Session, upload_id: uuid.UUID, key: str) -> Upload:
    """Return the upload of this key: an earlier one, or the new one, which takes the key."""
    mine = session.execute(select(Upload).where(Upload.id == upload_id)).scalar_one()
    query = select(Upload).where(Upload.idempotency_key == key).with_for_update()
    other = session.execute(query).scalar_one_or_none()
    if other is not None:
        session.delete(mine)
        session.flush()
        return other
    mine.idempotency_key = key
    try:
        session.flush()
    except IntegrityError as error:
        raise Conflict(
            "the same upload is arriving twice at once; send it again when the other one is through"
        ) from error
    return mine


def _database_problem(error: Exception) -> Unavailable:
    return Unavailable(
        f"the database does not answer ({str(error).splitlines()[0] if str(error) else type(error).__name__}); "
        "nothing acknowledged is lost: send the upload again, and it goes on where it stopped"
    )


def _result(call: Transactions, upload_id: uuid.UUID, *, replayed: bool) -> UploadResult:
    with call.reading() as session:
        upload = _row(session, upload_id)
        ids = select(Trace.id).where(Trace.upload_id == upload_id).order_by(Trace.seq).limit(MAX_TRACE_IDS)
        values = {
            "upload_id": upload.id,
            "ingested_count": upload.rows_inserted,
            "trace_ids": list(session.scalars(ids)),
            "trace_ids_cut": upload.rows_inserted > MAX_TRACE_IDS,
            "warnings": _alike(session, upload),
            "rows_read": upload.rows_read,
            "rows_rejected": upload.rows_rejected,
            "errors": upload.errors,
            "reasons": upload.reasons,
            "schema_name": upload.schema_name,
            "digest": upload.digest or "",
            "replayed": replayed,
        }
        return kept.whole(UploadResult, values, f"upload {upload_id}", hint=_READ_ELSEWHERE)


def _alike(session: Session, upload: Upload) -> list[str]:
    """Say which earlier upload seems to have brought the same traces: as many, the first and the last the same."""
    earlier = (
        select(Upload)
        .where(
            Upload.created_at < upload.created_at,
            Upload.status == "completed",
            Upload.rows_inserted == upload.rows_inserted,
        )
        .order_by(Upload.created_at.desc())
        .limit(_ALIKE_LOOKED_AT)
    )
    own = _ends(session, upload)
    return [
        f"upload {other.id} ({other.source_name}, {other.created_at:%Y-%m-%d %H:%M}) brought as many traces, the first "
        f"and the last the same as here: they seem to be here twice; DELETE /api/datasets/uploads/{upload.id} takes "
        "these away again"
        for other in session.scalars(earlier)
        if own == _ends(session, other)
    ][:1]


def _ends(session: Session, upload: Upload) -> list[tuple[Any, ...]]:
    """Return the content of the first and the last trace of an upload."""
    query = select(Trace.prompt, Trace.steps, Trace.final_answer).where(Trace.upload_id == upload.id).limit(1)
    rows = (session.execute(query.order_by(order)).first() for order in (Trace.seq, Trace.seq.desc()))
    return [tuple(row) for row in rows if row is not None]


def _row(session: Session, upload_id: uuid.UUID) -> Upload:
    upload = session.get(Upload, upload_id)
    if upload is None:
        raise NotFound(f"there is no upload {upload_id}; GET /api/datasets/uploads lists them")
    return upload


def _listed(home: Path, upload: Upload) -> dict[str, Any]:
    key, status = upload.idempotency_key, upload.status
    if status in ("receiving", "reading", "inserting") and not receiving.is_held(home, upload.id):
        status = "interrupted"
    names = set(UploadListed.model_fields) - {"upload_id", "idempotency_key", "status"}
    return {
        **{name: getattr(upload, name) for name in names},
        "upload_id": upload.id,
        "idempotency_key": None if key is None or key.startswith(_CONTENT) else key,
        "status": cast("UploadStatus", status),
    }


def detail(session: Session, home: Path, upload_id: uuid.UUID) -> UploadDetail:
    """Return one upload; raise NotFound if there is none."""
    upload = _row(session, upload_id)
    values = {**_listed(home, upload), "errors": upload.errors, "reasons": upload.reasons}
    return kept.whole(UploadDetail, values, f"upload {upload_id}", hint=_READ_ELSEWHERE)


def listing(
    session: Session, home: Path, *, key: str | None, limit: int, offset: int, cursor: str | None
) -> tuple[list[UploadListed], Pagination]:
    """Return a page of uploads, the newest first."""
    query = select(Upload)
    if key is not None:
        query = query.where(Upload.idempotency_key == key)
    order = [(Upload.created_at, datetime), (Upload.id, uuid.UUID)]
    rows, pagination = page(session, query, order, limit=limit, offset=offset, cursor=cursor)
    return [UploadListed(**_listed(home, row)) for row in rows], pagination


def remove(call: Transactions, upload_id: uuid.UUID) -> int:
    """Delete an upload and its traces, in pieces, and return how many traces that were.

    The first step takes the upload's key away, and is audited: a repeated upload is a new one from then on, and a
    deletion that is cut off is known, and finished by asking for it again.
    """
    with call.reading() as session:
        _row(session, upload_id)
        pause = GAP_SECONDS if is_sqlite(session) else 0.0
    with receiving.held(call.settings.home, upload_id):
        with call.writing(str(upload_id), step="begun") as session:
            values = {"idempotency_key": None, "status": "deleting", "detail": "its deletion began; delete it again"}
            session.execute(update(Upload).where(Upload.id == upload_id).values(**values))
        total = 0
        while True:
            with call.stepping() as session:
                some = select(Trace.seq).where(Trace.upload_id == upload_id).order_by(Trace.seq).limit(_DELETED_AT_ONCE)
                done = session.execute(delete(Trace).where(Trace.seq.in_(some)))
                count = cast("CursorResult[Any]", done).rowcount
            total += count
            if not count:
                break
            time.sleep(pause)
        with call.writing(str(upload_id), step="done", traces=total) as session:
            session.execute(delete(Upload).where(Upload.id == upload_id))
    return total


def sweep(call: Transactions) -> None:
    """Take away the files of uploads whose process ended, and the rows of those that never arrived in full."""
    for upload_id in receiving.abandoned(call.settings.home):
        with contextlib.suppress(Conflict), receiving.held(call.settings.home, upload_id), call.stepping() as session:
            forget(session, upload_id)
