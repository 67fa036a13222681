"""Overview: how much there is of everything, exactly, and who works on what waits; it knows no HTTP."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tunix_rt.run import ACTIVE
from tunix_rt_backend.schemas.health import Overview
from tunix_rt_backend.services import health, runs
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import DatasetRow, EvaluationRow, Job, Run, SubmissionRow, Trace, WorkerRow


def overview(session: Session, settings: Settings) -> Overview:
    """Count everything; the traces, of which there may be millions, by a look at an index and never at a row."""

    def count(query: Any) -> int:
        found: int = session.scalar(query) or 0
        return found

    return Overview(
        traces=count(select(func.count()).select_from(Trace)),
        datasets=count(select(func.count()).select_from(DatasetRow)),
        runs=_runs(session, settings.home),
        evaluations=count(select(func.count()).select_from(EvaluationRow)),
        tasks=count(select(func.count(EvaluationRow.task_name.distinct())).where(EvaluationRow.n > 0)),
        submissions=count(select(func.count()).select_from(SubmissionRow)),
        waiting=count(select(func.count()).select_from(Job).where(Job.status == "queued")),
        workers=count(select(func.count()).select_from(WorkerRow).where(health.alive(settings))),
    )


def _runs(session: Session, home: Path) -> dict[str, int]:
    """Return the runs by status; those that are worked on as their folders say, which their rows may be behind."""
    query = select(Run.status, func.count()).where(Run.status.not_in(ACTIVE)).group_by(Run.status)
    found = Counter({str(status): int(number) for status, number in session.execute(query)})
    for name in session.scalars(select(Run.run_id).where(Run.status.in_(ACTIVE))):
        found[runs.find(session, home, name).row.status] += 1
    return dict(sorted(found.items()))
