"""Format: the frozen base of every shape on disk, with the few ways bytes are written and named.

It does not know what any format means. Every write goes to a temporary name, is flushed to the disk and then renamed,
so that a file or folder under its final name is always whole.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import random
import shutil
import time
import uuid
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, Any, BinaryIO, Self

import orjson
from pydantic import BaseModel, ConfigDict, ValidationError

from tunix_rt.errors import BusyError, DataError, DigestError, UsageError

MANIFEST = "manifest.json"
"""File name of the manifest in every folder that describes itself."""
_PATIENCE = 30.0
"""Seconds that those who only look whether a folder is held may keep it from somebody who wants to hold it."""


class Format(BaseModel):
    """Frozen data without behaviour; an unknown key is an error, and NaN has no place in it."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        defer_build=True,  # a process uses few of the formats that it imports
        use_attribute_docstrings=True,
        json_schema_serialization_defaults_required=True,
        ser_json_inf_nan="null",
        allow_inf_nan=False,
    )

    def to_json(self) -> str:
        """Return indented JSON with sorted keys and a final newline."""
        return json.dumps(self.model_dump(mode="json"), indent=2, sort_keys=True, ensure_ascii=False) + "\n"

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read one value from a JSON file; raise DataError naming the file and the field."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except FileNotFoundError as error:
            raise DataError(f"{path} does not exist; expected a {cls.__name__}") from error
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the whole file"
            raise DataError(f"{path} is not a valid {cls.__name__}: {field}: {first['msg']}") from error


def canonical_bytes(value: Any) -> bytes:
    """Return the one byte string that stands for a JSON value: sorted keys, no spaces, UTF-8."""
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)


def digest_value(value: Any) -> str:
    """Return `sha256:<hex>` of a JSON value."""
    return "sha256:" + hashlib.sha256(canonical_bytes(value)).hexdigest()


def digest_file(path: Path) -> str:
    """Return `sha256:<hex>` of a file, read in pieces."""
    with path.open("rb") as stream:
        return "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()


def digest_files(folder: Path) -> dict[str, str]:
    """Return `{relative path: digest}` of every file under a folder, sorted by path, the manifest left out."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): digest_file(path) for path in files if path.name != MANIFEST}


def check_digests(folder: Path, expected: dict[str, str]) -> None:
    """Raise DigestError naming the first of the expected files that is missing or changed under a folder."""
    for name, digest in sorted(expected.items()):
        path = folder / name
        if not path.is_file():
            raise DigestError(f"{path} is missing; its manifest lists it with {digest}")
        found = digest_file(path)
        if found != digest:
            raise DigestError(f"{path} changed: its manifest says {digest}, the file is {found}; restore it or rebuild")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file atomically and durably; the parent folder is made if needed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        with temporary.open("wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        os.replace(temporary, path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def write_text(path: Path, text: str) -> None:
    """Write UTF-8 text atomically and durably."""
    write_bytes(path, text.encode())


def write_format(path: Path, value: Format) -> None:
    """Write a Format as indented JSON, atomically and durably."""
    write_text(path, value.to_json())


def append_jsonl(path: Path, record: dict[str, Any]) -> None:
    """Append one JSON line in a single write, so that a crash tears at most the last line; a torn one is cut off."""
    with path.open("a+b") as stream:
        _cut_torn_line(stream)
        stream.write(orjson.dumps(record) + b"\n")


def _cut_torn_line(stream: BinaryIO) -> None:
    end = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, end - 1))
    if stream.read() not in (b"", b"\n"):
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)


def write_jsonl(path: Path, records: Iterable[dict[str, Any]]) -> int:
    """Write JSON lines into a file that nobody reads yet (a staged folder); return how many."""
    count = 0
    with path.open("wb") as stream:
        for record in records:
            stream.write(orjson.dumps(record) + b"\n")
            count += 1
        stream.flush()
        os.fsync(stream.fileno())
    return count


def read_jsonl(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the records of our own JSONL file; a torn last line is skipped, a torn line elsewhere is an error."""
    with path.open("rb") as stream:
        for number, line in enumerate(stream, start=1):
            try:
                yield orjson.loads(line)
            except orjson.JSONDecodeError as error:
                if not line.endswith(b"\n"):
                    return
                raise DataError(f"{path}, line {number} is not JSON: {error}") from error


@contextlib.contextmanager
def staged_folder(target: Path, *, replace: bool = False) -> Iterator[Path]:
    """Yield a temporary folder beside `target`; on success flush it and rename it to `target`.

    Raises UsageError if `target` exists and `replace` is false, or if it came meanwhile. On any error the temporary
    folder is removed, so that `target` is either absent, as it was, or complete.
    """
    if target.exists() and not replace:
        raise UsageError(f"{target} exists already; choose another name or version")
    target.parent.mkdir(parents=True, exist_ok=True)
    stage = target.parent / f".{target.name}.{uuid.uuid4().hex[:8]}.tmp"
    stage.mkdir()
    try:
        yield stage
        for path in stage.rglob("*"):
            if path.is_file():
                with path.open("rb") as stream:
                    os.fsync(stream.fileno())
        if replace and target.exists():
            shutil.rmtree(target)
        os.rename(stage, target)
    except BaseException as error:
        shutil.rmtree(stage, ignore_errors=True)
        if isinstance(error, OSError) and error.errno in (errno.EEXIST, errno.ENOTEMPTY) and target.exists():
            raise UsageError(f"{target} has just been made by somebody else; choose another name or version") from error
        raise
    _sync_folder(target.parent)


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder for this process; raise BusyError if another process holds it.

    The lock is the kernel's (flock): it ends with the process, so that SIGKILL leaves nothing to clean up. Whoever only
    looks shares the lock for an instant, which holds nobody up for longer than that.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".lock").open("a+") as stream:
        deadline = time.monotonic() + _PATIENCE
        while not _flock(stream, fcntl.LOCK_EX):
            if not _flock(stream, fcntl.LOCK_SH) or time.monotonic() > deadline:
                stream.seek(0)
                raise BusyError(f"{folder} is in use by process {stream.read().strip() or '?'}; wait for it or stop it")
            fcntl.flock(stream, fcntl.LOCK_UN)
            time.sleep(random.SystemRandom().uniform(0.0, 0.005))  # no draw of the program's own generator is used up
        stream.seek(0)
        stream.truncate()
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def is_locked(folder: Path) -> bool:
    """Return whether a living process holds a folder."""
    try:
        with (folder / ".lock").open("rb") as stream:
            return not _flock(stream, fcntl.LOCK_SH)
    except FileNotFoundError:
        return False


def _flock(stream: IO[Any], kind: int) -> bool:
    """Take a lock of a kind, and return whether it could be had at once."""
    try:
        fcntl.flock(stream, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
