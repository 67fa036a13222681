"""Parsing: a data file becomes rows of the table `traces`, in a process of its own; it knows no database.

The reader is a separate program (`python -m tunix_rt_backend.services.parsing`): it works on its own core while the
service inserts what it read before, and a file that is made to exhaust memory ends this process alone. It gets an Order
as JSON on its standard input and writes frames to its standard output:

    {"kind": "rows", "rows": 4000, "rows_read": 4003, "rows_rejected": 3, "bytes": 3141592}\\n
    … 3141592 bytes: what the database takes as it is …
    {"kind": "end", …, "errors": […], "reasons": {…}}\\n

For SQLite the bytes are a JSON list of rows for `executemany`, for PostgreSQL they are lines of COPY. The reader is
deterministic: the same bytes and the same order give the same traces in the same order, so that an upload that was cut
off goes on after as many traces as it had inserted.
"""

from __future__ import annotations

import contextlib
import ctypes
import gzip
import os
import resource
import signal
import subprocess
import sys
import uuid
import zlib
from collections.abc import Callable, Generator, Iterator
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path
from typing import IO, Any, Literal

import orjson

from tunix_rt.errors import TunixRtError
from tunix_rt.formats import Format
from tunix_rt.importers import ErrorLog, RowError, detect, read
from tunix_rt.trace import ReasoningTrace
from tunix_rt_backend.services.rows import COLUMNS, row_values

SHOWN = 100
"""How many rows with an error are reported in full."""
FRAME_ROWS = 8000
"""Most rows of a frame, and so of a transaction: others who write to SQLite wait for half a second at most."""
FRAME_BYTES = 8 * 2**20
"""A frame is closed when it has this many bytes."""
MEMORY_BYTES = 2**30
"""Most memory that the reader may take."""

_FREE_BYTES = 16 * 2**20
"""Up to here anything may unpack to, whatever the ratio."""
_REJECTED_BYTES = 64
"""What a row that is refused counts as: a packed file may hold a billion of them."""
_CHUNK = 2**20


class Order(Format):
    """What to read, and how."""

    path: Path
    """The file; its ending says what it is."""
    label: str
    """Name of the file in errors."""
    schema_name: str
    """A schema of the importers, or `auto`."""
    mapping: dict[str, str] | None
    """Columns by part of a trace; replaces the schema."""
    license: str | None
    """Licence of the traces that name none."""
    source: str
    """Source, in its column alone, of the traces that name none."""
    dialect: Literal["sqlite", "postgresql"]
    """Which database the rows are written for."""
    upload_id: uuid.UUID
    """Upload that the traces belong to."""
    created_at: datetime
    """When the traces were created."""
    skip: int
    """Traces that are in the database already."""
    check_first: bool
    """Whether every row is checked before the first one is written; with a bad one, none is."""
    max_ratio: int
    """Largest ratio of unpacked to packed bytes."""


class Frame(Format):
    """A piece of what the reader says; `bytes` of payload follow it."""

    kind: Literal["rows", "end", "refused"]
    """`refused`: the file as a whole cannot be read, and `detail` says why."""
    rows: int = 0
    """Traces in the payload; 0: the frame only says how far the reader is."""
    rows_read: int = 0
    """Rows read so far."""
    rows_rejected: int = 0
    """Of these, rows that cannot be used."""
    bytes: int = 0
    """Length of the payload."""
    schema_name: str | None = None
    """Schema that was read; `mapping` with a mapping; None: no known one."""
    errors: list[RowError] = []
    """The first rows with an error."""
    reasons: dict[str, int] = {}
    """Rows by reason."""
    status: int = 0
    """HTTP status of a refusal."""
    detail: str = ""
    """Why the file was refused."""


class _Bomb(Exception):
    """A file that unpacks to more than it may."""


Write = Callable[[Any], Any]
"""Turns a value into what the driver takes."""


