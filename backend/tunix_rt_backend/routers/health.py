"""Health: is the process alive, can it do its work, and what has it done."""

from __future__ import annotations

from fastapi import APIRouter, Request
from prometheus_client import REGISTRY, generate_latest
from starlette.responses import Response

from tunix_rt_backend.deps import ReadCall
from tunix_rt_backend.errors import Unavailable
from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.health import Alive, Overview, Ready
from tunix_rt_backend.services import telemetry
from tunix_rt_backend.services.health import readiness
from tunix_rt_backend.services.overview import overview

router = APIRouter(tags=["health"], responses=problems())

_TEXT = "text/plain; version=0.0.4; charset=utf-8"


@router.get("/api/health")
async def read_health() -> Alive:
    """Say that the process is alive; nothing else is looked at."""
    return Alive(status="healthy")


@router.get("/api/health/ready")
def read_readiness(request: Request) -> Ready:
    """Say whether the database answers, the disk has room and a worker is alive."""
    state = request.app.state
    parts = readiness(state.engine, state.sessions, state.settings)
    wrong = [part for part in parts if not part.ok]
    if wrong:
        said = "; ".join(f"{part.name}: {part.detail}" for part in wrong)
        raise Unavailable(said, errors=[part.model_dump() for part in parts])
    return Ready(status="ready", parts=parts)


@router.get("/api/overview")
def read_overview(call: ReadCall) -> Overview:
    """Count traces, datasets, runs by status, evaluations and submissions, and say who works on what waits."""
    with call.reading() as session:
        return overview(session, call.settings)


@router.get(
    "/metrics",
    response_class=Response,
    responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}, "description": "Prometheus' text"}},
)
def read_service_metrics(call: ReadCall) -> Response:
    """Return the figures of this process, and of every worker's runs, in Prometheus' text format."""
    with call.reading() as session:
        tables = telemetry.figures(session, call.settings)
    return Response(generate_latest(REGISTRY) + tables, media_type=_TEXT)
