"""Files beneath a folder: opened part by part, so that no name in a request can lead out of it.

Each part of a path is opened relative to the folder before it and never through a symbolic link (openat(2) with
O_NOFOLLOW), so that nothing that changes meanwhile makes a checked path lead elsewhere. Only regular files are opened.
It does not know what the files mean; what it refuses is told without the server's paths.
"""

from __future__ import annotations

import contextlib
import errno
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import formatdate
from pathlib import Path

from tunix_rt_backend.errors import BadRequest, NotFound

MOST_FILES = 20_000
"""A folder with more files is listed so far."""
MOST_DEPTH = 32
"""Deepest folder that is listed or opened."""
_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC  # a fifo must not make the caller wait for a writer
_ABSENT = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.EISDIR, errno.ENXIO, errno.EACCES, errno.ENAMETOOLONG}
"""What opening says of a missing file, a link, a socket or a file that is not ours to read."""


@dataclass(frozen=True)
class OpenFile:
    """A regular file, open for reading; whoever holds it closes it."""

    descriptor: int
    """Descriptor of the open file."""
    size: int
    """Bytes it held when it was opened."""
    modified_ns: int
    """When it was last written, in nanoseconds since 1970."""
    inode: int
    """Number of the file on its disk: another one means another file of the same name."""

    @property
    def etag(self) -> str:
        """A name for these bytes that changes when they do."""
        return f'"{self.inode:x}-{self.modified_ns:x}-{self.size:x}"'

    @property
    def last_modified(self) -> str:
        """When it was last written, as HTTP writes it."""
        return formatdate(self.modified_ns / 1e9, usegmt=True)

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from an offset; fewer only at the end."""
        return os.pread(self.descriptor, length, offset)

    def close(self) -> None:
        """Close it."""
        os.close(self.descriptor)


@dataclass(frozen=True)
class ListedFile:
    """A regular file beneath a folder."""

    path: str
    """Path relative to the folder, with `/`."""
    size: int
    """Bytes."""
    modified_ns: int
    """When it was last written, in nanoseconds since 1970."""


def parts_of(relative: str) -> list[str]:
    """Return the parts of a path beneath a folder; raise BadRequest if it is none, NotFound if none is that long."""
    parts = relative.split("/")
    if not all(_is_shown(part) for part in parts):
        raise BadRequest(
            "the path does not lie beneath the folder; write it as the list of files does: `logs/attempt-1.log`"
        )
    if len(parts) > MOST_DEPTH or any(len(part.encode("utf-8", "surrogatepass")) > 255 for part in parts):
        raise NotFound(f"no file has such a path: the longest has {MOST_DEPTH} parts of at most 255 bytes")
    return parts


def open_beneath(folder: Path, relative: str) -> OpenFile:
    """Open a regular file beneath a folder.

    Raises BadRequest for a path that leads upwards, is absolute, empty or no text, and NotFound for anything that is
    missing or too long to exist, is reached through a symbolic link, or is no regular file.
    """
    parts = parts_of(relative)
    with contextlib.ExitStack() as opened:
        try:
            place = _opened(opened, os.open(folder, _FOLDER))
            for part in parts[:-1]:
                place = _opened(opened, os.open(part, _FOLDER, dir_fd=place))
            descriptor = os.open(parts[-1], _FILE, dir_fd=place)
        except (OSError, ValueError) as error:
            if isinstance(error, OSError) and error.errno not in _ABSENT:
                raise
            raise NotFound(f"there is no file {relative!r} here; the list of files shows what there is") from error
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        os.close(descriptor)
        raise NotFound(f"{relative!r} is no file here; the list of files shows what there is")
    return OpenFile(descriptor, found.st_size, found.st_mtime_ns, found.st_ino)


@contextlib.contextmanager
def opening_beneath(folder: Path, relative: str) -> Iterator[OpenFile]:
    """Open a regular file beneath a folder for the length of a block; see `open_beneath`."""
    file = open_beneath(folder, relative)
    try:
        yield file
    finally:
        file.close()


def list_beneath(folder: Path) -> list[ListedFile]:
    """Return the regular files beneath a folder, sorted by path, at most `MOST_FILES`.

    Links are neither followed nor listed, nor are names with a leading dot: locks and files that are being written.
    """
    found: list[ListedFile] = []
    with _opening(folder) as root:
        for base, folders, names, place in os.fwalk(".", dir_fd=root, follow_symlinks=False):
            prefix = "" if base == "." else base.removeprefix("./") + "/"
            folders[:] = sorted(filter(_is_shown, folders)) if prefix.count("/") < MOST_DEPTH - 1 else []
            for name in filter(_is_shown, names):
                with contextlib.suppress(FileNotFoundError):  # it may go away while we look
                    seen = os.stat(name, dir_fd=place, follow_symlinks=False)
                    if stat.S_ISREG(seen.st_mode):
                        found.append(ListedFile(prefix + name, seen.st_size, seen.st_mtime_ns))
            if len(found) >= MOST_FILES:
                break
    return sorted(found, key=lambda file: file.path)[:MOST_FILES]


def has_folder(folder: Path) -> bool:
    """Return whether a folder is there, and is no symbolic link."""
    return stat.S_ISDIR(folder.lstat().st_mode) if os.path.lexists(folder) else False


@contextlib.contextmanager
def _opening(folder: Path) -> Iterator[int]:
    try:
        descriptor = os.open(folder, _FOLDER)
    except OSError as error:
        if error.errno not in _ABSENT:
            raise
        raise NotFound("the folder is not there") from error
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _opened(stack: contextlib.ExitStack, descriptor: int) -> int:
    stack.callback(os.close, descriptor)
    return descriptor


def _is_shown(part: str) -> bool:
    """Return whether a name is one of ours: not hidden (locks, files being written), and no control characters."""
    return part[:1] not in ("", ".") and "\\" not in part and part.isprintable()
