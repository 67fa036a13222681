"""Wheels: the packages that a session needs without internet, read from a hashed lock. It downloads nothing."""

from __future__ import annotations

import re
from pathlib import Path

from tunix_rt.errors import DataError, MissingError
from tunix_rt.formats import Format

_ENTRY = re.compile(r"(?P<name>[A-Za-z0-9][A-Za-z0-9._-]*)==(?P<version>[^\s;]+)\s*(?:;\s*(?P<marker>[^\\]*))?\\?$")
_HASH = re.compile(r"\s+--hash=sha256:(?P<hash>[0-9a-f]{64})\s*\\?$")


class Wheel(Format):
    """One locked package: any file of it that a session installs must have one of these hashes."""

    name: str
    """Name of the package."""
    version: str
    """Its only version."""
    marker: str | None
    """On which systems it is needed; None: on all."""
    hashes: list[str]
    """sha256 of every file that was published of this version."""


def read_lock(path: Path) -> list[Wheel]:
    """Return the packages of a lock file; raise DataError naming a line that is not a locked package with a hash."""
    if not path.is_file():
        raise MissingError(
            f"the lock {path} does not exist; `make lock` writes requirements/kaggle.txt, --lock names one"
        )
    found: list[tuple[str, str, str | None]] = []
    hashes: list[list[str]] = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        if not line.strip():
            continue
        if entry := _ENTRY.match(line):
            found.append((entry["name"], entry["version"], (entry["marker"] or "").strip() or None))
            hashes.append([])
        elif (digest := _HASH.match(line)) and found:
            hashes[-1].append(digest["hash"])
        else:
            raise DataError(f"{path}, line {number}: expected name==version or --hash=sha256:…, found {line.strip()!r}")
    bare = [name for (name, _, _), known in zip(found, hashes, strict=True) if not known]
    if bare or not found:
        raise DataError(f"{path} locks {', '.join(bare) or 'nothing'} without a hash; write it with `make lock`")
    return [
        Wheel(name=name, version=version, marker=marker, hashes=known)
        for (name, version, marker), known in zip(found, hashes, strict=True)
    ]
