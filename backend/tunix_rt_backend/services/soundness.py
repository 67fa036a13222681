"""Soundness: evaluations made again from their samples and their task, once each; it does not know what rows hold."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tunix_rt.evaluation import Evaluation, check_evaluation, load_evaluation
from tunix_rt_backend.services import tasks
from tunix_rt_backend.tables import EvaluationRow

_sound: dict[tuple[str, bool], bool] = {}
"""Whether evaluations are verified, by digest, and whether their task was here: what has one is not measured again."""


class Checked(NamedTuple):
    """An evaluation that follows from its samples."""

    evaluation: Evaluation
    """The evaluation."""
    verified: bool
    """Whether its items are those of its task, as it is here, and all verdicts were made again."""


def read(folder: Path, home: Path) -> Checked:
    """Return an evaluation; raise DataError or DigestError if it is not whole, or does not follow from its samples.

    `home` knows the tasks.
    """
    evaluation = load_evaluation(folder)
    task = tasks.of_evaluation(home, evaluation.manifest)
    key = evaluation.manifest.digest, task is not None
    if key not in _sound:
        _sound[key] = check_evaluation(evaluation, task)
    return Checked(evaluation, _sound[key])


def remember(session: Session) -> None:
    """Spare those that have a row: they were measured again when it was written."""
    verified = EvaluationRow.metrics["verified"].as_boolean()
    rows = session.execute(select(EvaluationRow.digest, func.coalesce(verified, False)))
    _sound.update({(digest, known): known for digest, known in rows})
