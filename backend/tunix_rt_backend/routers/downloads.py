"""Downloads: an open file as an answer, whole or in part (RFC 9110, sections 13 and 14); it knows no folder.

A slow client holds a descriptor and no thread: each piece is read in a thread, and sent before the next is read.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import Depends, Header
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from tunix_rt_backend.errors import RangeNotSatisfiable
from tunix_rt_backend.routers.etags import IfNoneMatch, is_known
from tunix_rt_backend.services.files import OpenFile

_PIECE = 512 * 2**10
_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".json": "application/json",
    ".jsonl": "application/x-ndjson",
    ".log": "text/plain; charset=utf-8",
    ".md": "text/plain; charset=utf-8",
    ".png": "image/png",
    ".txt": "text/plain; charset=utf-8",
    ".yaml": "text/plain; charset=utf-8",
    ".zip": "application/zip",
}
_SANDBOX = (
    "sandbox allow-scripts; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'self'"
)
"""A page out of a file may draw itself, in a frame of ours: it has no origin, and reaches nothing."""

RangeHeader = Annotated[str | None, Header(alias="Range", max_length=256, description="`bytes=FROM-TO`: a part of it.")]
IfRange = Annotated[str | None, Header(max_length=256, description="The part only if the file is still this one.")]


@dataclass(frozen=True)
class FileHeaders:
    """What of a file a client wants, and what it has already."""

    part: RangeHeader = None
    if_range: IfRange = None
    if_none_match: IfNoneMatch = None


Asked = Annotated[FileHeaders, Depends()]
"""A parameter of a route that serves a file."""

_CONTENT: dict[str, Any] = {kind.partition(";")[0]: {} for kind in ("application/octet-stream", *_TYPES.values())}
FILE_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {"description": "The bytes of the file, as what its name says", "content": _CONTENT},
    206: {"description": "The part that was asked for", "content": _CONTENT},
}
"""For the `responses` of a route that serves a file."""


def part_of(size: int, asked: str | None) -> tuple[int, int] | None:
    """Return the first and the last byte of a Range header; None: the whole file, as for other units or several parts.

    Raises RangeNotSatisfiable if it cannot be read or lies outside the file.
    """
    if asked is None or not asked.startswith("bytes=") or "," in asked:
        return None
    found = re.fullmatch(r"bytes=\s*([0-9]{0,20})-([0-9]{0,20})\s*", asked)
    first, last = found.groups() if found else ("", "")
    if first:
        start, end = int(first), min(int(last), size - 1) if last else size - 1
    else:
        start, end = max(0, size - int(last or 0)), size - 1
    if not (first or last) or start > end:
        raise RangeNotSatisfiable(
            f"the file has {size} bytes; ask for a range inside it, such as bytes=0-{max(0, size - 1)}",
            Content_Range=f"bytes */{size}",
        )
    return start, end


class FileAnswer(Response):
    """An open file, or a part of it, sent piece by piece; it is closed at the end."""

    def __init__(self, file: OpenFile, first: int, length: int, status: int, headers: dict[str, str]) -> None:
        super().__init__(None, status, headers)
        self.file, self.first, self.length = file, first, length
        self.headers["content-length"] = str(length)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the headers and, unless only they are asked for, the bytes."""
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            place, end = self.first, self.first + (self.length if scope["method"] != "HEAD" else 0)
            while place < end:
                piece = await run_in_threadpool(self.file.read, place, min(_PIECE, end - place))
                if not piece:
                    raise OSError("the file became shorter while it was sent")
                place += len(piece)
                await send({"type": "http.response.body", "body": piece, "more_body": place < end})
            if self.first == end:
                await send({"type": "http.response.body", "body": b""})
        finally:
            self.file.close()


def serve(asked: FileHeaders, file: OpenFile, name: str, *, inline: bool = False) -> Response:
    """Return an open file, or the part that is asked for, as something to save; `inline`: as a page in a sandbox."""
    headers = {
        "accept-ranges": "bytes",
        "etag": file.etag,
        "last-modified": file.last_modified,
        "cache-control": "private, no-cache",
        "content-type": _TYPES.get(PurePosixPath(name).suffix.lower(), "application/octet-stream"),
        "x-content-type-options": "nosniff",
    }
    way = "inline" if inline else "attachment"
    headers["content-disposition"] = f"{way}; filename*=UTF-8''{quote(PurePosixPath(name).name, safe='')}"
    headers["content-security-policy"] = _SANDBOX if inline else "sandbox; default-src 'none'"
    if inline:
        headers["x-frame-options"] = "SAMEORIGIN"
    try:
        if is_known(asked.if_none_match, file.etag):
            file.close()
            return Response(status_code=304, headers=headers)
        holds = asked.if_range in (None, file.etag, file.last_modified)
        part = part_of(file.size, asked.part if holds else None)
    except RangeNotSatisfiable:
        file.close()
        raise
    if part is None:
        return FileAnswer(file, 0, file.size, 200, headers)
    headers["content-range"] = f"bytes {part[0]}-{part[1]}/{file.size}"
    return FileAnswer(file, part[0], part[1] - part[0] + 1, 206, headers)