def _writers(order: Order) -> tuple[Write | None, ...]:
    """Return what writes each of the COLUMNS; None: its value stays as it is.

    SQLite takes a UUID as 32 digits and a moment as UTC without its zone, as SQLAlchemy writes and reads them there.
    """
    moment = order.created_at.astimezone(UTC)
    if order.dialect == "sqlite":
        id_written: Write = attrgetter("hex")
        at = moment.replace(tzinfo=None).isoformat(" ", "microseconds")
    else:
        id_written, at = str, moment.isoformat()
    upload_id = id_written(order.upload_id)
    found: dict[str, Write] = {
        "id": id_written,
        "created_at": lambda _: at,  # the same in every row, and so written once
        "steps": _json,
        "meta": _json,
        "upload_id": lambda _: upload_id,
    }
    return tuple(map(found.get, COLUMNS))


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _copied(value: Any) -> str:
    """Return a value as a field of COPY's text format."""
    if value is None:
        return "\\N"
    text = value if isinstance(value, str) else str(value)
    return text.replace("\\", "\\\\").replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")


class Rows:
    """Traces as the bytes that a database takes."""

    def __init__(self, order: Order) -> None:
        self._order, self._writers = order, _writers(order)
        self._encode = self._for_sqlite if order.dialect == "sqlite" else self._for_postgresql

    def encode(self, number: int, trace: ReasoningTrace) -> bytes:
        """Return one row; `number` is its place in the file."""
        order = self._order
        if order.license and not trace.meta.get("license"):
            trace = trace.model_copy(update={"meta": {**trace.meta, "license": order.license}})
        values = row_values(trace, created_at=order.created_at, upload_id=order.upload_id, upload_row=number)
        if values["source"] is None:
            values["source"] = order.source
        pairs = zip(values.values(), self._writers, strict=True)
        return self._encode([write(value) if write else value for value, write in pairs])

    @staticmethod
    def _for_sqlite(values: list[Any]) -> bytes:
        return orjson.dumps(values)

    @staticmethod
    def _for_postgresql(values: list[Any]) -> bytes:
        return "\t".join(map(_copied, values)).encode()


def join(rows: list[bytes], dialect: str) -> bytes:
    """Return the payload of a frame."""
    if not rows:
        return b""
    return b"[" + b",".join(rows) + b"]" if dialect == "sqlite" else b"\n".join(rows) + b"\n"


def frames(order: Order) -> Iterator[tuple[Frame, bytes]]:
    """Yield a file as frames; the last one is an end or a refusal."""
    allowed = max(_FREE_BYTES, order.max_ratio * order.path.stat().st_size)
    try:
        _check_packed(order.path, allowed)
        schema = order.schema_name
        if schema == "auto" and order.mapping is None:
            schema = detect(order.path).schema_name or "auto"
        if order.check_first:
            end = yield from _pass(order, schema, allowed, None)
        if not order.check_first or not end.rows_rejected:
            end = yield from _pass(order, schema, allowed, Rows(order))
        yield end, b""
    except (_Bomb, MemoryError) as error:
        detail = (
            f"the upload is {order.path.stat().st_size:,} bytes and unpacks to {error}" if str(error) else
            f"the upload needs more than {MEMORY_BYTES:,} bytes of memory to unpack"
        )  # fmt: skip
        yield Frame(kind="refused", status=413, detail=f"{detail}; send it in smaller parts, or not packed"), b""
    except TunixRtError as error:
        yield Frame(kind="refused", status=422, detail=str(error).replace(str(order.path), order.label)), b""


def _pass(order: Order, schema: str, allowed: int, encoder: Rows | None) -> Generator[tuple[Frame, bytes], None, Frame]:
    """Read the file once, yield its frames, without payload if there is no encoder, and return the end."""
    log = ErrorLog(shown=SHOWN)
    counted = ".parquet" in order.path.suffixes  # a gzip file was counted whole; Parquet may lie about itself
    rows: list[bytes] = []
    good = count = size = unpacked = 0

    def frame() -> tuple[Frame, bytes]:
        payload = join(rows, order.dialect)
        made = Frame(kind="rows", rows=len(rows), rows_read=count, rows_rejected=log.total, bytes=len(payload))
        return made, payload

    for number, found in read(order.path, schema=schema, mapping=order.mapping, label=order.label):
        count += 1
        if isinstance(found, RowError):
            log.add(found)
            unpacked += _REJECTED_BYTES
        else:
            good += 1
            if counted:
                unpacked += len(found.model_dump_json())
            if encoder is not None and good > order.skip:
                rows.append(encoder.encode(number, found))
                size += len(rows[-1])
        if counted and unpacked > allowed:
            raise _Bomb(f"more than {allowed:,} bytes of rows")
        if size >= FRAME_BYTES or len(rows) >= FRAME_ROWS or count % FRAME_ROWS == 0:
            yield frame()
            rows, size = [], 0
    if rows:
        yield frame()
    name = "mapping" if order.mapping is not None else None if schema == "auto" else schema
    return Frame(
        kind="end", rows_read=count, rows_rejected=log.total, schema_name=name, errors=log.first, reasons=log.reasons
    )


