"""Contamination: which rows repeat an item of an evaluation task.

It does not know where rows come from, and it looks at the prompts of the tasks only. A row matches an item if its
prompt is the same (letter case, marks and spacing aside), if the two share 13 words in a row, or if at least half of
the runs of 8 words of the item occur in the row. Runs that many items of one task share are how the task is worded
and prove nothing: they are not counted.
Source: T. Brown et al., "Language Models are Few-Shot Learners", 2020, appendix C (13-grams).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np

from tunix_rt.dataset.words import Codes, codes, grams, key, words
from tunix_rt.errors import ContaminationError
from tunix_rt.formats import Format
from tunix_rt.tasks import Task

LONG, SHORT = 13, 8
"""Words in a row that prove a copy, and words in a row of which half of an item prove one."""
_SHARE = 0.5
_FEWEST = 5  # an item with fewer runs of 8 words (under 12 words) is compared as a whole only
_WORDING = 0.02  # a run in more than this share of a task's items, and in more than three, is wording

MAX_SHARE = 0.01
"""Matching rows, as a share of all rows, from which on a dataset is refused."""
MAX_EXACT = 20
"""Rows with the very prompt of an item from which on a dataset is refused."""
EXAMPLES = 5
"""Matches that a report shows for each task."""

Kind = Literal["prompt", "13-gram", "8-gram"]


class Match(NamedTuple):
    """The evaluation item that a row repeats."""

    task: int
    item: int
    kind: Kind
    share: float
    """Share of the item's 8-grams found in the row; 1 for the same prompt."""


class OverlapExample(Format):
    """One match, for people."""

    row: str
    """`meta.id` of the row."""
    item: str
    """Id of the evaluation item."""
    kind: Kind
    """What they share."""
    share: float
    """Share of the item's 8-grams found in the row, 0 to 1."""
    prompt: str
    """Prompt of the item, at most 200 characters."""


class TaskOverlap(Format):
    """How much of a dataset repeats one evaluation task."""

    task: str
    """Name of the task."""
    digest: str
    """Digest of the task."""
    items: int
    """Items of the task."""
    rows_compared: int
    """Rows that were compared with them."""
    items_matched: int
    """Items that at least one row repeats."""
    rows: int
    """Rows that repeat an item; the sum of the next three."""
    same_prompt: int
    """Rows with the very prompt."""
    long_run: int
    """Rows that share 13 words in a row."""
    short_runs: int
    """Rows that share half of the runs of 8 words."""
    examples: list[OverlapExample]
    """The first five matches."""


class OverlapError(ContaminationError):
    """Too many rows repeat items of evaluation tasks; carries the whole report."""

    def __init__(self, overlap: list[TaskOverlap], rows: int) -> None:
        matched = sum(task.rows for task in overlap)
        found = "\n".join(filter(None, map(describe_overlap, overlap)))
        super().__init__(
            f"{found}\n{matched:,} of {rows:,} rows repeat evaluation items: a score on these "
            "tasks would mean nothing; remove the rows, or keep them knowingly with --allow-contaminated"
        )
        self.overlap = overlap


class _Index(NamedTuple):
    grams: Codes
    items: np.ndarray[tuple[int], np.dtype[np.int64]]


class EvaluationIndex:
    """The prompts of evaluation tasks, ready to be searched."""

    def __init__(self, tasks: Sequence[Task]) -> None:
        self.tasks = list(tasks)
        self._places: list[tuple[int, int]] = []
        self._prompts: dict[int, int] = {}
        long: list[tuple[int, Codes]] = []
        short: list[tuple[int, Codes]] = []
        for number, task in enumerate(self.tasks):
            first = len(self._places)
            coded = []
            for place, item in enumerate(task.items):
                found = words(item.prompt)
                self._prompts.setdefault(key(found), first + place)
                self._places.append((number, place))
                coded.append(codes(found))
            long += _telling([grams(item, LONG) for item in coded], first)
            short += _telling([grams(item, SHORT) for item in coded], first)
        self._long, self._short = _index(long), _index(short)
        self._runs = np.zeros(len(self._places), dtype=np.int64)
        for number, own in short:
            self._runs[number] = own.size

    def match(self, prompt_words: list[str], all_words: list[str]) -> Match | None:
        """Return the item that a row repeats, or None; `all_words` are those of prompt, steps and answer."""
        if not self._places:
            return None
        same = self._prompts.get(key(prompt_words))
        if same is not None:
            return Match(*self._places[same], "prompt", 1.0)
        coded = codes(all_words)
        shared = Counter(_search(self._short, np.unique(grams(coded, SHORT))))
        long = _search(self._long, grams(coded, LONG))
        best = max(long, key=lambda item: (shared[item], -item), default=None)
        if best is not None:
            return Match(*self._places[best], "13-gram", self._share(best, shared))
        best = max(shared, key=lambda item: (self._share(item, shared), -item), default=None)
        if best is not None and self._share(best, shared) >= _SHARE and self._runs[best] >= _FEWEST:
            return Match(*self._places[best], "8-gram", self._share(best, shared))
        return None

    def _share(self, item: int, shared: Counter[int]) -> float:
        return round(shared[item] / max(1, int(self._runs[item])), 4)


