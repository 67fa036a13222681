"""Bundle: a run with all that speaks for it as one archive, named by its content and never changed.

    submissions/<id>/
        bundle.zip       run/{manifest,config,result}.json, run/report.html, run/adapter/, evaluations/<id>/,
                         dataset/manifest.json, the dataset's rows if they were asked for, and kaggle/: the papers
        manifest.json    SubmissionManifest, written last: its presence means complete

The same content gives the same id and the same bytes on every machine: names are sorted, times are fixed and nothing is
compressed. It does not know where a submission is sent.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Literal

from tunix_rt.errors import DigestError, MissingError, UsageError
from tunix_rt.evaluation import Evaluation, EvaluationManifest, load_evaluation
from tunix_rt.evaluation.folder import SAMPLES
from tunix_rt.formats import MANIFEST, Format, check_digests, digest_file, digest_value, staged_folder, write_format
from tunix_rt.provenance import FolderRef, Provenance, RefKind, now, provenance
from tunix_rt.run import RunManifest, read_run
from tunix_rt.run_folder import RunDir

SUBMISSIONS = "submissions"
"""Folder of all submissions inside the home folder."""
BUNDLE = "bundle.zip"
"""File name of the archive."""
PAPERS = "kaggle"
"""Folder in the archive of what goes to Kaggle beside the model: write-up, video script, checklist, kernel, locks."""
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The earliest time that an archive can hold."""
_PLAIN = 0o644 << 16
"""Attributes of a plain file in an archive."""
_DAMAGED = (zipfile.BadZipFile, EOFError, OSError, RuntimeError, ValueError)
"""What Python's reader raises for an archive of which a byte was changed."""
_NOT_CONTENT = {"id", "created", "digest", "bytes", "bundle_digest", "provenance"}


class SubmissionManifest(Format):
    """What a submission folder says about itself; from here one walks back, digest by digest, to the traces."""

    manifest_version: Literal["1.0"] = "1.0"
    """Version of this format."""
    id: str
    """Name of the folder."""
    created: str
    """When it was bundled, UTC."""
    digest: str
    """Digest of the content: what it names by digest and holds, not its time and machine."""
    run: str
    """Run whose model is submitted."""
    run_digest: str
    """Digest of the run's manifest."""
    base_model: str | None
    """Digest of the base model's files; None if the run names none."""
    dataset: str | None
    """Digest of the dataset's files; None if the run names none."""
    evaluations: dict[str, str]
    """Digest of every evaluation in the bundle by its id: the run's own, and those of its base."""
    with_rows: bool
    """Whether the rows of the dataset are in the bundle, beside its manifest."""
    files: dict[str, str]
    """Digest of every file in the bundle by its path there."""
    bytes: int
    """Size of the bundle."""
    bundle_digest: str
    """Digest of bundle.zip."""
    provenance: Provenance
    """Code, packages and machine that bundled it."""


def bundle(
    home: Path,
    run: RunDir,
    *,
    evaluations: Iterable[str] | None = None,
    with_rows: bool = False,
    papers: Mapping[str, Path] | None = None,
) -> SubmissionManifest:
    """Write the submission of a run, or return the one of the same content that is there.

    Args:
        home: Folder that holds the evaluations and the submissions.
        run: A run that ended, with trained weights.
        evaluations: Ids of the run's evaluations, beside those that the run itself made; None: every one in `home`.
        with_rows: Put the rows of the dataset in as well.
        papers: Files for the folder `kaggle/` of the archive, by their names there.

    Raises:
        UsageError: the run has not ended, has no trained weights, or none of its evaluations holds a score.
        DigestError: a byte of the run, of an evaluation or of the dataset changed.
    """
    manifest = read_run(run)
    measured = {done.id: done.manifest.digest for done in measurements(home, run, evaluations=evaluations)}
    dataset, base_model = upstream(manifest, "dataset"), upstream(manifest, "base_model")
    sources = _run_files(run, manifest) | _evaluation_files(home, measured)
    sources |= _dataset_files(home, dataset, with_rows) if dataset else {}
    sources |= {f"{PAPERS}/{name}": path for name, path in (papers or {}).items()}
    content = SubmissionManifest(
        id="",
        created=now(),
        digest="",
        run=run.id,
        run_digest=manifest.digest,
        base_model=base_model.digest if base_model else None,
        dataset=dataset.digest if dataset else None,
        evaluations=measured,
        with_rows=with_rows,
        files={name: digest_file(path) for name, path in sorted(sources.items())},
        bytes=0,
        bundle_digest="",
        provenance=provenance(),
    )
    digest = _content_digest(content)
    name = _name(run.id, digest)
    folder = home / SUBMISSIONS / name
    if (folder / MANIFEST).is_file():
        return verify(folder)
    with staged_folder(folder) as stage:
        size, bundle_digest = _write_archive(stage / BUNDLE, sources, content.files)
        changes = {"id": name, "digest": digest, "bytes": size, "bundle_digest": bundle_digest}
        done_manifest = content.model_copy(update=changes)
        write_format(stage / MANIFEST, done_manifest)
    return done_manifest


