"""Splitting: which rows go to train, valid and test, by family and never by row.

It does not know texts. Rows that belong together form a group, and a group goes to one split as a whole:

1. Rows with the same prompt always belong together, and so do rows with the same `meta.group`.
2. Rows of one `meta.family` belong together if there are enough families for that: at least 1/fraction of them, so that
   a family of average size fits into the smallest split asked for. Fewer and larger families cannot be held out without
   losing a whole skill from training; then the rows of one *template* belong together: the same prompt once numbers and
   names are masked, or nearly so. A row with a `meta.group` is not joined by its family or template: the group is the
   finer word of whoever made the data.

Groups are drawn by a hash of the seed and their content. A split takes groups as long as they fit into its share, or
one group of at most a quarter of the rows if none fits; where all groups are larger, the split stays empty rather than
showing to training what it is meant to test. Train keeps the rest and is never empty.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from tunix_rt.dataset.words import Codes, mix

Split = Literal["train", "valid", "test"]
SPLITS: tuple[Split, ...] = ("train", "valid", "test")
"""Every split, in the order in which manifests list them."""

By = Literal["group", "family", "template"]
_LARGEST = 0.25  # a split that no group fits into takes the smallest one, if it is at most this share of all rows


class Membership(NamedTuple):
    """What groups the rows: one 64-bit number each (N), 0 where a row has no family or group."""

    prompt: Codes
    template: Codes
    family: Codes
    group: Codes


def choose_by(membership: Membership, fractions: Sequence[float]) -> By:
    """Return what is held out as a whole, by rule 2: `group` if every row has one, otherwise families or templates."""
    if np.all(membership.group != 0):
        return "group"
    families = np.unique(membership.family[membership.family != 0]).size
    smallest = min((fraction for fraction in fractions if fraction > 0), default=1.0)
    return "family" if families >= max(2.0, 1 / smallest) else "template"


def group_rows(membership: Membership, by: By) -> NDArray[np.int64]:
    """Return the number of the group of each row (N), from 0."""
    count = membership.prompt.size
    parent = list(range(count))

    def root(row: int) -> int:
        while parent[row] != row:
            parent[row] = parent[parent[row]]
            row = parent[row]
        return row

    def join(labels: Codes, rows: NDArray[np.int64]) -> None:
        _, first, place = np.unique(labels[rows], return_index=True, return_inverse=True)
        for row, other in zip(rows.tolist(), rows[first][place].tolist(), strict=True):
            parent[root(row)] = root(other)

    every = np.arange(count)
    named = membership.group != 0
    with_family = membership.family != 0 if by == "family" else np.zeros(count, dtype=bool)
    join(membership.prompt, every)
    join(membership.group, every[named])
    join(membership.family, every[~named & with_family])
    join(membership.template, every[~named & ~with_family])
    roots = np.array([root(row) for row in range(count)], dtype=np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def assign(groups: NDArray[np.int64], order: Codes, fractions: dict[Split, float], seed: int) -> list[Split]:
    """Return the split of each row.

    Args:
        groups: number of the group of each row (N).
        order: a number from the content of each row (N), which names its group in every order of the input.
        fractions: share of the rows that `valid` and `test` should get.
        seed: draws the groups.
    """
    count = groups.size
    if not count:
        return []
    sizes = np.bincount(groups)
    names = np.full(sizes.size, np.iinfo(np.uint64).max, dtype=np.uint64)
    np.minimum.at(names, groups, order)
    drawn = np.argsort(mix(names + mix(np.array([seed % 2**64], dtype=np.uint64))), kind="stable")
    splits: list[Split] = ["train"] * sizes.size
    free = [int(group) for group in drawn]
    for split, fraction in fractions.items():
        room = max(1, int(fraction * count)) if fraction > 0 else 0
        taken: list[int] = []
        for group in free:
            if sizes[group] <= room and len(taken) + 1 < len(free):
                taken.append(group)
                room -= int(sizes[group])
        if not taken and room and len(free) > 1:
            smallest = min(free, key=lambda group: int(sizes[group]))
            taken = [smallest] if sizes[smallest] <= _LARGEST * count else []
        for group in taken:
            splits[group] = split
        free = [group for group in free if splits[group] == "train"]
    return [splits[group] for group in groups.tolist()]
