"""Imports: runs made elsewhere, with the datasets and evaluations that came along, checked byte for byte and put in.

A folder that comes in is a run (`manifest.json`, `config.json`, …) or a home folder (`runs/`, `datasets/`,
`evaluations/`). It is checked as a whole before anything is put in; what a run names that is not here (a base model, a
dataset) is reported and is no error. It does not know how the folder came here.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from pydantic import TypeAdapter, ValidationError
from sqlalchemy.orm import Session

from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import DataError, DigestError, TunixRtError, UsageError
from tunix_rt.evaluation import EvaluationManifest, load_evaluation
from tunix_rt.formats import MANIFEST, Format, check_digests, digest_value, staged_folder, write_format
from tunix_rt.provenance import FolderRef, check_ref, now
from tunix_rt.run import RunManifest, check_manifest, is_held, read_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.errors import Conflict, Unprocessable
from tunix_rt_backend.schemas.names import DatasetKey, EvaluationId, RunId
from tunix_rt_backend.schemas.runs import ImportedRun
from tunix_rt_backend.services import census, files, index, jobs
from tunix_rt_backend.tables import utc_now

PARTS = ("datasets", "evaluations", "runs")
"""Folders of a home folder that are taken in, upstream first; base models are fetched by name instead."""
_DEEPEST = 3
"""An archive may put its content into so many folders that hold nothing else."""
_RECORDS = frozenset({"manifest.json", "config.json", "result.json", "state.json", "plan.json"})
"""Files that are read whole."""
_LONGEST_RECORD = 16 * 2**20
"""Bytes of a record, or of a line of one, at most."""
_AHEAD = timedelta(days=1)
"""The clock of another machine may be so far ahead of this one's."""
_PLACES = {"dataset": "datasets", "base_model": "models", "evaluation": "evaluations", "run": "runs"}
_names: dict[str, TypeAdapter[str]] = {
    "datasets": TypeAdapter(DatasetKey),
    "evaluations": TypeAdapter(EvaluationId),
    "runs": TypeAdapter(RunId),
}


class ImportRecord(Format):
    """What is kept in an evaluation's folder, or beside a run's logs, when it is taken in."""

    imported: str
    """When it was taken in, UTC."""
    manifest_digest: str
    """Digest of the manifest that came in."""
    missing_upstream: list[str]
    """What a run names that was not here then."""


@dataclass
class Checked:
    """A folder that came in, found whole."""

    runs: list[ImportedRun] = field(default_factory=list)
    folders: dict[str, dict[str, Path]] = field(default_factory=lambda: {part: {} for part in PARTS})
    """New folders by part and name; those that are here already are left out."""
    came: dict[str, list[str]] = field(default_factory=lambda: {part: [] for part in PARTS})
    """Names of all that came, by part."""


def check(home: Path, incoming: Path) -> Checked:
    """Return what came in, checked.

    Raises Unprocessable if it is no run, a byte of it differs from its record, or an evaluation does not follow from
    its samples; Conflict if a run, dataset or evaluation of that name is here with other content.
    """
    found = Checked()
    _check_sizes(incoming)
    try:
        for part, folder in _contents(incoming):
            _check_part(home, part, folder, found)
        for run in found.runs:
            if not run.replayed:
                _check_upstream(home, found, run)
    except TunixRtError as error:
        text = str(error).replace(str(incoming.absolute()), "").replace(str(incoming), "")
        raise Unprocessable(f"{text.replace(str(home.absolute()), '').replace(str(home), '')}"[:2000]) from error
    if not found.runs:
        raise Unprocessable("there is no run in it; expected a run's folder with manifest.json, or a folder with runs/")
    return found


