"""RunManifest: what one execution of a recipe is, was made from, and how far it got; its folder is a RunDir.

It does not know how anything is trained or measured.
"""

from __future__ import annotations

import contextlib
import difflib
import logging
import re
import signal
import time
import traceback
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from tunix_rt.config import CONFIGS
from tunix_rt.errors import DataError, DigestError, MissingError, UsageError
from tunix_rt.formats import (
    MANIFEST,
    Format,
    append_jsonl,
    check_digests,
    digest_file,
    digest_value,
    is_locked,
    locked,
    staged_folder,
    write_format,
)
from tunix_rt.provenance import FolderRef, Provenance, check_ref, folder_ref, now, provenance
from tunix_rt.run_folder import RunDir

logger = logging.getLogger(__name__)

Status = Literal["queued", "preparing", "running", "completed", "stopped", "failed", "cancelled"]
ACTIVE: tuple[Status, ...] = ("preparing", "running")
"""Statuses of a run that a process works on; with no process behind it, such a run is shown as interrupted."""
RESUMABLE: tuple[Status, ...] = ("queued", "preparing", "running", "stopped", "failed", "cancelled")
"""Statuses from which a run can go on, if no process holds it."""

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}")


class Stopped(KeyboardInterrupt):
    """A signal asked the process to end; `result`: of a training that ended with all of it saved, None: it was cut."""

    def __init__(self, number: int = signal.SIGTERM, result: Any = None) -> None:
        super().__init__(signal.Signals(number).name)
        self.exit_code, self.result = 128 + number, result


class RunError(Format):
    """Why a run failed."""

    stage: str
    """What was being done: dataset, model, train, evaluate, export, …"""
    type: str
    """Class of the error."""
    message: str
    """What was expected, what came, what to do."""


class RunManifest(Format):
    """What a run is, what it was made from, and how far it got."""

    manifest_version: Literal["1.0"] = "1.0"
    """Version of this format."""
    id: str
    """Name of the run's folder."""
    kind: str
    """Recipe: `sft`, `grpo` or `session`."""
    status: Status
    """Lifecycle state."""
    stage: str = "queued"
    """What is being done, or was done last."""
    created: str
    """When the folder was made, UTC."""
    started: str | None = None
    """When the newest attempt began, UTC; None before the first."""
    finished: str | None = None
    """When the newest attempt ended, UTC; None while it has not."""
    attempts: int = Field(0, ge=0)
    """How often a process has worked on this run."""
    error: RunError | None = None
    """Why the newest attempt failed; None if it did not."""
    seed: int
    """Seed of the resolved configuration."""
    config_digest: str
    """Digest of config.json."""
    inputs: dict[str, FolderRef] = Field(default_factory=dict)
    """Everything the run was made from, by its part in the run: dataset, base_model, …"""
    outputs: dict[str, FolderRef] = Field(default_factory=dict)
    """Everything the run made, recorded when it ended: its own files and its evaluations."""
    results: dict[str, Any] = Field(default_factory=dict)
    """The few figures that one looks for first."""
    timings: dict[str, float] = Field(default_factory=dict)
    """Seconds by phase."""
    provenance: Provenance
    """Code, packages and machine of the newest attempt."""
    digest: str = ""
    """Digest of everything else in this manifest, so that a byte changed in it is noticed."""


def new_run(
    home: Path,
    kind: str,
    slug: str,
    *,
    config: Format,
    seed: int | None = None,
    inputs: Mapping[str, FolderRef] | None = None,
    run_id: str | None = None,
) -> RunDir:
    """Make the folder of a new run, with its manifest (status queued) and its resolved configuration.

    `run_id` is the name that somebody gave it beforehand (None: one is made); raises UsageError if there is such a run.
    """
    if run_id is None:
        run_id = f"{time.strftime('%Y-%m-%d', time.gmtime())}-{kind}-{slug}-{uuid.uuid4().hex[:4]}"
    elif not _RUN_ID.fullmatch(run_id):
        raise UsageError(f"{run_id!r} is no run id; expected letters, digits, `.`, `_` and `-`, the first one no sign")
    run = RunDir(home / "runs" / run_id)
    if run.manifest.is_file():
        raise UsageError(f"run {run_id} exists already; go on with it by `tunix-rt runs resume {run_id}`")
    with staged_folder(run.path) as stage:
        staged = RunDir(stage)
        write_format(staged.config, config)
        manifest = RunManifest(
            id=run_id,
            kind=kind,
            status="queued",
            created=now(),
            seed=getattr(config, "seed", 0) if seed is None else seed,
            config_digest=digest_file(staged.config),
            inputs=dict(inputs or {}),
            provenance=provenance(),
        )
        _write_manifest(staged, manifest)
    return run


