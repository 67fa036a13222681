"""Uploads: send a data file of any size, see how far it is, and take it away with its traces."""

from __future__ import annotations

import asyncio
import contextlib
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import ValidationError
from sqlalchemy.exc import SQLAlchemyError
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from tunix_rt.errors import UsageError
from tunix_rt.importers import mapping_of
from tunix_rt_backend.deps import Call, ReadCall, WriteCall
from tunix_rt_backend.errors import BadRequest, Unprocessable
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.names import IdempotencyKey
from tunix_rt_backend.schemas.pages import Cursor, Limit, Offset, Page, Text
from tunix_rt_backend.schemas.uploads import (
    SCHEMA_NAMES,
    UploadDetail,
    UploadListed,
    UploadOptions,
    UploadResult,
)
from tunix_rt_backend.services import receiving, uploads
from tunix_rt_backend.services.receiving import Receiver
from tunix_rt_backend.services.rows import new_id

router = APIRouter(tags=["datasets"], responses=problems())

_INGESTS = ThreadPoolExecutor(max_workers=4, thread_name_prefix="ingest")
"""Uploads that are worked on at a time; the threads that answer other requests are not among them."""
_DELETIONS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="deletion")
"""Uploads that are deleted at a time, in pieces with pauses between them; those threads are others, too."""
_PIECE_BYTES = 2**20
_PROGRESS_SECONDS = 1.0

_MAPPING = "Columns by part of a trace: `prompt=question,final_answer=answer`, or the same as a JSON object."
_LINES = {"schema": {"type": "string", "description": "JSON lines, one row each; packed with Content-Encoding gzip."}}
_BODY = {
    "required": True,
    "content": {
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["file"],
                "additionalProperties": False,
                "properties": {
                    "file": {"type": "string", "format": "binary", "description": "Its name's ending says what it is."},
                    "source_name": {"type": "string", "minLength": 1, "maxLength": 256},
                    "schema": {"type": "string", "enum": list(SCHEMA_NAMES)},
                    "mapping": {"type": "string", "description": _MAPPING},
                    "license": {"type": "string", "minLength": 1, "maxLength": 128},
                    "on_error": {"type": "string", "enum": ["fail", "skip"]},
                },
            }
        },
        "application/x-ndjson": _LINES,
        "application/jsonl": _LINES,
    },
}


@router.post(
    "/api/datasets/ingest",
    status_code=201,
    responses={200: {"model": UploadResult, "description": "It was complete before"}, **problems(408, 409)},
    openapi_extra={"requestBody": _BODY},
)
async def ingest_dataset(
    request: Request,
    response: Response,
    call: WriteCall,
    source_name: Annotated[Text | None, Query(description="By default the file's name.")] = None,
    schema: Annotated[str | None, Query(description="A schema of the importers, or `auto`.")] = None,
    mapping: Annotated[Text | None, Query(description=_MAPPING)] = None,
    license: Annotated[Text | None, Query(description="Licence of the traces that name none.")] = None,
    on_error: Annotated[str | None, Query(description="`fail` or `skip`; by default `fail`.")] = None,
    idempotency_key: Annotated[IdempotencyKey | None, Header(description="Names the upload, for repeats.")] = None,
) -> UploadResult:
    """Take in a data file of any schema that the importers know, as a stream: JSON lines, JSON, CSV or Parquet.

    The same upload sent again (same key; without a key, same bytes and settings, whatever the file's name) inserts
    nothing twice: a complete one is answered with its first result, one that was cut off goes on where it stopped. The
    same rows packed or read in another way are another upload; `warnings` then names the earlier one.
    """
    asked = {
        name: value
        for name, value in zip(receiving.FIELDS, (source_name, schema, mapping, license, on_error), strict=True)
        if value is not None
    }
    holding = _Holding(call, new_id())
    try:
        _options(asked)
        body = await holding.receive(request)
        options = _options({**asked, **body.fields})
    except ClientDisconnect as error:
        await run_in_threadpool(holding.close)
        raise BadRequest("the upload ended before its last byte; send it again") from error
    except BaseException:
        await run_in_threadpool(holding.close)
        raise
    # From here on the thread lets go itself: it goes on to the end, whoever still waits for the answer.
    work = partial(holding.work, body, options, idempotency_key)
    result = await asyncio.get_running_loop().run_in_executor(_INGESTS, work)
    if result.replayed:
        response.status_code = 200
    return result


