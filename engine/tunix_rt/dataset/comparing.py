"""The difference between two datasets, row by row.

It does not know which of them is better.
"""

from __future__ import annotations

from tunix_rt.dataset.loading import Dataset
from tunix_rt.dataset.words import key, words
from tunix_rt.formats import Format
from tunix_rt.trace import ReasoningTrace

_EXAMPLES = 5


class DatasetDiff(Format):
    """What changed from dataset `a` to dataset `b`."""

    a: str
    """Key of the first dataset."""
    b: str
    """Key of the second dataset."""
    identical: bool
    """Whether both have the same digest."""
    same: int
    """Rows with the same prompt, steps and answer in the same split."""
    moved: int
    """Rows with the same prompt, steps and answer in another split."""
    edited: int
    """Rows of `b` whose prompt is in `a`, with other steps or another answer."""
    added: int
    """Rows of `b` whose prompt is not in `a`."""
    removed: int
    """Rows of `a` whose prompt is not in `b`."""
    examples: dict[str, list[str]]
    """Ids of the first five rows that were moved, edited, added or removed."""
    mean_shift: dict[str, float]
    """Mean of `b` less mean of `a`: characters of prompt, reasoning and answer, and trace steps."""


def _content(trace: ReasoningTrace) -> int:
    return key([trace.prompt, *(step.content for step in trace.steps), trace.final_answer])


def diff(a: Dataset, b: Dataset) -> DatasetDiff:
    """Compare two datasets; memory grows by a few dozen bytes a row."""
    contents: dict[int, str] = {}
    prompts: set[int] = set()
    for split, trace in a.rows():
        contents[_content(trace)] = split
        prompts.add(key(words(trace.prompt)))
    counts = dict.fromkeys(("same", "moved", "edited", "added", "removed"), 0)
    examples: dict[str, list[str]] = {name: [] for name in counts if name != "same"}

    def note(name: str, trace: ReasoningTrace) -> None:
        counts[name] += 1
        if name != "same" and len(examples[name]) < _EXAMPLES:
            examples[name].append(str(trace.meta.get("id")))

    found: set[int] = set()
    for split, trace in b.rows():
        prompt = key(words(trace.prompt))
        found.add(prompt)
        before = contents.get(_content(trace))
        if before is not None:
            note("same" if before == split else "moved", trace)
        else:
            note("edited" if prompt in prompts else "added", trace)
    for _, trace in a.rows():
        if key(words(trace.prompt)) not in found:
            note("removed", trace)
    shift = {
        name: round(getattr(b.manifest.statistics, name).mean - getattr(a.manifest.statistics, name).mean, 2)
        for name in ("prompt_chars", "steps", "reasoning_chars", "answer_chars")
    }
    return DatasetDiff(
        a=a.manifest.key,
        b=b.manifest.key,
        identical=a.manifest.digest == b.manifest.digest,
        **counts,
        examples=examples,
        mean_shift=shift,
    )
