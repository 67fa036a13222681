"""Compare an answer with a target, each kind by its own documented rule.

number   exact fractions: `1/2`, `0.5` and `½` are one number (`number` has the rules for separators); units convert
         (`5 km`, `5000 m`); an answer may leave the unit out; a target without a unit accepts any; `50%` is 50 with the
         unit %, and equals 0.5 only for a target with the unit `ratio`
text     the words that count (`wording`)
choice   the label (`B`, `(B)`, `B.`, `option B`), the text of the choice, or both if they agree
date     everything that the target states, in any usual spelling (`moment`)
time     time of day, in any usual spelling (`moment`)
list     the same items in the same order; set: the same items in any order (`collection`)
python   equal literals of equal types (`collection`)
latex    equal as mathematics, by math-verify in a process that can be killed (`latex`)
open     never scored

It does not know completions: see `completion`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeVar

from tunix_rt.errors import GradingError
from tunix_rt.grading import collection, latex, moment
from tunix_rt.grading.number import Quantity, UnreadableError, from_latex, plain, read_number
from tunix_rt.grading.target import MAX_ANSWER, AnswerKind, Score, Target, Verdict
from tunix_rt.grading.unit import factor_between, meanings, tail_unit
from tunix_rt.grading.wording import same_wording, wording

T = TypeVar("T")
_FLOAT_NOISE = Fraction(1, 10**9)
"""Relative difference below which two numbers that are not both whole are one: what a float loses when written."""


class _Outcome(NamedTuple):
    verdict: Verdict
    reason: str


def quoted(text: str) -> str:
    """Return the text in quotes, on one line, shortened to 80 characters."""
    line = " ".join(text[:400].split())
    return f'"{line[:79]}…"' if len(line) > 80 or len(text) > 400 else f'"{line}"'


def _equal_if(same: bool, wanted: str, how: str = "") -> _Outcome:
    how = how and f" {how}"
    if same:
        return _Outcome("equal", f"equals the target {quoted(wanted)}{how}")
    return _Outcome("unequal", f"differs from the target {quoted(wanted)}{how}")


def _target_value(read: Callable[[str], T], wanted: str, kind: str) -> T:
    """Read the target itself; a target that is not of its kind is a broken item, not a wrong answer."""
    try:
        return read(wanted)
    except UnreadableError as error:
        raise GradingError(f"the target {quoted(wanted)} of kind {kind} {error}; correct the item") from error


@lru_cache(maxsize=4096)
def _target_number(wanted: str) -> Quantity:
    return _target_value(read_number, wanted, "number")


def _is_percent(unit: str) -> bool:
    return any(name == "percent" for name, _ in meanings(unit))


def _number(found: str, wanted: str, target: Target) -> _Outcome:
    value, unit = read_number(found)
    right, right_unit = _target_number(wanted)
    if target.unit == "ratio":
        value = value / 100 if _is_percent(unit) else value
        right = right / 100 if _is_percent(right_unit) else right
    else:
        wanted_unit = right_unit or tail_unit(target.unit or "")
        factor = factor_between(unit, wanted_unit)
        if factor is None:
            return _Outcome("unequal", f"is in {unit}, but the target {quoted(wanted)} is in {wanted_unit}")
        value *= factor
    if value == right:
        return _equal_if(True, wanted)
    difference = abs(value - right)
    if target.tolerance is not None:
        close = difference <= Fraction(str(target.tolerance))
        return _equal_if(close, wanted, f"{'within' if close else 'by more than'} the tolerance {target.tolerance:g}")
    whole = value.denominator == right.denominator == 1
    return _equal_if(not whole and difference <= _FLOAT_NOISE * abs(right), wanted)


def _text(found: str, wanted: str, target: Target) -> _Outcome:
    return _equal_if(same_wording(found, wanted), wanted)


_LABEL = re.compile(
    r"(?:(?:the\s)?(?:correct\s)?(?:option|choice|answer)(?:\sis)?:?\s)?[(\[]?(?P<label>[a-z])(?:[)\].:,](?P<rest>.*))?",
    re.IGNORECASE | re.DOTALL,
)


def _choice_index(text: str, choices: list[str]) -> int:
    """Return which choice a text names; raise UnreadableError if it names none, or one by label and another by text."""
    words = wording(from_latex(text))
    texts = [wording(choice) for choice in choices]
    match = _LABEL.fullmatch(" ".join(from_latex(plain(text)).split()).strip("*_`\"'"))
    rest = wording(match["rest"] or "").strip(") ") if match else ""
    # `A. Lincoln` may be a choice itself; else its A is a label, and no article before the choice `Lincoln`.
    if words in texts and (rest != words or text.strip().casefold() in map(str.casefold, choices)):
        return texts.index(words)
    if not match:
        raise UnreadableError("names no choice")
    index = ord(match["label"].upper()) - ord("A")
    if choices and index >= len(choices):
        raise UnreadableError(f"names a choice beyond the {len(choices)} that there are")
    if rest and (not choices or rest != texts[index]):
        raise UnreadableError("names more than one choice, or a label and another text")
    return index


def _choice(found: str, wanted: str, target: Target) -> _Outcome:
    index = _choice_index(found, target.choices)
    right = _target_value(lambda text: _choice_index(text, target.choices), wanted, "choice")
    label = chr(ord("A") + right)
    return _equal_if(index == right, f"{label}: {target.choices[right]}" if target.choices else label)


def _date(found: str, wanted: str, target: Target) -> _Outcome:
    day = moment.read_date(found)
    return _equal_if(moment.same_day(day, _target_value(moment.read_date, wanted, "date")), wanted)


def _time(found: str, wanted: str, target: Target) -> _Outcome:
    return _equal_if(moment.read_time(found) == _target_value(moment.read_time, wanted, "time"), wanted)


def _list(found: str, wanted: str, target: Target) -> _Outcome:
    return _equal_if(collection.same_items(found, wanted, ordered=True), wanted, "item by item")


def _set(found: str, wanted: str, target: Target) -> _Outcome:
    return _equal_if(collection.same_items(found, wanted, ordered=False), wanted, "as a set")


def _python(found: str, wanted: str, target: Target) -> _Outcome:
    _target_value(collection.literal, wanted, "python")
    return _equal_if(collection.same_python(found, wanted), wanted, "as a Python value")


_DECIMAL = re.compile(r"\$?\s*(?:\\boxed\{)?\s*(-?\d{1,15}(?:\.\d{1,15})?)\s*\}?\s*\$?")


def _latex(found: str, wanted: str, target: Target) -> _Outcome:
    if "".join(found.split()) == "".join(wanted.split()):
        return _equal_if(True, wanted)
    numbers = _DECIMAL.fullmatch(found), _DECIMAL.fullmatch(wanted)
    if numbers[0] and numbers[1]:
        return _equal_if(Fraction(numbers[0][1]) == Fraction(numbers[1][1]), wanted)
    match latex.POOL.compare(found, wanted):
        case "timeout":
            return _Outcome("timeout", f"could not be compared as LaTeX within {latex.POOL.seconds:g} s")
        case "parse_fail":
            raise UnreadableError("is not LaTeX that can be read")
        case "target_fail":
            return _equal_if(same_wording(found, wanted), wanted, "as text, since the target is no readable LaTeX")
        case verdict:
            return _equal_if(verdict == "equal", wanted, "as LaTeX")


_RULES: dict[AnswerKind, Callable[[str, str, Target], _Outcome]] = {
    "number": _number,
    "text": _text,
    "choice": _choice,
    "date": _date,
    "time": _time,
    "list": _list,
    "set": _set,
    "python": _python,
    "latex": _latex,
}
_VERBS: dict[Verdict, str] = {"equal": "Right", "unequal": "Wrong", "parse_fail": "Not readable", "timeout": "Stopped"}


def no_answer(reason: str) -> Score:
    """Return the score of a completion in which no answer was found."""
    return Score(value=0.0, answer=None, explanation=f"No answer: {reason}.", verdict="parse_fail")


def _outcome(found: str, wanted: str, target: Target) -> _Outcome:
    try:
        return _RULES[target.kind](found, wanted, target)
    except UnreadableError as error:
        return _Outcome("parse_fail", f"{error}, read as {target.kind}")


def compare(found: str, target: Target, *, where: str = "") -> Score:
    """Compare an answer with a target; `where` is added to the explanation (`found after ####`).

    Raises GradingError if the target is not of its own kind: a broken item is not a wrong answer.
    """
    # A lone surrogate cannot be written to disk.
    answer = found.strip().encode("utf-8", "replace").decode()
    if target.kind == "open":
        return Score(value=None, answer=answer or None, explanation="Unscored: an open answer.", verdict=None)
    if not answer:
        return no_answer("it is empty")
    if len(answer) > MAX_ANSWER:
        outcome = _Outcome("parse_fail", f"is longer than {MAX_ANSWER:,} characters")
        answer = answer[:MAX_ANSWER]
    else:
        outcome = _outcome(answer, target.value, target)
        for alias in target.aliases:
            if outcome.verdict == "equal":
                break
            other = _outcome(answer, alias, target)
            outcome = other if other.verdict == "equal" else outcome
    where = where and f", {where}"
    return Score(
        value=float(outcome.verdict == "equal"),
        answer=answer,
        explanation=f"{_VERBS[outcome.verdict]}: {quoted(answer)} {outcome.reason}{where}.",
        verdict=outcome.verdict,
    )


_NUMERIC = re.compile(r"[-+−$€£¥₹\d.,/ ½¼¾%]{1,60}|[-+$€£¥₹]{0,2}[\d.,]{1,40}\s?[a-zA-Z%°][\w%°²³/^ ]{0,30}")
_FEW_WORDS = 25


def _reads(read: Callable[[str], object], text: str) -> bool:
    try:
        read(text)
    except UnreadableError:
        return False
    return True


def infer_kind(answer: str) -> AnswerKind:
    """Return the kind that fits how an answer is written; several lines or more than 25 words are `open`."""
    text = answer.strip()
    if not text or "\n" in text or len(text) > 300 or len(text.split()) > _FEW_WORDS:
        return "open"
    if re.search(r"\d", text) and re.search(r"[^\W\d_]|\d[:-]\d", text):
        if len(text) <= 40 and _reads(moment.read_date, text):
            return "date"
        if len(text) <= 20 and _reads(moment.read_time, text):
            return "time"
    if _NUMERIC.fullmatch(text) and _reads(read_number, text):
        return "number"
    if re.search(r"[\\$^]|_\{", text):
        return "latex"
    if re.fullmatch(r"\(?[A-H]\)|[B-H][.)]?", text):
        return "choice"
    if text[0] in "[({" and text[-1] in "])}" and _reads(collection.literal, text):
        value = collection.literal(text)
        return "list" if isinstance(value, list) else "set" if isinstance(value, set) else "python"
    if re.fullmatch(r"-?\d[\d.]*(?:, -?\d[\d.]*)+", text):
        return "list"
    return "text"
