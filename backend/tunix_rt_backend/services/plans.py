"""Plans: what a run would do, as the engine says it; made in a process of its own, since only that may know a model.

It does not know who asks, and starts no run.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from tunix_rt.base_models import BASE_MODELS
from tunix_rt.config import SessionConfig
from tunix_rt.formats import MANIFEST, canonical_bytes
from tunix_rt_backend.errors import Conflict, Unavailable, Unprocessable
from tunix_rt_backend.schemas.runs import OUTPUT_BYTES
from tunix_rt_backend.services import configs, processes
from tunix_rt_backend.services.configs import RunConfig
from tunix_rt_backend.settings import Settings, command_environment
from tunix_rt_backend.tables import utc_now

AT_ONCE = 2
"""Plans that are made at a time: each takes seconds of a processor."""
_WAIT_SECONDS = 2.0
places = threading.BoundedSemaphore(AT_ONCE)


@dataclass(frozen=True)
class Planned:
    """What the engine said."""

    exit_code: int
    stdout: str
    stderr: str
    plan: dict[str, Any] | None
    """The plan; None if none could be made."""
    started_at: datetime
    completed_at: datetime


def make(config: RunConfig, settings: Settings, device: str = "auto") -> Planned:
    """Return the engine's plan, made on this machine.

    Raises Conflict if the base model would have to be downloaded first, Unprocessable if the engine refuses the
    request, Unavailable if two plans are being made already or this one takes longer than a request may.
    """
    require_here(settings.home, (config.sft if isinstance(config, SessionConfig) else config).base_model)
    with place(), tempfile.TemporaryDirectory(prefix="tunix-rt-plan-") as folder:
        done = _run(config, settings, device, Path(folder))
    if done.exit_code == 2:
        raise Unprocessable(last_line(done.stderr))
    return done


@contextlib.contextmanager
def place() -> Iterator[None]:
    """Hold one of the places for work of the engine that a request waits for; raise Unavailable if none is free."""
    if not places.acquire(timeout=_WAIT_SECONDS):
        raise Unavailable(f"{AT_ONCE} plans are being made already; ask again in a few seconds")
    try:
        yield
    finally:
        places.release()


def require_here(home: Path, model: str) -> None:
    """Raise Conflict if a base model would have to be downloaded first."""
    base = BASE_MODELS[model]
    if base.repository is not None and not (home / "models" / base.name / MANIFEST).is_file():
        raise Conflict(
            f"{base.name} is not on this machine, and nothing is downloaded for an answer; "
            f"`tunix-rt models fetch {base.name}` fetches it, then ask again"
        )


def _run(config: RunConfig, settings: Settings, device: str, folder: Path) -> Planned:
    file = folder / "config.json"
    file.write_bytes(canonical_bytes(config.model_dump(mode="json")))
    verb = ("session", "run") if isinstance(config, SessionConfig) else ("train", config.kind)
    started = utc_now()
    try:
        done = processes.run(
            [sys.executable, "-P", "-m", "tunix_rt", *verb, str(file), "--dry-run", "--json"],
            folder=folder,
            environment=command_environment(settings.home, device),
            seconds=settings.request_seconds,
        )
    except TimeoutError as error:
        raise Unavailable(
            f"the plan was not ready within {settings.request_seconds:.0f} s; ask again when the machine is less busy, "
            "or for fewer examples (max_examples)",
            retry_after=30,
        ) from error
    return Planned(done.returncode, _text(done.stdout), _text(done.stderr), _object(done.stdout), started, utc_now())


def _text(data: bytes) -> str:
    return data[-OUTPUT_BYTES:].decode(errors="replace")


def _object(data: bytes) -> dict[str, Any] | None:
    try:
        found = orjson.loads(data.strip().rpartition(b"\n")[2])
    except orjson.JSONDecodeError:
        return None
    return found if isinstance(found, dict) else None


def one_line(value: dict[str, Any]) -> str:
    """Return an object as the line that a command prints it in."""
    return canonical_bytes(value).decode()


def last_line(text: str) -> str:
    """Return the last thing that a command said, in the words of a request."""
    lines = [line for line in text.splitlines() if line.strip()]
    said = lines[-1].removeprefix("error: ") if lines else "the engine refused the request without a word"
    return configs.in_words_of_a_request(said)
