"""Read one number, exactly, the way people and models write it.

Rules: a comma or a dot before groups of exactly three digits groups thousands where that is the only reading or the
usual English one (`1,234` is 1234, `1.234` is 1.234, `1.234.567` is 1234567); if both occur, the last one is the
decimal sign (`1.234,5` is 1234.5); a single comma before other than three digits is a decimal comma (`3,14`). Single
spaces, apostrophes and underscores group thousands too. It does not know targets.
"""

from __future__ import annotations

import re
import unicodedata
from collections import deque
from fractions import Fraction
from functools import lru_cache
from itertools import zip_longest
from typing import NamedTuple

from tunix_rt.grading.unit import CURRENCY, factor_between, meanings, tail_unit

MAX_NUMBER = 2_000
"""Longest text that is read as one number, in characters."""
_MAX_DIGITS = 400
_MAX_EXPONENT = 400


class Quantity(NamedTuple):
    """A number and the unit that stood beside it (empty if none)."""

    value: Fraction
    unit: str


class UnreadableError(ValueError):
    """The text is not exactly one value; the message says why, as the end of a sentence."""


_SUPERSCRIPT = re.compile("[⁺⁻]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻", "0123456789+-")
_CHARACTERS = str.maketrans(
    dict.fromkeys("−–‒﹣－⁃", "-")
    | dict.fromkeys("×✕∙·⋅", "*")
    | dict.fromkeys("’‘ʼ", "'")
    | dict.fromkeys("“”", '"')
    | dict.fromkeys("\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\u00ad", "")
    | {"÷": "/", "∕": "/", "⁄": "/", "٫": ".", "٬": ",", "≅": "≈", "≃": "≈"}
)


def plain(text: str) -> str:
    """Return the text with one spelling of each digit, sign and space: `−½ × １０³` becomes `- 1/2 * 10^3`."""
    if text.isascii():
        return text
    text = _SUPERSCRIPT.sub(lambda match: "^" + match[0].translate(_SUPERSCRIPTS), text)
    pieces = []
    for character in text.translate(_CHARACTERS):
        if character.isascii():
            pieces.append(character)
        elif (digit := unicodedata.decimal(character, None)) is not None:
            pieces.append(str(digit))
        else:
            folded = unicodedata.normalize("NFKC", character)
            pieces.append(f" {folded.replace('⁄', '/')} " if "⁄" in folded else folded)
    return "".join(pieces)


_LATEX = (
    (re.compile(r"\\[dt]?frac\s*\{\s*([\d.,]{1,50})\s*\}\s*\{\s*([\d.,]{1,50})\s*\}"), r" \1/\2 "),
    (re.compile(r"\\[dt]?frac\s*(\d)\s*(\d)"), r" \1/\2 "),
    (re.compile(r"\\(?:boxed|fbox|text|textbf|mathbf|mathrm)\s*\{([^{}]*)\}"), r" \1 "),
    (re.compile(r"\\(?:times|cdot)(?![a-zA-Z])"), " * "),
    (re.compile(r"\^\s*\{\s*(-?\d{1,4})\s*\}"), r"^\1"),
    (re.compile(r"\{,\}|\\,(?=\d{3})"), ","),
    (re.compile(r"\\([$%])"), r"\1"),
    (re.compile(r"\^\s*\\circ|\\degree"), "°"),
    (re.compile(r"\\[,;:! ]|\\[()\[\]]|\\(?:left|right)(?![a-zA-Z])"), " "),
)
_MATH = re.compile(r"\$([^$]*)\$")


def from_latex(text: str) -> str:
    """Return the text with the LaTeX of plain numbers spelled out: `$\\frac{1}{2}$` becomes `1/2`."""
    if "\\" in text or "^" in text or "{,}" in text:
        for pattern, replacement in _LATEX:
            text = pattern.sub(replacement, text)
    return _MATH.sub(r" \1 ", text)


