"""Receiving: the bytes of an upload on their way to a file, hashed as they come; it knows no database and no rows.

Every upload has a folder `<home>/uploads/<id>/` that its process holds by the kernel's lock (flock), which ends with
the process: a folder that nobody holds belongs to an upload that was cut off. Of a file's name only the ending matters;
the file is stored under a name of ours. All functions here are called in threads, never in the event loop.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import shutil
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from tunix_rt.errors import BusyError, UsageError
from tunix_rt.formats import locked
from tunix_rt.importers.containers import container
from tunix_rt_backend.errors import BadRequest, Conflict, TooLarge, Unavailable, Unprocessable, UnsupportedMedia

FIELDS = ("source_name", "schema", "mapping", "license", "on_error")
"""Fields of a form beside `file`."""

_FIELD_BYTES = 64 * 1024
_LOOK_BYTES = 16 * 2**20
_ABANDONED_SECONDS = 60.0


def folder_of(home: Path, upload_id: uuid.UUID) -> Path:
    """Return the folder that an upload works in."""
    return home / "uploads" / str(upload_id)


def is_held(home: Path, upload_id: uuid.UUID) -> bool:
    """Return whether a living process works on an upload."""
    try:
        with (folder_of(home, upload_id) / ".lock").open("rb") as stream:
            fcntl.flock(stream, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


@contextlib.contextmanager
def held(home: Path, upload_id: uuid.UUID) -> Iterator[Path]:
    """Hold an upload for this process, and remove its folder at the end; raise Conflict if another one holds it."""
    folder = folder_of(home, upload_id)
    with contextlib.ExitStack() as stack:
        for chance in range(5):  # whoever only looks holds the lock for an instant, too
            try:
                stack.enter_context(locked(folder))
                break
            except BusyError as error:
                if chance == 4:
                    raise Conflict(
                        f"upload {upload_id} is being worked on; wait for it, "
                        f"GET /api/datasets/uploads/{upload_id} says how far it is"
                    ) from error
                time.sleep(0.02)
            except OSError as error:
                raise disk_problem(error) from error
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def abandoned(home: Path) -> list[uuid.UUID]:
    """Return the uploads whose process ended in the middle."""
    found = []
    for folder in (home / "uploads").glob("*"):
        with contextlib.suppress(ValueError, OSError):
            upload_id = uuid.UUID(folder.name)
            if time.time() - folder.stat().st_mtime > _ABANDONED_SECONDS and not is_held(home, upload_id):
                found.append(upload_id)
    return found


def disk_problem(error: OSError) -> Unavailable:
    """Return what to answer when the disk takes no more."""
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    why = "the disk is full" if full else f"the disk does not answer ({error.strerror or error})"
    return Unavailable(f"{why}; nothing acknowledged is lost: make room and send the upload again", retry_after=60)


def ending_of(name: str) -> str:
    """Return the ending that says how a file is read, such as `.csv.gz`; raise UnsupportedMedia if none is known."""
    last = name.replace("\\", "/").rpartition("/")[2]
    try:
        kind = container(Path("x" + last[-64:]))
    except (UsageError, ValueError) as error:
        detail = str(error).partition(": ")[2] or "expected the name of a data file"
        raise UnsupportedMedia(f"the file's name says nothing of its content: {detail}") from error
    return f".{kind}.gz" if last.lower().endswith(".gz") else f".{kind}"


def plain_name(name: str) -> str:
    """Return the last part of a file's name, as people may read it: printable and short."""
    last = name.replace("\\", "/").rpartition("/")[2]
    return "".join(letter if letter.isprintable() else " " for letter in last).strip()[:256] or "upload"


class Receiver:
    """A body that is the file itself."""

    def __init__(self, folder: Path, name: str, *, disk_reserve: int) -> None:
        self.folder = folder
        self.fields: dict[str, str] = {}
        self.name: str | None = None
        self.bytes = 0
        self._ending = ""
        self._reserve = disk_reserve
        self._looked_at = -_LOOK_BYTES
        self._hash = hashlib.sha256()
        self._stream: BinaryIO | None = None
        if name:
            self._open(name)

    @property
    def path(self) -> Path:
        """The file."""
        return self.folder / f"body{self._ending}"

    @property
    def digest(self) -> str:
        """Digest of the file's bytes, `sha256:<hex>`."""
        return "sha256:" + self._hash.hexdigest()

    def _open(self, name: str) -> None:
        self._ending = ending_of(name)
        self.name = plain_name(name)
        try:
            self._stream = self.path.open("wb")
        except OSError as error:
            raise disk_problem(error) from error

    def _write(self, data: bytes) -> None:
        assert self._stream is not None
        if self.bytes - self._looked_at >= _LOOK_BYTES:
            self._looked_at = self.bytes
            if shutil.disk_usage(self.folder).free < self._reserve:
                raise disk_problem(OSError(errno.ENOSPC, "no space left"))
        self._hash.update(data)
        self.bytes += len(data)
        try:
            self._stream.write(data)
        except OSError as error:
            raise disk_problem(error) from error

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        self._write(data)

    def finish(self) -> None:
        """Close the file; raise Unprocessable if there is nothing in it."""
        self.close()
        if not self.bytes:
            raise Unprocessable("the upload is empty; send a file with at least one row")

    def close(self) -> None:
        """Close the file as it is."""
        if self._stream is not None:
            try:
                self._stream.close()
            except OSError as error:
                raise disk_problem(error) from error
            finally:
                self._stream = None


