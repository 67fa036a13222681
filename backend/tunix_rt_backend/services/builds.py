"""Builds: traces that a request selects become a frozen dataset; it does not know how the engine freezes them."""

from __future__ import annotations

import contextlib
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import DataError
from tunix_rt.trace import render
from tunix_rt_backend.errors import Conflict, Unprocessable
from tunix_rt_backend.schemas.datasets import DatasetBuild, SelectedRow, TraceSelection, TracesSelected
from tunix_rt_backend.services import apart, traces
from tunix_rt_backend.services.rows import FACETS
from tunix_rt_backend.services.traces import Filters
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Trace, Upload

SELECTION = "traces.jsonl"
"""Name of the file that the selected traces are written to, and of the source in the manifest."""
SHOWN = 3
"""Selected traces that are shown as the model reads them."""
_LOOKED_AT = 100
"""Traces whose `meta` tells which keys a filter can name."""


@contextlib.contextmanager
def selection_file(home: Path) -> Iterator[Path]:
    """Yield the path of a file that is gone after the block."""
    folder = home / "cache" / "builds" / uuid.uuid4().hex
    folder.mkdir(parents=True)
    try:
        yield folder / SELECTION
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def gather(session: Session, body: DatasetBuild, file: Path) -> int:
    """Write the traces that a request selects to a file, one by one, and return how many.

    Raises Unprocessable if there is none, and Conflict if the upload that it names is not whole.
    """
    status = _upload_status(session, body)
    limit = None if body.selection_strategy == "all" else body.limit
    count = 0
    with file.open("wb") as stream:
        for trace in traces.select(
            session, filters_of(body), strategy=body.selection_strategy, limit=limit, seed=body.seed or 0
        ):
            stream.write(orjson.dumps(trace.model_dump(mode="json"), option=orjson.OPT_APPEND_NEWLINE))
            count += 1
    session.rollback()  # from here on it sees what came to be meanwhile
    if _upload_status(session, body) != status:
        raise Conflict(f"upload {body.upload_id} was deleted meanwhile; select other traces")
    if not count:
        raise Unprocessable(_why_empty(session, filters_of(body)))
    return count


def look(session: Session, body: TraceSelection) -> TracesSelected:
    """Return how many traces a request selects, and how the first of them read; nothing is kept.

    Raises Conflict if the upload that it names is not whole.
    """
    _upload_status(session, body)
    filters = filters_of(body)
    matching = traces.count(session, filters)
    limit = matching if body.selection_strategy == "all" else body.limit
    rows = traces.rows(session, filters, strategy=body.selection_strategy, limit=min(limit, SHOWN), seed=body.seed or 0)
    return TracesSelected(
        matching=matching,
        selected=min(limit, matching),
        reason=None if matching else _why_empty(session, filters),
        rows=[_selected(row) for row in rows],
    )


def _selected(row: Any) -> SelectedRow:
    try:
        text = render(traces.to_trace(row))
    except DataError as error:
        return SelectedRow(trace_id=row.id, prompt="", completion="", reason=str(error))
    return SelectedRow(trace_id=row.id, prompt=text.prompt, completion=text.completion, reason=None)


def freeze(
    settings: Settings, body: DatasetBuild, file: Path, *, selected: int, request_id: str
) -> tuple[DatasetManifest, bool]:
    """Freeze a file of traces; return the manifest, and whether the dataset was here already with the same rows.

    Raises Conflict if it is here with other rows, and Unprocessable if rows cannot be trained on, repeat an evaluation
    task, or none is left.
    """
    found = apart.run(
        settings,
        "build",
        source=str(file.absolute()),
        name=body.dataset_name,
        version=body.dataset_version,
        notes={"request_id": request_id, **notes_of(body, selected)},
        seed=body.seed or 0,
        **body.model_dump(
            include={
                "on_error", "license", "max_examples", "valid_fraction", "test_fraction", "near_duplicate",
                "allow_contaminated",
            }
        ),
    )  # fmt: skip
    return DatasetManifest.model_validate(found["manifest"]), found["replayed"]


def _upload_status(session: Session, body: TraceSelection) -> str | None:
    """Return the status of the upload that a request names, None if there is none; raise Conflict for a part of one."""
    status = session.scalar(select(Upload.status).where(Upload.id == body.upload_id))
    if status not in (None, "completed"):
        raise Conflict(
            f"upload {body.upload_id} is {status}, and only a completed one has all of its traces; "
            f"GET /api/datasets/uploads/{body.upload_id} says how far it is"
        )
    return status


def filters_of(body: TraceSelection) -> Filters:
    """Return the conditions of a request."""
    facets: dict[str, Any] = dict(body.facets.items())
    return Filters(**facets, upload_id=body.upload_id, tag=body.tag, q=body.q, meta=body.filters, whole=True)


def notes_of(body: DatasetBuild, selected: int) -> dict[str, Any]:
    """Return what the manifest keeps of a request: its selection, and what its sender said of it."""
    selection = {"filters", "facets", "upload_id", "tag", "q", "selection_strategy", "limit", "seed"}
    said = {"session_id", "parent_dataset_id", "training_run_id", "provenance"}
    chosen = body.model_dump(mode="json", include=selection, exclude_none=True) | {"selected": selected}
    if body.selection_strategy == "all":
        del chosen["limit"]
    if not body.facets:
        del chosen["facets"]
    told = {name: value for name, value in body.model_dump(mode="json", include=said).items() if value}
    return {"selection": chosen, **told}


def _why_empty(session: Session, filters: Filters) -> str:
    everything = traces.count(session, Filters())
    if not everything:
        return "there is no trace here yet; send some to POST /api/traces or POST /api/datasets/ingest"
    if waiting := traces.count(session, replace(filters, whole=False)):
        return (
            f"all {waiting:,} traces that match belong to uploads that are not complete; "
            "GET /api/datasets/uploads says how far each is"
        )
    alone = [(f"filters.{key} = {value!r}", Filters(meta={key: value})) for key, value in filters.meta.items()]
    alone += [
        (f"{name} = {getattr(filters, name)!s}", replace(Filters(), **{name: getattr(filters, name)}))
        for name in (*FACETS, "upload_id", "tag", "q")
        if getattr(filters, name) is not None
    ]
    found = "; ".join(f"{said} alone matches {traces.count(session, one):,}" for said, one in alone)
    together = ", all together none" if len(alone) > 1 else ""
    known = _meta_keys(session)
    named = f"; the newest have {', '.join(known) or 'nothing'} in meta" if filters.meta.keys() - known else ""
    return f"none of {everything:,} traces matches: {found}{together}{named}; widen the filters"


def _meta_keys(session: Session) -> list[str]:
    metas = session.scalars(select(Trace.meta).order_by(Trace.seq.desc()).limit(_LOOKED_AT))
    return sorted({key for meta in metas for key in meta or {}})
