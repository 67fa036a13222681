"""Health: is the process alive, and can it do its work."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter

from tunix_rt_backend.routers.problems import problems
from tunix_rt_backend.schemas.pages import Wire

router = APIRouter(tags=["health"], responses=problems())


class Alive(Wire):
    """The process answers."""

    status: Literal["healthy"]
    """Always `healthy`: a process that is not does not answer."""


@router.get("/api/health")
async def read_health() -> Alive:
    """Say that the process is alive; nothing else is looked at."""
    return Alive(status="healthy")
