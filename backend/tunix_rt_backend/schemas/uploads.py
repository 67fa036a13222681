"""Uploads on the wire: what may be asked of one, how far it is, and what came of it."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, StringConstraints

from tunix_rt.importers import SCHEMAS, RowError
from tunix_rt_backend.schemas.pages import Wire

MAX_TRACE_IDS = 1000
"""Most ids of traces in the answer to an upload."""


def _printable(text: str) -> str:
    if not text.isprintable() or not text.strip():
        raise ValueError("expected printable characters on one line")
    return text


Name = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(_printable)]
License = Annotated[str, StringConstraints(min_length=1, max_length=128), AfterValidator(_printable)]
Column = Annotated[str, StringConstraints(min_length=1, max_length=256), AfterValidator(_printable)]

UploadStatus = Literal["receiving", "reading", "inserting", "completed", "failed", "deleting", "interrupted"]
"""`interrupted`: its process ended in the middle; send the upload again to go on, or delete it.
`deleting`: a part of its traces is gone; where that was cut off, delete it again."""


class UploadOptions(Wire):
    """How an upload is to be read: fields of the form, or query parameters."""

    source_name: Name | None = None
    """Where the traces come from; by default the file's name. It becomes the source of traces that name none."""
    schema_name: str = Field("auto", alias="schema")
    """A schema of the importers, or `auto`."""
    mapping: dict[Annotated[str, StringConstraints(max_length=64)], Column] | None = Field(None, max_length=64)
    """Columns by part of a trace, such as `{"prompt": "question", "final_answer": "answer"}`; replaces the schema."""
    license: License | None = None
    """Licence of the traces that name none."""
    on_error: Literal["fail", "skip"] = "fail"
    """`fail`: nothing is inserted if one row is bad; `skip`: the good rows are inserted, the bad ones reported."""


class UploadListed(Wire):
    """One upload, and how far it is."""

    upload_id: uuid.UUID
    """Its id."""
    idempotency_key: str | None
    """Key that the client gave; None: the content identifies the upload."""
    digest: str | None
    """Digest of the bytes as sent; None while they arrive."""
    source_name: str
    """Where the traces come from."""
    schema_name: str | None
    """Schema that was read; `mapping` if one was given; None: not known yet."""
    settings: dict[str, Any]
    """How it was to be read."""
    status: UploadStatus
    """How far it is; only the traces of a completed upload are acknowledged."""
    bytes: int
    """Bytes received."""
    rows_read: int
    """Rows read so far."""
    rows_rejected: int
    """Of these, rows that cannot be used."""
    rows_inserted: int
    """Traces in the database."""
    detail: str | None
    """Why it failed."""
    actor: str
    """Who sent it."""
    created_at: datetime
    """When it began."""
    completed_at: datetime | None
    """When its last trace was inserted."""


class UploadDetail(UploadListed):
    """One upload with its errors."""

    errors: list[RowError]
    """The first 100 rows that cannot be used."""
    reasons: dict[str, int]
    """How many rows cannot be used, by reason."""


class UploadResult(Wire):
    """What came of an upload."""

    upload_id: uuid.UUID
    """Its id; the filter `upload_id` finds its traces."""
    replayed: bool
    """Whether the upload was complete before, so that this time nothing was inserted."""
    ingested_count: int
    """Traces that it inserted."""
    rows_read: int
    """Rows of the file."""
    rows_rejected: int
    """Rows that cannot be used."""
    reasons: dict[str, int]
    """How many, by reason."""
    errors: list[RowError]
    """The first 100 of them."""
    warnings: list[str]
    """Earlier uploads that brought the same traces, so that they are here twice."""
    schema_name: str | None
    """Schema that was read; `mapping` if one was given."""
    digest: str
    """Digest of the bytes as sent."""
    trace_ids_cut: bool
    """Whether there are more traces than `trace_ids` names."""
    trace_ids: list[uuid.UUID]
    """Ids of its first 1,000 traces in the order of the file; the filter `upload_id` lists all."""


SCHEMA_NAMES = ("auto", *SCHEMAS)
"""What `schema` may be."""
