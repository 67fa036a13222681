"""Figures of the tables for Prometheus: what the workers did, whichever process did it; it knows no HTTP.

The processes that train have no counters of their own that anyone could read: their runs are rows, which are counted.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tunix_rt_backend.services.health import alive
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job, Run, WorkerRow

_ENDED = ("completed", "stopped", "failed", "cancelled")


def figures(session: Session, settings: Settings) -> bytes:
    """Return the runs, jobs and workers in Prometheus' text format."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Tables(session, settings))
    return generate_latest(registry)


class _Tables(Collector):
    def __init__(self, session: Session, settings: Settings) -> None:
        self.session, self.settings = session, settings

    def describe(self) -> list[Metric]:
        return []

    def collect(self) -> Iterable[Metric]:
        runs: Any = CounterMetricFamily("tunix_runs", "Runs by status.", labels=["status", "mode", "kind"])
        spent: Any = CounterMetricFamily(
            "tunix_runs_duration_seconds", "Seconds of ended runs, without waiting.", labels=["status", "mode", "kind"]
        )
        query = select(Run.status, Run.mode, Run.kind, func.count(), func.sum(Run.duration_seconds))
        for status, mode, kind, count, seconds in self.session.execute(query.group_by(Run.status, Run.mode, Run.kind)):
            runs.add_metric([status, mode, kind], count)
            if status in _ENDED:
                spent.add_metric([status, mode, kind], seconds or 0.0)
        jobs: Any = GaugeMetricFamily("tunix_rt_jobs", "Items of the queue by status.", labels=["status", "kind"])
        for status, kind, count in self.session.execute(
            select(Job.status, Job.kind, func.count()).group_by(Job.status, Job.kind)
        ):
            jobs.add_metric([status, kind], count)
        workers = GaugeMetricFamily("tunix_rt_workers", "Workers whose heartbeat is young.")
        living = select(func.count()).select_from(WorkerRow).where(alive(self.settings))
        workers.add_metric([], self.session.execute(living).scalar_one())
        yield from (runs, spent, jobs, workers)
