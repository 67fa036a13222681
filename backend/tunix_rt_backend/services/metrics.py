"""Metrics of a run: its rows, thinned to as many as one can draw; it does not know how they were made.

    <home>/cache/metrics/<run id>.curves    where the extremes stand, of a large file; read on when the file has grown
                         <run id>.answer    the answer to the question without options, packed

Both are made again from the run's own file when they are missing, torn, or of another file.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import gzip
import hashlib
import logging
import math
import os
import threading
import uuid
import zipfile
import zlib
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from tunix_rt.errors import TunixRtError
from tunix_rt_backend.errors import NotFound, ServiceError, Unprocessable
from tunix_rt_backend.services.curves import Curves, parse_row
from tunix_rt_backend.services.files import OpenFile, opening_beneath

logger = logging.getLogger(__name__)

FILE = "metrics.jsonl"
DEFAULT_POINTS = 2_000
PREFERRED = ("loss", "eval/loss", "reward")
"""Keys whose extremes are kept when none are asked for."""
_PLACES = ("step", "time_s")
"""Keys that say where a row stands, kept beside those that are asked for."""
_LARGE = 4 * 2**20
"""A file of more bytes has its curves kept on disk; reading so many takes some ten milliseconds."""
_SMALL = 256 * 1024
"""A file of at most so many bytes is answered in some milliseconds, whatever is kept."""
_CHUNK = 4 * 2**20
_MARK = 4096
"""Bytes before the place where one stopped reading, by which one knows that it is still the same file."""
_LONGEST_LINE = 16 * 2**20
"""Reading stops at a line of more bytes: it is none of ours."""
_KEPT_CURVES = 16
_KEPT_BYTES = 96 * 2**20


@dataclass(frozen=True)
class Query:
    """Which rows are asked for."""

    points: int = DEFAULT_POINTS
    """Most rows."""
    keys: tuple[str, ...] = ()
    """Only these keys, with `step` and `time_s`; none: all keys."""
    after_step: float | None = None
    """Only rows of later steps."""
    until_step: float | None = None
    """Only rows up to this step."""

    @property
    def is_part(self) -> bool:
        """Whether only some of the steps are asked for."""
        return self.after_step is not None or self.until_step is not None


@dataclass(frozen=True)
class Answer:
    """A JSON array of rows."""

    etag: str
    """Name of the state of the file that it was made from."""
    packed: bytes
    """The array, packed with gzip."""

    @functools.cached_property
    def plain(self) -> bytes:
        """The array."""
        return gzip.decompress(self.packed)

    @property
    def weight(self) -> int:
        """About the bytes of both; metrics shrink to a fifth."""
        return 6 * len(self.packed)


def _answer(etag: str, plain: bytes) -> Answer:
    return Answer(etag, gzip.compress(plain, 4, mtime=0))


EMPTY = _answer('"empty"', b"[]")
"""What a run without metrics answers."""


@dataclass
class _Known:
    """The curves of one file, as far as it was read."""

    curves: Curves
    inode: int
    mark: str
    """Digest of the bytes before the place where one stopped."""


class Metrics:
    """The metrics of all runs, with what was computed last kept in memory; safe for many threads."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.cache = home / "cache" / "metrics"
        self._known: OrderedDict[str, tuple[threading.Lock, list[_Known]]] = OrderedDict()
        self._answers: OrderedDict[tuple[str, Query], Answer] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()
        self._pool = ThreadPoolExecutor(4, thread_name_prefix="metrics")

    async def in_thread(self, work: Callable[[], Answer]) -> Answer:
        """Return what a piece of blocking work returns; a long first reading holds up other metrics at most."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work)

    def remembered(self, run_id: str, query: Query) -> Answer | None:
        """Return an answer that is in memory and still holds: a few system calls, less than a thread would cost."""
        found = self._answers.get((run_id, query))
        if found is None:
            return None
        try:
            with opening_beneath(self.home / "runs" / run_id, FILE) as file:
                return found if found.etag == file.etag else None
        except NotFound:
            return None

    def answer(self, run_id: str, query: Query) -> Answer:
        """Return the rows that are asked for; raise NotFound if the run has no metrics."""
        with opening_beneath(self.home / "runs" / run_id, FILE) as file:
            found = self._answers.get((run_id, query))
            if found is not None and found.etag == file.etag:
                return found
            found = self._kept_answer(run_id, file.etag) if query == Query() else None
            if found is None:
                found = _answer(file.etag, self._rows(run_id, file, query))
        self._remember((run_id, query), found)
        self._forget_deleted(run_id)
        return found

    def precompute(self, run_id: str) -> None:
        """Write what makes the first answer about a run fast, unless it is there; nothing if it has no metrics."""
        with contextlib.suppress(NotFound):
            with opening_beneath(self.home / "runs" / run_id, FILE) as file:
                if self._kept_answer(run_id, file.etag) is not None:
                    return
            answer = self.answer(run_id, Query())
            self._write(f"{run_id}.answer", _seal(answer) + b"\n" + answer.packed)
            self._forget_deleted(run_id)

    def forget(self, run_id: str) -> None:
        """Remove what is kept about a run, in memory and on disk."""
        with self._lock:
            self._known.pop(run_id, None)
            for key in [key for key in self._answers if key[0] == run_id]:
                self._bytes -= self._answers.pop(key).weight
        for kind in ("answer", "curves"):
            (self.cache / f"{run_id}.{kind}").unlink(missing_ok=True)

    def _forget_deleted(self, run_id: str) -> None:
        """Forget a run that was deleted while its metrics were read."""
        if not (self.home / "runs" / run_id).is_dir():
            self.forget(run_id)

    def _kept_answer(self, run_id: str, etag: str) -> Answer | None:
        try:
            seal, packed = (self.cache / f"{run_id}.answer").read_bytes().split(b"\n", 1)
        except (OSError, ValueError):
            return None
        answer = Answer(etag, packed)
        return answer if seal == _seal(answer) else None

    def _remember(self, key: tuple[str, Query], answer: Answer) -> None:
        with self._lock:
            before = self._answers.pop(key, None)
            self._answers[key] = answer
            self._bytes += answer.weight - (before.weight if before else 0)
            while self._bytes > _KEPT_BYTES and len(self._answers) > 1:
                self._bytes -= self._answers.popitem(last=False)[1].weight

    def _write(self, name: str, data: bytes) -> None:
        """Replace a file of the cache; it is not flushed, since a torn one is noticed and made again."""
        self.cache.mkdir(parents=True, exist_ok=True)
        temporary = self.cache / f".{uuid.uuid4().hex}.tmp"
        temporary.write_bytes(data)
        os.replace(temporary, self.cache / name)

    def _rows(self, run_id: str, file: OpenFile, query: Query) -> bytes:
        with self._lock:
            lock, holder = self._known.setdefault(run_id, (threading.Lock(), []))
            self._known.move_to_end(run_id)
            while len(self._known) > _KEPT_CURVES:
                self._known.popitem(last=False)
        with lock:
            known = holder[0] if holder else self._kept_curves(run_id, file)
            if known is None or not _is_same(known, file):
                known = _Known(Curves(), file.inode, "")
            holder[:] = [known]
            if self._read_on(known, file) and file.size > _LARGE:
                self._keep_curves(run_id, known)
            return _chosen(known.curves, file, query)

    def _read_on(self, known: _Known, file: OpenFile) -> bool:
        """Read what was added to a file; return whether much was, so that it is worth keeping."""
        curves, began = known.curves, known.curves.end
        data = b""
        while len(data) <= _LONGEST_LINE and (
            more := file.read(curves.end + len(data), min(_CHUNK, file.size - curves.end - len(data)))
        ):
            data += more
            data = data[curves.read(data) :]
        known.mark = _mark(file, curves.end)
        return curves.end - began > max(_LARGE, began // 8)

    def _kept_curves(self, run_id: str, file: OpenFile) -> _Known | None:
        if file.size <= _LARGE:
            return None
        try:
            head, body = (self.cache / f"{run_id}.curves").read_bytes().split(b"\n", 1)
            said = orjson.loads(head)
            return _Known(Curves.load(body), said["inode"], said["mark"])
        except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile):
            return None

    def _keep_curves(self, run_id: str, known: _Known) -> None:
        head = orjson.dumps({"inode": known.inode, "mark": known.mark})
        self._write(f"{run_id}.curves", head + b"\n" + known.curves.dump())


def precompute(home: Path, run_id: str) -> None:
    """Write what makes the first answer about a run fast; metrics that cannot be read are left as they are."""
    try:
        Metrics(home).precompute(run_id)
    except (TunixRtError, ServiceError, OSError) as error:
        logger.warning("metrics not thinned out: run=%s: %s", run_id, error)


def are_large(home: Path, run_id: str) -> bool:
    """Return whether a run has so many metrics that the first answer about it is slow, unless it is precomputed."""
    try:
        return (home / "runs" / run_id / FILE).stat().st_size > _SMALL
    except OSError:
        return False


def _seal(answer: Answer) -> bytes:
    return f"{answer.etag} {zlib.crc32(answer.packed)}".encode()


def _mark(file: OpenFile, end: int) -> str:
    start = max(0, end - _MARK)
    return hashlib.sha256(file.read(start, end - start)).hexdigest()


def _is_same(known: _Known, file: OpenFile) -> bool:
    """Return whether a file is the one that was read, with nothing changed before the place where one stopped."""
    end = known.curves.end
    return known.inode == file.inode and end <= file.size and known.mark == _mark(file, end)


def _chosen(curves: Curves, file: OpenFile, query: Query) -> bytes:
    if query.points < 4 * len(query.keys) + 2:
        raise Unprocessable(
            f"{len(query.keys)} keys need at least {4 * len(query.keys) + 2} points; ask for more points"
        )
    if not query.is_part and not query.keys and curves.rows <= query.points:
        return _array(line for line in file.read(0, curves.end).split(b"\n") if parse_row(line))
    if query.is_part:
        curves = _part(curves, file, query)
    keys = query.keys or _default_keys(curves, query.points)
    rows = curves.select(keys, query.points, after_step=query.after_step, until_step=query.until_step)
    lines = _lines(file, rows["offset"].tolist(), rows["length"].tolist())
    if not query.keys:
        return _array(lines)
    wanted = (*(key for key in _PLACES if key not in query.keys), *query.keys)
    records: list[dict[str, Any]] = [orjson.loads(line) for line in lines]
    return orjson.dumps([{key: record[key] for key in wanted if key in record} for record in records])


def _default_keys(curves: Curves, points: int) -> tuple[str, ...]:
    if curves.rows <= points:
        return tuple(curves.keys)
    others = [key for key in curves.keys if key not in _PLACES]
    keys = [key for key in PREFERRED if key in curves.keys] or others[:2] or list(curves.keys)
    return tuple(keys[: (points - 2) // 4])


def _part(curves: Curves, file: OpenFile, query: Query) -> Curves:
    """Return the curves of the asked steps alone, if their rows are few enough to be read; else those of all rows."""
    steps = curves.keys.get("step")
    if steps is None:
        return Curves()
    later = (steps["step"] > (-math.inf if query.after_step is None else query.after_step)).nonzero()[0]
    earlier = (steps["step"] <= (math.inf if query.until_step is None else query.until_step)).nonzero()[0]
    if not len(later) or not len(earlier):
        return Curves()
    start = int(steps["offset"][max(0, later[0] - 1)])
    after = earlier[-1] + 1
    end = max(start, int(steps["offset"][after]) if after < len(steps) else curves.end)
    if end - start > _LARGE:
        return curves
    part = Curves(end=start)
    part.read(file.read(start, end - start))
    return part


def _lines(file: OpenFile, offsets: list[int], lengths: list[int]) -> list[bytes]:
    if not offsets:
        return []
    first, end = offsets[0], offsets[-1] + lengths[-1]
    if end - first > _LARGE:
        return [file.read(offset, length) for offset, length in zip(offsets, lengths, strict=True)]
    data = file.read(first, end - first)
    return [data[offset - first : offset - first + length] for offset, length in zip(offsets, lengths, strict=True)]


def _array(lines: Any) -> bytes:
    return b"[" + b",".join(lines) + b"]"
