"""Words of a text, as the search index keeps them and as a question is cut; it knows no database.

A word is a run of letters and digits, without case; `1,000`, `state-of-the-art` and `o'neil` are phrases of their
parts, and signs and emoji are nothing.
"""

from __future__ import annotations

import re
import unicodedata

MAX_INDEXED = 200_000
"""Characters of a trace's words that are kept: more unique ones could pass the 1 MiB that PostgreSQL allows a row."""

_WORD = re.compile(r"[^\W_]+")
_ASCII = bytes(ord(chr(code).lower()) if code < 128 and chr(code).isalnum() else 32 for code in range(256))
"""What becomes of each ASCII character: itself without case, or a space."""


def words(content: str) -> str:
    """Return the words of a text, separated by single spaces."""
    if content.isascii():  # the same as below, in a fifth of the time
        found = b" ".join(content.encode().translate(_ASCII).split()).decode()
    else:
        found = " ".join(_WORD.findall(unicodedata.normalize("NFKC", content).casefold()))
    return found[:MAX_INDEXED]
