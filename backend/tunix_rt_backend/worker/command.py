"""A job as a command line of `tunix-rt`: its words, its configuration file and its environment; it starts nothing.

<home>/jobs/<job id>/config.json   what the job was asked to do
                     output.log    what every attempt said
                     stdout.log    what the newest attempt printed: its last line is the result
                     process.json  the process of the newest attempt
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import orjson

from tunix_rt.errors import MissingError, UsageError
from tunix_rt.formats import Format, canonical_bytes, write_bytes
from tunix_rt.run_folder import RunDir
from tunix_rt.submission import SUBMISSIONS
from tunix_rt_backend.schemas.jobs import JobKind
from tunix_rt_backend.services.jobs import RUN_KINDS
from tunix_rt_backend.settings import Settings, command_environment
from tunix_rt_backend.tables import Job

MADE = {"eval": "evaluations", "submission": SUBMISSIONS}
"""Folder in the home folder of what a job makes that makes no run, by its kind."""


class Process(Format):
    """The process of an attempt, so that a later worker knows whether it still lives."""

    host: str
    """Where its id means something: host, boot and container."""
    pid: int
    """Its id, and that of its process group."""
    started: float
    """When it began, in seconds since 1970: ids are used again."""


@dataclass(frozen=True)
class JobDir:
    """Every file name inside a job's folder."""

    path: Path
    """The job's folder."""

    @property
    def config(self) -> Path:
        """What the job was asked to do."""
        return self.path / "config.json"

    @property
    def output(self) -> Path:
        """What every attempt said, in order."""
        return self.path / "output.log"

    @property
    def stdout(self) -> Path:
        """What the newest attempt printed as data."""
        return self.path / "stdout.log"

    @property
    def process(self) -> Path:
        """The process of the newest attempt."""
        return self.path / "process.json"


def job_dir(home: Path, job: Job) -> JobDir:
    """Return the folder of a job."""
    return JobDir(home / "jobs" / str(job.id))


def run_dir(home: Path, job: Job) -> RunDir | None:
    """Return the folder of the run that a job makes; None: it makes none."""
    return RunDir(home / "runs" / job.run_id) if job.run_id and job.kind in RUN_KINDS else None


def write_config(folder: JobDir, job: Job) -> None:
    """Write a job's configuration where its command reads it: JSON is YAML."""
    write_bytes(folder.config, canonical_bytes(job.spec["config"]))


def words(home: Path, job: Job) -> list[str]:
    """Return the words after `tunix-rt` that carry a job out, or go on with it if its run is there.

    Raises UsageError for a job that no command carries out, MissingError if the run to measure is gone.
    """
    config, run = str(job_dir(home, job).config.absolute()), run_dir(home, job)
    if run is not None and run.manifest.is_file():
        return ["runs", "resume", "--json", "--", run.id]
    match job.kind:
        case "sft" | "grpo":
            return ["train", job.kind, config, f"--run-id={job.run_id}", "--json"]
        case "session":
            return ["session", "run", config, f"--run-id={job.run_id}", "--json"]
        case "eval":
            return ["eval", config, *_measured(home, job.spec), "--json"]
        case "submission":
            rows = ["--with-rows"] if job.spec["config"]["with_rows"] else []
            return ["submit", "bundle", *rows, "--json", "--", str(job.run_id)]
    raise UsageError(f"job {job.id} is of kind {job.kind!r}; expected {', '.join(get_args(JobKind))}")


def _measured(home: Path, spec: dict[str, Any]) -> list[str]:
    found = []
    if spec.get("run") is not None:
        if not RunDir(home / "runs" / spec["run"]).manifest.is_file():
            raise MissingError(f"run {spec['run']!r} is gone; choose another one to measure")
        found.append(f"--run={spec['run']}")
    if spec.get("model") is not None:
        found.append(f"--model={spec['model']}")
    found += [f"--{name.replace('_', '-')}={spec[name]}" for name in ("dtype", "few_shot_pool") if spec.get(name)]
    return found


def environment(settings: Settings, job: Job) -> dict[str, str]:
    """Return the environment of a command: no database address and no token is in it."""
    return command_environment(settings.home, job.spec.get("device", "auto")) | {"PYTHONUNBUFFERED": "1"}


def read_object(path: Path) -> dict[str, Any] | None:
    """Return what a file holds as a JSON object, or its last line does; None if neither is one."""
    data = path.read_bytes().strip() if path.is_file() else b""
    for text in (data, data[data.rfind(b"\n") + 1 :]):
        try:
            value = orjson.loads(text.replace(b"\\u0000", b""))  # PostgreSQL keeps no NUL
        except orjson.JSONDecodeError:
            continue
        return value if isinstance(value, dict) else None
    return None


def last_words(path: Path, start: int) -> str | None:
    """Return the last line that a command said since a byte of its log; None if it said nothing."""
    if not path.is_file():
        return None
    with path.open("rb") as stream:
        stream.seek(max(start, path.stat().st_size - 65536))
        lines = [line.strip() for line in stream.read().decode(errors="replace").splitlines() if line.strip()]
    return lines[-1].removeprefix("error: ").replace("\0", "") if lines else None