def _check_sizes(incoming: Path) -> None:
    """Refuse a record, or a line of one, that is too long to be read whole: no run of ours writes such a one."""
    for path in incoming.rglob("*.json*"):
        if path.name in _RECORDS and path.stat().st_size > _LONGEST_RECORD:
            size = path.stat().st_size
            raise Unprocessable(f"{path.name} has {size:,} bytes; a record has at most {_LONGEST_RECORD:,}")
        if path.suffix == ".jsonl":
            with path.open("rb") as stream:
                while line := stream.readline(_LONGEST_RECORD + 1):
                    if len(line) > _LONGEST_RECORD:
                        raise Unprocessable(f"{path.name} has a line of more than {_LONGEST_RECORD:,} bytes")


def check_free(session: Session, found: Checked) -> None:
    """Raise Conflict if a job here makes a run of the same name."""
    for run in found.runs:
        if not run.replayed and jobs.newest(session, run.run_id) is not None:
            raise Conflict(f"run {run.run_id} is in this service's queue; the one that came in has the same name")


@contextlib.contextmanager
def placed(home: Path, found: Checked) -> Iterator[None]:
    """Put the new folders in, each whole or not at all, upstream first; an error in the block takes them away again."""
    missing = {run.run_id: run.missing_upstream for run in found.runs}
    with contextlib.ExitStack() as undo:
        for part in PARTS:
            for name, folder in found.folders[part].items():
                try:
                    with staged_folder(home / part / name) as stage:
                        for inner in folder.iterdir():
                            shutil.move(inner, stage / inner.name)
                        if part == "runs":
                            _write_record(RunDir(stage).logs, read_run(RunDir(stage)).digest, missing[name])
                        elif part == "evaluations":
                            _write_record(stage, EvaluationManifest.read(stage / MANIFEST).digest, [])
                except (UsageError, FileExistsError) as error:
                    raise Conflict(f"{part}/{name} has just been made by somebody else; send it again") from error
                undo.callback(shutil.rmtree, home / part / name, ignore_errors=True)
        yield
        undo.pop_all()


def _write_record(folder: Path, digest: str, missing: list[str]) -> None:
    record = ImportRecord(imported=now(), manifest_digest=digest, missing_upstream=missing)
    write_format(folder / index.IMPORT_RECORD, record)


def record(session: Session, home: Path, found: Checked) -> dict[str, list[str]]:
    """Write the rows of what was put in, and of what is here without one; return their names by part."""
    written: dict[str, list[str]] = {}
    for part in ("datasets", "runs", "evaluations"):
        kind = census.PARTS[part]
        for name in sorted(found.came[part]):
            if name in found.folders[part] or session.get(kind.table, name) is None:
                kind.write(session, home / part / name)
                written.setdefault(part, []).append(name)
    return written


def _contents(incoming: Path) -> Iterator[tuple[str, Path]]:
    """Yield the part and folder of everything that came in, upstream first."""
    root = incoming
    for _ in range(_DEEPEST):
        inner = [path for path in root.iterdir() if path.is_dir()]
        if (root / MANIFEST).is_file() or any((root / part).is_dir() for part in PARTS) or len(inner) != 1:
            break
        root = inner[0]
    if (root / MANIFEST).is_file():
        yield "runs", root
        return
    for part in PARTS:
        for folder in sorted((root / part).glob("*")):
            if folder.is_dir():
                yield part, folder


def _check_part(home: Path, part: str, folder: Path, found: Checked) -> None:
    if part == "datasets":
        _check_listed(folder, DatasetManifest.read(folder / MANIFEST).files)
        values = index.dataset_values(folder, into=home)
        name, digest, created = values["key"], values["digest"], values["created_at"]
    elif part == "evaluations":
        _check_listed(folder, EvaluationManifest.read(folder / MANIFEST).files)
        values = index.evaluation_values(folder, into=home)
        name, digest, created = values["evaluation_id"], values["digest"], values["created_at"]
    else:
        manifest = index.run_record(folder, into=home).manifest
        name, digest, created = manifest.id, manifest.digest, index.moment(manifest.created)
    try:
        _names[part].validate_python(name)
    except ValidationError as error:
        raise DataError(
            f"{name[:200]!r} is no name of a folder under {part}; expected letters, digits, `.`, `_` and `-`"
        ) from error
    if created > utc_now() + _AHEAD:
        raise DataError(f"{part}/{name[:200]} says that it was made at {created.isoformat()}, which is yet to come")
    if name in found.came[part]:
        raise DataError(f"{part}/{name} came twice; send it once")
    found.came[part].append(name)
    here = _digest_here(home, part, name)
    if here not in (None, digest):
        raise Conflict(f"{part}/{name} is here with other content ({here}, not {digest}); delete that one, or keep it")
    if part == "runs":
        found.runs.append(_check_run(folder, replayed=here is not None))
    if here is None:
        found.folders[part][name] = folder


