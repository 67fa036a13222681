"""Words of a text as numbers: the n-grams that duplicates, contamination and templates are recognised by.

It does not know rows. Every number is derived from the text alone (BLAKE2), never from Python's own hash, so that it is
the same in every process and on every machine.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

Codes = NDArray[np.uint64]
"""One 64-bit number for each word or n-gram."""

_WORD = re.compile(r"\w+|[+\-*/=<>^%]")
_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_NAME = re.compile(r"\b[A-Z][a-z]+\b")
_SIGNS = str.maketrans({"−": "-", "–": "-", "×": "*", "·": "*", "÷": "/"})
_LARGEST_CACHE = 1_000_000


def words(text: str) -> list[str]:
    """Return the words and arithmetic signs of a text in order: NFKC, case folded, other marks dropped."""
    if not text.isascii():
        text = unicodedata.normalize("NFKC", text).translate(_SIGNS)
    return _WORD.findall(text.casefold())


def numbers(text: str) -> list[str]:
    """Return the numbers of a text, sorted."""
    return sorted(_NUMBER.findall(text))


def template(text: str) -> list[str]:
    """Return the words of a text with every number and every capitalised word masked: what is left is its template."""
    return words(_NUMBER.sub("0", _NAME.sub("N", text)))


def key(parts: Iterable[str]) -> int:
    """Return one 64-bit number for a sequence of texts."""
    return int.from_bytes(blake2b("\x1f".join(parts).encode(), digest_size=8).digest(), "little")


class _Vocabulary(dict[str, int]):
    def __missing__(self, word: str) -> int:
        if len(self) >= _LARGEST_CACHE:
            self.clear()
        code = self[word] = key([word])
        return code


_VOCABULARY = _Vocabulary()


def codes(found: list[str]) -> Codes:
    """Return the number of each word (L)."""
    return np.fromiter(map(_VOCABULARY.__getitem__, found), dtype=np.uint64, count=len(found))


def mix(values: Codes) -> Codes:
    """Spread the bits of each number (the finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


_BASE = np.uint64(0x9E3779B97F4A7C15)


def grams(coded: Codes, n: int) -> Codes:
    """Return one number for each run of `n` words (L - n + 1); none if there are fewer words."""
    count = coded.size - n + 1
    if count <= 0:
        return np.empty(0, dtype=np.uint64)
    total = coded[:count].copy()
    for offset in range(1, n):
        total *= _BASE
        total += coded[offset : offset + count]
    return mix(total)


def shingles(coded: Codes) -> Codes:
    """Return the set of 3-grams of a text, sorted; a shorter text is one shingle."""
    return np.unique(grams(coded, min(3, max(1, coded.size))))
