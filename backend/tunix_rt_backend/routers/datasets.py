"""Datasets: build them from traces, look at them, compare, export and delete them."""

from __future__ import annotations

import contextlib
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from fastapi.responses import StreamingResponse

from tunix_rt.dataset import DatasetDiff, ExportFormat, Statistics
from tunix_rt.importers import RowError
from tunix_rt_backend.deps import ReadCall, WriteCall
from tunix_rt_backend.routers.etags import NOT_MODIFIED, IfNoneMatch, is_known
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.datasets import (
    DatasetBuild,
    DatasetBuilt,
    DatasetDetail,
    DatasetListed,
    DuplicateRow,
    QuarantinedRow,
    RowPreview,
    Split,
    TraceSelection,
    TracesSelected,
)
from tunix_rt_backend.schemas.names import DatasetKey, DatasetName
from tunix_rt_backend.schemas.pages import Cursor, Limit, Offset, Page
from tunix_rt_backend.services import audit, builds, datasets, exports, kept
from tunix_rt_backend.services.folders import deleting
from tunix_rt_backend.services.index import index_dataset
from tunix_rt_backend.tables import DatasetRow

router = APIRouter(tags=["datasets"], responses=problems())

Key = Annotated[DatasetKey, Path(description="Key of the dataset: `<name>-<version>`.")]
NDJSON = "application/x-ndjson"
ROWS = {"description": "One JSON object a line", "content": {NDJSON: {"schema": {"type": "string"}}}}


@router.post(
    "/api/datasets/build",
    status_code=201,
    responses=problems(409) | {200: {"model": DatasetBuilt, "description": "It was here already, the same"}},
)
def build_dataset(body: DatasetBuild, call: WriteCall, response: Response) -> DatasetBuilt:
    """Freeze selected traces into a dataset: checked, without duplicates, apart from every evaluation task, split.

    A dataset is never overwritten: the same name and version with other rows is a conflict.
    """
    with builds.selection_file(call.home) as file:
        with call.streaming() as session:
            selected = builds.gather(session, body, file)
        manifest, replayed = builds.freeze(call.settings, body, file, selected=selected, request_id=call.request_id)
    with call.writing(target=manifest.key, digest=manifest.digest, selected=selected) as session:
        index_dataset(session, datasets.folder_of(call.home, manifest.key))
        if replayed:
            audit.repeats(session)
    if replayed:
        response.status_code = 200
    return DatasetBuilt.of(manifest, replayed=replayed)


@router.post("/api/datasets/select", responses=problems(409))
def select_traces(body: TraceSelection, call: ReadCall) -> TracesSelected:
    """Say which traces a build would take: how many, and how the first ones read; nothing is kept."""
    with call.streaming() as session:
        return builds.look(session, body)


@router.get("/api/datasets", responses=problems(404))
def list_datasets(
    call: ReadCall,
    name: Annotated[DatasetName | None, Query(description="Only versions of this one.")] = None,
    limit: Limit = 20,
    offset: Offset = 0,
    cursor: Cursor = None,
) -> Page[DatasetListed]:
    """List datasets, the newest first."""
    with call.reading() as session:
        without_row, without_folder = datasets.differences(session, call.home)
    if without_row or without_folder:
        names = ", ".join((*without_row, *without_folder))
        with call.writing(names, indexed=without_row, dropped=without_folder) as session:
            datasets.reconcile(session, call.home, without_row, without_folder)
    with call.reading() as session:
        rows, pagination = datasets.list_datasets(session, name=name, limit=limit, offset=offset, cursor=cursor)
        return Page(data=[_listed(row) for row in rows], pagination=pagination)


@router.get("/api/datasets/{dataset_key}", response_model=DatasetDetail, responses=problems(404, 409) | NOT_MODIFIED)
def read_dataset(dataset_key: Key, call: ReadCall, if_none_match: IfNoneMatch = None) -> Response:
    """Return the manifest of a dataset; its ETag is the digest of the rows."""
    manifest = datasets.read(call.home, dataset_key)
    headers = {"ETag": f'"{manifest.digest}"'}
    if is_known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    detail = DatasetDetail(**dict(manifest), folder_digest=datasets.folder_digest(call.home, manifest))
    return Response(detail.to_json(), headers=headers, media_type="application/json")