_PLAIN_NUMBER = re.compile(r"-?\d{1,15}")
_THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:([,.'_])\d{3})(?:\1\d{3})*")
_INDIAN = re.compile(r"[1-9]\d?(?:,\d\d)+,\d{3}")
_SPACED = re.compile(r"(?<![\d.,/^])([1-9]\d{0,2}(?: \d{3})+)(?![\d'_]|[.,]\d{3}(?!\d)| ?/)")
_RUN = r"(?:\d+(?:[.,'_]\d+)*|\.\d+)"
_NUMBER = re.compile(
    rf"""(?<![^\s("'\[{{$€£¥₹=:~≈*`]) (?<!\d[':])
    (?P<sign>(?:[-+]|minus\s|negative\s)\s*)? (?P<currency>{CURRENCY})? \s? (?P<inner>-)?
    (?P<run>{_RUN})
    (?: \s{{0,3}}[*x]\s{{0,3}}10\^(?P<power>[-+]?\d+) | \^(?P<raised>-?\d+) | e(?P<exponent>[-+]?\d+)
      | \s?/\s?(?P<below>{_RUN}) | [ ]{{1,3}}(?P<above>\d+)/(?P<under>\d+) )?
    (?: \s(?P<scale>thousand|million|billion|trillion)\b )?
    (?P<ordinal>st|nd|rd|th)?
    (?= \s*% | $ | [\s)\]}}"'`*.,;:!?€£¥₹°¢] | [^\W\d_] )
    (?! [.,'_:]\d | \s?/\s?\d )""",
    re.VERBOSE | re.IGNORECASE,
)
_RELATION = re.compile(r"[<>≠≤≥]|!=")
_OPERATOR = re.compile(r"[-+*/^]")
_PRODUCT = re.compile(r"\d\s*\*+\s*\d")
_NOT_A_VALUE = re.compile(r"[+*√|\\]|\bnot\b|n't\b|(?<!\w)-\s*\d")
_EQUALS = re.compile(r"=|≈|~|\\approx(?![a-zA-Z])")


def read_digits(run: str) -> Fraction:
    """Read digits with separators; raise UnreadableError if they group no number."""
    if len(run) > _MAX_DIGITS:
        raise UnreadableError("has more digits than are read")
    if run.isdigit():
        return Fraction(int(run))
    commas, dots = run.count(","), run.count(".")
    whole, decimals = run, ""
    if dots == 1 and run.startswith("."):
        whole, decimals = "0", run[1:]
    elif commas and dots:
        sign = "," if run.rfind(",") > run.rfind(".") else "."
        whole, _, decimals = run.rpartition(sign)
    elif dots == 1 or (commas == 1 and not _THOUSANDS.fullmatch(run)):
        whole, decimals = re.split("[.,]", run)
    if not (whole.isdigit() or _THOUSANDS.fullmatch(whole) or _INDIAN.fullmatch(whole)) or not f"{decimals}0".isdigit():
        raise UnreadableError("has separators that group no number")
    whole = re.sub(r"\D", "", whole)
    return Fraction(int(whole + decimals), 10 ** len(decimals))


def _power(base: Fraction, exponent: str) -> Fraction:
    if len(exponent) > 5 or abs(int(exponent)) > _MAX_EXPONENT or (base == 0 and int(exponent) < 0):
        raise UnreadableError("has an exponent that is too large")
    power: Fraction = base ** int(exponent)
    return power


def _divided(above: Fraction, below: Fraction) -> Fraction:
    if below == 0:
        raise UnreadableError("divides by zero")
    return above / below


def _value(match: re.Match[str]) -> Fraction:
    value = read_digits(match["run"])
    if match["power"]:
        value *= _power(Fraction(10), match["power"])
    elif match["exponent"]:
        value *= _power(Fraction(10), match["exponent"])
    elif match["raised"]:
        if value > 1000:
            raise UnreadableError("is a power that is too large")
        value = _power(value, match["raised"])
    elif match["below"]:
        value = _divided(value, read_digits(match["below"]))
    elif match["under"]:
        value += _divided(Fraction(int(match["above"])), Fraction(int(match["under"])))
    if match["scale"]:
        value *= _LARGE[match["scale"].lower()]
    negative = bool(match["inner"]) or bool(match["sign"] and match["sign"][0] in "-mMnN")
    return -value if negative else value


def _quantities(text: str) -> tuple[list[Quantity], str]:
    """Return the numbers of a text with their units, and the text around them."""
    matches = list(_NUMBER.finditer(text))
    if len(matches) > 50:
        raise UnreadableError("holds several numbers")
    found, rest = [], text[: matches[0].start()] if matches else text
    for match, following in zip_longest(matches, matches[1:]):
        tail = text[match.end() : following.start() if following else len(text)]
        unit = tail_unit(tail)
        known = bool(meanings(unit))
        if tail[:1].isalpha() and not known and not match["ordinal"]:
            raise UnreadableError("holds letters that belong to no number or unit")
        rest += " " if known else tail
        found.append(Quantity(_value(match), match["currency"] or unit))
    return found, rest


def _together(quantities: list[Quantity]) -> Quantity | None:
    """Read `2 hours 30 minutes` as one quantity in its last unit; None if it is not one."""
    last = quantities[-1]
    total, previous = Fraction(0), None
    for value, unit in quantities:
        factor = factor_between(unit, last.unit) if meanings(unit) and meanings(last.unit) else None
        if factor is None or value < 0 or (previous is not None and factor >= previous):
            return None
        total, previous = total + value * factor, factor
    return Quantity(total, last.unit)


def read_number(text: str) -> Quantity:
    """Read a text that states exactly one number; raise UnreadableError if it states none or several.

    After `=` only the last side counts: `5 + 7 = 12` states 12. The same number twice is one number.
    """
    if _PLAIN_NUMBER.fullmatch(text):
        return Quantity(Fraction(int(text)), "")
    if len(text) > MAX_NUMBER:
        raise UnreadableError(f"is longer than the {MAX_NUMBER:,} characters that are read as a number")
    return _read(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> Quantity:
    text = from_latex(plain(text))
    if _RELATION.search(text):
        raise UnreadableError("is not a plain number")
    *earlier, last = _EQUALS.split(text)
    quantity = _one_number(last)
    for side in earlier:
        try:
            other = _one_number(side)
        except UnreadableError:
            if len(_NUMBER.findall(side)) > 1 and not _OPERATOR.search(side):
                raise
            continue
        if other.value != quantity.value:
            raise UnreadableError("holds several numbers")
    return quantity


def _one_number(text: str) -> Quantity:
    text = _SPACED.sub(lambda match: match[1].replace(" ", ""), text.strip())
    quantities, rest = _quantities(text)
    if not quantities:
        value = read_words(text)
        if value is None:
            raise UnreadableError("holds no number")
        return value
    # `9**9**9` is a power, though stars around a number (`**9**`) are only emphasis.
    if _NOT_A_VALUE.search(rest.strip("*` ")) or (len(quantities) > 1 and _PRODUCT.search(text)):
        raise UnreadableError("is not a plain number")
    values = {quantity.value for quantity in quantities}
    values |= {Fraction(_SMALL[word]) for word in rest.lower().split() if word in _SMALL and word != "one"}
    if len(values) > 1:
        together = _together(quantities)
        if together is None:
            raise UnreadableError("holds several numbers")
        return together
    units = [quantity.unit for quantity in quantities if meanings(quantity.unit)]
    if any(factor_between(unit, units[0]) != 1 for unit in units):
        raise UnreadableError("holds several numbers")  # `3 yards … 3 feet`
    return quantities[0]


def last_number(text: str) -> str | None:
    """Return the last number in running text as it is written there, with its sign, currency and percent sign."""
    matches = deque(_NUMBER.finditer(plain(text)), maxlen=1)
    if not matches:
        return None
    last = matches[0]
    percent = re.match(r"\s?%", last.string[last.end() : last.end() + 2])
    return (last[0] + (percent[0] if percent else "")).strip()


_SMALL = {
    word: value
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen "
        "seventeen eighteen nineteen".split()
    )
} | {
    word: 10 * value
    for value, word in enumerate("twenty thirty forty fifty sixty seventy eighty ninety".split(), start=2)
}
_LARGE = {"thousand": 1000, "million": 10**6, "billion": 10**9, "trillion": 10**12}


def read_words(text: str) -> Quantity | None:
    """Read `minus twenty-five apples` (number words first); None if the text does not start with number words."""
    if len(text) > 200:
        return None
    words = re.split(r"[\s-]+", text.lower().strip(" .!*`\"'"))
    negative = words[0] in ("minus", "negative")
    words = words[negative:]
    total = current = used = 0
    room = 100  # what the next small number must be below: `twenty three` is one number, `six nine` are two
    for word in words:
        if word in _SMALL:
            if _SMALL[word] >= room:
                return None
            current += _SMALL[word]
            room = 10 if _SMALL[word] >= 20 else 0
        elif word == "hundred" and 0 < current < 100:
            current, room = current * 100, 100
        elif word in _LARGE and current:
            total, current, room = total + current * _LARGE[word], 0, 100
        elif not (word == "and" and used):
            break
        used += 1
    rest = words[used:]
    if not used or words[used - 1] == "and" or any(word in _SMALL or word in _LARGE or word == "or" for word in rest):
        return None
    return Quantity(Fraction(-(total + current) if negative else total + current), tail_unit(" ".join(rest)))
