"""Health on the wire: is the process alive, and what does it lack to do its work; it looks at nothing itself."""

from __future__ import annotations

from typing import Literal

from tunix_rt_backend.schemas.pages import Wire


class Part(Wire):
    """One thing that the service needs."""

    name: Literal["database", "disk", "worker"]
    """What was looked at."""
    ok: bool
    """Whether it is as it must be."""
    detail: str
    """What was found, and what to do if it is not as it must be."""


class Alive(Wire):
    """The process answers."""

    status: Literal["healthy"]
    """Always `healthy`: a process that is not does not answer."""


class Ready(Wire):
    """The service can do its work."""

    status: Literal["ready"]
    """Always `ready`; if a part is not, the answer is a 503 whose `errors` are the parts."""
    parts: list[Part]
    """What was looked at."""


class Overview(Wire):
    """How much there is of everything."""

    traces: int
    """Traces, exactly."""
    datasets: int
    """Frozen datasets."""
    runs: dict[str, int]
    """Runs by status; a status that no run has is not named."""
    evaluations: int
    """Evaluations."""
    tasks: int
    """Tasks with a score, each of which has a leaderboard."""
    submissions: int
    """Bundles."""
    waiting: int
    """Jobs of any kind that wait for a worker."""
    workers: int
    """Workers that are alive."""
