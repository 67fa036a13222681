"""Relevance: how much the reasoning is about what was asked, for open prompts that no grader can verify.

The cosine of TF-IDF vectors (Salton and Buckley 1988): a word weighs (1 + ln count) · (1 + ln((1 + n) / (1 + df))),
with df the number of the n prompts of the corpus that hold it. It does not know meaning: another word for the same
thing counts as another thing.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence

from tunix_rt.rewards.case import Case

_WORD = re.compile(r"[^\W_]+")
_RUN = 5
"""Words in a row that, if the prompt has them too, were copied and count for nothing."""
_MAX_WORDS = 20_000


class Relevance:
    """Document frequencies of a corpus, and the cosine under them."""

    def __init__(self, corpus: Sequence[str]) -> None:
        distinct = set(corpus)
        self._size = len(distinct)
        self._frequency = Counter(word for text in distinct for word in set(_words(text)))

    def value(self, case: Case) -> float | None:
        """Return the cosine from 0 to 1; None for a prompt with an answer that can be verified."""
        if case.target.kind != "open":
            return None
        asked = _words(case.prompt)
        said = _without_copies(_words("\n".join(case.reading.steps)), asked)
        return _cosine(self._vector(asked), self._vector(said))

    def _vector(self, words: Sequence[str]) -> dict[str, float]:
        return {
            word: (1 + math.log(count)) * (1 + math.log((1 + self._size) / (1 + self._frequency[word])))
            for word, count in Counter(words).items()
        }


def _words(text: str) -> list[str]:
    return _WORD.findall(text.casefold())[:_MAX_WORDS]


def _without_copies(words: list[str], source: list[str]) -> list[str]:
    """Return the words that are not part of a run that stands in the source; a shorter source is a run as a whole."""
    size = min(_RUN, len(source))
    runs = {tuple(source[i : i + size]) for i in range(len(source) - size + 1)} if size else set()
    copied = {i + k for i in range(len(words) - size + 1) if tuple(words[i : i + size]) in runs for k in range(size)}
    return [word for i, word in enumerate(words) if i not in copied]


def _cosine(a: dict[str, float], b: dict[str, float]) -> float:
    norms = math.hypot(*a.values()) * math.hypot(*b.values())
    return min(1.0, math.fsum(weight * b[word] for word, weight in a.items() if word in b) / norms) if norms else 0.0
