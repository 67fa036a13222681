"""Near-duplicates: MinHash signatures, a banded index for candidates, and the exact Jaccard index to decide.

It does not know traces. All randomness is fixed, and rows are judged in an order that the caller derives from their
content, so that the outcome does not depend on the order of the input or on the process.
Source: A. Broder, "On the resemblance and containment of documents", 1997; J. Leskovec et al., "Mining of Massive
Datasets", §3.4 (bands).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from tunix_rt.dataset.words import Codes, mix

PERMUTATIONS = 128
"""Length K of a signature; the standard error of the estimated Jaccard index is at most 1/(2√K) = 0.044."""
_MISSED = 1e-3  # chance that a pair at the threshold shares no band
_SLACK = 0.15  # more than four standard errors: an estimate this far below the threshold is not verified
_FACTORS = mix(np.arange(1, PERMUTATIONS + 1, dtype=np.uint64)) | np.uint64(1)
_TERMS = mix(np.arange(PERMUTATIONS + 1, 2 * PERMUTATIONS + 1, dtype=np.uint64))

Signature = NDArray[np.uint32]


def signature(items: Codes) -> Signature:
    """Return the MinHash signature (K) of a set of shingles (S)."""
    smallest = np.full(PERMUTATIONS, np.iinfo(np.uint32).max, dtype=np.uint32)
    for start in range(0, items.size, 4096):  # bounds the memory of a very long text
        hashed = (items[start : start + 4096, None] * _FACTORS + _TERMS) >> np.uint64(32)
        smallest = np.minimum(smallest, hashed.min(axis=0).astype(np.uint32))
    return smallest


def jaccard(a: Codes, b: Codes) -> float:
    """Return |a ∩ b| / |a ∪ b| of two sets, each sorted and without repeats."""
    shared = np.intersect1d(a, b, assume_unique=True).size
    union = a.size + b.size - shared
    return shared / union if union else 1.0


def band_rows(threshold: float) -> int:
    """Return how many values one band holds: the most that still finds 999 of 1,000 pairs at the threshold."""
    fitting = [r for r in range(1, PERMUTATIONS + 1) if (1 - threshold**r) ** (PERMUTATIONS // r) <= _MISSED]
    return max(fitting, default=1)


class Duplicate(NamedTuple):
    """A row that is left out, and the row that stands for it."""

    row: int
    kept: int
    similarity: float


def near_duplicates(
    signatures: Signature,
    keys: Codes,
    order: Sequence[int],
    threshold: float,
    similarity: Callable[[int, int], float] | None = None,
) -> list[Duplicate]:
    """Walk through the rows in `order` and leave out each that is as similar as `threshold` to one kept before it.

    Args:
        signatures: one signature for each row (N, K).
        keys: rows with different keys (N) are never duplicates.
        order: the rows to look at, in an order that depends on their content only.
        threshold: Jaccard index from which on two rows count as one, above 0 and at most 1.
        similarity: the exact index of two rows; None: the estimate from the signatures decides.
    """
    chosen = np.asarray(order, dtype=np.int64)
    buckets = _shared_buckets(signatures[chosen], keys[chosen], band_rows(threshold))
    kept_in: defaultdict[tuple[int, int], list[int]] = defaultdict(list)
    found = []
    for place, row in enumerate(chosen.tolist()):
        mine = buckets.get(place)
        if mine is None:
            continue
        best = Duplicate(row, -1, 0.0)
        for other in sorted({kept for bucket in mine for kept in kept_in[bucket]}):
            kept = int(chosen[other])
            close = float(np.mean(signatures[row] == signatures[kept]))
            if similarity is not None and close >= threshold - _SLACK:
                close = similarity(row, kept)
            if close >= threshold and close > best.similarity:
                best = Duplicate(row, kept, close)
        if best.kept >= 0:
            found.append(best)
        else:
            for bucket in mine:
                kept_in[bucket].append(place)
    return found


def _shared_buckets(signatures: Signature, keys: Codes, size: int) -> dict[int, list[tuple[int, int]]]:
    """Return, for each row that shares a bucket with another one, its buckets `(band, bucket)`."""
    shared: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for band in range(PERMUTATIONS // size):
        hashed = keys.copy()
        for column in range(band * size, (band + 1) * size):
            hashed = mix(hashed + signatures[:, column])
        _, bucket, sizes = np.unique(hashed, return_inverse=True, return_counts=True)
        for place in np.flatnonzero(sizes[bucket] > 1).tolist():
            shared[place].append((band, int(bucket[place])))
    return shared