def _check_packed(path: Path, allowed: int) -> None:
    """Raise _Bomb if a packed file says, or shows, that it unpacks to more than allowed."""
    if path.suffix == ".gz":
        total = 0
        with contextlib.suppress(EOFError, OSError, zlib.error), gzip.open(path) as stream:  # rows say what is damaged
            while piece := stream.read(_CHUNK):
                total += len(piece)
                if total > allowed:
                    raise _Bomb(f"more than {allowed:,} bytes")
    elif path.suffix == ".parquet":
        import pyarrow as arrow
        from pyarrow import parquet

        with contextlib.suppress(arrow.ArrowException, OSError):
            about = parquet.read_metadata(path)
            total = sum(about.row_group(place).total_byte_size for place in range(about.num_row_groups))
            if total > allowed or about.num_rows * _REJECTED_BYTES > allowed:
                raise _Bomb(f"{max(total, about.num_rows * _REJECTED_BYTES):,} bytes")


class Reader:
    """A reader at work, seen from the service."""

    def __init__(self, order: Order) -> None:
        environment = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR")}
        environment |= {
            "PYTHONPATH": os.pathsep.join(path for path in sys.path if path),
            "ARROW_DEFAULT_MEMORY_POOL": "system",  # gives memory back, and has no pools of its own to reserve
            "MALLOC_ARENA_MAX": "2",
            "OMP_NUM_THREADS": "1",
        }
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "tunix_rt_backend.services.parsing"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment,
            cwd=order.path.parent,
        )  # fmt: skip
        self._words: str | None = None
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # a reader that died at once says so when its frames are read
            self._process.stdin.write(order.model_dump_json().encode())
            self._process.stdin.close()
        self._process.stdin = None

    def frames(self) -> Iterator[tuple[Frame, bytes]]:
        """Yield what the reader says; without an end or a refusal as the last frame it broke."""
        assert self._process.stdout is not None
        yield from read_frames(self._process.stdout)

    def close(self) -> str:
        """End the reader, and return its last words."""
        if self._words is None:
            self._process.kill()
            _, errors = self._process.communicate()
            lines = errors.decode(errors="replace").strip().splitlines()
            self._words = lines[-1] if lines else f"exit status {self._process.returncode}"
        return self._words


def write_frame(stream: IO[bytes], frame: Frame, payload: bytes) -> None:
    """Write a frame with its payload."""
    stream.write(orjson.dumps(frame.model_dump(mode="json", exclude_defaults=True)) + b"\n")
    stream.write(payload)


def read_frames(stream: IO[bytes]) -> Iterator[tuple[Frame, bytes]]:
    """Yield the frames of a stream; a torn last one is left out."""
    while line := stream.readline():
        if not line.endswith(b"\n"):
            return
        frame = Frame.model_validate_json(line)
        payload = stream.read(frame.bytes) if frame.bytes else b""
        if len(payload) < frame.bytes:
            return
        yield frame, payload


def main() -> None:
    """Read the order on the standard input and write its frames to the standard output."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG: nobody reads on when the service is gone
    resource.setrlimit(resource.RLIMIT_DATA, (MEMORY_BYTES, MEMORY_BYTES))
    order = Order.model_validate_json(sys.stdin.buffer.read())
    for frame, payload in frames(order):
        write_frame(sys.stdout.buffer, frame, payload)
        sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