class FormReceiver(Receiver):
    """A body that is a form with one `file` and a few short fields, in any order."""

    def __init__(self, folder: Path, boundary: bytes, *, disk_reserve: int) -> None:
        super().__init__(folder, "", disk_reserve=disk_reserve)
        self._header: list[bytearray] = []
        self._headers: dict[bytes, bytes] = {}
        self._field: str | None = None
        self._value = bytearray()
        self._ended = False
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._part_begin,
                    "on_header_begin": lambda: self._header.extend((bytearray(), bytearray())),
                    "on_header_field": lambda data, start, end: self._header[-2].extend(data[start:end]),
                    "on_header_value": lambda data, start, end: self._header[-1].extend(data[start:end]),
                    "on_headers_finished": self._headers_finished,
                    "on_part_data": self._part_data,
                    "on_part_end": self._part_end,
                    "on_end": self._end,
                },
            )
        except FormParserError as error:
            raise BadRequest(f"the form cannot be read: {error}") from error

    def feed(self, data: bytes) -> None:
        """Take the next bytes of the body."""
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise BadRequest(f"the form cannot be read: {error}; send multipart/form-data") from error

    def finish(self) -> None:
        """Close the file; raise BadRequest or Unprocessable if the form is not whole."""
        self.close()
        if not self._ended:
            raise BadRequest("the form ends before its last boundary; send it again, whole")
        if self.name is None:
            raise Unprocessable("the form has no field `file`; send the data file in it, with its name")
        super().finish()

    def _part_begin(self) -> None:
        self._header, self._field, self._value = [], None, bytearray()

    def _headers_finished(self) -> None:
        names = self._header[0::2]
        headers = {bytes(name).lower(): bytes(value) for name, value in zip(names, self._header[1::2], strict=True)}
        kind, options = parse_options_header(headers.get(b"content-disposition"))
        try:
            field = options.get(b"name", b"").decode()
            name = options.get(b"filename", b"").decode()
        except UnicodeDecodeError as error:
            raise BadRequest("a name in the form is not UTF-8; write it in UTF-8") from error
        if kind != b"form-data" or (field != "file" and field not in FIELDS):
            raise Unprocessable(f"the form has a part {field[:64]!r}; expected `file` and any of {', '.join(FIELDS)}")
        if field in self.fields or (field == "file" and self.name is not None):
            raise Unprocessable(f"the form has two parts {field!r}; send one")
        self._field = field
        if field == "file":
            self._open(name)

    def _part_data(self, data: bytes, start: int, end: int) -> None:
        if self._field == "file":
            self._write(data[start:end])
            return
        self._value += data[start:end]
        if len(self._value) > _FIELD_BYTES:
            raise TooLarge(f"the field {self._field!r} of the form is longer than {_FIELD_BYTES:,} bytes")

    def _part_end(self) -> None:
        if self._field == "file" or self._field is None:
            return
        try:
            self.fields[self._field] = self._value.decode()
        except UnicodeDecodeError as error:
            raise BadRequest(f"the field {self._field!r} is not UTF-8; write it in UTF-8") from error

    def _end(self) -> None:
        self._ended = True


def receiver_for(folder: Path, content_type: str, content_encoding: str, *, disk_reserve: int) -> Receiver:
    """Return what takes in a body of this content type; raise UnsupportedMedia if there is none."""
    kind, options = parse_options_header(content_type)
    coding = content_encoding.strip().lower()
    if kind == b"multipart/form-data" and coding in ("", "identity"):
        boundary: Any = options.get(b"boundary")
        if not boundary:
            raise BadRequest("the content type multipart/form-data names no boundary")
        return FormReceiver(folder, boundary, disk_reserve=disk_reserve)
    if kind in (b"application/x-ndjson", b"application/jsonl") and coding in ("", "identity", "gzip"):
        name = "upload.jsonl.gz" if coding == "gzip" else "upload.jsonl"
        return Receiver(folder, name, disk_reserve=disk_reserve)
    came = f"{kind.decode(errors='replace')[:80] or 'nothing'}{f', packed as {coding[:40]}' if coding else ''}"
    raise UnsupportedMedia(
        "send the data itself: multipart/form-data with a field `file`, or JSON lines as application/x-ndjson "
        f"(plain, or with Content-Encoding gzip); this came as {came}. A path on this machine is never read"
    )