def open_run(home: Path, run_id: str) -> RunDir:
    """Return a run by id, by an unambiguous part of its id, or by the path of its folder; `latest` is the newest.

    Raises MissingError with the nearest ids, UsageError if several runs match.
    """
    if (Path(run_id) / MANIFEST).is_file():
        return RunDir(Path(run_id).resolve())
    ids = _run_ids(home)
    if run_id == "latest" and ids:
        return RunDir(home / "runs" / max(ids, key=lambda name: read_run(RunDir(home / "runs" / name)).created))
    matches = [name for name in ids if name == run_id] or [name for name in ids if run_id in name]
    if len(matches) == 1:
        return RunDir(home / "runs" / matches[0])
    if matches:
        raise UsageError(f"{run_id!r} fits {len(matches)} runs: {', '.join(matches)}; write more of the id")
    close = difflib.get_close_matches(run_id, ids, n=3, cutoff=0.3)
    hint = f"did you mean {' or '.join(close)}?" if close else "`tunix-rt runs list` shows what there is"
    raise MissingError(f"no run {run_id!r} under {home / 'runs'}; {hint}")


def list_runs(home: Path) -> list[RunManifest]:
    """Return the manifests of all runs, the newest first."""
    manifests = [read_run(RunDir(home / "runs" / name)) for name in _run_ids(home)]
    return sorted(manifests, key=lambda manifest: (manifest.created, manifest.id), reverse=True)


def read_run(run: RunDir) -> RunManifest:
    """Return the manifest of a run."""
    return RunManifest.read(run.manifest)


def read_run_config(run: RunDir, manifest: RunManifest | None = None) -> Format:
    """Return the resolved configuration of a run; raise DigestError if the file is not the one it started with.

    `manifest` is that of the run, if it was read already.
    """
    manifest = manifest or read_run(run)
    check_digests(run.path, {run.config.name: manifest.config_digest})
    if manifest.kind not in CONFIGS:
        raise DataError(f"{run.manifest}: kind is {manifest.kind!r}; expected one of {', '.join(CONFIGS)}")
    return CONFIGS[manifest.kind].read(run.config)


def shown_status(run: RunDir, manifest: RunManifest) -> str:
    """Return the status that a person should see: `interrupted` for a run whose process died without a word."""
    return "interrupted" if manifest.status in ACTIVE and not is_held(run) else manifest.status


def is_held(run: RunDir) -> bool:
    """Return whether a living process works on this run."""
    return is_locked(run.path)


def update_run(run: RunDir, **changes: Any) -> RunManifest:
    """Replace fields of the manifest, atomically; return the new manifest."""
    changed = read_run(run).model_dump() | changes
    return _write_manifest(run, RunManifest.model_validate(changed))


def _manifest_digest(manifest: RunManifest) -> str:
    return digest_value(manifest.model_dump(mode="json", exclude={"digest"}))


def _write_manifest(run: RunDir, manifest: RunManifest) -> RunManifest:
    sealed = manifest.model_copy(update={"digest": _manifest_digest(manifest)})
    write_format(run.manifest, sealed)
    return sealed


def log_metrics(run: RunDir, **values: float | int | str | None) -> None:
    """Append one event to the metrics of a run; say `step=` and `time_s=` where they apply."""
    append_jsonl(run.metrics, values)