def upstream(manifest: RunManifest, kind: RefKind) -> FolderRef | None:
    """Return the first record of a kind in what a run was made from, or else in what it made; None without one."""
    return next((ref for ref in [*manifest.inputs.values(), *manifest.outputs.values()] if ref.kind == kind), None)


def run_files(run: RunDir, manifest: RunManifest) -> dict[str, str]:
    """Return the digests of a run's own files that a bundle holds, as the run recorded them when it ended."""
    recorded = manifest.outputs["run"].files if "run" in manifest.outputs else {}
    single, trained = (run.config.name, run.result.name, run.report.name), f"{run.adapter.name}/"
    return {name: digest for name, digest in recorded.items() if name in single or name.startswith(trained)}


def _name(run: str, digest: str) -> str:
    return f"{run}-{digest.removeprefix('sha256:')[:8]}"


def measurements(home: Path, run: RunDir, *, evaluations: Iterable[str] | None = None) -> list[Evaluation]:
    """Return the evaluations that speak for a run, by id: those that it made, and those of its model.

    Raises UsageError if the run has not ended, has no trained weights, or none of its evaluations holds a score.
    """
    manifest = read_run(run)
    if manifest.status not in ("completed", "stopped") or "run" not in manifest.outputs:
        raise UsageError(f"run {run.id} is {manifest.status}; a run is submitted once its work has ended")
    if not (run.adapter / MANIFEST).is_file():
        raise UsageError(f"run {run.id} has no trained weights; choose a run that trained a model")
    own = {ref.key for ref in manifest.outputs.values() if ref.kind == "evaluation"}
    names = own | set(_evaluations_of(home, run.id) if evaluations is None else evaluations)
    found = [load_evaluation(_inside(home, f"evaluations/{name}")) for name in sorted(names)]
    if not any(done.manifest.model.run == run.id and done.manifest.metrics.n for done in found):
        raise UsageError(f"run {run.id} has no evaluation with a score; measure it: `tunix-rt eval --run {run.id}`")
    return found


def verify(folder: Path) -> SubmissionManifest:
    """Hash a submission and every file in its archive again; raise DigestError naming the first that differs."""
    if not (folder / MANIFEST).is_file():
        raise MissingError(f"{folder} is not a submission: it has no {MANIFEST}")
    manifest = SubmissionManifest.read(folder / MANIFEST)
    if _content_digest(manifest) != manifest.digest or manifest.id != _name(manifest.run, manifest.digest):
        raise DigestError(f"{folder / MANIFEST} changed: its digest does not cover what it says; bundle the run again")
    try:
        if (folder / BUNDLE).is_file():
            _check_archive(folder / BUNDLE, manifest.files)
    except _DAMAGED as error:
        raise DigestError(
            f"{folder / BUNDLE} changed: it is no archive any more ({error!r}); bundle the run again"
        ) from error
    # What lies between the files of the archive is under the digest of the whole.
    check_digests(folder, {BUNDLE: manifest.bundle_digest})
    if manifest.bytes != (folder / BUNDLE).stat().st_size:
        raise DigestError(f"{folder / MANIFEST} changed: it says {manifest.bytes:,} bytes, {BUNDLE} has others")
    return manifest


