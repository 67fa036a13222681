"""Find a task by its name: built-in ones, ones read from a local path, and data sets of reasoning-gym.

It does not know how a task makes its items. To add a task, add its file and one line here.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import cast

from pydantic import TypeAdapter, ValidationError

from tunix_rt.errors import DataError, DigestError, MissingError, UsageError
from tunix_rt.formats import Format, digest_file, write_bytes
from tunix_rt.tasks import dev_reasoning, golden, gsm8k, nano_arithmetic, reasoning_gym, svamp
from tunix_rt.tasks.dev_reasoning.family import Split
from tunix_rt.tasks.task import Task, check_items

REGISTRY = "tasks.json"
"""File in the home folder that remembers where path tasks lie."""

_FROM_PATH = {"gsm8k": gsm8k.read, "svamp": svamp.read}
_BUILT_IN = (
    golden.NAME,
    *(dev_reasoning.task_name(split) for split in dev_reasoning.SIZES),
    nano_arithmetic.NAME,
    nano_arithmetic.MIXED,
    f"{nano_arithmetic.NAME}:heldout",
)
_FOR_EVALUATION = (golden.NAME, "dev-reasoning-v1:heldout", "dev-reasoning-v1:dev", f"{nano_arithmetic.NAME}:heldout")


class Registration(Format):
    """Where a path task lies, and what it held when it was registered."""

    path: str
    """Absolute path of the file."""
    digest: str
    """Digest of the file's bytes."""


_REGISTRATIONS = TypeAdapter(dict[str, Registration])


def names() -> list[str]:
    """Return the names of all tasks; `reasoning-gym:<dataset>` stands for each data set of that package."""
    return [*_BUILT_IN, *_FROM_PATH, f"{reasoning_gym.PREFIX}<dataset>"]


def load(
    name: str, *, path: Path | None = None, home: Path | None = None, limit: int | None = None, seed: int = 0
) -> Task:
    """Load a task.

    Args:
        name: One of `names()`.
        path: File of a task that is not built in; without it the one registered in `home` is used.
        home: Folder that holds `tasks.json`.
        limit: Only the first items; for generated tasks (nano-arithmetic, reasoning-gym) how many to generate.
        seed: For reasoning-gym and nano-arithmetic; all others are fixed.

    Raises:
        UsageError: a limit below 1, or a path for a built-in task.
        MissingError: an unknown name, or a path task without a path.
        DataError: a file that is not of the schema.
        DigestError: a registered file that has changed.
    """
    if limit is not None and limit < 1:
        raise UsageError(f"limit is {limit}; expected at least 1 item")
    if name in _FROM_PATH:
        task = _FROM_PATH[name](_existing(name, path) if path else _registered_path(name, home))
        return replace(task, items=check_items(name, task.items[:limit]))
    if path is not None and (name in _BUILT_IN or name.startswith(reasoning_gym.PREFIX)):
        raise UsageError(f"task {name} is built in and takes no path (found {path}); leave the path out")
    if name == golden.NAME:
        return golden.build(limit)
    if name.startswith(reasoning_gym.PREFIX):
        return reasoning_gym.build(name, limit, seed)
    if name in _BUILT_IN:
        if name == nano_arithmetic.MIXED:
            return nano_arithmetic.build("train", limit, seed, hasty_share=nano_arithmetic.HASTY_SHARE)
        family, _, split = name.partition(":")
        if family == nano_arithmetic.NAME:
            return nano_arithmetic.build(split or "train", limit, seed)
        return dev_reasoning.build(cast(Split, split or "train"), limit)
    near = difflib.get_close_matches(name, names(), n=2)
    hint = f"did you mean {' or '.join(near)}?" if near else f"known tasks: {', '.join(names())}"
    raise MissingError(f"unknown task {name!r}; {hint}")


def register_path(home: Path, name: str, path: Path) -> Task:
    """Check the file of a path task, remember it in `<home>/tasks.json`, and return the task."""
    if name not in _FROM_PATH:
        raise UsageError(f"task {name!r} takes no path; tasks that do: {', '.join(_FROM_PATH)}")
    path = _existing(name, path).resolve()
    task = _FROM_PATH[name](path)
    entries = _registrations(home) | {name: Registration(path=str(path), digest=digest_file(path))}
    write_bytes(home / REGISTRY, _REGISTRATIONS.dump_json(dict(sorted(entries.items())), indent=2) + b"\n")
    return task


def available(home: Path | None = None, *, for_evaluation: bool = False) -> list[str]:
    """Return the names that `load` finds without a path: built-in and registered ones, or those that measure."""
    return [*(_FOR_EVALUATION if for_evaluation else _BUILT_IN), *(_registrations(home) if home is not None else ())]


def registered(home: Path | None = None) -> list[Task]:
    """Load every built-in evaluation task and every registered path task: what training data must not overlap."""
    return [load(name, home=home) for name in available(home, for_evaluation=True)]


def _existing(name: str, path: Path) -> Path:
    if not path.is_file():
        raise MissingError(f"the file {path} for task {name} does not exist; give the path of an existing file")
    return path


def _registrations(home: Path) -> dict[str, Registration]:
    file = home / REGISTRY
    if not file.exists():
        return {}
    try:
        return _REGISTRATIONS.validate_json(file.read_bytes())
    except ValidationError as error:
        raise DataError(f"{file} is not a list of registered tasks: {error.errors()[0]['msg']}; remove it") from error


def _registered_path(name: str, home: Path | None) -> Path:
    entry = _registrations(home).get(name) if home else None
    if entry is None:
        raise MissingError(
            f"task {name} is read from a local file and none is registered; "
            f"give its path (`--path FILE`) or register it once"
        )
    path = _existing(name, Path(entry.path))
    if digest_file(path) != entry.digest:
        raise DigestError(f"{path} changed since it was registered for task {name}; restore it or register it again")
    return path
