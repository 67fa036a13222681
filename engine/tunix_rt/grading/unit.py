"""Units of measure: what a unit word means, and how one unit converts into another, exactly.

It does not know numbers. Temperatures and months are names only: they are compared but never converted.
"""

from __future__ import annotations

import re
from fractions import Fraction
from functools import lru_cache

from tunix_rt.grading.target import MAX_ANSWER

Meaning = tuple[str, Fraction]
"""A dimension (`length`, `length^2`, `length/time`) and the factor to its reference unit."""

_TABLE = """
length  1: m meter metre; 1000: km kilometer kilometre
length  1/100: cm centimeter centimetre; 1/1000: mm millimeter millimetre
length  254/10000: in inch inche; 3048/10000: ft foot feet; 9144/10000: yd yard; 1609344/1000: mi mile
mass    1: g gram gramme; 1000: kg kilo kilogram kilogramme; 1/1000: mg milligram; 1000000: t tonne ton
mass    45359237/100000: lb lbs pound; 45359237/1600000: oz ounce
time    1: s sec second; 60: min minute; 3600: h hr hour; 86400: day; 604800: week; 1/1000: ms millisecond
month   1: month; 12: yr year
volume  1: l liter litre; 1/1000: ml milliliter millilitre; 1/100: cl centiliter centilitre
volume  3785411784/1000000000: gal gallon; 3785411784/4000000000: quart; 3785411784/8000000000: pint
volume  3785411784/16000000000: cup
dollar  1: $ dollar usd us$ buck; 1/100: cent ¢ penny pennie
euro    1: € euro eur; 1/100: cent
sterling 1: £ gbp pound; 1/100: penny pennie pence
yen     1: ¥ yen jpy
rupee   1: ₹ rupee inr
percent 1: % percent pct
angle   1: ° degree deg
celsius 1: °c celsius c degree ° centigrade
fahrenheit 1: °f fahrenheit f degree °
speed   1: mph; 1: kph kmh kmph
"""
_SPEED = {"mph": "mi/h", "kph": "km/h", "kmh": "km/h", "kmph": "km/h"}
_POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cubed": 3}
_FILLERS = frozenset(
    "in total altogether left each all together of them more away long old overall exactly only now".split()
)
"""Words after a number that name no unit: `5 in total`."""


def _table() -> dict[str, list[Meaning]]:
    meanings: dict[str, list[Meaning]] = {}
    for line in _TABLE.strip().splitlines():
        dimension, units = line.split(maxsplit=1)
        for entry in units.split("; "):
            factor, words = entry.split(": ", 1)
            for word in words.split():
                meanings.setdefault(word, []).append((dimension, Fraction(factor)))
    return meanings


_MEANINGS = _table()
CURRENCY = "[$€£¥₹]"
"""The currency signs that may stand before a number, as a pattern."""


def _singular(word: str) -> str:
    """Return the word without its plural s; too short words (`s`, `ms`, `gas`) stay."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


def _simple(words: list[str]) -> list[Meaning]:
    """Read `km`, `square meters` or `m^2`."""
    power = 1
    if len(words) == 2:
        power = _POWERS.get(words[0], 0) or _POWERS.get(words[1], 0)
        words = [word for word in words if word not in _POWERS]
    if len(words) != 1 or not power:
        return []
    word, _, exponent = words[0].partition("^")
    if exponent:
        if exponent not in ("2", "3"):
            return []
        power = int(exponent)
    short = word if word in _MEANINGS else _singular(word)
    return [(f"{name}^{power}" if power > 1 else name, factor**power) for name, factor in _MEANINGS.get(short, [])]


@lru_cache(maxsize=4096)
def meanings(unit: str) -> tuple[Meaning, ...]:
    """Return what a unit can mean (`pound`: mass or money); nothing if it is not in the table."""
    text = unit.lower().replace("per cent", "%").replace(" per ", "/").replace(" an ", "/").replace("p.h.", "ph")
    text = _SPEED.get(text.strip(" ."), text)
    above, slash, below = text.partition("/")
    over, under = _simple(_words(above)), _simple(_words(below))
    if not slash:
        return tuple(over)
    return tuple((f"{a}/{b}", x / y) for a, x in over for b, y in under)


def _words(text: str) -> list[str]:
    return [word for word in re.split(r"[\s.,;:!?()\[\]{}\"'*`_]+", text) if word]


def tail_unit(tail: str) -> str:
    """Return the unit that the words after a number name: a known unit, else the words without fillers."""
    words = _words(tail.lower()[:200])
    if not words:
        return ""
    for length in (len(words), 4, 3, 2, 1):
        head = " ".join(words[:length])
        if length <= len(words) and meanings(head) and (head not in ("in", "c", "f") or len(words) == 1):
            return head
    return " ".join(word for word in words if word not in _FILLERS)


def factor_between(found: str, wanted: str) -> Fraction | None:
    """Return what a number in `found` is multiplied with to be in `wanted`; None if they are different things.

    An empty `found` counts as the wanted unit. Words that are not in the table agree if one of them is the wanted one:
    `red apples` is `apples`, `pears` is not.
    """
    if not found or not wanted:
        return Fraction(1)
    for name, factor in meanings(found):
        for other, reference in meanings(wanted):
            if name == other:
                return factor / reference
    if meanings(found) and meanings(wanted):
        return None
    have, want = ({_singular(word) for word in _words(text.lower()[:MAX_ANSWER])} for text in (found, wanted))
    return Fraction(1) if want <= have else None
