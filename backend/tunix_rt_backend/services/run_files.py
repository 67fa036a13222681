"""What lies in a run's folder: its files with the digests it recorded, its samples, its log as text.

It knows no HTTP, and does not know how a run is carried out.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

import orjson
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tunix_rt.errors import DataError
from tunix_rt.samples import StepSamples, parse_samples
from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.schemas.run_files import Artifact, Artifacts, RunSamples
from tunix_rt_backend.services import lines
from tunix_rt_backend.services.files import has_folder, list_beneath, open_beneath, opening_beneath
from tunix_rt_backend.services.run_state import read_manifest
from tunix_rt_backend.tables import Job, Run

_PREVIEW_BYTES = 8 * 2**20
_SAMPLES = "samples.jsonl"


def check_run(session: Session, home: Path, run_id: str) -> Path:
    """Return the folder of a run, which may not be there yet; raise NotFound if there is no such run."""
    folder = home / "runs" / run_id
    if not has_folder(folder):
        known = exists().where(Run.run_id == run_id) | exists().where(Job.run_id == run_id)
        if not session.scalar(select(known)):
            raise NotFound(f"there is no run {run_id!r}; GET /api/tunix/runs lists them")
    return folder


def list_artifacts(session: Session, home: Path, run_id: str, *, limit: int, offset: int) -> Artifacts:
    """Return one page of a run's files."""
    folder = check_run(session, home, run_id)
    files = list_beneath(folder) if has_folder(folder) else []
    digests: dict[str, str] = {}
    if files:
        with contextlib.suppress(AttributeError):  # a manifest of another shape records nothing
            digests = read_manifest(folder).get("outputs", {}).get("run", {}).get("files", {})
    found = [
        Artifact(name=file.path.rpartition("/")[2], size=file.size, path=file.path, digest=digests.get(file.path))
        for file in files[offset : offset + limit]
    ]
    more = offset + limit < len(files)
    pagination = Pagination(limit=limit, offset=offset, next_offset=offset + limit if more else None, next_cursor=None)
    return Artifacts(artifacts=found, pagination=pagination, total=len(files))


def read_samples(session: Session, home: Path, run_id: str, *, limit: int, cursor: str | None) -> RunSamples:
    """Return the preview and one page of a run's samples."""
    folder = check_run(session, home, run_id)
    preview = None
    if cursor is None:
        with contextlib.suppress(NotFound, orjson.JSONDecodeError), opening_beneath(folder, "preview.json") as file:
            said = orjson.loads(file.read(0, min(file.size, _PREVIEW_BYTES)))
            preview = said if isinstance(said, dict) else None
    rows, pagination = _samples(folder, limit=limit, cursor=cursor)
    return RunSamples(preview=preview, data=rows, pagination=pagination)


def _samples(folder: Path, *, limit: int, cursor: str | None) -> tuple[list[StepSamples], Pagination]:
    try:
        opened = open_beneath(folder, _SAMPLES)
    except NotFound:  # not written yet
        return [], Pagination(limit=limit, offset=0, next_offset=None, next_cursor=None)
    with os.fdopen(opened.descriptor, "rb") as stream:
        return lines.page(stream, _SAMPLES, _step_samples, limit=limit, cursor=cursor)


def _step_samples(line: bytes, number: int) -> StepSamples | None:
    if not line.endswith(b"\n"):  # torn
        return None
    try:
        return parse_samples(line, f"row {number} of {_SAMPLES}")
    except DataError as error:
        raise Conflict(f"{error}; look into the file itself") from error
