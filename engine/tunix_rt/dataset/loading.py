"""Frozen datasets: find one by key or path, verify its bytes, and read its rows.

It does not build or change anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from tunix_rt.dataset.layout import DATASETS, split_file
from tunix_rt.dataset.manifest import DatasetManifest, RowView
from tunix_rt.errors import DataError, MissingError
from tunix_rt.formats import MANIFEST, check_digests, read_jsonl
from tunix_rt.importers import RowError, read
from tunix_rt.trace import ReasoningTrace, render


@dataclass(frozen=True)
class Dataset:
    """A frozen dataset on disk."""

    manifest: DatasetManifest
    folder: Path

    @property
    def splits(self) -> list[str]:
        """Names of the splits, `train` first."""
        return list(self.manifest.splits)

    def traces(self, split: str = "train") -> Iterator[ReasoningTrace]:
        """Yield the traces of a split in their frozen order."""
        if split not in self.manifest.splits:
            raise MissingError(f"{self.manifest.key} has no split {split!r}; it has {', '.join(self.splits)}")
        for record in read_jsonl(self.folder / split_file(split)):
            yield ReasoningTrace.model_validate(record)

    def rows(self) -> Iterator[tuple[str, ReasoningTrace]]:
        """Yield `(split, trace)` of every row."""
        for split in self.splits:
            for trace in self.traces(split):
                yield split, trace

    def row(self, name: str) -> RowView:
        """Return one row by its id, otherwise by its number from 0 over all splits."""
        found = _named(self.rows(), name)
        if found is None:
            raise MissingError(f"{self.manifest.key} has no row {name!r}; give an id or a number below {self.size}")
        return found

    @property
    def size(self) -> int:
        """Rows of all splits."""
        return sum(self.manifest.splits.values())


def file_row(path: Path, name: str) -> RowView:
    """Return one row of a file of traces by its id, otherwise by its number from 0; its split is the file's name.

    Raises DataError for a row that cannot be used, and MissingError if there is none of this name.
    """
    found = _named(((path.name, trace) for trace in _usable(path)), name)
    if found is None:
        raise MissingError(f"{path.name} has no row {name!r}; give an id, or a number from 0")
    return found


def _usable(path: Path) -> Iterator[ReasoningTrace]:
    for _, row in read(path, unique_ids=False):
        if isinstance(row, RowError):
            raise DataError(str(row))
        yield row


def _named(rows: Iterable[tuple[str, ReasoningTrace]], name: str) -> RowView | None:
    numbered: RowView | None = None
    for number, (split, trace) in enumerate(rows):
        identity = str(trace.meta.get("id", number))
        if name not in (identity, str(number)):
            continue
        text = render(trace)
        view = RowView(id=identity, split=split, prompt=text.prompt, completion=text.completion, meta=trace.meta)
        if name == identity:
            return view
        numbered = view
    return numbered


def dataset_keys(home: Path) -> list[str]:
    """Return the keys of all datasets, sorted; a folder without a manifest is none."""
    folder = home / DATASETS
    return sorted(path.parent.name for path in folder.glob(f"*/{MANIFEST}") if not path.parent.name.startswith("."))


def load(home: Path, key_or_path: str | Path, *, verify: bool = True) -> Dataset:
    """Load a dataset by its key, or by the path of its folder.

    Raises MissingError if there is none, and DigestError naming the file if its bytes have changed.
    """
    folder = Path(key_or_path)
    if not (folder / MANIFEST).is_file():
        keys = dataset_keys(home)
        if str(key_or_path) not in keys:
            near = difflib.get_close_matches(str(key_or_path), keys, n=3) or keys[:5]
            hint = f"did you mean {', '.join(near)}?" if near else "build one with `tunix-rt data build`"
            raise MissingError(f"there is no dataset {str(key_or_path)!r} in {home / DATASETS}; {hint}")
        folder = home / DATASETS / str(key_or_path)
    dataset = Dataset(DatasetManifest.read(folder / MANIFEST), folder)
    if verify:
        check_digests(folder, dataset.manifest.files)
    return dataset
