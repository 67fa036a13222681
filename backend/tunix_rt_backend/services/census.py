"""Census: every folder of a home at once, and the index made of all of them.

    take(home) ── reads and checks; no database ──▶ Census ── write(session, census) ──▶ rows

So nobody waits to write while ten thousand folders are read. It does not know what a row holds: `index` does.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import Field
from sqlalchemy import delete, insert, select
from sqlalchemy.exc import DataError as DataFault
from sqlalchemy.orm import Session

from tunix_rt.errors import TunixRtError
from tunix_rt.formats import MANIFEST, Format
from tunix_rt_backend.services import folders, index, jobs
from tunix_rt_backend.tables import Base, DatasetRow, EvaluationRow, Run, SubmissionRow

_AT_ONCE = 500
"""Rows that are inserted at a time."""


class Part(NamedTuple):
    """One kind of folder."""

    table: type[Base]
    """Where its rows are."""
    key: Any
    """Column of the folder's name."""
    digest: Any
    """Column of the digest that its manifest says."""
    read: Callable[[Path], Any]
    """Returns its row, of a run what its folder says of it; raises DataError if it is not whole."""
    write: Callable[[Session, Path], object]
    """Writes its row."""


PARTS = {
    "datasets": Part(DatasetRow, DatasetRow.key, DatasetRow.digest, index.dataset_values, index.index_dataset),
    "runs": Part(Run, Run.run_id, Run.manifest_digest, index.run_record, index.index_run),
    "evaluations": Part(
        EvaluationRow,
        EvaluationRow.evaluation_id,
        EvaluationRow.digest,
        index.evaluation_values,
        index.index_evaluation,
    ),
    "submissions": Part(
        SubmissionRow,
        SubmissionRow.submission_id,
        SubmissionRow.digest,
        index.submission_values,
        index.index_submission,
    ),
}
"""Every kind of folder that has rows, by its place under the home folder, in flow order."""


class Place(NamedTuple):
    """Where a folder is."""

    part: str
    """One of PARTS."""
    name: str
    """Its name there."""


class Mark(NamedTuple):
    """A manifest as the file system knows it: it changes whenever the manifest is replaced."""

    written: int
    size: int
    inode: int


class Broken(Format):
    """A folder that has no row, and why."""

    folder: str
    """The folder, relative to the home folder."""
    problem: str
    """What was expected, what came, what to do."""


class IndexReport(Format):
    """What the index was made of."""

    datasets: int = 0
    """Datasets that have a row."""
    runs: int = 0
    """Runs that have a row, those that wait for a worker included."""
    evaluations: int = 0
    """Evaluations that have a row."""
    submissions: int = 0
    """Submissions that have a row."""
    broken: list[Broken] = Field(default_factory=list)
    """Folders that have none."""


@dataclass
class Census:
    """Every folder of a home, as it was when it was read."""

    home: Path
    marks: dict[Place, Mark | None] = field(default_factory=dict)
    """Every folder; None: it has no manifest."""
    found: dict[Place, Any] = field(default_factory=dict)
    """What each whole folder says."""
    problems: dict[Place, str] = field(default_factory=dict)
    """What is wrong with each other one."""


def marks(home: Path) -> dict[Place, Mark | None]:
    """Return every folder of a home that may have a row; None: it has no manifest."""
    found: dict[Place, Mark | None] = {}
    for part in PARTS:
        try:
            names = sorted(entry.name for entry in os.scandir(home / part) if entry.is_dir() and entry.name[0] != ".")
        except FileNotFoundError:
            continue
        for name in names:
            try:
                seen = os.stat(f"{home}/{part}/{name}/{MANIFEST}")
                found[Place(part, name)] = Mark(seen.st_mtime_ns, seen.st_size, seen.st_ino)
            except OSError:
                found[Place(part, name)] = None
    return found


def take(home: Path, progress: Callable[[int, int], None] = lambda done, total: None) -> Census:
    """Read and check every folder of a home; `progress` hears how many are read, of how many."""
    census = Census(home)
    _read(census, marks(home), progress)
    return census


def _read(
    census: Census, now: dict[Place, Mark | None], progress: Callable[[int, int], None] = lambda done, total: None
) -> None:
    """Read the folders that are new or changed since the census, and forget those that are gone."""
    for place in census.marks.keys() - now.keys():
        census.found.pop(place, None)
        census.problems.pop(place, None)
    changed = [place for place, mark in now.items() if place not in census.marks or census.marks[place] != mark]
    for number, place in enumerate(changed, start=1):
        census.found.pop(place, None)
        census.problems.pop(place, None)
        try:
            census.found[place] = PARTS[place.part].read(census.home / place.part / place.name)
        except (TunixRtError, OSError) as error:
            census.problems[place] = str(error)
        progress(number, len(changed))
    census.marks = now


def settle(session: Session, home: Path) -> None:
    """End every deletion that a crash cut off: a folder whose row is there comes back, any other one goes.

    A deletion that is at work holds its row until it is committed, so that it is waited for.
    """
    for part, (_, key, *_) in PARTS.items():
        for name, aside in folders.hidden(home / part):
            row = session.scalar(select(key).where(key == name).with_for_update())
            folder = home / part / name
            if row is not None and not folder.exists():
                with contextlib.suppress(FileNotFoundError):  # whoever deletes it was through in the meantime
                    aside.rename(folder)
            else:
                folders.delete(aside)


def write(session: Session, census: Census) -> IndexReport:
    """Delete every index row and make all of them again: from the census, and from the jobs whose run has no folder.

    What has changed since the census was taken is read again. A folder that is not whole has no row: it is reported.
    """
    settle(session, census.home)
    _read(census, marks(census.home))
    ends = jobs.ends(session)
    counted, unread = {}, dict[Place, str]()
    for part, (table, key, *_) in PARTS.items():
        session.execute(delete(table))
        found = {place.name: read for place, read in census.found.items() if place.part == part}
        if part == "runs":
            found = {name: index.recorded_values(read, *ends.get(name, (None, None))) for name, read in found.items()}
            for name in ends:
                if Place(part, name) not in census.marks:
                    try:
                        found[name] = index.waiting_values(*ends[name])
                    except TunixRtError as error:
                        unread[Place(part, name)] = str(error)
        refused = _insert(session, table, key.key, found.values())
        census.problems.update({Place(part, name): problem for name, problem in refused.items()})
        counted[part] = len(found) - len(refused)
    wrong = {place: census.problems[place] for place in census.marks if place in census.problems} | unread
    broken = [Broken(folder=f"{place.part}/{place.name}", problem=problem) for place, problem in wrong.items()]
    return IndexReport(**counted, broken=broken)


def _insert(session: Session, table: type[Base], key: str, rows: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Insert rows; return those that hold a value that the database does not keep, by name, with what to do."""
    refused: dict[str, str] = {}
    waiting = list(rows)
    pieces = [waiting[begin : begin + _AT_ONCE] for begin in range(0, len(waiting), _AT_ONCE)]
    while pieces:
        piece = pieces.pop()
        try:
            with session.begin_nested():
                session.execute(insert(table), piece)
        except (DataFault, OverflowError) as error:
            if len(piece) > 1:  # one of them is wrong: each by itself
                pieces += [[row] for row in piece]
                continue
            reason = " ".join(str(getattr(error, "orig", None) or error).split())
            refused[piece[0][key]] = (
                f"it holds a value that no database keeps ({reason}); take the value out, or the folder away"
            )
    return refused
