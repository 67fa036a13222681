"""Leaderboard: evaluations of one task in order of their score, those that cannot be told apart sharing a rank.

It does not know where evaluations are kept. Each brings its outcomes, one byte an item in the order of the task:

    b"\\xfe\\x00\\xff"    the first item right, the second wrong, the third unscored

so that thousands of evaluations can be paired without reading their samples again.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from pydantic import Field

from tunix_rt.comparison import SIGNIFICANT, ScoreName
from tunix_rt.errors import UsageError
from tunix_rt.evaluation import Sample
from tunix_rt.formats import Format
from tunix_rt.stats import holm, mcnemar_exact

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

RIGHT = 254
"""Byte of an item that every completion has right; a mean of several completions is a share of it."""
UNSCORED = 255
"""Byte of an item without a score; it is never paired."""
METHOD = (
    "Rows share a rank with the first of their band until one is worse than it: exact McNemar on the items that both "
    f"have a score for, Holm-adjusted over all rows below, p < {SIGNIFICANT}."
)
"""How ranks are made, in a sentence for readers."""


@dataclass(frozen=True)
class Entry:
    """One evaluation that wants a rank."""

    name: str
    """Id of the evaluation; breaks ties in the order, never in the rank."""
    value: float | None
    """Its score, 0 to 1; None: nothing is scored."""
    outcomes: bytes
    """Its outcomes."""


class Standing(Format):
    """Where one evaluation stands."""

    name: str
    """Id of the evaluation."""
    rank: int | None = Field(ge=1)
    """1 and the number of rows above its band; None: nothing is scored."""
    tied: int = Field(ge=0)
    """Other rows of the same rank."""
    leader: str | None
    """First row of the band, which it was paired with; None: nothing is scored."""
    p: float | None
    """Adjusted p of its difference from that row; None for that row itself."""


def outcomes(samples: Iterable[Sample], score: ScoreName) -> bytes:
    """Return the outcomes of an evaluation; several completions of one item count as one item with their mean."""
    values: dict[str, list[float]] = {}
    for sample in samples:
        found = values.setdefault(sample.id, [])
        value = getattr(sample, score).value
        if value is not None:
            found.append(value)
    return bytes(round(RIGHT * sum(found) / len(found)) if found else UNSCORED for found in values.values())


def rank(entries: Sequence[Entry]) -> list[Standing]:
    """Return the standing of every entry, the highest score first; raise UsageError if they asked different items."""
    import numpy as np

    scored = sorted((e for e in entries if e.value is not None), key=lambda entry: (-(entry.value or 0.0), entry.name))
    lengths = {len(entry.outcomes) for entry in scored}
    if len(lengths) > 1:
        raise UsageError("the evaluations hold different numbers of items; rank those of one task digest only")
    shape = len(scored), *lengths
    table = np.frombuffer(b"".join(entry.outcomes for entry in scored), np.uint8).reshape(shape)
    standings: list[Standing] = []
    while (first := len(standings)) < len(scored):
        band = _band(table[first:])
        standings += [
            Standing(
                name=scored[first + place].name, rank=first + 1, tied=len(band) - 1, leader=scored[first].name, p=p
            )
            for place, p in enumerate(band)
        ]
    unscored = sorted(entry.name for entry in entries if entry.value is None)
    return standings + [Standing(name=name, rank=None, tied=0, leader=None, p=None) for name in unscored]


def _band(table: NDArray[np.uint8]) -> list[float | None]:
    """Return the adjusted p of each row that cannot be told from the first, up to the first one that can."""
    leader, rest = table[0], table[1:]
    paired = (rest != UNSCORED) & (leader != UNSCORED)
    gained = ((rest > leader) & paired).sum(axis=1).tolist()
    lost = ((rest < leader) & paired).sum(axis=1).tolist()
    adjusted = holm([_p(*sorted(pair)) for pair in zip(gained, lost, strict=True)])
    band: list[float | None] = [None]
    for more, fewer, p in zip(gained, lost, adjusted, strict=True):
        if p < SIGNIFICANT and fewer > more:
            break
        band.append(p)
    return band


@lru_cache(maxsize=65_536)
def _p(fewer: int, more: int) -> float:
    return mcnemar_exact(fewer, more)
