"""Advantages: what the rewards of a group say about each of its completions. It does not know where rewards come from.

The numbers are those of Tunix 0.1.7 (`rl/algo_core.py`), with rewards r_1 … r_G of one group:

    grpo     (r_i - mean) / (std + 1e-6), std with G - 1 in the denominator (arXiv 2402.03300)
    drgrpo   r_i - mean (arXiv 2503.20783: no division, so that easy and hard prompts weigh the same)
    rloo     r_i - mean of the others (arXiv 2402.14740), which is G / (G - 1) times drgrpo
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Literal

from tunix_rt.errors import UsageError

Estimator = Literal["grpo", "drgrpo", "rloo"]
_EPSILON = 1e-6
NO_SIGNAL = 1e-6
"""Rewards of a group that lie no further apart than this are equal: what is left is float rounding."""


def has_signal(totals: Sequence[float]) -> bool:
    """Return whether the rewards of a group differ, so that an update can learn from it."""
    return max(totals) - min(totals) > NO_SIGNAL


def advantages(totals: Sequence[Sequence[float]], estimator: Estimator) -> list[list[float]]:
    """Return the advantage of each completion, group by group.

    Args:
        totals: Rewards [groups, G]; groups may differ in size.
        estimator: How they are compared.

    Raises UsageError for a group of fewer than two, which has nothing to compare with, or a reward that is not finite.
    """
    return [_of_group(list(group), estimator) for group in totals]


def _of_group(rewards: list[float], estimator: Estimator) -> list[float]:
    size = len(rewards)
    if size < 2:
        raise UsageError(f"a group has {size} completion(s); an advantage needs num_generations of at least 2")
    if not all(map(math.isfinite, rewards)):
        raise UsageError(f"the rewards of a group must be finite numbers; got {rewards}")
    mean = math.fsum(rewards) / size
    centred = [reward - mean for reward in rewards]
    if estimator == "drgrpo":
        return centred
    if estimator == "rloo":
        return [difference * size / (size - 1) for difference in centred]
    deviation = math.sqrt(math.fsum(difference**2 for difference in centred) / (size - 1))
    return [difference / (deviation + _EPSILON) for difference in centred]
