"""Leftovers: what a killed process left half done under a home folder; it does not know what it was to become.

Everything that is made or deleted stands under a hidden name meanwhile, or in a working folder of its own. Whoever is
alive either holds a lock in it or has written to it within a day.
"""

from __future__ import annotations

import os
import re
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tunix_rt.errors import BusyError
from tunix_rt.formats import is_locked, locked

AGE = 24 * 3600.0
"""Seconds without a change from which something half done counts as left behind."""
_FOLDERS = ("datasets", "runs", "evaluations", "submissions", "models", "tasks", "cache/tokenizers")
"""Folders whose entries are made and deleted under a hidden name."""
_WORKPLACES = ("cache/builds", "cache/imports", "uploads")
"""Folders of which every entry is somebody's working folder."""
_HIDDEN = re.compile(r"\..+\.[0-9a-f]{8}\.(tmp|deleted)")


@dataclass(frozen=True)
class Leftover:
    """Something half done that nobody works on."""

    path: Path
    """Where it is."""
    bytes: int
    """How much room it takes."""


def find(home: Path, *, now: float | None = None) -> list[Leftover]:
    """Return what was left behind under a home folder; nothing that is held, and nothing younger than a day."""
    now = time.time() if now is None else now
    found = []
    for path in _candidates(home):
        try:
            changed, size = _measured(path)
            if now - changed > AGE and not is_locked(path):
                found.append(Leftover(path, size))
        except OSError:
            continue  # it changes at this moment: somebody is at work
    return found


def remove(leftovers: list[Leftover]) -> list[Leftover]:
    """Remove what was found, but for what somebody holds by now; return what is gone."""
    gone = []
    for leftover in leftovers:
        path = leftover.path
        if path.is_symlink() or not path.is_dir():
            path.unlink(missing_ok=True)
        else:
            try:
                with locked(path):
                    shutil.rmtree(path, ignore_errors=True)
            except (BusyError, OSError):
                continue
        if not path.exists():
            gone.append(leftover)
    return gone


def _candidates(home: Path) -> Iterator[Path]:
    for part in _FOLDERS:
        yield from (path for path in _entries(home / part) if _HIDDEN.fullmatch(path.name))
    for part in _WORKPLACES:
        yield from _entries(home / part)


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else []


def _measured(path: Path) -> tuple[float, int]:
    """Return when something was last changed, and the bytes in it; no link is followed."""
    seen = path.lstat()
    changed, size = max(seen.st_mtime, seen.st_ctime), seen.st_size
    if path.is_dir() and not path.is_symlink():
        for entry in os.scandir(path):
            inner_changed, inner_size = _measured(Path(entry.path))
            changed, size = max(changed, inner_changed), size + inner_size
    return changed, size