def _telling(items: list[Codes], first: int) -> list[tuple[int, Codes]]:
    """Return the distinct n-grams of each item, numbered from `first`, without those that are mere wording."""
    unique = [np.unique(item) for item in items]
    every, counts = np.unique(np.concatenate([np.empty(0, np.uint64), *unique]), return_counts=True)
    wording = every[counts > max(3, _WORDING * len(items))]
    return [(first + place, np.setdiff1d(own, wording, assume_unique=True)) for place, own in enumerate(unique)]


def _index(entries: list[tuple[int, Codes]]) -> _Index:
    joined = np.concatenate([np.empty(0, np.uint64), *(own for _, own in entries)])
    items = np.repeat([item for item, _ in entries], [own.size for _, own in entries]).astype(np.int64)
    order = np.argsort(joined, kind="stable")
    return _Index(joined[order], items[order])


def _search(index: _Index, wanted: Codes) -> list[int]:
    """Return the items that hold the wanted n-grams, one entry for each n-gram and item."""
    left = np.searchsorted(index.grams, wanted, side="left")
    right = np.searchsorted(index.grams, wanted, side="right")
    hits = np.flatnonzero(right > left)
    return [int(item) for hit in hits for item in index.items[left[hit] : right[hit]]]


def overlaps(index: EvaluationIndex, matches: Sequence[tuple[str, Match]], rows: int) -> list[TaskOverlap]:
    """Return the report of every task, given each match with the id of its row, and how many rows were compared."""
    report = []
    for number, task in enumerate(index.tasks):
        mine = [(row, match) for row, match in matches if match.task == number]
        kinds = Counter(match.kind for _, match in mine)
        examples = [
            OverlapExample(
                row=row,
                item=task.items[match.item].id,
                kind=match.kind,
                share=match.share,
                prompt=task.items[match.item].prompt[:200],
            )
            for row, match in mine[:EXAMPLES]
        ]
        report.append(
            TaskOverlap(
                task=task.name,
                digest=task.digest,
                items=len(task.items),
                rows_compared=rows,
                items_matched=len({match.item for _, match in mine}),
                rows=len(mine),
                same_prompt=kinds["prompt"],
                long_run=kinds["13-gram"],
                short_runs=kinds["8-gram"],
                examples=examples,
            )
        )
    return report


def is_contaminated(overlap: Sequence[TaskOverlap]) -> bool:
    """Tell whether rows overlap the tasks too much to be used."""
    matched = sum(task.rows for task in overlap)
    exact = sum(task.same_prompt for task in overlap)
    return exact >= MAX_EXACT or any(matched > MAX_SHARE * task.rows_compared for task in overlap)


def describe_overlap(overlap: TaskOverlap) -> str:
    """Return the overlap with one task as text; nothing if no row matches."""
    if not overlap.rows:
        return ""
    share = overlap.rows / overlap.rows_compared
    lines = [
        f"{overlap.task}: {overlap.rows:,} of {overlap.rows_compared:,} rows ({share:.1%}) repeat "
        f"{overlap.items_matched:,} of its {overlap.items:,} items: {overlap.same_prompt:,} by the very prompt, "
        f"{overlap.long_run:,} by 13 words in a row, {overlap.short_runs:,} by half of their runs of 8 words"
    ]
    lines += [f"    row {e.row} ~ item {e.item} ({e.kind}): {e.prompt[:100]!r}" for e in overlap.examples]
    return "\n".join(lines)
