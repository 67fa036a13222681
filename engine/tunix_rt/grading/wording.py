"""Compare texts by their words.

Rules: capitals, white space, articles before a word (`the Nile`, but not `vitamin A` or the letters `a b c`), quotes,
brackets and punctuation at the edges of words do not count; accents, symbols (`C++`, `C#`), inner punctuation (`3.5`,
`it's`) and word order do. It does not know targets.
"""

from __future__ import annotations

import re
from itertools import zip_longest

from tunix_rt.grading.number import plain

_EDGES = ".,;:!?\"'`()[]{}*_«»¿¡…„‚"
_HYPHEN = re.compile(r"(?<=[^\W\d_])[-\u2010\u2011](?=[^\W\d_])")


def wording(text: str) -> str:
    """Return the words that count, joined by single spaces; a text without such words stands for itself."""
    simple = _HYPHEN.sub(" ", plain(text)).casefold()
    words = [word for word in (piece.strip(_EDGES) for piece in simple.split()) if word]
    kept = [
        word
        for word, following in zip_longest(words, words[1:], fillvalue="")
        if not (following and (word == "the" or (word in ("a", "an") and len(following) > 1)))
    ]
    return " ".join(kept) or simple.strip()


def same_wording(found: str, wanted: str) -> bool:
    """Tell whether two texts have the same words."""
    return wording(found) == wording(wanted)
