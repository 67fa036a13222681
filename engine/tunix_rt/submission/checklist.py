"""Checklist: what must hold before a submission is sent, each point looked up in the run, or named as done by hand.

It does not change anything, and it never marks a point that it cannot see.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from tunix_rt.submission.figures import Figures
from tunix_rt.submission.forecast import OUTPUT_BYTES, SESSION_HOURS, SETUP_MINUTES
from tunix_rt.submission.kernel import MODEL_SOURCES
from tunix_rt.submission.video import MOST_SECONDS
from tunix_rt.submission.words import count_words
from tunix_rt.submission.writeup import MOST_WORDS

State = Literal["done", "open", "hand"]
_MARKS: dict[State, str] = {"done": "[x]", "open": "[ ] OPEN:", "hand": "[ ] by hand:"}


class Check(NamedTuple):
    """One point: `done` and `open` were looked up, `hand` is for the person."""

    state: State
    text: str


def checklist(figures: Figures, *, written: str, video_seconds: int, model_bytes: int) -> list[Check]:
    """Return the points of a run with its write-up, its video and the size of its trained weights."""
    run, metrics = figures.run, figures.tuned.manifest.metrics
    files = run.outputs["run"].files if "run" in run.outputs else {}
    orbax = any(name.startswith("exports/orbax/") for name in files)
    minutes, most = figures.minutes, 60 * SESSION_HOURS - SETUP_MINUTES
    cut = sum(sample.was_cut for sample in figures.tuned.samples)
    words = count_words(written)
    looked = [
        (run.status == "completed", f"the run ended by itself ({run.status})"),
        (metrics.n > 0, f"the trained model has a score: {metrics.n} of {metrics.items} items are scored"),
        (cut == 0, f"no completion was cut off by the deadline ({cut} were)"),
        (bool(figures.bases), "the base model was measured on the same items"),
        (figures.dataset is not None and bool(figures.dataset.contamination), "the dataset was compared with every "
         "evaluation task, and rows that repeat one were left out"),
        (figures.base_model in MODEL_SOURCES, f"the base model is {figures.base_model}; the competition allows "
         f"{', '.join(MODEL_SOURCES)}"),
        (orbax, f"the checkpoint that plain Tunix code loads is there (exports/orbax; else: tunix-rt export {run.id} "
         "--to orbax)"),
        (minutes <= most, f"the phases took {minutes:.1f} minutes, one session has {most:.0f} after its set-up"),
        (model_bytes <= OUTPUT_BYTES, f"the trained weights take {model_bytes / 1e9:.3f} GB, the output has "
         f"{OUTPUT_BYTES / 1e9:.0f}"),
        (words <= MOST_WORDS, f"the write-up has {words:,} words, the limit is {MOST_WORDS:,}"),
        (video_seconds <= MOST_SECONDS, f"the video takes {video_seconds} seconds, the limit is {MOST_SECONDS}"),
        (run.provenance.git_dirty is False, "the code of the run was committed, so that others can get the same"),
    ]  # fmt: skip
    by_hand = (
        "accept Gemma's terms on Kaggle with the account that submits",
        "set the accelerator to TPU v5e-8 in the editor, then Save & Run All: an upload alone may get another image",
        "read the write-up once aloud: figures are the program's, the story is yours",
        "record and upload the video, and put its link into the write-up",
        "make notebook, dataset and video public before the deadline",
        "download the finished output and run `tunix-rt submit verify` on it",
    )
    return [Check("done" if good else "open", text) for good, text in looked] + [
        Check("hand", text) for text in by_hand
    ]


def checklist_text(points: list[Check]) -> str:
    """Return the points as Markdown."""
    return "# Before you submit\n\n" + "".join(f"- {_MARKS[point.state]} {point.text}\n" for point in points)
