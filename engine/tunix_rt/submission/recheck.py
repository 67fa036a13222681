"""Recheck: a submission's archive hashed, and its claims made again from what it holds; nothing in it is believed.

    archive      every file against its digest, and the manifest against its own
    run          manifest and configuration against their digests; the other files are those that the run recorded: all
                 of its own measurements and no others' files; the weights that were measured are those here
    evaluations  stored answers graded again by the grading library and added up again; of very many, a random sample
    papers       the table of results in the write-up made again, and its words counted

It does not run the model: that the weights write these completions is shown by `tunix-rt eval` alone.
"""

from __future__ import annotations

import json
import re
import tempfile
import zipfile
from pathlib import Path

from tunix_rt import tasks
from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import DataError, DigestError, TunixRtError
from tunix_rt.evaluation import Evaluation, check_evaluation, load_evaluation
from tunix_rt.evaluation.check import regradable
from tunix_rt.evaluation.folder import SAMPLES as LINES
from tunix_rt.formats import MANIFEST, Format, digest_value
from tunix_rt.run import RunManifest, check_manifest
from tunix_rt.run_folder import RunDir
from tunix_rt.submission.bundle import BUNDLE, PAPERS, SubmissionManifest, run_files, upstream, verify
from tunix_rt.submission.figures import Figures, figures_of
from tunix_rt.submission.papers import WRITEUP
from tunix_rt.submission.writeup import check_length, check_results
from tunix_rt.tasks import Task
from tunix_rt.trace import CONTRACT_DIGEST

_EVALUATION = re.compile(r"[a-z0-9][a-z0-9._-]{0,199}")
_PARTS = (MANIFEST, LINES)
SAMPLES = 2_000
"""Samples of one evaluation that are graded again; all of them, where an evaluation has no more."""


class Rescored(Format):
    """One evaluation, graded again."""

    evaluation: str
    """Its id."""
    samples: int
    """Samples that it holds."""
    regraded: int
    """Samples that were graded again, with the same verdict; a task with a scorer of its own has none."""
    figures: bool
    """Whether every verdict behind the figures was made again; the figures are added up from all of them always."""
    items: bool
    """Whether its task is here, and prompts and targets are those of the task."""


class Rechecked(Format):
    """What a recheck read."""

    submission: str
    """Id of the submission."""
    run: str
    """Run whose model is submitted."""
    files: int
    """Files in the archive; each has the bytes that were recorded."""
    bytes: int
    """Size of the archive."""
    score: float
    """Strict accuracy of the submitted model, from the samples."""
    n: int
    """Items behind the score."""
    evaluations: list[Rescored]
    """Every evaluation in the archive."""
    writeup_words: int | None
    """Words of the write-up; None: the archive holds none."""


def recheck(folder: Path, *, samples: int = SAMPLES, home: Path | None = None) -> Rechecked:
    """Hash a submission again and grade its stored answers again.

    Args:
        folder: The submission's folder.
        samples: Samples of each evaluation to grade again, drawn anew at each call.
        home: Where tasks are registered that are read from a file; None: only built-in ones are found.

    Raises:
        DigestError: a byte changed; the message names the file.
        DataError: a verdict, a figure or a paper does not follow from the samples.
        UsageError: the write-up is too long, or holds another table of results; or nothing has a score.
    """
    manifest = verify(folder)
    with tempfile.TemporaryDirectory() as scratch, zipfile.ZipFile(folder / BUNDLE) as archive:
        root = _unpack(archive, manifest, Path(scratch))
        run = RunDir(root / "run")
        record = check_manifest(run)
        if (record.id, record.digest) != (manifest.run, manifest.run_digest):
            raise DigestError(f"run/{MANIFEST} in {folder / BUNDLE} is that of {record.id}, not of run {manifest.run}")
        evaluations = [_evaluation(root, name, digest) for name, digest in manifest.evaluations.items()]
        rescored = [_rescore(done, samples, home) for done in evaluations]
        figures = _figures(root, run, evaluations)
        measured, held = figures.tuned.manifest.model.adapter_digest, _weights(manifest)
        if measured != held:
            raise DigestError(
                f"evaluation {figures.tuned.id} measured the weights {measured}, run/adapter in {folder / BUNDLE} "
                f"holds {held}; measure the run again and bundle it again"
            )
        words = _check_papers(root, figures)
        _check_record(manifest, record, run)
    return Rechecked(
        submission=manifest.id,
        run=record.id,
        files=len(manifest.files),
        bytes=manifest.bytes,
        score=figures.score.value,
        n=figures.score.n,
        evaluations=rescored,
        writeup_words=words,
    )


