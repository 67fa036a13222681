"""Compare lists, sets and Python values. Nothing is ever executed: values are read by `ast.literal_eval`.

Items are separated by line breaks, semicolons, commas, arrows, `and`, or (last resort) spaces; brackets around the
whole are optional. It does not know targets.
"""

from __future__ import annotations

import ast
import contextlib
import math
import re
from collections import Counter
from typing import Any

from tunix_rt.grading.number import UnreadableError, plain, read_number
from tunix_rt.grading.wording import wording

MAX_COLLECTION = 10_000
"""Longest text that is read as a list, set or Python value, in characters."""
_CLOSE_ENOUGH = 1e-9

_FENCE = re.compile(r"```(?:python|py|json)?\n?(.*?)\n?```", re.DOTALL)
_BULLET = re.compile(r"^\s{0,20}(?:[-*•]|\(?\d{1,3}[.)])\s", re.MULTILINE)
_BRACKETS = {"[": "]", "{": "}", "(": ")", "<": ">"}


def _limited(text: str) -> str:
    if len(text) > MAX_COLLECTION:
        raise UnreadableError(f"is longer than the {MAX_COLLECTION:,} characters that are read as a collection")
    text = text.strip()
    fenced = _FENCE.fullmatch(text)
    text = (fenced[1] if fenced else text).strip()
    return text[1:-1].strip() if len(text) > 2 and text[0] == text[-1] == "`" else text


def literal(text: str) -> Any:
    """Read a Python literal; raise UnreadableError if the text is anything else."""
    try:
        return ast.literal_eval(_limited(text))
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise UnreadableError("is not a Python value") from error


def same_value(found: Any, wanted: Any) -> bool:
    """Compare two literals: a bool is no number, a list no tuple; floats may differ by 1e-9 of their size."""
    numeric = {int, float, complex}
    if type(found) is not type(wanted) and not {type(found), type(wanted)} <= numeric:
        return False
    if isinstance(wanted, list | tuple):
        return len(found) == len(wanted) and all(map(same_value, found, wanted))
    if isinstance(wanted, dict):
        return found.keys() == wanted.keys() and all(same_value(found[key], wanted[key]) for key in wanted)
    if {type(found), type(wanted)} <= {int, float} and float in (type(found), type(wanted)):
        try:
            return math.isclose(found, wanted, rel_tol=_CLOSE_ENOUGH)
        except OverflowError:
            return False
    return bool(found == wanted)


def same_python(found: str, wanted: str) -> bool:
    """Compare two Python values; a text may come without its quotes."""
    right = literal(wanted)
    try:
        value = literal(found)
    except UnreadableError:
        if not isinstance(right, str):
            raise
        value = _limited(found)
    return same_value(value, right) or (isinstance(right, str) and _limited(found) == right)


def _split(text: str, separator: str) -> list[str]:
    return [item for item in (piece.strip() for piece in re.split(separator, text)) if item]


_AND = re.compile(r",?\s(?:and|&)\s(?!.*\s(?:and|&)\s)", re.DOTALL)
_ARROW = r"\s?(?:->|→|=>|>)\s?"


def readings(text: str) -> list[list[str]]:
    """Return the ways in which a text can be read as items, the likeliest first."""
    text = plain(_limited(text)).rstrip(".").rstrip()
    opening, closing = text[:1], text[-1:]
    if _BRACKETS.get(opening) == closing and len(text) > 1:
        try:
            value = literal(text)
        except UnreadableError:
            value = None
        if isinstance(value, list | tuple | set):
            return [[item if isinstance(item, str) else repr(item) for item in value]]
        if opening == "{" and value == {}:
            return [[]]
        text = text[1:-1].strip()
    if text.casefold() in ("", "∅", "empty", "none", "\\emptyset"):
        return [[]]
    if "\n" in text:
        lines = [item for item in _split(_BULLET.sub("", text), "\n") if item]
        return [[line.rstrip(",;") for line in lines]]
    if ";" in text:
        return [_split(text, ";")]
    ways = []
    for candidate in dict.fromkeys((_AND.sub(", ", text), text)):
        if ", " in candidate:
            ways.append(_split(candidate, r",\s"))
        if "," in candidate:
            ways.append(_split(candidate, ","))
    if re.search(_ARROW, text):
        ways.append(_split(text, _ARROW))
    ways.append([text])
    if "," not in text:
        ways.append(_split(text, r"\s"))
    return ways


def _key(item: str) -> tuple[str, object]:
    """Return what an item stands for: a number, or its normalised wording."""
    item = item.strip().strip("\"'")
    if item[:1] in "[{(" and item[:1]:
        return "nested", "".join(item.split())
    if re.search(r"\d", item) and not re.search(r"[^\W\d_]", item):
        with contextlib.suppress(UnreadableError):
            return "number", read_number(item).value
    return "text", wording(item)


def same_items(found: str, wanted: str, *, ordered: bool) -> bool:
    """Compare two collections item by item; in order, or as sets without regard to order and repeats."""
    keys = [[_key(item) for item in reading] for reading in readings(wanted)]
    likely = [keys[0]] if len(keys[0]) != 1 or len(keys) == 1 else [way for way in keys if len(way) > 1][:1] or keys[:1]
    for reading in readings(found):
        have = [_key(item) for item in reading]
        for want in likely:
            if (have == want) if ordered else (Counter(set(have)) == Counter(set(want))):
                return True
    return False
