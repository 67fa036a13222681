"""Papers: write-up, video script and checklist of a run, put into its bundle, which is the final lock.

It does not know how a paper is worded or how an archive is written.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from tunix_rt.dataset import DatasetManifest
from tunix_rt.errors import MissingError, UsageError
from tunix_rt.formats import MANIFEST
from tunix_rt.run import check_manifest, read_run
from tunix_rt.run_folder import RunDir
from tunix_rt.submission.bundle import SubmissionManifest, bundle, measurements, upstream
from tunix_rt.submission.checklist import checklist, checklist_text
from tunix_rt.submission.figures import Figures, figures_of
from tunix_rt.submission.video import WORDS_PER_MINUTE, shots, video_script
from tunix_rt.submission.writeup import check_length, check_results, writeup

WRITEUP, VIDEO, CHECKLIST = "writeup.md", "video.md", "checklist.md"
_WHEELS = "wheels"


def figures_of_run(home: Path, run: RunDir) -> Figures:
    """Return the figures of a run from its folders; raise UsageError if it has no real score."""
    found = measurements(home, run)
    manifest = check_manifest(run)
    ref = upstream(manifest, "dataset")
    result: dict[str, Any] = json.loads(run.result.read_bytes()) if run.result.is_file() else {}
    return figures_of(
        manifest,
        json.loads(run.config.read_bytes()),
        found,
        dataset=DatasetManifest.read(home / ref.path / MANIFEST) if ref else None,
        result=result,
    )


def papers(
    figures: Figures, *, model_bytes: int, own_writeup: str | None = None, words_per_minute: int = WORDS_PER_MINUTE
) -> dict[str, str]:
    """Return the papers by their file names; raise UsageError if one is too long or speaks of other figures."""
    written = writeup(figures) if own_writeup is None else own_writeup
    check_length(written)
    check_results(written, figures)
    made = shots(figures, words_per_minute=words_per_minute)
    points = checklist(
        figures, written=written, video_seconds=made[-1].starts + made[-1].seconds, model_bytes=model_bytes
    )
    return {
        WRITEUP: written,
        VIDEO: video_script(figures, words_per_minute=words_per_minute),
        CHECKLIST: checklist_text(points),
    }


def submit(
    home: Path,
    run: RunDir,
    *,
    with_rows: bool = False,
    own_writeup: Path | None = None,
    words_per_minute: int = WORDS_PER_MINUTE,
    kernel: Path | None = None,
) -> tuple[SubmissionManifest, dict[str, str]]:
    """Make the papers of a run and lock them into its bundle; return the bundle's manifest and the papers.

    Args:
        home: Folder that holds the run, its evaluations and the submissions.
        run: A run that ended, with trained weights and a real score.
        with_rows: Put the rows of the dataset in as well.
        own_writeup: A write-up of the author's own, with the table of results in it; None: it is made.
        words_per_minute: Pace of the narrator.
        kernel: Folder that `write_kernel` made; its files, but the wheels, go into the bundle.

    Raises:
        UsageError: the run has no real score, or a paper is too long or speaks of other figures.
        MissingError: a file that is named is not there.
        DigestError: a byte of the run, of an evaluation or of the dataset changed.
    """
    figures = figures_of_run(home, run)
    own = None if own_writeup is None else _text(own_writeup)
    size = sum(path.stat().st_size for path in run.adapter.rglob("*") if path.is_file())
    made = papers(figures, model_bytes=size, own_writeup=own, words_per_minute=words_per_minute)
    with tempfile.TemporaryDirectory() as scratch:
        sources = {name: Path(scratch) / name for name in made}
        for name, path in sources.items():
            path.write_text(made[name], encoding="utf-8")
        done = bundle(home, run, with_rows=with_rows, papers=sources | _kernel_files(kernel))
    if done.run_digest != read_run(run).digest:
        raise UsageError(f"run {run.id} changed while it was bundled; bundle it again")
    return done, made


def _kernel_files(folder: Path | None) -> dict[str, Path]:
    if folder is None:
        return {}
    found = {
        path.relative_to(folder).as_posix(): path
        for part in ("kernel", "dataset")
        for path in sorted((folder / part).rglob("*"))
        if path.is_file() and not path.is_symlink() and path.relative_to(folder).parts[:2] != ("dataset", _WHEELS)
    }
    if not any(name.startswith("kernel/") for name in found):
        raise MissingError(
            f"{folder} holds no kernel; `tunix-rt submit plan CONFIG --owner NAME --out {folder}` makes it"
        )
    return found


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise MissingError(f"{path} cannot be read as text: {error}") from error
