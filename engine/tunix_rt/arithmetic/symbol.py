"""Split a text into numbers, signs and words. It does not know expressions."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import NamedTuple

from tunix_rt.grading.number import UnreadableError, read_digits
from tunix_rt.grading.unit import meanings

_MAX_DIGITS = 30


class Symbol(NamedTuple):
    """A piece of a text, where it stands, and its value if it is a number."""

    kind: str
    """number, operator, equals, open, close, currency, percent, word, stop or unknown."""
    text: str
    start: int
    end: int
    value: Fraction = Fraction(0)
    decimals: int = 0


_SYMBOL = re.compile(
    r"""(?P<clock>\d+(?::\d+)+)
    | (?P<mixed>\d{1,9}\ \d{1,9}/\d{1,9}(?![\d/.,]))
    | (?P<spaced>[1-9]\d{0,2}(?:\ \d{3})+(?![\d,.]))
    | (?P<number>\d+(?:[.,'_]\d+)*|\.\d+)
    | (?P<equals>==?(?![=>])|≈|\\approx|\bequals\b|\bis\sequal\sto\b)
    | (?P<phrase>\b(?:multiplied\sby|divided\sby|times|plus|minus|modulo|mod)\b)
    | (?P<operator>\*\*|//|[-+*/^])
    | (?P<open>[(\[]) | (?P<close>[)\]]) | (?P<currency>[$€£¥₹]) | (?P<percent>%)
    | (?P<word>[^\W\d_]+(?:'[^\W\d_]+)?)
    | (?P<stop>(?:[,;:!?\n"`]|\.(?!\d))+)
    | (?P<space>[^\S\n]+)
    | (?P<unknown>.)""",
    re.VERBOSE | re.IGNORECASE,
)
_RELATION = re.compile(r"[-+*/<>!≤≥~]=|=>|->|[<>≤≥≠]+")
_PHRASES = {"multiplied by": "*", "times": "*", "divided by": "/", "plus": "+", "minus": "-"}
_ATTACHED = re.compile(r"[^\W\d_]+|_")
_TIMES = re.compile(r"[xX]\s?(?:[\d($]|\.\d)")
_OPERAND_AHEAD = re.compile(r"\s{0,5}(?:[\d($€£]|\.\d)")
_SIGN_AHEAD = re.compile(r"\s{0,5}[-+*/=^]")


def _number(match: re.Match[str], text: str, after_sign: bool) -> Symbol:
    """Read a number, or mark as unknown what only looks like one (`03`, `2x`, `5h`, `1.2.3`, `3:45`, `7th`)."""
    written, (start, end) = match[0], match.span()
    unknown = Symbol("unknown", written, start, end)
    joined = bool(start) and (text[start - 1].isalpha() or text[start - 1] == "_") and not after_sign
    if match["clock"] or len(written) > _MAX_DIGITS or joined:
        return unknown
    attached = _ATTACHED.match(text, end)
    if attached and not _TIMES.match(text, end) and (len(attached[0]) == 1 or not meanings(attached[0].lower())):
        return unknown
    if match["mixed"]:
        whole, above, below = (int(part) for part in re.split("[ /]", written))
        return Symbol("number", written, start, end, whole + Fraction(above, below)) if below else unknown
    digits = written.replace(" ", "")
    if re.match(r"0\d", digits) or re.search(r",(?!\d{3}(?!\d))", digits):
        return unknown
    try:
        value = read_digits(digits)
    except UnreadableError:
        return unknown
    return Symbol("number", written, start, end, value, len(digits.partition(".")[2]))


def symbols_of(text: str) -> list[Symbol]:
    """Split a text; white space is left out, and `unknown` marks what no equation may contain."""
    symbols: list[Symbol] = []
    position = 0
    while position < len(text):
        relation = _RELATION.match(text, position)
        match = relation or _SYMBOL.match(text, position)
        assert match is not None
        written, position, kind = match[0], match.end(), match.lastgroup
        before = symbols[-1].kind if symbols else ""
        span = (match.start(), match.end())
        if relation:
            symbols.append(Symbol("unknown", written, *span))
        elif kind in ("clock", "mixed", "spaced", "number"):
            symbols.append(_number(match, text, before == "operator"))
        elif kind == "phrase":
            name = " ".join(written.lower().split())
            symbols.append(Symbol("operator", _PHRASES.get(name, "mod"), *span))
        elif kind == "operator":
            symbols.append(Symbol("operator", "^" if written == "**" else written, *span))
        elif kind == "word" and written in "xX" and before in ("number", "close", "percent", "word"):
            is_sign = _OPERAND_AHEAD.match(text, position)
            symbols.append(Symbol("operator", "*", *span) if is_sign else Symbol("word", written, *span))
        elif kind == "word" and written.lower() == "of" and _is_share(symbols):
            symbols.append(Symbol("operator", "of", *span))
        elif kind == "percent" and _OPERAND_AHEAD.match(text, position) and before in ("number", "close"):
            symbols.append(Symbol("operator", "mod", *span))
        elif kind == "stop" and ("?" in written or (written == "!" and _SIGN_AHEAD.match(text, position))):
            symbols.append(Symbol("unknown", written, *span))
        elif kind is not None and kind != "space":
            symbols.append(Symbol(kind, written, *span))
    return symbols


def _is_share(symbols: list[Symbol]) -> bool:
    """Tell whether `of` multiplies: after a percentage or a fraction."""
    kinds = [symbol.kind for symbol in symbols[-3:]]
    return kinds[-1:] == ["percent"] or (kinds == ["number", "operator", "number"] and symbols[-2].text == "/")
