"""Video: a script and a shot list of at most three minutes, made from the figures of a run.

It does not know how a film is made: a shot says what is seen and what is spoken, and how long that takes.
"""

from __future__ import annotations

import math

from pydantic import Field

from tunix_rt.comparison import percent
from tunix_rt.errors import UsageError
from tunix_rt.formats import Format
from tunix_rt.submission.figures import Figures
from tunix_rt.submission.words import count_words, shortened

MOST_SECONDS = 180
"""Longest video that the competition takes."""
WORDS_PER_MINUTE = 140
"""Pace of a calm narrator; people read aloud at about 120 to 160 words a minute."""
_SHORTEST = 8
"""Seconds that a picture is shown at least, so that one can read it."""


class Shot(Format):
    """One picture with what is said over it."""

    starts: int = Field(ge=0)
    """Second at which it begins."""
    seconds: int = Field(ge=1)
    """How long it is shown: what its words need at the narrator's pace."""
    seen: str
    """What is on the screen."""
    spoken: str
    """What the narrator says."""

    @property
    def words(self) -> int:
        """Spoken words."""
        return count_words(self.spoken)


def shots(figures: Figures, *, words_per_minute: int = WORDS_PER_MINUTE) -> list[Shot]:
    """Return the shots of the video; raise UsageError if they take longer than three minutes at this pace."""
    if words_per_minute < 1:
        raise UsageError(f"words a minute are {words_per_minute}; expected at least 1, such as {WORDS_PER_MINUTE}")
    made: list[Shot] = []
    clock = 0
    for seen, spoken in _scenes(figures):
        seconds = max(_SHORTEST, math.ceil(60 * count_words(spoken) / words_per_minute))
        made.append(Shot(starts=clock, seconds=seconds, seen=seen, spoken=spoken))
        clock += seconds
    if clock > MOST_SECONDS:
        raise UsageError(
            f"the video takes {clock} seconds at {words_per_minute} words a minute; the limit is {MOST_SECONDS}: speak "
            "faster with --words-per-minute"
        )
    return made


def video_script(figures: Figures, *, words_per_minute: int = WORDS_PER_MINUTE) -> str:
    """Return the script with its shot list in Markdown; the same run gives the same text."""
    made = shots(figures, words_per_minute=words_per_minute)
    total, words = made[-1].starts + made[-1].seconds, sum(shot.words for shot in made)
    lines = [
        f"# Video: {figures.base_model} that shows its work",
        "",
        f"{_clock(total)} of at most {_clock(MOST_SECONDS)}, {words} words at {words_per_minute} words a minute.",
        "",
    ]
    for number, shot in enumerate(made, start=1):
        end = shot.starts + shot.seconds
        lines += [
            f"## Shot {number}, {_clock(shot.starts)} to {_clock(end)} ({shot.words} words)",
            "",
            f"Seen: {shot.seen}",
            "",
            f"> {shot.spoken}",
            "",
        ]
    return "\n".join(lines)


def _clock(seconds: int) -> str:
    return f"{seconds // 60}:{seconds % 60:02d}"


def _scenes(figures: Figures) -> list[tuple[str, str]]:
    """Return what is seen and what is spoken, scene by scene."""
    asked, metrics = figures.tuned.manifest.task, figures.tuned.manifest.metrics
    after, before = figures.example
    question = " ".join(shortened(after.prompt, 30).split())
    scenes = [
        (
            f"The question on a plain screen: {question}",
            f"A small language model is good at sounding sure. Here is one question. {question} "
            "An answer alone says nothing about how it was found. We want to see the work.",
        )
    ]
    if before is not None:
        wrote = " ".join(shortened(before.completion, 40).split())
        scenes.append(
            (
                f"The base model's answer, as it was stored: {wrote}",
                f"This is {figures.base_model} before training. It {figures.base_measured}, on {metrics.n} questions "
                f"that it had never seen{', with and without worked examples' if figures.base_had_examples else ''}.",
            )
        )
    if figures.dataset is not None:
        rows, families = sum(figures.dataset.splits.values()), len(figures.dataset.families)
        scenes.append(
            (
                f"Three rows of the dataset {figures.dataset.key}, as coloured tokens: `tunix-rt data tokens "
                f"{figures.dataset.key}`",
                f"We trained on {rows:,} reasoning traces of {families} families. No {figures.dataset.split_by} stands "
                "on both sides of the split"
                + (", and rows that repeat a test question were left out." if figures.dataset.contamination else "."),
            )
        )
    scenes += [
        (
            "The terminal with the session's progress line, or the loss curve of report.html",
            f"One session did everything inside one time budget: it took {figures.minutes:.0f} minutes. The planner "
            "keeps the time for the last measurement, so that the run never ends without a score.",
        ),
        (
            "The table of results from the write-up",
            f"The trained model answers {percent(figures.score.value)} of {asked.name} correctly, in the form that was "
            f"asked for. The interval is {percent(figures.score.low)} to {percent(figures.score.high)}. "
            + _gain(figures),
        ),
        (
            "The trained model's reasoning, line by line: "
            + " / ".join(line.strip() for line in shortened(after.completion, 60).splitlines() if line.strip()),
            "Here is the same question again. Each line is one step, and each step can be checked. "
            + ("This answer is right." if after.strict.value == 1.0 else "This answer is still wrong."),
        ),
        (
            "`tunix-rt submit verify` on the screen, ending without an error",
            "Nothing here has to be believed. One command hashes every file of the submission again and grades every "
            "stored answer again. The notebook runs the whole way in one Kaggle session.",
        ),
    ]
    return scenes


def _gain(figures: Figures) -> str:
    paired = figures.comparison
    if paired is None:
        return "The base was not measured on these questions."
    delta = paired.main.paired
    change = f"{abs(100 * delta.delta):.0f} points {'above' if delta.delta > 0 else 'below'} its base"
    return f"That is {change}, paired question by question" + (
        "." if delta.p < 0.05 else ", a difference that chance can explain."
    )
