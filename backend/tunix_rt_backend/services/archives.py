"""Archives: a zip from outside, received and unpacked into a folder of ours without trusting a word of it.

Nothing is written but regular files beneath that folder, never more than is allowed, however small the archive says it
is. It does not know what the files mean.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import stat
import struct
import unicodedata
import uuid
import zipfile
import zlib
from collections.abc import AsyncIterator, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from starlette.concurrency import run_in_threadpool

from tunix_rt.errors import BusyError
from tunix_rt.formats import locked
from tunix_rt_backend.errors import TooLarge, Unavailable, Unprocessable, UnsupportedMedia
from tunix_rt_backend.services.files import MOST_DEPTH, MOST_FILES
from tunix_rt_backend.settings import Settings

KINDS = ("application/zip", "application/x-zip-compressed", "application/octet-stream")
"""Content types of an archive."""
_PIECE = 2**20
_SMALL = 16 * 2**20
"""An archive may unpack to so many bytes whatever its ratio: text packs well."""
_MOST_DIRECTORY = 16 * 2**20
"""Bytes of the list of contents, which is read whole; 20,000 files need a tenth of it."""
_SKIPPED = ("__MACOSX",)
"""Folders that archivers add."""


@dataclass(frozen=True)
class Archive:
    """A zip on this machine."""

    path: Path
    """The file."""
    size: int
    """Bytes as sent."""


@contextlib.asynccontextmanager
async def received(headers: Mapping[str, str], body: AsyncIterator[bytes], home: Path) -> AsyncIterator[Archive]:
    """Yield the archive in the body of a request, as a file that is gone afterwards."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    coding = headers.get("content-encoding", "identity").strip().lower()
    if kind not in KINDS or coding != "identity":
        came = f"{kind[:80] or 'nothing'}{'' if coding == 'identity' else f', packed as {coding[:40]}'}"
        raise UnsupportedMedia(
            f"expected the zip itself as application/zip; this came as {came}. Send it with "
            "`curl -H 'content-type: application/zip' --data-binary @run.zip`"
        )
    with workplace(home) as folder:
        path, size = folder / "archive.zip", 0
        with await run_in_threadpool(path.open, "wb") as stream:
            async for piece in body:
                size += len(piece)
                await run_in_threadpool(_write, stream, piece)
        yield Archive(path, size)


@contextlib.contextmanager
def workplace(home: Path) -> Iterator[Path]:
    """Yield an empty folder that is gone afterwards; what a killed process left here is removed."""
    place = home / "cache" / "imports"
    place.mkdir(parents=True, exist_ok=True)
    for left in place.iterdir():
        with contextlib.suppress(BusyError, OSError), locked(left):
            shutil.rmtree(left)
    folder = place / uuid.uuid4().hex
    with locked(folder):
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def unpacked(archive: Archive, target: Path, settings: Settings) -> Iterator[Path]:
    """Yield a new folder with the files of an archive.

    Raises Unprocessable for an archive that cannot be read, or that holds anything but regular files with plain names;
    TooLarge if it unpacks to more than is allowed; Unavailable if the disk has no room.
    """
    target.mkdir()
    try:
        with archive.path.open("rb") as stream:
            _check_directory(stream)
            with zipfile.ZipFile(stream) as opened:
                _extract(opened, target, archive.size, settings)
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error, NotImplementedError, RuntimeError) as error:
        raise Unprocessable(f"the archive cannot be read: {error}; pack it again as a plain zip") from error
    except (ValueError, OverflowError) as error:
        raise Unprocessable(f"the archive cannot be read: {error}; pack it again as a plain zip") from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # which the place of a file before the beginning of the archive gives
            raise
        raise Unprocessable("the archive cannot be read: it points outside itself; pack it again") from error
    yield target


def copied(source: Path, target: Path, only: Collection[str] = ()) -> None:
    """Copy the regular files beneath a folder, or beneath the named folders in it.

    Raises Unprocessable if anything else is there.
    """
    for base, folders, names in os.walk(source, onerror=_raise):
        if only and Path(base) == source:
            folders[:], names[:] = [name for name in folders if name in only], []
        for name in (*folders, *names):
            mode = (Path(base) / name).lstat().st_mode
            if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise Unprocessable(f"{Path(base) / name} is a link or a special file; expected files and folders only")
        folders[:] = [name for name in folders if not _is_skipped([name])]
        inside = target / Path(base).relative_to(source)
        inside.mkdir(parents=True, exist_ok=True)
        for name in names:
            if not _is_skipped([name]):
                shutil.copyfile(Path(base) / name, inside / name, follow_symlinks=False)


