"""Routers, in the order in which data flows; each parses, authorises, calls one service function and returns."""

from fastapi import APIRouter
from fastapi.routing import APIRoute
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tunix_rt_backend.routers import (
    access,
    datasets,
    evaluation,
    health,
    jobs,
    run_files,
    submissions,
    traces,
    tunix,
    tunix_runs,
    uploads,
)

ROUTERS: tuple[APIRouter, ...] = (
    health.router,
    traces.router,
    uploads.router,
    datasets.router,
    tunix.router,
    tunix_runs.starting,
    tunix_runs.router,
    run_files.router,
    jobs.router,
    evaluation.router,
    submissions.router,
    access.router,
)

METHODS = frozenset({"DELETE", "GET", "PATCH", "POST", "PUT"})


API_ROUTES = tuple(route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute))
for _route in API_ROUTES:
    _route.operation_id = _route.name  # stable, and what a generated client calls it


def fences() -> list[Route]:
    """Return routes, to stand first, that keep a fixed path from being read as a name.

    `DELETE /api/traces/compare` would else be the route of `/api/traces/{trace_id}` for a trace called `compare`.
    """
    known: dict[str, set[str]] = {}
    for route in API_ROUTES:
        known.setdefault(route.path, set()).update(route.methods or ())
    found = []
    for path, methods in known.items():
        read_as_name = any("{" in route.path and route.path_regex.match(path) for route in API_ROUTES)
        if "{" not in path and read_as_name:
            found.append(Route(path, _refuse, methods=sorted(METHODS - methods), include_in_schema=False))
    return found


async def _refuse(request: Request) -> Response:
    raise HTTPException(405)


TAGS = [
    {"name": "health", "description": "Is the service alive and ready, and what has it done."},
    {"name": "traces", "description": "Prompts with their reasoning and answers: write, find, score and rate them."},
    {"name": "datasets", "description": "Uploads, and frozen sets of traces with their provenance."},
    {"name": "tunix", "description": "Export for Tunix, plan and start runs."},
    {"name": "tunix_runs", "description": "Runs: status, metrics, logs, artifacts, cancel, retry, resume."},
    {"name": "evaluation", "description": "Measurements, paired comparisons and the leaderboard."},
    {"name": "submissions", "description": "Bundles of a run with all that it came from."},
    {"name": "access", "description": "Cookie sessions, tokens and the audit log."},
]
