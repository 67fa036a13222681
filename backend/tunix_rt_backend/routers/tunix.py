"""Tunix: whether it is here, and what leaves for it."""

from __future__ import annotations

from fastapi import APIRouter, Response
from fastapi.responses import StreamingResponse

from tunix_rt.formats import digest_value
from tunix_rt_backend.deps import ReadCall
from tunix_rt_backend.routers.datasets import NDJSON, ROWS
from tunix_rt_backend.routers.etags import NOT_MODIFIED, IfNoneMatch, is_known
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.tunix import SftExport, SftManifest, SftManifestMade, TrainingForms, TunixStatus
from tunix_rt_backend.services import datasets, exports, forms

router = APIRouter(tags=["tunix"], responses=problems())


@router.get("/api/tunix/status")
def read_tunix_status(call: ReadCall) -> TunixStatus:
    """Say whether Tunix is installed on this machine."""
    return exports.tunix_status()


@router.get("/api/tunix/forms", response_model=TrainingForms, responses=NOT_MODIFIED)
def read_training_forms(call: ReadCall, if_none_match: IfNoneMatch = None) -> Response:
    """Return what a training can be asked for with: every key with its meaning, limits and default; base models."""
    found = forms.training_forms()
    etag = f'"{digest_value(found.model_dump(mode="json"))}"'
    if is_known(if_none_match, etag):
        return Response(status_code=304, headers={"etag": etag})
    return Response(found.model_dump_json(), headers={"etag": etag}, media_type="application/json")


@router.post("/api/tunix/sft/export", response_class=StreamingResponse, responses=problems(404, 409) | {200: ROWS})
def export_sft(body: SftExport, call: ReadCall) -> Response:
    """Stream rows as whole rendered texts, from a dataset or of single traces."""
    if body.dataset_key is not None:
        manifest = datasets.read(call.home, body.dataset_key)
        rows = exports.of_dataset(call.home, manifest, "tunix_sft", limit=body.limit)
    else:
        with call.reading() as session:
            rows = exports.pieces(exports.of_traces(session, call.home, (body.trace_ids or [])[: body.limit]))
    return StreamingResponse(rows, media_type=NDJSON)


@router.post("/api/tunix/sft/manifest", status_code=201, responses=problems(404, 409))
def make_sft_manifest(body: SftManifest, call: ReadCall) -> SftManifestMade:
    """Write the configuration that trains on a dataset with `tunix-rt train sft`, here or elsewhere."""
    manifest = datasets.read(call.home, body.dataset_key)
    text = exports.sft_manifest(body)
    return SftManifestMade(
        manifest_yaml=text,
        dataset_key=manifest.key,
        model_id=body.model_id,
        format="tunix_sft",
        message=f"save it as {manifest.key}.yaml and run the command in its first line; digest {manifest.digest}",
    )
