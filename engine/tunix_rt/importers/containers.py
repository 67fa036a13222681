"""Files to rows: JSON lines, a JSON array, CSV, Parquet, each also gzipped, read in constant memory.

It does not know what the columns of a row mean. A row longer than 16 MiB is refused without being held in memory, and a
damaged file gives its good rows first and then one problem that says where it breaks.
"""

from __future__ import annotations

import csv
import gzip
import itertools
import re
import shutil
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, cast

import orjson

from tunix_rt.errors import DataError, MissingError, UsageError
from tunix_rt.importers.problems import RowProblem

MAX_ROW_BYTES = 16 * 2**20
"""Longest row that is read, in bytes; the text limits of a trace are far below."""
CONTAINERS = ("jsonl", "ndjson", "json", "csv", "parquet")
"""File name endings that are read, each also with `.gz` after it."""

Row = dict[str, Any]
_CHUNK = 2**20
_BOM = b"\xef\xbb\xbf"
_DAMAGE = (EOFError, zlib.error, gzip.BadGzipFile)
_TOO_LONG = "longer than 16 MiB"


def container(path: Path) -> str:
    """Return the container of a file by its name; raise UsageError if it is none that is read."""
    name = path.name.lower().removesuffix(".gz")
    ending = name.rpartition(".")[2]
    if ending not in CONTAINERS or ending == name:
        endings = ", ".join(f".{ending}" for ending in CONTAINERS)
        raise UsageError(f"{path}: expected a file ending in {endings}, each also with .gz; convert or rename it")
    return "jsonl" if ending == "ndjson" else ending


def data_files(source: Path) -> list[tuple[Path, str]]:
    """Return the data files of a source, a file or a folder, each with its name for reports, sorted by name.

    A folder is searched with its sub-folders; hidden files and files of other kinds are passed over.
    """
    if source.is_file():
        container(source)
        return [(source, source.name)]
    if not source.is_dir():
        raise MissingError(f"{source} is not on this machine; expected a file or a folder of data files")
    found = []
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        ending = path.name.lower().removesuffix(".gz").rpartition(".")[2]
        if path.is_file() and ending in CONTAINERS and not any(part.startswith(".") for part in inside.parts):
            found.append((path, f"{source.resolve().name}/{inside.as_posix()}"))
    if not found:
        endings = ", ".join(f".{ending}" for ending in CONTAINERS)
        raise DataError(f"{source} holds no data file; expected files ending in {endings}, each also with .gz")
    return found


def rows(path: Path) -> Iterator[tuple[int, Row | RowProblem]]:
    """Yield `(row number, row or problem)` of a data file; see RowError.row for how rows are numbered."""
    kind = container(path)
    with path.open("rb") as raw:
        zipped = path.name.lower().endswith(".gz")
        stream = cast("IO[bytes]", gzip.GzipFile(fileobj=raw) if zipped else raw)
        if kind == "jsonl":
            yield from _json_lines(stream)
        elif kind == "json":
            yield from _json_array(stream)
        elif kind == "csv":
            yield from _csv_rows(stream)
        else:
            yield from _parquet_rows(stream, zipped)


def _damaged(error: BaseException) -> RowProblem:
    fix = "the rows from here on are lost: copy or download the file again"
    return RowProblem("file", "the gzip data ends early or is damaged", fix, str(error))


def _too_long() -> RowProblem:
    return RowProblem("row", _TOO_LONG, "cut the row; no trace is that long")


def _parsed(data: bytes) -> Row | RowProblem:
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        message = str(error)
        if b"\x00" in data:
            return RowProblem("row", "contains a NUL byte", "remove the NUL bytes", data)
        if "UTF-8" in message:
            return RowProblem("row", "is not UTF-8", "save the file as UTF-8", data)
        if "surrogate" in message:
            return RowProblem("row", "contains half of a surrogate pair", "write the whole character", data)
        return RowProblem("row", "is not JSON", f"mend it ({message})", data)
    if type(value) is not dict:
        return RowProblem("row", "is not a JSON object", 'write each row as {"column": value, …}', data)
    return value