def _digest_here(home: Path, part: str, name: str) -> str | None:
    """Return the digest of what is here under a name; None if nothing is."""
    folder = home / part / name
    if not folder.exists():
        return None
    if part == "datasets":
        return DatasetManifest.read(folder / MANIFEST).digest
    if part == "evaluations":
        return load_evaluation(folder).manifest.digest
    if is_held(RunDir(folder)):
        raise Conflict(f"a process works on run {name}, which is here already")
    return read_run(RunDir(folder)).digest


def _check_run(folder: Path, *, replayed: bool) -> ImportedRun:
    """Check a run's own files: its manifest, its configuration, and all that it recorded when it ended."""
    run = RunDir(folder)
    manifest = check_manifest(run)
    own = manifest.outputs.get("run")
    listed = files.list_beneath(folder)
    if own is not None:
        if digest_value(own.files) != own.digest:
            raise DigestError(f"the list of files of run {manifest.id} was edited: it does not give its digest")
        _check_listed(folder, own.files)
    known = {MANIFEST, run.config.name, *(own.files if own else ())}
    return ImportedRun(
        run_id=manifest.id,
        replayed=replayed,
        files=len(listed),
        bytes=sum(file.size for file in listed),
        verified=["manifest", "config", *(["own files"] if own else [])],
        unverified=[file.path for file in listed if file.path not in known and not file.path.startswith("logs/")][:100],
        missing_upstream=[],
    )


def _check_listed(folder: Path, expected: dict[str, str]) -> None:
    """Raise DigestError if a listed file did not come in, or differs; no list leads out of its folder."""
    there = {file.path for file in files.list_beneath(folder)}
    absent = sorted(set(expected) - there)
    if absent:
        raise DigestError(f"{absent[0][:200]!r} is missing, though the manifest lists it")
    check_digests(folder, expected)


def _check_upstream(home: Path, found: Checked, run: ImportedRun) -> None:
    """Say which of the things that a run names are here (or came along) as it names them, and which are not."""
    manifest: RunManifest = read_run(RunDir(found.folders["runs"][run.run_id]))
    for part, ref in [*manifest.inputs.items(), *manifest.outputs.items()]:
        if part == "run" and ref.kind == "output":
            continue
        if digest_value(ref.files) != ref.digest:
            raise DigestError(f"the record of the {ref.kind} {ref.key} in run {run.run_id} was edited")
        folder = _place_of(home, found, ref)
        same = False
        if folder is not None:
            there = {file.path for file in files.list_beneath(folder)}
            try:
                if set(ref.files) <= there:
                    check_ref(ref.model_copy(update={"path": str(folder.absolute())}), home)
                    same = True
            except DigestError:
                same = False  # it is here under that name, with other bytes: another one
        (run.verified if same else run.missing_upstream).append(f"{ref.kind} {ref.key} {ref.digest}")


def _place_of(home: Path, found: Checked, ref: FolderRef) -> Path | None:
    """Return the folder that a record means: one that came along, or the one of its name here."""
    part = _PLACES.get(ref.kind)
    if part is None or Path(ref.key).name != ref.key or ref.key.startswith("."):
        return None
    folder = found.folders.get(part, {}).get(ref.key) or home / part / ref.key
    return folder if files.has_folder(folder) else None