@router.get("/api/datasets/uploads")
def list_uploads(
    call: ReadCall,
    idempotency_key: Annotated[IdempotencyKey | None, Query(description="Only the upload of this key.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Page[UploadListed]:
    """List uploads, the newest first, with how far each is."""
    with call.reading() as session:
        rows, pagination = uploads.listing(
            session, call.home, key=idempotency_key, limit=limit, offset=offset, cursor=cursor
        )
    return Page(data=rows, pagination=pagination)


@router.get("/api/datasets/uploads/{upload_id}", responses=problems(404, 409))
def read_upload(upload_id: uuid.UUID, call: ReadCall) -> UploadDetail:
    """Say how far an upload is, and which of its rows cannot be used."""
    with call.reading() as session:
        return uploads.detail(session, call.home, upload_id)


@router.delete("/api/datasets/uploads/{upload_id}", status_code=204, responses=problems(404, 409))
async def delete_upload(upload_id: uuid.UUID, call: WriteCall) -> None:
    """Delete an upload with all of its traces, their scores and ratings."""
    await removed(call, upload_id)


async def removed(call: Call, upload_id: uuid.UUID) -> int:
    """Delete an upload beside the threads that answer other requests, and return how many traces it had."""
    return await asyncio.get_running_loop().run_in_executor(_DELETIONS, uploads.remove, call, upload_id)


class _Holding:
    """An upload that is held from the first byte on; whatever ends it, its file goes with it."""

    def __init__(self, call: Call, upload_id: uuid.UUID) -> None:
        self.call, self.upload_id = call, upload_id
        self.stack = contextlib.ExitStack()

    async def receive(self, request: Request) -> Receiver:
        """Take in the body of a request; raise ClientDisconnect if the client goes away."""
        headers = request.headers
        body = await run_in_threadpool(
            self._begin, headers.get("content-type", ""), headers.get("content-encoding", "")
        )
        piece, noted = bytearray(), time.monotonic()
        async for data in request.stream():
            piece += data
            if len(piece) >= _PIECE_BYTES:
                await run_in_threadpool(body.feed, bytes(piece))
                piece.clear()
            if time.monotonic() - noted > _PROGRESS_SECONDS:
                noted = time.monotonic()
                await run_in_threadpool(self._note, body.bytes)
        await run_in_threadpool(body.feed, bytes(piece))
        await run_in_threadpool(body.finish)
        return body

    def _begin(self, content_type: str, content_encoding: str) -> Receiver:
        uploads.sweep(self.call)
        folder = self.stack.enter_context(receiving.held(self.call.home, self.upload_id))
        reserve = self.call.settings.disk_reserve_bytes
        body = receiving.receiver_for(folder, content_type, content_encoding, disk_reserve=reserve)
        self.stack.callback(body.close)
        with self.call.stepping() as session:
            uploads.begin(session, self.upload_id, self.call.principal.name)
        self.stack.callback(self._forget)
        return body

    def _note(self, count: int) -> None:
        with self.call.stepping() as session:
            uploads.received(session, self.upload_id, count)

    def _forget(self) -> None:
        with contextlib.suppress(SQLAlchemyError), self.call.stepping() as session:
            uploads.forget(session, self.upload_id)

    def close(self) -> None:
        """Let go."""
        self.stack.close()

    def work(self, body: Receiver, options: UploadOptions, key: str | None) -> UploadResult:
        """Insert what was received, and let go."""
        with self.stack:
            return uploads.ingest(self.call, self.upload_id, body, options, key)


def _options(fields: dict[str, str]) -> UploadOptions:
    """Return what was asked for; raise Unprocessable naming the field that is wrong."""
    values: dict[str, Any] = dict(fields)
    if "mapping" in values:
        text = values["mapping"].strip()
        try:
            values["mapping"] = orjson.loads(text) if text.startswith("{") else mapping_of(text)
        except (orjson.JSONDecodeError, UsageError) as error:
            raise Unprocessable(f"mapping: {error}; or send it as a JSON object") from error
    try:
        options = UploadOptions.model_validate(values)
    except ValidationError as error:
        found = [
            {"field": ".".join(map(str, one["loc"])), "message": one["msg"], "kind": one["type"]}
            for one in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Unprocessable(
            f"{found[0]['field']}: {found[0]['message']}; correct it and send it again", errors=found
        ) from error
    uploads.check_options(options)
    return options