def _lines(stream: IO[bytes]) -> Iterator[tuple[int, bytes | RowProblem]]:
    number = 0
    try:
        while line := stream.readline(MAX_ROW_BYTES + 1):
            number += 1
            if number == 1:
                if line.startswith((b"\xff\xfe", b"\xfe\xff")):
                    yield 1, RowProblem("file", "is UTF-16", "save the file as UTF-8")
                    return
                line = line.removeprefix(_BOM)
            if len(line) > MAX_ROW_BYTES and not line.endswith(b"\n"):
                while (piece := stream.readline(_CHUNK)) and not piece.endswith(b"\n"):
                    pass
                yield number, _too_long()
            else:
                yield number, line
    except _DAMAGE as error:
        yield number + 1, _damaged(error)


def _json_lines(stream: IO[bytes]) -> Iterator[tuple[int, Row | RowProblem]]:
    for number, line in _lines(stream):
        if isinstance(line, RowProblem):
            yield number, line
        elif not line.isspace() and line:
            yield number, _parsed(line)


_TOKEN = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*(?:"|(\\?)\Z)|[\[\]{}]', re.DOTALL)
_SCALAR = re.compile(rb'"[^"\\]*(?:\\.[^"\\]*)*"?|[^,\s]+', re.DOTALL)


def _json_array(stream: IO[bytes]) -> Iterator[tuple[int, Row | RowProblem]]:
    """Cut a JSON array, or JSON values written one after the other, into elements and parse each by itself.

    Only brackets and strings are looked at, so that the array need not fit into memory and a broken element does not
    take the rest with it.
    """
    buffer, scan, start, depth, number = b"", 0, 0, 0, 0
    outside: int | None = None  # the depth between elements: 1 inside an array, 0 for values one after the other
    skipping = False
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except _DAMAGE as error:
            yield number + 1, _damaged(error)
            return
        buffer, scan, start = buffer[start:] + chunk, scan - start, 0
        if outside is None:
            buffer = buffer.removeprefix(_BOM).lstrip()
            scan = 0
            if buffer:
                outside = 1 if buffer.startswith(b"[") else 0
            elif chunk:
                continue
        tail = len(buffer)
        for token in _TOKEN.finditer(buffer, scan):
            text = token[0]
            if text[0] == 0x22:
                if token[1] is not None and chunk:  # a string that goes on in the next chunk
                    tail = token.start()
                    break
            elif text in b"[{":
                if depth == outside and not skipping:
                    for scalar in _SCALAR.findall(buffer[start : token.start()]):
                        number += 1
                        yield number, _parsed(scalar)
                    start = token.start()
                depth += 1
                if outside and depth == 1:
                    start = token.end()
            elif depth > 0:
                depth -= 1
                if depth == outside:
                    number += 1
                    long = skipping or token.end() - start > MAX_ROW_BYTES
                    yield number, _too_long() if long else _parsed(buffer[start : token.end()])
                    start, skipping = token.end(), False
                elif outside and depth == 0:
                    for scalar in _SCALAR.findall(buffer[start : token.start()]):
                        number += 1
                        yield number, _parsed(scalar)
                    start = token.end()
        scan = tail
        if not chunk:
            break
        if len(buffer) - start > MAX_ROW_BYTES:
            if depth == outside:
                yield number + 1, RowProblem("file", "is not a JSON array of objects", "write [{…}, {…}] or JSON lines")
                return
            # Forget the element but for an open string, whose end must still be found.
            unpaired = token[1] if scan < len(buffer) else None
            buffer = b"" if unpaired is None else b'"' + unpaired
            skipping, start, scan = True, 0, 0
    if depth > 0:
        fix = "the rows from here on are lost: copy or download the file again"
        yield number + 1, RowProblem("file", "the JSON ends early", fix, buffer[start:])
        return
    for scalar in _SCALAR.findall(buffer[start:]):
        number += 1
        yield number, _parsed(scalar)


def _csv_rows(stream: IO[bytes]) -> Iterator[tuple[int, Row | RowProblem]]:
    problems: list[RowProblem] = []

    def texts() -> Iterator[str]:
        for _, line in _lines(stream):
            if isinstance(line, RowProblem):
                problems.append(line)
                yield "\n"  # keeps the count of rows right
            else:
                yield line.decode("utf-8", "surrogateescape")

    lines = texts()
    first = next(lines, "")
    delimiter = max(",;\t", key=first.count)
    csv.field_size_limit(MAX_ROW_BYTES)
    reader = csv.reader(itertools.chain([first], lines), delimiter=delimiter, strict=True)
    header: list[str] = []
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            break
        except csv.Error as error:
            if problems:
                yield number, problems.pop()
            elif "field limit" in str(error):
                yield number, _too_long()
            else:
                yield number, RowProblem("row", "is not CSV", f"mend the quoting ({error})")
            continue
        if problems:
            yield number, problems.pop()
        elif not cells:
            continue
        elif not header:
            header = [cell.strip() for cell in cells]
            if len(set(header)) < len(header) or not all(header):
                fix = "give every column its own name in the first row"
                yield number, RowProblem("file", "the header has an empty or a double name", fix, ", ".join(header))
                return
        else:
            yield number, _csv_row(header, cells)
    if problems:
        yield number, problems.pop()


def _csv_row(header: list[str], cells: list[str]) -> Row | RowProblem:
    if len(cells) != len(header):
        found = f"{len(cells)} cells under {len(header)} columns"
        return RowProblem("row", "has more or fewer cells than the header", "quote cells that contain commas", found)
    text = "".join(cells)
    if "\x00" in text:
        return RowProblem("row", "contains a NUL byte", "remove the NUL bytes", text)
    try:
        text.encode()
    except UnicodeEncodeError:
        return RowProblem("row", "is not UTF-8", "save the file as UTF-8", text)
    return dict(zip(header, cells, strict=True))


def _parquet_rows(stream: IO[bytes], zipped: bool) -> Iterator[tuple[int, Row | RowProblem]]:
    import pyarrow as arrow
    from pyarrow import parquet

    number = 0
    with tempfile.TemporaryFile() as unzipped:
        try:
            if zipped:  # Parquet is read from its end, so that gzip has to be undone first
                shutil.copyfileobj(stream, unzipped, _CHUNK)
                stream = unzipped
            table = parquet.ParquetFile(stream, pre_buffer=False)
            for batch in table.iter_batches(batch_size=256):
                for index in range(batch.num_rows):
                    number += 1
                    yield number, _parquet_row(batch, index)
        except _DAMAGE as error:
            yield number + 1, _damaged(error)
        except (arrow.ArrowException, OSError) as error:
            fix = "copy or download the file again"
            yield number + 1, RowProblem("file", "is not a whole Parquet file", fix, str(error))


def _plain(value: Any) -> str:
    """Return a value that JSON has no type for as text: dates and decimals as usual, bytes only if they are UTF-8."""
    return value.decode() if isinstance(value, bytes) else str(value)


def _parquet_row(batch: Any, index: int) -> Row | RowProblem:
    try:
        row = {name: column[index].as_py() for name, column in zip(batch.schema.names, batch.columns, strict=True)}
        # The same kinds of value as from JSON; NaN becomes null.
        return cast("Row", orjson.loads(orjson.dumps(row, default=_plain)))
    except UnicodeDecodeError as error:
        return RowProblem("row", "is not UTF-8", "save the file as UTF-8", str(error))
    except (TypeError, orjson.JSONDecodeError) as error:
        return RowProblem("row", "holds a value that JSON cannot carry", "convert the column to text", str(error))