@contextlib.contextmanager
def attempt(run: RunDir) -> Iterator[RunManifest]:
    """Hold a run and work on it: sets the statuses, keeps a log, and records how the attempt ended.

    The body sets status `stopped` itself, through update_run, if it ends before its work is done; any other end without
    an error counts as `completed`. An interrupt (Ctrl-C, SIGTERM) leaves `stopped`, an error `failed`; both are raised
    again. Raises BusyError if another process holds the run, UsageError if it is completed.
    """
    with locked(run.path):
        before = read_run(run)
        if before.status not in RESUMABLE:
            raise UsageError(f"run {run.id} is {before.status}; start a new one")
        number = before.attempts + 1
        manifest = update_run(
            run, status="running", attempts=number, started=now(), finished=None, error=None, provenance=provenance()
        )
        with _logging_to(run.log(number)):
            logger.info("run started: id=%s kind=%s attempt=%d", run.id, manifest.kind, number)
            try:
                yield manifest
            except KeyboardInterrupt as error:
                logger.info("run interrupted: id=%s by=%s", run.id, type(error).__name__)
                update_run(run, status="stopped", finished=now())
                raise
            except BaseException as error:
                logger.error("run failed: id=%s\n%s", run.id, traceback.format_exc())
                stage = read_run(run).stage
                failure = RunError(stage=stage, type=type(error).__name__, message=str(error) or repr(error))
                update_run(run, status="failed", finished=now(), error=failure)
                raise
            ended = read_run(run)
            status = ended.status if ended.status not in ACTIVE else "completed"
            logger.info("run ended: id=%s status=%s", run.id, status)
        update_run(run, status=status, finished=now(), outputs=ended.outputs | {"run": _own_files(run)})


@contextlib.contextmanager
def changing_files(run: RunDir) -> Iterator[None]:
    """Hold an ended run while files are added; its record of its own files is checked before and renewed after."""
    with locked(run.path):
        recorded = read_run(run).outputs.get("run")
        if recorded:
            check_ref(recorded, run.home)
        yield
        if recorded:
            update_run(run, outputs=read_run(run).outputs | {"run": _own_files(run)})


def _own_files(run: RunDir) -> FolderRef:
    return folder_ref("output", run.id, run.path, home=run.home, leave_out=(MANIFEST, ".lock", "logs"))


@contextlib.contextmanager
def _logging_to(path: Path) -> Iterator[None]:
    path.parent.mkdir(parents=True, exist_ok=True)
    handler = logging.FileHandler(path, encoding="utf-8")
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger("tunix_rt")
    level, propagate = root.level, root.propagate
    root.addHandler(handler)
    root.propagate = False  # other libraries put handlers on the root logger, which would print every line twice
    root.setLevel(min(level or logging.INFO, logging.INFO))
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        root.propagate = propagate
        handler.close()


@contextlib.contextmanager
def stopping_on_sigterm() -> Iterator[None]:
    """Turn SIGTERM into Stopped inside the block, so that a run records its end before the process leaves."""

    def stop(number: int, frame: object) -> None:
        raise Stopped(number)

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Verified(Format):
    """What a verification read."""

    run: str
    """Id of the run."""
    files: int
    """How many files were hashed, and equal what was recorded."""
    bytes: int
    """How many bytes they hold."""
    checked: list[str]
    """What was checked, upstream first: `dataset dev-reasoning-v1`, `base_model gemma3-270m`, …"""


def verify_run(run: RunDir) -> Verified:
    """Hash everything that a run names, and what those runs name in turn.

    Raises DigestError naming the first file that is missing or differs in one byte.
    """
    manifest = read_run(run)
    checked: list[str] = []
    count = size = 0
    for ref in [*manifest.inputs.values(), *manifest.outputs.values()]:
        folder = check_ref(ref, run.home)
        count += len(ref.files)
        size += sum((folder / name).stat().st_size for name in ref.files)
        if ref.kind == "run":
            upstream = verify_run(RunDir(folder))
            checked += upstream.checked
            count, size = count + upstream.files, size + upstream.bytes
        checked.append(f"{ref.kind} {ref.key}")
    check_manifest(run)
    checked.append("config")
    return Verified(run=run.id, files=count + 1, bytes=size + run.config.stat().st_size, checked=checked)


def check_manifest(run: RunDir) -> RunManifest:
    """Return the manifest of a run; raise DigestError if it, or the configuration that it names, was changed."""
    manifest = read_run(run)
    read_run_config(run)
    if manifest.digest != _manifest_digest(manifest):
        raise DigestError(f"{run.manifest} changed: its digest does not cover what it says; restore it")
    return manifest


def check_inputs(run: RunDir) -> None:
    """Raise DigestError naming the first byte-changed input of a run, so that a resumed run goes on with the same."""
    for ref in read_run(run).inputs.values():
        check_ref(ref, run.home)


def _run_ids(home: Path) -> list[str]:
    return sorted(path.parent.name for path in (home / "runs").glob(f"[!.]*/{MANIFEST}"))
