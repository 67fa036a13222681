"""Exports: rows in the formats of other tools, streamed, and the configuration that trains on them elsewhere.

It does not know what those tools do with them; the engine's importers read every format back.
"""

from __future__ import annotations

import importlib.metadata
import json
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, BinaryIO

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from tunix_rt.base_models import BASE_MODELS
from tunix_rt.config import SFTConfig
from tunix_rt.dataset import DatasetManifest, ExportFormat, export_record
from tunix_rt.errors import RenderError
from tunix_rt.trace import ReasoningTrace
from tunix_rt_backend.errors import NotFound, Unprocessable
from tunix_rt_backend.schemas.tunix import SftManifest, TunixStatus
from tunix_rt_backend.services import datasets, lines, traces
from tunix_rt_backend.tables import Trace

_PIECE = 2**16
_CHUNK = 200
"""Traces read from the database at a time."""


def of_dataset(
    home: Path, manifest: DatasetManifest, form: ExportFormat, *, split: str | None = None, limit: int | None = None
) -> Iterator[bytes]:
    """Return a stream of the rows of a split, or of all; its files are open already, so that it is not cut short."""
    splits = [split] if split is not None else list(manifest.splits)
    opened = [(one, datasets.open_split(home, manifest, one)) for one in splits]
    return _in_pieces(_records(opened, form, limit))


def _records(opened: list[tuple[str, BinaryIO]], form: ExportFormat, limit: int | None) -> Iterator[dict[str, Any]]:
    left = limit
    for split, stream in opened:
        with stream:
            for number, line in enumerate(stream):
                if left is not None:
                    if not left:
                        return
                    left -= 1
                yield export_record(ReasoningTrace.model_validate(lines.value_of(line, split, number)), form)


def _in_pieces(records: Iterator[dict[str, Any]]) -> Iterator[bytes]:
    piece = bytearray()
    for record in records:
        piece += orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
        if len(piece) >= _PIECE:
            yield bytes(piece)
            piece.clear()
    if piece:
        yield bytes(piece)


def of_traces(session: Session, home: Path, trace_ids: Sequence[uuid.UUID]) -> BinaryIO:
    """Return a nameless file with traces in the format `tunix_sft`, in the order asked for.

    Everything is written before anything is answered, so that a missing trace is an error and no stream holds a
    connection. Raises NotFound for a trace that is not here, Unprocessable for one that the contract cannot show.
    """
    (home / "cache").mkdir(parents=True, exist_ok=True)
    file = tempfile.TemporaryFile(dir=home / "cache")  # noqa: SIM115 - closed by whoever streams it
    for start in range(0, len(trace_ids), _CHUNK):
        wanted = trace_ids[start : start + _CHUNK]
        rows = {row.id: row for row in session.scalars(select(Trace).where(Trace.id.in_(wanted)))}
        for trace_id in wanted:
            if trace_id not in rows:
                raise NotFound(f"trace {trace_id} is not here; GET /api/traces lists what is")
            try:
                record = export_record(traces.to_trace(rows[trace_id]), "tunix_sft")
            except RenderError as error:
                raise Unprocessable(f"trace {trace_id} cannot be exported: {error}") from error
            file.write(orjson.dumps({"id": str(trace_id), **record}, option=orjson.OPT_APPEND_NEWLINE))
        session.expunge_all()
    file.seek(0)
    return file


def pieces(file: BinaryIO) -> Iterator[bytes]:
    """Yield the content of a file and close it."""
    with file:
        while piece := file.read(_PIECE):
            yield piece


def tunix_status() -> TunixStatus:
    """Say whether Tunix is installed here, without loading it."""
    try:
        version = importlib.metadata.version("google-tunix")
    except importlib.metadata.PackageNotFoundError:
        message = "Tunix is not installed here; exports work without it, training needs the extra `train`"
        return TunixStatus(available=False, version=None, runtime_required=False, message=message)
    message = f"Tunix {version} is installed; a worker on this machine can train"
    return TunixStatus(available=True, version=version, runtime_required=False, message=message)


_DEVICES = {"cpu": "JAX_PLATFORMS=cpu ", "cuda": "JAX_PLATFORMS=cuda ", "auto": ""}


def sft_manifest(body: SftManifest) -> str:
    """Return the configuration file that `tunix-rt train sft` runs; its first comment is that command."""
    if body.model_id not in BASE_MODELS:
        raise Unprocessable(f"there is no base model {body.model_id!r}; known ones: {', '.join(BASE_MODELS)}")
    values: dict[str, Any] = {
        "kind": "sft",
        "base_model": body.model_id,
        "dataset": body.dataset_key,
        "learning_rate": body.learning_rate,
        "weight_decay": body.weight_decay,
        "epochs": body.num_epochs,
        "batch_size": body.batch_size,
        "accumulation": 1,  # the earlier system updated once a batch
        "max_length": body.max_seq_length,
    }
    SFTConfig.model_validate(values)
    run = f" --run-id={body.output_dir}" if body.output_dir else ""
    command = f"# {_DEVICES[body.device]}tunix-rt train sft {body.dataset_key}.yaml{run}"
    return "\n".join([command, *(f"{name}: {json.dumps(value)}" for name, value in values.items())]) + "\n"
