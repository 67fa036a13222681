"""How sure a measurement is: intervals, paired tests, smallest detectable effects.

Each function names its formula. No result is ever NaN: too little data is a ValueError. It does not know what was
measured; unscored samples must be left out before.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction
from statistics import NormalDist
from typing import TYPE_CHECKING

from pydantic import Field

from tunix_rt.formats import Format

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_EXACT_TRIALS = 2_000
"""Up to here binomial tails are summed in whole numbers; beyond, in floats with a relative error below 1e-9."""
_CELLS = 4_000_000
"""Resampled counts held at a time: 32 MB."""


class Interval(Format):
    """A share or a mean with its confidence interval."""

    value: float
    """What was observed."""
    low: float
    """Lower end."""
    high: float
    """Upper end."""


class PairedDelta(Format):
    """How much better `b` is than `a` on the same items."""

    delta: float
    """Mean of b minus mean of a; above 0 means that b is better."""
    low: float
    """Lower end of the bootstrap interval of `delta`."""
    high: float
    """Upper end of the bootstrap interval of `delta`."""
    p: float = Field(ge=0, le=1)
    """Two-sided p value of "no difference": exact McNemar for right/wrong values, else a sign-flip permutation test."""
    n: int = Field(ge=1)
    """Number of pairs."""
    gained: int = Field(ge=0)
    """Pairs in which b is above a."""
    lost: int = Field(ge=0)
    """Pairs in which b is below a."""


def _two_sided_z(confidence: float) -> float:
    if not 0 < confidence < 1:
        raise ValueError(f"confidence must lie between 0 and 1, got {confidence}")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Return the Wilson score interval of a proportion (Wilson 1927); raise ValueError if n is 0."""
    if n < 1 or not 0 <= successes <= n:
        raise ValueError(f"a proportion needs n ≥ 1 and 0 ≤ successes ≤ n, got {successes} of {n}")
    z = _two_sided_z(confidence)
    share = successes / n
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    # At the ends the formula gives exactly 0 and 1, but for float rounding.
    low = 0.0 if successes == 0 else max(0.0, centre - half)
    high = 1.0 if successes == n else min(1.0, centre + half)
    return Interval(value=share, low=low, high=high)


def _lower_tail(k: int, n: int) -> float:
    """Return P(X ≤ k) for X ~ Binomial(n, 1/2)."""
    if n <= _EXACT_TRIALS:
        total = term = 1
        for i in range(k):
            term = term * (n - i) // (i + 1)  # n over i + 1
            total += term
        return total / (1 << n)  # the quotient of whole numbers is rounded once, at the end
    share = math.exp(math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2))
    tail, i = 0.0, k
    while i >= 0 and share > tail * 1e-17:
        tail += share
        share *= i / (n - i + 1)
        i -= 1
    return min(1.0, tail)


def mcnemar_exact(b: int, c: int) -> float:
    """Return the exact two-sided p value of McNemar's test; 1.0 if there are no discordant pairs."""
    if b < 0 or c < 0:
        raise ValueError(f"counts of discordant pairs cannot be negative, got {b} and {c}")
    return min(1.0, 2 * _lower_tail(min(b, c), b + c)) if b != c else 1.0


