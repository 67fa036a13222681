"""Tasks that models are measured on: which there are, and whether a name is one; it does not know who is measured."""

from __future__ import annotations

import contextlib
import difflib
from collections.abc import Sequence
from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from tunix_rt import tasks
from tunix_rt.errors import TunixRtError
from tunix_rt.evaluation import EvaluationManifest
from tunix_rt.tasks import Task, reasoning_gym
from tunix_rt.tasks.registry import REGISTRY
from tunix_rt_backend.errors import Unprocessable
from tunix_rt_backend.schemas.evaluation import TaskSummary


def list_tasks(home: Path) -> list[TaskSummary]:
    """Return the tasks for evaluation: built-in ones, and the files that were registered on this machine."""
    return list(_summaries(home, _registrations(home)))


@lru_cache(maxsize=8)
def _summaries(home: Path, registrations: bytes) -> tuple[TaskSummary, ...]:
    """Making the items of all tasks takes a second; they change with the code or with `registrations` only."""
    return tuple(_summary(home, name) for name in tasks.available(home, for_evaluation=True))


def _summary(home: Path, name: str) -> TaskSummary:
    try:
        task = tasks.load(name, home=home)
    except TunixRtError as error:
        nothing = dict.fromkeys(("version", "split", "items", "digest", "license", "source"))
        return TaskSummary(name=name, problem=str(error), **nothing)
    return TaskSummary(
        name=name,
        version=task.version,
        split=task.split,
        items=len(task.items),
        digest=task.digest,
        license=task.license,
        source=task.source,
        problem=None,
    )


def of_evaluation(home: Path, manifest: EvaluationManifest) -> Task | None:
    """Return the task that an evaluation asked, with those items only; None: they are not on this machine."""
    task = _first_items(home, _registrations(home), manifest.task.name, manifest.sampling.seed, manifest.task.items)
    return task if task is not None and task.digest == manifest.task.digest else None


def digest_of(home: Path, name: str) -> str | None:
    """Return the digest of all items of a task; None: it is not on this machine."""
    task = _whole(home, _registrations(home), name, 0)
    return None if task is None else task.digest


def _registrations(home: Path) -> bytes:
    with contextlib.suppress(FileNotFoundError):
        return (home / REGISTRY).read_bytes()
    return b""


@lru_cache(maxsize=64)
def _first_items(home: Path, registrations: bytes, name: str, seed: int, count: int) -> Task | None:
    whole = _whole(home, registrations, name, seed)
    if whole is None or not 0 < count <= len(whole.items):
        return None
    return whole if count == len(whole.items) else replace(whole, items=whole.items[:count])


@lru_cache(maxsize=16)
def _whole(home: Path, registrations: bytes, name: str, seed: int) -> Task | None:
    """What evaluations name is only looked up: nothing is made in a number that they say, or by other packages."""
    try:
        return tasks.load(name, home=home, seed=seed) if name in tasks.available(home) else None
    except TunixRtError:
        return None


def check(home: Path, name: str) -> None:
    """Raise Unprocessable with the known names if a task is not on this machine; a request never gives its path."""
    problem = problem_of(home, name)
    if problem is not None:
        raise Unprocessable(problem)


def problem_of(home: Path, name: str, others: Sequence[str] = ()) -> str | None:
    """Return why there is no such task, with the known ones and `others`; None: it is on this machine."""
    known = tasks.available(home)
    if name in known:
        return None
    known = [*known, *sorted(set(others) - set(known))]
    if name.startswith(reasoning_gym.PREFIX):
        try:
            known = [reasoning_gym.PREFIX + dataset for dataset in reasoning_gym.datasets()]
        except TunixRtError as error:
            return str(error)
        if name in known:
            return None
    shown = difflib.get_close_matches(name, known, n=3) or known[:20]
    return (
        f"there is no task {name!r} on this machine; known: {', '.join(shown)}. GET /api/tasks lists all. "
        "A task that is a file is registered once: `tunix-rt tasks register NAME FILE`"
    )
