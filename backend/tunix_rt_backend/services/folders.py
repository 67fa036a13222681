"""Folders that are deleted: out of sight first, gone once their row is; it does not know what they hold.

    with contextlib.ExitStack() as after, call.writing(name) as session:
        session.execute(delete(…))                # whoever looks at the row waits from here on
        after.enter_context(deleting(folder))     # hidden before the commit, deleted after it, back if it fails

A crash leaves a hidden folder. Its row, which is gone or not, says what was meant: `census.settle` ends what was begun.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

_HIDDEN = re.compile(r"\.(.+)\.[0-9a-f]{8}\.deleted")


@contextlib.contextmanager
def deleting(folder: Path) -> Iterator[None]:
    """Hide a folder for the length of a block, then delete it; an error in the block puts it back.

    Whoever opens a file beneath it in the block finds nothing.
    """
    aside = hide(folder)
    try:
        yield
    except BaseException:
        if aside is not None:
            os.rename(aside, folder)
        raise
    if aside is not None:
        delete(aside)


def hide(folder: Path) -> Path | None:
    """Give a folder a hidden name and return that; None if there is no folder."""
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.deleted")
    try:
        os.rename(folder, aside)
    except FileNotFoundError:
        return None
    return aside


def hidden(place: Path) -> list[tuple[str, Path]]:
    """Return the folders of a place whose deletion has not ended, each with the name that it had."""
    if not place.is_dir():
        return []
    found = ((_HIDDEN.fullmatch(path.name), path) for path in sorted(place.iterdir()))
    return [(match[1], path) for match, path in found if match]


def delete(aside: Path) -> None:
    """Delete a hidden folder, or a hidden link without what it leads to."""
    if aside.is_symlink():
        aside.unlink()
    else:
        shutil.rmtree(aside, ignore_errors=True)
