"""Datasets: find, read, compare and take away frozen folders; the folder is the truth, its row is there to be found.

Every file is opened beneath its folder, never through a link. It does not know how a dataset is built.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
from datetime import datetime
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from pydantic import BaseModel, ValidationError
from sqlalchemy import delete, select
from sqlalchemy.exc import DataError as DataFault
from sqlalchemy.orm import Session

from tunix_rt.dataset import DatasetDiff, DatasetManifest, dataset_keys
from tunix_rt.errors import TunixRtError
from tunix_rt.formats import MANIFEST, digest_value
from tunix_rt.importers import RowError
from tunix_rt.run import is_held, read_run_config
from tunix_rt.run_folder import RunDir
from tunix_rt.trace import ReasoningTrace, render
from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.datasets import DuplicateRow, QuarantinedRow, RowPreview
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.services import apart, configs, files, lines
from tunix_rt_backend.services.index import hold_dataset, index_dataset
from tunix_rt_backend.services.jobs import ACTIVE
from tunix_rt_backend.services.pages import page
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import DatasetRow, Job, Run

logger = logging.getLogger(__name__)

_LISTS: dict[type[BaseModel], str] = {
    RowError: "rejected.jsonl",
    DuplicateRow: "duplicates.jsonl",
    QuarantinedRow: "quarantine.jsonl",
}
"""The file beside the splits that holds rows of each shape."""
Shape = TypeVar("Shape", RowError, DuplicateRow, QuarantinedRow)


def folder_of(home: Path, key: str) -> Path:
    """Return the folder of a dataset, whether it is there or not."""
    return home / "datasets" / key


def folder_digest(home: Path, manifest: DatasetManifest) -> str:
    """Return the digest that a run records of the folder of a dataset: of every file, the manifest included."""
    with files.opening_beneath(folder_of(home, manifest.key), MANIFEST) as file:
        own = f"sha256:{hashlib.sha256(file.read(0, file.size)).hexdigest()}"
    return digest_value(manifest.files | {MANIFEST: own})


def read(home: Path, key: str) -> DatasetManifest:
    """Return the manifest in a dataset's folder.

    Raises NotFound if there is none, and Conflict if it is damaged or of a version that this code does not read.
    """
    folder = folder_of(home, key)
    try:
        if not files.has_folder(folder):
            raise NotFound("no folder")
        with files.opening_beneath(folder, MANIFEST) as file:
            manifest = DatasetManifest.model_validate_json(file.read(0, file.size))
    except NotFound as error:
        raise NotFound(f"there is no dataset {key!r}; GET /api/datasets lists them") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(map(str, first["loc"])) or "the whole file"
        raise Conflict(
            f"the manifest of dataset {key!r} does not load ({field}: {first['msg']}); it is damaged or of another "
            "version: restore it, or delete the dataset and build it again"
        ) from error
    if manifest.key != key:
        raise Conflict(f"the folder {key!r} holds dataset {manifest.key!r}; give the folder its name back")
    return manifest


def open_file(home: Path, manifest: DatasetManifest, name: str) -> BinaryIO:
    """Open one of the files that a manifest lists; raise Conflict if it is gone."""
    if name not in manifest.files:
        raise NotFound(f"dataset {manifest.key!r} has no {name}; it has {', '.join(manifest.files)}")
    try:
        file = files.open_beneath(folder_of(home, manifest.key), name)
    except NotFound as error:
        raise Conflict(
            f"{name} of dataset {manifest.key!r} is gone, though its manifest lists it; restore it, or build it again"
        ) from error
    return os.fdopen(file.descriptor, "rb")


def open_split(home: Path, manifest: DatasetManifest, split: str) -> BinaryIO:
    """Open the rows of a split; raise NotFound if the dataset has none of that name."""
    if split not in manifest.splits:
        raise NotFound(f"dataset {manifest.key!r} has no split {split!r}; it has {', '.join(manifest.splits)}")
    return open_file(home, manifest, f"{split}.jsonl")


def preview(
    home: Path, manifest: DatasetManifest, split: str, *, limit: int, cursor: str | None
) -> tuple[list[RowPreview], Pagination]:
    """Return rows of a split as the model reads them."""
    with open_split(home, manifest, split) as stream:
        return lines.page(
            stream,
            split,
            lambda line, number: _preview(manifest, split, number, lines.value_of(line, split, number)),
            limit=limit,
            cursor=cursor,
        )


def _preview(manifest: DatasetManifest, split: str, number: int, value: dict[str, Any]) -> RowPreview:
    try:
        trace = ReasoningTrace.model_validate(value)
        text = render(trace)
    except (ValidationError, TunixRtError) as error:
        raise _damaged(manifest, split, number) from error
    return RowPreview(
        row=number,
        id=str(trace.meta.get("id")),
        split=split,
        prompt=text.prompt,
        completion=text.completion,
        steps=trace.steps,
        final_answer=trace.final_answer,
        meta=trace.meta,
    )


def listed_rows(
    home: Path, key: str, shape: type[Shape], *, limit: int, cursor: str | None
) -> tuple[list[Shape], Pagination]:
    """Return rows of a dataset that have this shape: rejected ones, duplicates, or those in quarantine."""
    manifest, name = read(home, key), _LISTS[shape]

    def row(line: bytes, number: int) -> Shape:
        try:
            return shape.model_validate(lines.value_of(line, name, number))
        except ValidationError as error:
            raise _damaged(manifest, name, number) from error

    with open_file(home, manifest, name) as stream:
        return lines.page(stream, name, row, limit=limit, cursor=cursor)


def _damaged(manifest: DatasetManifest, name: str, number: int) -> Conflict:
    return Conflict(
        f"row {number} of {name} of dataset {manifest.key!r} is damaged; restore the file, or build it again"
    )


def compare(settings: Settings, a: str, b: str) -> DatasetDiff:
    """Compare two datasets row by row."""
    for key in (a, b):
        read(settings.home, key)
    return DatasetDiff.model_validate(apart.run(settings, "comparison", a=a, b=b))


def list_datasets(
    session: Session, *, name: str | None, limit: int, offset: int, cursor: str | None
) -> tuple[list[DatasetRow], Pagination]:
    """Return one page of datasets, the newest first."""
    query = select(DatasetRow)
    if name is not None:
        query = query.where(DatasetRow.name == name)
    order = [(DatasetRow.created_at, datetime), (DatasetRow.key, str)]
    return page(session, query, order, limit=limit, offset=offset, cursor=cursor)


def differences(session: Session, home: Path) -> tuple[list[str], list[str]]:
    """Return the keys of whole folders without a row, and those of rows without a folder."""
    folders, rows = set(dataset_keys(home)), set(session.scalars(select(DatasetRow.key)))
    return sorted(key for key in folders - rows if _is_whole(home, key)), sorted(rows - folders)


def _is_whole(home: Path, key: str) -> bool:
    try:
        manifest = read(home, key)
        return all((folder_of(home, key) / name).is_file() for name in manifest.files)
    except Conflict as error:
        logger.warning("not listed: %s", error.detail)
        return False


def reconcile(session: Session, home: Path, without_row: list[str], without_folder: list[str]) -> None:
    """Give folders their row, and drop rows whose folder is gone."""
    for key in without_row:
        try:
            with session.begin_nested():
                index_dataset(session, folder_of(home, key))
        except (TunixRtError, OSError, DataFault) as error:
            logger.warning("dataset %s gets no row: %s", key, error)
    session.execute(delete(DatasetRow).where(DatasetRow.key.in_(without_folder)))


def remove(session: Session, home: Path, key: str) -> None:
    """Delete the row of a dataset, and keep everybody from starting a run on it until the transaction ends.

    Raises NotFound if there is neither, and Conflict while a run that waits or is worked on trains on it.
    """
    folder = folder_of(home, key)
    row = hold_dataset(session, folder, alone=True)  # who starts a run holds it, too
    there = files.has_folder(folder)  # whoever deleted it at the same moment is through
    users = select(Job.run_id).join(Run, Run.run_id == Job.run_id)
    names = session.scalars(users.where(Run.dataset_key == key, Job.status.in_(ACTIVE)).distinct()).all()
    names = names or _worked_on(home, key)
    if names:
        raise Conflict(f"dataset {key!r} is used by {', '.join(map(str, names))}; wait for it, or cancel it first")
    if row is None and not there:
        raise NotFound(f"there is no dataset {key!r}; GET /api/datasets lists them")
    if row is not None:
        session.delete(row)
        session.flush()


def _worked_on(home: Path, key: str) -> list[str]:
    """Return the runs on a dataset that a process works on, whoever started it."""
    found = []
    for place in sorted((home / "runs").glob("*")):
        run = RunDir(place)
        if is_held(run):
            with contextlib.suppress(TunixRtError):
                if configs.dataset_key(read_run_config(run).model_dump(mode="json")) == key:
                    found.append(run.id)
    return found
