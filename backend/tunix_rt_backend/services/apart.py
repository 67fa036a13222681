"""The engine's long work in a process of its own: the API answers meanwhile, and a crash there is an answer here.

    asked     {"work": "build", "home": "…", "arguments": {…}}
    answered  {"value": …} or {"status": 422, "message": "…", "errors": […]}

Each is forked off a server of `multiprocessing` that has the engine imported, which saves more time than a small build
takes. Both texts are data, so that no class need be known on the other side. It does not know what a request is.
"""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any

from tunix_rt.dataset import DatasetManifest, OverlapError, RejectedRowsError, build, dataset_key, diff, load
from tunix_rt.errors import ConfigError, DigestError, TunixRtError, UsageError
from tunix_rt.rewards import RewardsConfig
from tunix_rt.submission import SUBMISSIONS, recheck
from tunix_rt.tasks import registered
from tunix_rt_backend.errors import BY_STATUS, ServiceError, Unavailable
from tunix_rt_backend.services.replays import score_again
from tunix_rt_backend.settings import Settings, passed_on_environment

logger = logging.getLogger(__name__)

MOST = 4
"""Processes at a time: each needs a core, and about a kilobyte of memory a row."""
_GRACE_SECONDS = 5.0
_slots = threading.BoundedSemaphore(MOST)
_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["__main__", __name__])


def run(settings: Settings, work: str, *, seconds: float | None = None, **arguments: Any) -> Any:
    """Do one of WORKS in a process of its own and return what it found; raise what it refused as a ServiceError.

    Raises TimeoutError if it takes longer than `seconds`.
    """
    if not _slots.acquire(blocking=False):
        raise Unavailable(f"{MOST} of {', '.join(WORKS)} are under way; send this one again in a moment")
    try:
        asked = {"home": str(settings.home.absolute()), "work": work, "arguments": arguments}
        answer = _answered(asked, seconds)
    finally:
        _slots.release()
    if "value" in answer:
        return answer["value"]
    if answer["status"] == Unavailable.status:
        raise Unavailable(answer["message"])
    kind = BY_STATUS[answer["status"]]
    raise kind(answer["message"], errors=answer["errors"])


def _answered(asked: dict[str, Any], seconds: float | None) -> dict[str, Any]:
    """Return what a process of its own answers; end it with all that it started when it takes too long."""
    work = asked["work"]
    receiver, sender = _processes.Pipe(duplex=False)
    process = _processes.Process(target=_work, args=(sender, json.dumps(asked)), daemon=True)
    with receiver:
        process.start()
        sender.close()
        if not receiver.poll(seconds):
            _end(process)
            raise TimeoutError(f"ended after {seconds} s")
        with contextlib.suppress(EOFError):
            answer: dict[str, Any] = json.loads(receiver.recv_bytes())
            process.join()
            return answer
    process.join()
    logger.error("%s ended with %s; what it said stands above", work, process.exitcode)
    raise Unavailable(
        f"the process of this {work} broke off (exit code {process.exitcode}); nothing was changed, and the log "
        "has its last words. If memory was short, take fewer rows"
    )


def _end(process: ForkServerProcess) -> None:
    assert process.pid is not None
    for number in (signal.SIGTERM, signal.SIGKILL):
        with contextlib.suppress(ProcessLookupError):  # it leads no group yet, or there is none left
            os.killpg(process.pid, number)
        process.join(_GRACE_SECONDS)
        if process.exitcode is not None:
            return


def _work(sender: Connection, asked: str) -> None:
    """Do what is asked for and send what came of it; it runs in the new process."""
    os.setsid()  # what it starts ends with it
    seen = passed_on_environment()
    os.environ.clear()
    os.environ.update(seen)
    sender.send_bytes(json.dumps(_answer(**json.loads(asked))).encode())


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
    return score_again(home, run_id, RewardsConfig.model_validate(rewards), **steps).model_dump(mode="json")


def verify_submission(home: Path, submission_id: str, samples: int) -> dict[str, Any]:
    """Hash a submission again and grade its stored answers again."""
    return recheck(home / SUBMISSIONS / submission_id, samples=samples, home=home).model_dump(mode="json")


WORKS: dict[str, Callable[..., Any]] = {
    "build": build_dataset,
    "comparison": compare_datasets,
    "replay": replay_rollouts,
    "verification": verify_submission,
}
"""What can be done in a process of its own."""


def _answer(home: str, work: str, arguments: dict[str, Any]) -> dict[str, Any]:
    try:
        return {"value": WORKS[work](Path(home), **arguments)}
    except TunixRtError as error:
        return _refusal(error, Path(home))
    except ServiceError as error:
        return {"status": error.status, "message": error.detail, "errors": error.errors}
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        return {"status": Unavailable.status, "message": "the disk is full; make room and send this again"}


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
