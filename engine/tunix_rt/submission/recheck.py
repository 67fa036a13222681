"""Recheck: a submission's archive hashed, and its claims made again from what it holds; nothing in it is believed.

    archive      every file against its digest, and the manifest against its own
    run          manifest and configuration against their digests; the weights that were measured are those here
    evaluations  stored answers graded again by the grading library and added up again; of very many, a random sample
    papers       the table of results in the write-up made again, and its words counted

It does not run the model: that the weights write these completions is shown by `tunix-rt eval` alone.
"""

from __future__ import annotations

import json
import random
import tempfile
import zipfile
from pathlib import Path

from tunix_rt import tasks
from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import DataError, DigestError, TunixRtError
from tunix_rt.evaluation import Evaluation, check_evaluation, load_evaluation
from tunix_rt.evaluation.sample import regrade_sample
from tunix_rt.formats import MANIFEST, Format, digest_value
from tunix_rt.run import RunDir, check_manifest
from tunix_rt.submission.bundle import BUNDLE, PAPERS, SubmissionManifest, verify
from tunix_rt.submission.figures import Figures, figures_of
from tunix_rt.submission.papers import WRITEUP
from tunix_rt.submission.writeup import check_length, check_results
from tunix_rt.tasks import Task
from tunix_rt.trace import CONTRACT_DIGEST

SAMPLES = 2_000
"""Samples of one evaluation that are graded again; all of them, where an evaluation has no more."""


class Rescored(Format):
    """One evaluation, graded again."""

    evaluation: str
    """Its id."""
    samples: int
    """Samples that it holds."""
    regraded: int
    """Samples that were graded again, with the same verdict."""
    figures: bool
    """Whether every figure was added up again from all samples."""
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
    """Unpack what is read here: manifests, configuration, result, samples, papers; the rest stays where it is."""
    for name in manifest.files:
        target = root / name
        if not target.resolve().is_relative_to(root.resolve()):
            raise DigestError(f"{name} in {BUNDLE} leads out of its folder; bundle the run again")
        if name.startswith(("run/adapter/", "dataset/")) and not name.endswith(MANIFEST):
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        with archive.open(name) as source, target.open("wb") as sink:
            while block := source.read(1 << 20):
                sink.write(block)
    return root


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
    """Grade an evaluation again: in full where that is no more than `most` samples, else a random sample of it."""
    task = _task(done, home)
    whole = len(done.samples) <= most
    if whole:
        known = check_evaluation(done, task)
    else:
        _regrade(done, most)
        known = False
    return Rescored(
        evaluation=done.id,
        samples=len(done.samples),
        regraded=min(most, len(done.samples)),
        figures=whole,
        items=known,
    )


def _regrade(done: Evaluation, most: int) -> None:
    manifest = done.manifest
    if manifest.contract_digest != CONTRACT_DIGEST:
        raise DataError(f"evaluation {done.id} was made under another prompt contract; measure the model again")
    for sample in random.SystemRandom().sample(done.samples, most):
        again = regrade_sample(sample, manifest.prompt, manifest.sampling.max_new_tokens)
        if (again.strict.value, again.lenient.value) != (sample.strict.value, sample.lenient.value):
            raise DataError(
                f"evaluation {done.id} does not follow from its samples: sample {sample.id} says strict "
                f"{sample.strict.value} and lenient {sample.lenient.value}, its completion gives "
                f"{again.strict.value} and {again.lenient.value}"
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
        result=json.loads(run.result.read_bytes()) if run.result.is_file() else {},
    )


def _check_papers(root: Path, figures: Figures) -> int | None:
    path = root / PAPERS / WRITEUP
    if not path.is_file():
        return None
    text = path.read_text(encoding="utf-8")
    check_results(text, figures)
    return check_length(text)
