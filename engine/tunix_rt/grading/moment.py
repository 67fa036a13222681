"""Read one calendar date or one time of day, the way people write them.

Rules: an all-number date with the year last is month/day/year (`03/05/2024` is March 5), unless it is written with dots
(`05.03.2024`: day first) or its first number is above 12. A time without am or pm is on the 24-hour clock. It does not
know time zones.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import NamedTuple

from tunix_rt.grading.number import UnreadableError, plain

MAX_MOMENT = 500
"""Longest text that is read as a date or time, in characters."""

_MONTHS = "january february march april may june july august september october november december".split()
_WEEKDAYS = "monday tuesday wednesday thursday friday saturday sunday".split()
_ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()


class Day(NamedTuple):
    """A calendar date; year or day are None where the text leaves them out."""

    year: int | None
    month: int
    day: int | None


_MONTH = r"(?P<month>" + "|".join(f"{name[:3]}(?:{name[3:]})?" for name in _MONTHS) + r"|sept)\b\.?"
_DAY = r"(?P<day>\d{1,2})(?:st|nd|rd|th)?(?!\d|:)"
_YEAR = r"(?P<year>\d{4})(?!\d)"
_DATES = (
    re.compile(rf"(?<!\d){_YEAR}([-/.])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}})(?!\d)(?:t\d\d:\d\d[\d:.+z-]{{0,20}})?"),
    re.compile(r"(?<!\d)(?P<a>\d{1,2})([-/.])(?P<b>\d{1,2})\2(?P<year>\d{4}|\d\d)(?!\d)"),
    re.compile(rf"\b{_MONTH}\s?(?:the\s)?{_DAY}(?:,?\s?{_YEAR})?"),
    re.compile(rf"(?<!\d){_DAY}\s?(?:of\s)?{_MONTH}(?:,?\s?(?:of\s)?{_YEAR})?"),
    re.compile(rf"\b{_MONTH},?\s?(?:of\s)?{_YEAR}"),
)
_ORDINAL_WORD = re.compile(r"\b(?:" + "|".join(sorted(_ORDINALS, key=len, reverse=True)) + r")\b")
_TIME = re.compile(
    r"""(?<![\d:.])(?: (?P<hour>\d{1,2}) (?: (?:[:h]|\.(?=\d\d\s?[ap]\.?m)) (?P<minute>\d\d) (?: :(?P<second>\d\d) )? )?
    (?![\d:]) (?:\s?o'clock)? \s?
    (?P<half> [ap]\.?\s?m\b\.? | noon\b | midnight\b | in\sthe\s(?:morning|afternoon|evening)\b | at\snight\b )?
    | \b(?P<word>noon|midday|midnight)\b )""",
    re.VERBOSE,
)


def _day(match: re.Match[str]) -> Day:
    parts = match.groupdict()
    year = int(parts["year"]) if parts.get("year") else None
    if "a" in parts:
        first, second = int(parts["a"]), int(parts["b"])
        month, day = (second, first) if first > 12 or match[2] == "." else (first, second)
        if year is not None and year < 100:
            year += 2000 if year < 70 else 1900
        return Day(year, month, day)
    name = parts["month"]
    month = int(name) if name.isdigit() else next(i for i, m in enumerate(_MONTHS, 1) if m.startswith(name[:3]))
    return Day(year, month, int(parts["day"]) if parts.get("day") else None)


def _simplified(text: str) -> str:
    text = " ".join(plain(text).lower().split())
    return _ORDINAL_WORD.sub(lambda match: str(_ORDINALS.index(match[0]) + 1), text)


def _dates(text: str) -> tuple[list[Day], str]:
    """Return the dates of a text and what is left of it."""
    days = []
    for pattern in _DATES:
        days += [_day(match) for match in pattern.finditer(text)]
        text = pattern.sub(" ", text)
    return days, text


def read_date(text: str) -> Day:
    """Read a text that states exactly one date; raise UnreadableError otherwise."""
    if len(text) > MAX_MOMENT:
        raise UnreadableError(f"is longer than the {MAX_MOMENT} characters that are read as a date")
    days, rest = _dates(_simplified(text))
    if not days:
        raise UnreadableError("holds no date")
    rest = _TIME.sub(" ", rest)
    if len(set(days)) > 1 or re.search(r"\d", rest):
        raise UnreadableError("holds several dates or numbers")
    year, month, day = days[0]
    try:
        date = datetime.date(year or 2000, month, day or 1)
    except ValueError as error:
        raise UnreadableError("is not a day of the calendar") from error
    named = [number for number, name in enumerate(_WEEKDAYS) if re.search(rf"\b{name}\b", rest)]
    if named and year and day and named != [date.weekday()]:
        raise UnreadableError("names a weekday that this date is not")
    return days[0]


def same_day(found: Day, wanted: Day) -> bool:
    """Tell whether a date has everything that the wanted one states; a weekday or year beyond that does no harm."""
    return all(want is None or have == want for have, want in zip(found, wanted, strict=True))


def _seconds(match: re.Match[str]) -> int | None:
    """Return seconds since midnight; None for a bare number, which is no time."""
    if match["word"]:
        return 0 if match["word"] == "midnight" else 12 * 3600
    half = (match["half"] or "").replace(".", "").replace(" ", "")
    if not match["minute"] and not half and "o'clock" not in match[0]:
        return None
    hour, minute, second = int(match["hour"]), int(match["minute"] or 0), int(match["second"] or 0)
    after_noon = half in ("pm", "noon", "intheafternoon", "intheevening", "atnight")
    if (
        hour > 24
        or minute > 59
        or second > 59
        or (hour == 24 and (minute or second))
        or (half and hour > 12 and not after_noon)
    ):
        raise UnreadableError("is not a time of day")
    if half and hour <= 12:
        hour = hour % 12 + (12 if after_noon else 0)
    return hour % 24 * 3600 + minute * 60 + second


def read_time(text: str) -> int:
    """Read a text that states exactly one time of day, in seconds since midnight; raise UnreadableError otherwise."""
    if len(text) > MAX_MOMENT:
        raise UnreadableError(f"is longer than the {MAX_MOMENT} characters that are read as a time")
    simple = _simplified(text)
    times = {_seconds(match) for match in _TIME.finditer(simple)}
    if not times:
        raise UnreadableError("holds no time of day")
    if len(times) > 1 or None in times or re.search(r"\d", _TIME.sub(" ", simple)):
        only_time = times == {None}
        raise UnreadableError("holds no time of day" if only_time else "holds several times or numbers")
    return next(time for time in times if time is not None)


def _last(text: str, patterns: tuple[re.Pattern[str], ...], keep: Callable[[re.Match[str]], bool]) -> str | None:
    matches = [match for pattern in patterns for match in pattern.finditer(text) if keep(match)]
    return max(matches, key=lambda match: (match.end(), -match.start()))[0].strip() if matches else None


def last_date(text: str) -> str | None:
    """Return the last date in running text, in lower case."""
    return _last(_simplified(text), _DATES, lambda match: True)


def last_time(text: str) -> str | None:
    """Return the last time of day in running text, in lower case."""
    return _last(_simplified(text), (_TIME,), lambda match: bool(match["word"] or match["minute"] or match["half"]))