def _resampled_means(differences: NDArray[np.float64], resamples: int, generator: np.random.Generator) -> list[float]:
    """Return bootstrap means. Drawing n pairs with replacement = drawing how often each distinct difference occurs."""
    import numpy as np

    n = len(differences)
    values, counts = np.unique(differences, return_counts=True)
    means: list[float] = []
    while len(means) < resamples:
        size = min(resamples - len(means), max(1, _CELLS // len(values)))
        means += (generator.multinomial(n, counts / n, size=size) @ values / n).tolist()
    return means


def bootstrap_mean(
    values: Sequence[float], seed: int = 0, resamples: int = 10_000, confidence: float = 0.95
) -> Interval:
    """Return a mean with its percentile bootstrap interval; raise ValueError if there are none or not finite."""
    import numpy as np

    array = np.asarray(values, dtype=np.float64)
    if not len(array) or not np.isfinite(array).all() or resamples < 1 or not 0 < confidence < 1:
        raise ValueError("expected at least one value, all of them finite; leave unscored items out")
    means = _resampled_means(array, resamples, np.random.Generator(np.random.PCG64(seed)))
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    return Interval(value=float(array.mean()), low=float(low), high=float(high))


def _sign_flip_p(differences: NDArray[np.float64], resamples: int, generator: np.random.Generator) -> float:
    """Return the two-sided p value of the mean under random signs, the observed signs counted as one draw."""
    import numpy as np

    moved = np.abs(differences[differences != 0])
    if not len(moved):
        return 1.0
    # The margin keeps sums that are equal but for rounding on the side of "at least as extreme".
    observed = abs(float(differences.sum())) - 1e-12 * float(moved.sum())
    as_extreme = done = 0
    while done < resamples:
        size = min(resamples - done, max(1, _CELLS // len(moved)))
        signs = generator.integers(0, 2, size=(size, len(moved)), dtype=np.int8) * 2 - 1
        as_extreme += int(np.count_nonzero(np.abs(signs @ moved) >= observed))
        done += size
    return (as_extreme + 1) / (resamples + 1)


def paired(
    a: Sequence[bool | float],
    b: Sequence[bool | float],
    seed: int = 0,
    resamples: int = 10_000,
    confidence: float = 0.95,
) -> PairedDelta:
    """Compare two measurements of the same items, `a` the baseline, with a percentile bootstrap over the pairs.

    Raises ValueError for no pairs, unequal lengths or values that are not finite. The same seed gives the same result.
    """
    import numpy as np

    if len(a) != len(b) or not len(a) or resamples < 1 or not 0 < confidence < 1:
        raise ValueError(f"expected equally many values, at least one, and resamples ≥ 1; got {len(a)} and {len(b)}")
    before, after = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    if not (np.isfinite(before).all() and np.isfinite(after).all()):
        raise ValueError("every value must be a finite number; leave unscored pairs out")
    differences = after - before
    gained, lost = int(np.count_nonzero(differences > 0)), int(np.count_nonzero(differences < 0))
    generator = np.random.Generator(np.random.PCG64(seed))
    means = _resampled_means(differences, resamples, generator)
    low, high = np.quantile(means, [(1 - confidence) / 2, (1 + confidence) / 2])
    right_or_wrong = bool(np.isin(before, (0.0, 1.0)).all() and np.isin(after, (0.0, 1.0)).all())
    p = mcnemar_exact(gained, lost) if right_or_wrong else _sign_flip_p(differences, resamples, generator)
    return PairedDelta(
        delta=float(differences.mean()), low=float(low), high=float(high), p=p, n=len(a), gained=gained, lost=lost
    )


def minimum_detectable_effect(
    n: int,
    discordant: float | None = None,
    *,
    base_rate: float | None = None,
    power: float = 0.8,
    alpha: float = 0.05,
) -> float:
    """Return the smallest true difference of two accuracies that n items show with the given power (two-sided alpha).

    Paired, with the share of items on which the two disagree: (z(1-alpha/2) + z(power)) · √(discordant / n).
    Unpaired, with the accuracy of the baseline: the same with √(2 · base_rate · (1 - base_rate) / n).
    Both are normal approximations, at most 1. Exactly one of `discordant` and `base_rate` must be given. A share of
    discordant pairs below 1/n counts as 1/n: none seen does not mean that there are none.
    """
    if n < 1 or not 0 < power < 1 or (discordant is None) == (base_rate is None):
        raise ValueError("expected n ≥ 1, a power between 0 and 1, and exactly one of discordant and base_rate")
    if discordant is not None:
        if not 0 <= discordant <= 1:
            raise ValueError(f"expected a share of discordant pairs from 0 to 1, got {discordant}")
        variance = max(discordant, 1 / n)
    else:
        assert base_rate is not None
        if not 0 < base_rate < 1:
            raise ValueError(f"expected a base rate between 0 and 1, got {base_rate}")
        variance = 2 * base_rate * (1 - base_rate)
    return min(1.0, (_two_sided_z(1 - alpha) + NormalDist().inv_cdf(power)) * math.sqrt(variance / n))


def pass_at_k(n: int, c: int, k: int) -> float:
    """Return the unbiased chance that one of k samples is right, if c of n were (arXiv 2107.03374, equation 1)."""
    if not (0 <= c <= n and 1 <= k <= n):
        raise ValueError(f"expected 0 ≤ c ≤ n and 1 ≤ k ≤ n, got n={n}, c={c}, k={k}")
    return float(1 - Fraction(math.comb(n - c, k), math.comb(n, k)))


def holm(pvalues: Sequence[float]) -> list[float]:
    """Return p values adjusted for several comparisons (Holm 1979), in the order in which they came."""
    if not all(0 <= p <= 1 for p in pvalues):
        raise ValueError("every p value must lie between 0 and 1")
    adjusted = [0.0] * len(pvalues)
    highest = 0.0
    for rank, index in enumerate(sorted(range(len(pvalues)), key=pvalues.__getitem__)):
        highest = max(highest, min(1.0, (len(pvalues) - rank) * pvalues[index]))
        adjusted[index] = highest
    return adjusted
