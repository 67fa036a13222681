"""The engine's long work in a process of its own: the API answers meanwhile, and a crash there is an answer here.

    stdin   {"work": "build", "home": "…", "arguments": {…}}
    stdout  {"value": …} or {"status": 422, "message": "…", "errors": […]}

Both are data, so that no class need be known on the other side. `python -m tunix_rt_backend.services.apart` is that
process. It does not know what a request is.
"""

from __future__ import annotations

import errno
import json
import logging
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tunix_rt.dataset import DatasetManifest, OverlapError, RejectedRowsError, build, dataset_key, diff, load
from tunix_rt.errors import ConfigError, DigestError, TunixRtError, UsageError
from tunix_rt.tasks import registered
from tunix_rt_backend.errors import BY_STATUS, ServiceError, Unavailable
from tunix_rt_backend.services import processes
from tunix_rt_backend.settings import Settings, passed_on_environment

logger = logging.getLogger(__name__)

MOST = 4
"""Processes at a time: each needs a core, and about a kilobyte of memory a row."""
_slots = threading.BoundedSemaphore(MOST)


def run(settings: Settings, work: str, *, seconds: float | None = None, **arguments: Any) -> Any:
    """Do one of WORKS in a process of its own and return what it found; raise what it refused as a ServiceError.

    Raises TimeoutError if it takes longer than `seconds`.
    """
    if not _slots.acquire(blocking=False):
        raise Unavailable(f"{MOST} of {', '.join(WORKS)} are under way; send this one again in a moment")
    try:
        done = processes.run(
            [sys.executable, "-P", "-m", __name__],
            data=json.dumps({"work": work, "home": str(settings.home.absolute()), "arguments": arguments}).encode(),
            environment=passed_on_environment(),
            seconds=seconds,
        )
    finally:
        _slots.release()
    if done.returncode:
        logger.error("%s ended with %d: %s", work, done.returncode, done.stderr.decode(errors="replace")[-4000:])
        raise Unavailable(
            f"the process of this {work} broke off (exit code {done.returncode}); nothing was changed, and the log "
            "has its last words. If memory was short, take fewer rows"
        )
    answer = json.loads(done.stdout)
    if "value" in answer:
        return answer["value"]
    if answer["status"] == Unavailable.status:
        raise Unavailable(answer["message"])
    kind = BY_STATUS[answer["status"]]
    raise kind(answer["message"], errors=answer["errors"])


def build_dataset(home: Path, source: str, name: str, version: str, **settings: Any) -> dict[str, Any]:
    """Freeze a file of traces against every registered evaluation task."""
    folder = home / "datasets" / dataset_key(name, version)
    replayed = folder.exists()

    def frozen() -> DatasetManifest:
        named: dict[str, Any] = {"name": name, "version": version, "home": home, "schema": "trace"}
        return build([Path(source)], **named, against=registered(home), unique_ids=False, **settings)

    try:
        manifest = frozen()
    except UsageError:
        if replayed or not folder.exists():
            raise
        replayed, manifest = True, frozen()  # another process was first: the same rows, or a conflict
    replayed = replayed or manifest.notes != settings["notes"]  # they name the request: another one's were there first
    return {"manifest": manifest.model_dump(mode="json"), "replayed": replayed}


def compare_datasets(home: Path, a: str, b: str) -> dict[str, Any]:
    """Compare two datasets row by row."""
    return diff(load(home, home / "datasets" / a), load(home, home / "datasets" / b)).model_dump(mode="json")


def replay_rollouts(home: Path, run_id: str, rewards: dict[str, Any], **steps: Any) -> dict[str, Any]:
    """Score the stored rollouts of a run again."""
    # This work and the next import what they need themselves: a build starts a third sooner without it.
    from tunix_rt.rewards import RewardsConfig
    from tunix_rt_backend.services.replays import score_again

    return score_again(home, run_id, RewardsConfig.model_validate(rewards), **steps).model_dump(mode="json")


def verify_submission(home: Path, submission_id: str, samples: int) -> dict[str, Any]:
    """Hash a submission again and grade its stored answers again."""
    from tunix_rt.submission import SUBMISSIONS, recheck

    return recheck(home / SUBMISSIONS / submission_id, samples=samples, home=home).model_dump(mode="json")


WORKS: dict[str, Callable[..., Any]] = {
    "build": build_dataset,
    "comparison": compare_datasets,
    "replay": replay_rollouts,
    "verification": verify_submission,
}
"""What can be done in a process of its own."""


def main() -> None:
    """Do what stdin asks for and print what came of it."""
    asked = json.loads(sys.stdin.buffer.read())
    home = Path(asked["home"])
    try:
        answer = {"value": WORKS[asked["work"]](home, **asked["arguments"])}
    except TunixRtError as error:
        answer = _refusal(error, home)
    except ServiceError as error:
        answer = {"status": error.status, "message": error.detail, "errors": error.errors}
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        answer = {"status": Unavailable.status, "message": "the disk is full; make room and send this again"}
    sys.stdout.write(json.dumps(answer))


def _refusal(error: TunixRtError, home: Path) -> dict[str, Any]:
    status, message, errors = 422, str(error), []
    if isinstance(error, RejectedRowsError):
        report = error.report
        errors = [one.model_dump(mode="json") for one in report.errors]
        reasons = "; ".join(f"{rows:,} × {reason}" for reason, rows in list(report.reasons.items())[:5])
        message = (
            f"{report.rejected:,} of {report.rows:,} selected traces cannot be trained on ({reasons}); "
            "correct or delete them, or send on_error = skip to leave them out"
        )
    elif isinstance(error, OverlapError):
        errors = [overlap.model_dump(mode="json") for overlap in error.overlap if overlap.rows]
    elif isinstance(error, DigestError) or (isinstance(error, UsageError) and not isinstance(error, ConfigError)):
        status = 409
    return {"status": status, "message": message.replace(f"{home}/", ""), "errors": errors}


if __name__ == "__main__":
    main()
