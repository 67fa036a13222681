"""Folders that are deleted: out of sight first, gone once their row is; it does not know what they hold."""

from __future__ import annotations

import contextlib
import os
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def deleting(folder: Path) -> Iterator[None]:
    """Hide a folder for the length of a block, then delete it; an error in the block puts it back.

    Whoever opens a file beneath it in the block finds nothing, and a crash leaves a hidden folder that nobody lists.
    """
    aside = folder.with_name(f".{folder.name}.{uuid.uuid4().hex[:8]}.deleted")
    try:
        os.rename(folder, aside)
    except FileNotFoundError:
        yield
        return
    try:
        yield
    except BaseException:
        os.rename(aside, folder)
        raise
    if aside.is_symlink():
        aside.unlink()
    else:
        shutil.rmtree(aside, ignore_errors=True)