@router.delete("/api/datasets/{dataset_key}", status_code=204, responses=problems(404, 409))
def delete_dataset(dataset_key: Key, call: WriteCall) -> None:
    """Delete a dataset, unless a job that waits or runs trains on it."""
    with contextlib.ExitStack() as after, call.writing(dataset_key) as session:
        datasets.remove(session, call.home, dataset_key)
        after.enter_context(deleting(datasets.folder_of(call.home, dataset_key)))


@router.get("/api/datasets/{dataset_key}/preview", responses=problems(404, 409))
def preview_dataset(
    dataset_key: Key, call: ReadCall, split: Split = "train", limit: Limit = 20, cursor: Cursor = None
) -> Page[RowPreview]:
    """Show rows of a split as the model reads them, in their frozen order."""
    manifest = datasets.read(call.home, dataset_key)
    rows, pagination = datasets.preview(call.home, manifest, split, limit=limit, cursor=cursor)
    return Page(data=rows, pagination=pagination)


@router.get("/api/datasets/{dataset_key}/statistics", responses=problems(404, 409))
def read_dataset_statistics(dataset_key: Key, call: ReadCall) -> Statistics:
    """Return the sizes of a dataset's rows."""
    return datasets.read(call.home, dataset_key).statistics


@router.get("/api/datasets/{dataset_key}/diff", responses=problems(404, 409))
def compare_datasets(
    dataset_key: Key, call: ReadCall, other: Annotated[DatasetKey, Query(description="Key of the other dataset.")]
) -> DatasetDiff:
    """Say what changed from this dataset to another one, row by row."""
    return datasets.compare(call.settings, dataset_key, other)


@router.get("/api/datasets/{dataset_key}/rejected", responses=problems(404, 409))
def list_rejected_rows(dataset_key: Key, call: ReadCall, limit: Limit = 20, cursor: Cursor = None) -> Page[RowError]:
    """List the rows that could not be trained on, and why."""
    rows, pagination = datasets.listed_rows(call.home, dataset_key, RowError, limit=limit, cursor=cursor)
    return Page(data=rows, pagination=pagination)


@router.get("/api/datasets/{dataset_key}/duplicates", responses=problems(404, 409))
def list_duplicate_rows(
    dataset_key: Key, call: ReadCall, limit: Limit = 20, cursor: Cursor = None
) -> Page[DuplicateRow]:
    """List the rows that another one stands for."""
    rows, pagination = datasets.listed_rows(call.home, dataset_key, DuplicateRow, limit=limit, cursor=cursor)
    return Page(data=rows, pagination=pagination)


@router.get("/api/datasets/{dataset_key}/quarantine", responses=problems(404, 409))
def list_quarantined_rows(
    dataset_key: Key, call: ReadCall, limit: Limit = 20, cursor: Cursor = None
) -> Page[QuarantinedRow]:
    """List the rows that were left out since they repeat an evaluation item."""
    rows, pagination = datasets.listed_rows(call.home, dataset_key, QuarantinedRow, limit=limit, cursor=cursor)
    return Page(data=rows, pagination=pagination)


@router.get(
    "/api/datasets/{dataset_key}/export.jsonl",
    response_class=StreamingResponse,
    responses=problems(404, 409) | NOT_MODIFIED | {200: ROWS},
)
def export_dataset(
    dataset_key: Key,
    call: ReadCall,
    format: Annotated[ExportFormat, Query(description="What each row looks like.")] = "trace",
    split: Annotated[Split | None, Query(description="Only this split.")] = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Stream a dataset's rows in a format that other tools read, and that can be uploaded here again."""
    manifest = datasets.read(call.home, dataset_key)
    headers = {"ETag": f'"{manifest.digest}-{format}-{split or "all"}"'}
    rows = exports.of_dataset(call.home, manifest, format, split=split)
    if is_known(if_none_match, headers["ETag"]):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{dataset_key}.{format}.jsonl"'
    return StreamingResponse(rows, headers=headers, media_type=NDJSON)


def _listed(row: DatasetRow) -> DatasetListed:
    values = {
        "dataset_key": row.key,
        "dataset_name": row.name,
        "dataset_version": row.version,
        "digest": row.digest,
        "created_at": row.created_at,
        "trace_count": row.rows,
        "bytes": row.bytes,
        "splits": row.splits,
        "licenses": row.licenses,
        "families": row.families,
        "counts": row.counts,
    }
    return kept.listed(DatasetListed, values, f"dataset {row.key!r}")
