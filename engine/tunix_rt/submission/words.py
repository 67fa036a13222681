"""Words: how long a text is, for limits that are given in words; it does not know what the text says."""

from __future__ import annotations

import re

_WORD = re.compile(r"\S*\w\S*")
"""Anything between spaces that holds a letter or a digit: figures and code count as well, so no limit is missed."""


def count_words(text: str) -> int:
    """Return the number of words of a text."""
    return len(_WORD.findall(text))


def shortened(text: str, most: int) -> str:
    """Return a text cut after so many words, with an ellipsis if something was cut."""
    words = list(_WORD.finditer(text))
    return text.strip() if len(words) <= most else text[: words[most - 1].end()].strip() + " …"