def _check_archive(path: Path, files: Mapping[str, str]) -> None:
    """Raise DigestError naming the first file of an archive that has other bytes than were recorded."""
    with zipfile.ZipFile(path) as archive:
        # Ours are plain files, never compressed: others could unpack to more than any disk holds, or be links.
        odd = any(entry.compress_type or entry.external_attr != _PLAIN for entry in archive.infolist())
        if archive.namelist() != list(files) or odd:
            raise DigestError(
                f"{path} holds other files than its manifest lists, or compressed ones or links; bundle the run again"
            )
        for name, digest in files.items():
            try:
                with archive.open(name) as stream:
                    found = "sha256:" + hashlib.file_digest(stream, "sha256").hexdigest()  # type: ignore[arg-type]
            except _DAMAGED as error:
                raise DigestError(f"{name} in {path} changed: {error!r}; bundle the run again") from error
            if found != digest:
                raise DigestError(f"{name} in {path} changed: its manifest says {digest}, it is {found}")


def _content_digest(manifest: SubmissionManifest) -> str:
    return digest_value(manifest.model_dump(mode="json", exclude=_NOT_CONTENT))


def _evaluations_of(home: Path, run_id: str) -> list[str]:
    """Return the ids of the evaluations whose model a run trained."""
    found = sorted(home.glob(f"evaluations/[!.]*/{MANIFEST}"))
    return [path.parent.name for path in found if EvaluationManifest.read(path).model.run == run_id]


def _run_files(run: RunDir, manifest: RunManifest) -> dict[str, Path]:
    """Return what a bundle holds of a run; raise DigestError if it is not what the run recorded when it ended."""
    recorded = run_files(run, manifest)
    there = [run.path / name for name in recorded] + [path for path in run.adapter.rglob("*") if path.is_file()]
    names = {path.relative_to(run.path).as_posix(): path for path in there}
    unknown = sorted(name for name, path in names.items() if name not in recorded or path.is_symlink())
    if unknown:
        raise DigestError(f"{names[unknown[0]]} was not there when the run ended; take it away or go on with the run")
    check_digests(run.path, recorded)
    return {f"run/{name}": path for name, path in names.items()} | {f"run/{MANIFEST}": run.manifest}


def _evaluation_files(home: Path, names: Iterable[str]) -> dict[str, Path]:
    parts = ((name, part) for name in names for part in (MANIFEST, SAMPLES))
    return {f"evaluations/{name}/{part}": home / "evaluations" / name / part for name, part in parts}


def _dataset_files(home: Path, ref: FolderRef, with_rows: bool) -> dict[str, Path]:
    folder = _inside(home, ref.path)
    wanted = {name: digest for name, digest in ref.files.items() if with_rows or name == MANIFEST}
    check_digests(folder, wanted)
    return {f"dataset/{name}": _inside(folder, name) for name in wanted}


def _inside(folder: Path, name: str) -> Path:
    """Return a path beneath a folder; a manifest that was made elsewhere must not lead out of it."""
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise UsageError(f"{path} lies outside {folder}; only what lies inside can be bundled")
    return path


def _write_archive(target: Path, sources: Mapping[str, Path], digests: Mapping[str, str]) -> tuple[int, str]:
    """Write the files in the order of their names and return the archive's size and digest."""
    with zipfile.ZipFile(target, "x", zipfile.ZIP_STORED) as archive:
        for name, expected in sorted(digests.items()):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = _PLAIN
            entry.file_size = sources[name].stat().st_size
            digest = hashlib.sha256()
            with sources[name].open("rb") as source, archive.open(entry, "w") as stream:
                while block := source.read(1 << 20):
                    digest.update(block)
                    stream.write(block)
            if "sha256:" + digest.hexdigest() != expected:
                raise DigestError(f"{sources[name]} changed while it was bundled; try again")
    return target.stat().st_size, digest_file(target)
