"""What lies in a run's folder: its files with the digests it recorded, its samples, its log as text.

It knows no HTTP, and does not know how a run is carried out.
"""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from pydantic import ValidationError
from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from tunix_rt.errors import DataError
from tunix_rt.preview import Previews
from tunix_rt.samples import StepSamples, parse_samples
from tunix_rt_backend.errors import Conflict, NotFound
from tunix_rt_backend.schemas.pages import Pagination
from tunix_rt_backend.schemas.run_files import Artifact, Artifacts, RunSamples
from tunix_rt_backend.services import lines
from tunix_rt_backend.services.files import has_folder, list_beneath, open_beneath, opening_beneath
from tunix_rt_backend.services.run_state import read_manifest
from tunix_rt_backend.tables import Job, Run

_PREVIEW_BYTES = 8 * 2**20
_PREVIEW, _SAMPLES = "preview.json", "samples.jsonl"


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


def read_preview(session: Session, home: Path, run_id: str) -> Previews:
    """Return a run's first examples as tokens; NotFound before they are written, Conflict for what is none."""
    folder = check_run(session, home, run_id)
    try:
        with opening_beneath(folder, _PREVIEW) as file:
            if file.size > _PREVIEW_BYTES:
                raise Conflict(f"{_PREVIEW} has more than {_PREVIEW_BYTES:,} bytes; look into the file itself")
            return Previews.model_validate_json(file.read(0, file.size))
    except NotFound as error:
        raise NotFound(f"run {run_id!r} has no {_PREVIEW}: fine-tuning writes it before its first update") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise Conflict(f"{_PREVIEW} is no preview ({first['msg']}); look into the file itself") from error


def read_samples(session: Session, home: Path, run_id: str, *, limit: int, cursor: str | None) -> RunSamples:
    """Return one page of what a run's prompts were answered as it was trained."""
    folder = check_run(session, home, run_id)
    try:
        opened = open_beneath(folder, _SAMPLES)
    except NotFound:  # not written yet
        return RunSamples(data=[], pagination=Pagination(limit=limit, offset=0, next_offset=None, next_cursor=None))
    with os.fdopen(opened.descriptor, "rb") as stream:
        rows, pagination = lines.page(stream, _SAMPLES, _step_samples, limit=limit, cursor=cursor)
    return RunSamples(data=rows, pagination=pagination)


def _step_samples(line: bytes, number: int) -> StepSamples | None:
    if not line.endswith(b"\n"):  # torn
        return None
    try:
        return parse_samples(line, f"row {number} of {_SAMPLES}")
    except DataError as error:
        raise Conflict(f"{error}; look into the file itself") from error