def _unpack(archive: zipfile.ZipFile, manifest: SubmissionManifest, root: Path) -> Path:
    """Unpack what is read here: manifests, configuration, samples, write-up; the rest stays where it is."""
    outside = [key for key in manifest.evaluations if not _EVALUATION.fullmatch(key)]
    if outside:
        raise DigestError(f"{outside[0][:200]!r} is no name of an evaluation; bundle the run again")
    single = [f"run/{MANIFEST}", "run/config.json", f"dataset/{MANIFEST}", f"{PAPERS}/{WRITEUP}"]
    for name in [*single, *(f"evaluations/{key}/{part}" for key in manifest.evaluations for part in _PARTS)]:
        if name not in manifest.files:
            continue
        target = root / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, target.open("wb") as sink:
            while block := source.read(1 << 20):
                sink.write(block)
    return root


def _check_record(manifest: SubmissionManifest, record: RunManifest, run: RunDir) -> None:
    """Raise DigestError naming a file or record of a submission that is not as its run recorded it, or is missing."""
    dataset, base_model = upstream(record, "dataset"), upstream(record, "base_model")
    own = [ref for ref in record.outputs.values() if ref.kind == "evaluation"]
    known = {f"run/{name}": digest for name, digest in run_files(run, record).items()}
    known |= {f"evaluations/{ref.key}/{part}": ref.files.get(part, "") for ref in own for part in _PARTS}
    rows = {f"dataset/{name}": digest for name, digest in (dataset.files if dataset else {}).items()}
    known |= rows if manifest.with_rows else {name: rows[name] for name in rows if name == f"dataset/{MANIFEST}"}
    # Later measurements of its model are not in its record; recheck grades them like its own.
    later = {f"evaluations/{key}/{part}" for key in manifest.evaluations for part in _PARTS} - known.keys()
    for name, digest in manifest.files.items():
        if known.get(name, digest) != digest:
            raise DigestError(f"{name} in {BUNDLE} is not what run {record.id} recorded when it ended")
    papers = {name for name in manifest.files if name.startswith(f"{PAPERS}/") and ".." not in name.split("/")}
    free = papers | later | {f"run/{MANIFEST}"}
    odd = sorted((known.keys() | later) - manifest.files.keys()) + sorted(manifest.files.keys() - known.keys() - free)
    if odd:
        raise DigestError(f"{odd[0]} is missing in {BUNDLE}, or is no file of run {record.id}; bundle the run again")
    named = [ref.digest if ref else None for ref in (base_model, dataset)]
    if [manifest.base_model, manifest.dataset] != named:
        raise DigestError(f"the submission names another base model or dataset than run {record.id} was made from")


def _evaluation(root: Path, name: str, digest: str) -> Evaluation:
    done = load_evaluation(root / "evaluations" / name)
    if done.id != name or done.manifest.digest != digest:
        raise DigestError(f"evaluations/{name}/{MANIFEST} in {BUNDLE} is another evaluation: {done.id}")
    return done


def _weights(manifest: SubmissionManifest) -> str:
    """Return the identity of the trained weights in the archive: the digest over the digests of their files."""
    prefix = "run/adapter/"
    files = {name.removeprefix(prefix): digest for name, digest in manifest.files.items() if name.startswith(prefix)}
    return digest_value({name: digest for name, digest in files.items() if name != MANIFEST})


def _rescore(done: Evaluation, most: int, home: Path | None) -> Rescored:
    """Grade an evaluation again, a random sample of it where it has more than `most`, and add it up in full."""
    if done.manifest.contract_digest != CONTRACT_DIGEST:
        raise DataError(f"evaluation {done.id} was made under another prompt contract; measure the model again")
    regraded = min(most, len(regradable(done)))
    return Rescored(
        evaluation=done.id,
        samples=len(done.samples),
        regraded=regraded,
        figures=regraded == len(done.samples),
        items=check_evaluation(done, _task(done, home), most=most),
    )


def _task(done: Evaluation, home: Path | None) -> Task | None:
    """Return the very items that an evaluation asked, if this machine has them."""
    asked = done.manifest.task
    try:
        found = tasks.load(asked.name, home=home, limit=asked.items, seed=done.manifest.sampling.seed)
    except TunixRtError:
        return None  # said as `items: false`
    return found if found.digest == asked.digest else None


def _figures(root: Path, run: RunDir, evaluations: list[Evaluation]) -> Figures:
    dataset = root / "dataset" / MANIFEST
    return figures_of(
        check_manifest(run),
        json.loads(run.config.read_bytes()),
        evaluations,
        dataset=DatasetManifest.read(dataset) if dataset.is_file() and (root / PAPERS).is_dir() else None,
        result={},  # no figure of the table is taken from it
    )


def _check_papers(root: Path, figures: Figures) -> int | None:
    path = root / PAPERS / WRITEUP
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8", errors="replace")
    check_results(text, figures)
    return check_length(text)