def _raise(error: OSError) -> None:
    raise error


def _check_directory(stream: BinaryIO) -> None:
    """Raise TooLarge if the list of contents is larger than any honest one: Python reads it whole into memory."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(max(0, size - 65_557))
    tail = stream.read()
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + 22:
        raise Unprocessable("the body is no zip: its end is missing; pack the run's folder as a zip and send it whole")
    entries, directory = struct.unpack_from("<HL", tail, place + 10)
    wide = tail.rfind(b"PK\6\6", 0, place)
    if wide >= 0 and len(tail) >= wide + 48:
        entries, directory = struct.unpack_from("<QQ", tail, wide + 32)
    elif directory == 0xFFFFFFFF:
        raise Unprocessable("the end of the zip cannot be read; pack it again")
    if entries > MOST_FILES or directory > _MOST_DIRECTORY:
        raise TooLarge(f"the archive lists {entries:,} files in {directory:,} bytes; at most {MOST_FILES:,} are taken")
    stream.seek(0)


def _extract(opened: zipfile.ZipFile, target: Path, packed: int, settings: Settings) -> None:
    entries = opened.infolist()
    if len(entries) > MOST_FILES:
        raise TooLarge(f"the archive holds {len(entries):,} files; at most {MOST_FILES:,} are taken")
    allowed = min(max(packed * settings.upload_max_ratio, _SMALL), settings.upload_max_bytes)
    room = shutil.disk_usage(target).free - settings.disk_reserve_bytes
    written = 0
    seen: set[str] = set()
    for entry in entries:
        parts = _parts(entry)
        if _is_skipped(parts):
            continue
        name = unicodedata.normalize("NFC", "/".join(parts)).casefold()
        if not entry.is_dir() and name in seen:
            raise Unprocessable(
                f"the archive holds {entry.filename!r} twice, up to the case of its letters; rename one"
            )
        path = target.joinpath(*parts)
        if entry.is_dir():
            _make_folder(path)
            continue
        seen.add(name)
        _make_folder(path.parent)
        written += _write_file(opened, entry, path, min(allowed, room) - written, room < allowed)


def _parts(entry: zipfile.ZipInfo) -> list[str]:
    """Return the parts of a name in an archive; raise Unprocessable if it could lead anywhere else."""
    name = entry.filename
    parts = name.removesuffix("/").split("/")
    wrong = (
        "\\" in name
        or any(ord(letter) < 32 or 0xD800 <= ord(letter) < 0xE000 for letter in name)
        or any(part in ("", ".", "..") or len(part.encode()) > 255 for part in parts)
        or len(parts) > MOST_DEPTH
    )
    if wrong or entry.orig_filename != name:
        raise Unprocessable(
            f"the archive holds {name[:200]!a}; expected relative paths without `..`, as a plain zip has"
        )
    kind = stat.S_IFMT(entry.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise Unprocessable(f"{name[:200]!a} is a link or a special file; expected files and folders only")
    if entry.flag_bits & 1:
        raise Unprocessable(f"{name[:200]!a} is encrypted; pack it without a password")
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise Unprocessable(f"{name[:200]!a} is packed in a way not read here; pack it stored or deflated")
    return parts


def _is_skipped(parts: list[str]) -> bool:
    """Return whether a name is hidden: locks, files being written, what an archiver added."""
    return any(part.startswith(".") or part in _SKIPPED for part in parts)


def _make_folder(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
    except (FileExistsError, NotADirectoryError) as error:
        raise Unprocessable(f"the archive holds {path.name!r} as a file and as a folder; rename one") from error


def _write_file(opened: zipfile.ZipFile, entry: zipfile.ZipInfo, path: Path, most: int, disk: bool) -> int:
    """Write one file and return its size, as counted and not as the archive says."""
    written = 0
    try:
        with opened.open(entry) as source, path.open("xb") as stream:
            while piece := source.read(_PIECE):
                written += len(piece)
                if written > most:
                    if disk:
                        raise Unavailable("the disk has no room for this archive; make room and send it again")
                    raise TooLarge("the archive unpacks to more than is allowed (TUNIX_RT_UPLOAD_MAX_BYTES and _RATIO)")
                _write(stream, piece)
    except (FileExistsError, IsADirectoryError) as error:
        raise Unprocessable(f"the archive holds {entry.filename[:200]!a} twice; rename one") from error
    return written


def _write(stream: BinaryIO, data: bytes) -> None:
    try:
        stream.write(data)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise Unavailable("the disk is full; make room and send it again", retry_after=60) from error
        raise
