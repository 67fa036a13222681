"""Names of the folders and files of datasets; the only place that spells them.

It does not read or write any of them.
"""

from __future__ import annotations

import re

from tunix_rt.errors import UsageError

DATASETS = "datasets"
"""Folder of all datasets inside the home folder."""
REJECTED = "rejected.jsonl"
"""Rows with an error."""
DUPLICATES = "duplicates.jsonl"
"""Rows that another one stands for."""
QUARANTINE = "quarantine.jsonl"
"""Rows that repeat an evaluation item."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")


def split_file(split: str) -> str:
    """Return the name of the file of a split."""
    return f"{split}.jsonl"


def dataset_key(name: str, version: str) -> str:
    """Return the key of a dataset; raise UsageError if a part could not be part of a folder's name."""
    for part in (name, version):
        if not _NAME.fullmatch(part):
            raise UsageError(
                f"{part!r} cannot name a dataset; use letters, digits, dots, dashes and underscores, "
                "at most 128, and begin with a letter or digit"
            )
    return f"{name}-{version}"
