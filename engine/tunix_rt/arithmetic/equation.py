"""Find the equations of a step and judge them. It does not know how expressions are computed."""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal

from tunix_rt.arithmetic.expression import Side, read_side, stem
from tunix_rt.arithmetic.symbol import Symbol, symbols_of
from tunix_rt.formats import Format
from tunix_rt.grading.number import from_latex, plain
from tunix_rt.grading.unit import meanings
from tunix_rt.trace import ReasoningTrace

MAX_STEP = 20_000
"""Longest step that is read, in characters; the rest of a longer one is left out."""
_MAX_SIDE = 60
"""Most symbols of one side of an equation."""

_ANNOTATION = re.compile(r"<<([^<>]{1,200})>>")
_LIST_NUMBER = re.compile(r"^\s{0,20}\(?\d{1,3}\)\s(?=[\w($])", re.MULTILINE)
_UNSAFE_BEFORE = frozenset(
    "of twice double triple thrice half quarter third negative sqrt log ln sin cos tan mod gcd lcm max min root square "
    "cube squared cubed factorial choose by than from per base over average mean sum product difference quotient ratio "
    "step number no question part case item line day week round page row column figure exercise problem example "
    "equation hundred thousand million billion one two three four five six seven eight nine ten eleven twelve twenty "
    "thirty subtract add multiply divide".split()
)
"""Words that give the numbers after them another meaning."""
_UNSAFE_AFTER = frozenset(
    "or r rem remainder mod more less times of dozen dozens hundred thousand million billion trillion squared cubed "
    "plus minus over percent half halves thirds quarters tenths hundredths".split()
)


class Equation(Format):
    """One equation found in a step."""

    text: str
    """The equation as it stands there."""
    verdict: Literal["right", "wrong"]
    found: str
    """The value that was written."""
    expected: str
    """The exact value."""


class StepCheck(Format):
    """What the arithmetic of one trace step is worth."""

    i: int
    """Number of the trace step."""
    verdict: Literal["right", "wrong", "none"]
    """`wrong` if any equation is wrong, `right` if there are only right ones, `none` if no equation can be judged."""
    found: str | None
    """The value written in the first wrong equation, else in the last right one."""
    expected: str | None
    """Its exact value."""


def _is_safe_before(symbols: Sequence[Symbol], start: int) -> bool:
    """Tell whether what stands before an expression leaves its meaning alone."""
    before = symbols[start - 1] if start else None
    if before is None:
        return True
    if before.kind == "stop":
        # `14, 400 / 80` is one number with a space too much.
        grouped = before.text == "," and start > 1 and symbols[start - 2].kind == "number"
        return not (grouped and re.fullmatch(r"\d{3}(?:\.\d+)?", symbols[start].text))
    if before.kind == "word":
        name = before.text.lower()
        if name == "and" and start > 1 and symbols[start - 2].kind == "number" and _is_fraction(symbols[start:]):
            return False
        return (
            name not in _UNSAFE_BEFORE
            and stem(name) not in _UNSAFE_BEFORE
            and (len(name) > 1 or name in "ai")
            and symbols[start].kind != "open"
        )
    if before.kind == "operator":
        # A bullet or Markdown emphasis at the start of a line.
        return before.text in ("-", "*", "^", "+") and (start == 1 or symbols[start - 2].kind == "stop")
    return before.kind == "open" and (start == 1 or symbols[start - 2].kind in ("stop", "word"))


def _is_fraction(symbols: Sequence[Symbol]) -> bool:
    """Tell whether symbols begin with a fraction that stands alone: `1/4 cup =`, as in `1 and 1/4 cup`."""
    signs = [symbol.text for symbol in symbols[:8] if symbol.kind in ("operator", "equals")]
    return signs[:1] == ["/"] and signs[1:2] in (["="], ["=="], ["≈"])


def _is_safe_after(symbols: Sequence[Symbol], end: int) -> bool:
    """Tell whether what stands after an expression leaves its meaning alone."""
    after = symbols[end] if end < len(symbols) else None
    if after is None or after.kind in ("close", "equals"):
        return True
    if after.kind == "stop":
        return not after.text.startswith("..")
    if after.kind == "word":
        name = after.text.lower()
        return name not in _UNSAFE_AFTER and (len(name) > 1 or name == "a" or bool(meanings(name)))
    if after.kind == "operator":
        return after.text in ("*", "^") and (end + 1 == len(symbols) or symbols[end + 1].kind in ("stop", "operator"))
    return after.kind == "open" and after.start > symbols[end - 1].end


def _left_sides(symbols: Sequence[Symbol], equals: int) -> list[Side]:
    """Return the readings of what stands before an equals sign: the longest expression that ends there."""
    first = equals
    while first and symbols[first - 1].kind not in ("stop", "unknown", "equals") and equals - first < _MAX_SIDE:
        first -= 1
    if first and symbols[first - 1].kind == "unknown":
        return []
    for start in range(first, equals):
        read = read_side(symbols[start:equals], whole=True)
        if read is None:
            continue
        if not _is_safe_before(symbols, start) and not (start == first and symbols[start - 1].kind == "equals"):
            return []
        sides = [read[0]._replace(named=start > first and symbols[start - 1].kind == "word")]
        if symbols[start].text == "-" and (start == 0 or symbols[start - 1].kind == "stop"):
            # It may be the dash of a list.
            bullet = read_side(symbols[start + 1 : equals], whole=True)
            sides += [bullet[0]] if bullet else []
        return sides
    return []


def _right_side(symbols: Sequence[Symbol], equals: int) -> Side | None:
    """Return the expression that begins after an equals sign."""
    end = equals + 1
    while end < len(symbols) and symbols[end].kind not in ("stop", "unknown", "equals") and end - equals < _MAX_SIDE:
        end += 1
    read = read_side(symbols[equals + 1 : end], whole=False) if end > equals + 1 else None
    if read is None:
        return None
    side, taken = read
    after = equals + 1 + taken
    if not _is_safe_after(symbols, after):
        return None
    if after < len(symbols) and symbols[after].kind == "word" and meanings(symbols[after].text.lower()):
        known = meanings(symbols[after].text.lower())[0]
        side = side._replace(units=side.units | {f"{known[0]} {known[1]}"})
    return side


def _rounds_to(exact: Fraction, written: Fraction, decimals: int) -> bool:
    """Tell whether a value is another one rounded; at a tie away from zero or to even, since both are usual."""
    unit = Fraction(1, 10**decimals)
    twice = 2 * abs(exact - written)
    if twice != unit:
        return twice < unit
    return abs(written) > abs(exact) or (written / unit) % 2 == 0


def _matching(left: Side, right: Side) -> tuple[Fraction, Fraction] | None:
    """Return the values under which two sides are equal, exactly or rounded to the decimals of a plain number."""
    # As a share, 12.5% has two more decimals than as points.
    for (one, left_shift), (other, right_shift) in itertools.product(
        ((left.value, 2 * left.percent), (left.as_points, 0)), ((right.value, 2 * right.percent), (right.as_points, 0))
    ):
        rounded = (right.decimals is not None and _rounds_to(one, other, right.decimals + right_shift)) or (
            left.decimals is not None and _rounds_to(other, one, left.decimals + left_shift)
        )
        if one == other or rounded:
            return one, other
    return None


def _is_truncated(written: Side, exact: Fraction) -> bool:
    """Tell whether a plain number is the exact value cut off: `50 / 3 = 16`, `2 / 3 = 0.66`."""
    if written.decimals is None:
        return False
    scale = 10**written.decimals
    return bool(int(exact * scale) == written.value * scale)


def _is_certain(left: Side, right: Side, sign: str) -> bool:
    """Tell whether two sides that differ are an error, and not a reading that we missed."""
    operators = left.operators | right.operators
    units = left.units | right.units
    known = {unit for unit in units if " " in unit}
    if not (left.certain and right.certain) or len(known) > 1:
        return False
    if len(units) > 1 and not operators <= {"*", "/", "of"}:
        return False
    if left.percent or right.percent:
        product = operators <= {"*", "of"} and not (left.percent and right.percent)
        if not product or (right.percent and right.decimals is not None):
            return False
    if left.operators and right.operators and right.leading in (left.value, left.as_points):
        return False
    if not left.operators and (units or left.named or sign not in ("=", "==")):
        return False
    if "equal" in sign.lower() and left.operators == {"/"}:
        return False
    if _is_truncated(right, left.value) or _is_truncated(left, right.value):
        return False
    near = abs(left.value - right.value) * 10 <= max(abs(left.value), abs(right.value))
    return not (near and sign in ("≈", "\\approx"))


def _written(value: Fraction) -> str:
    """Write an exact value: whole, as a decimal of at most nine places, or as a fraction."""
    if value.denominator == 1:
        return str(value.numerator)
    scaled = value * 10**9
    if scaled.denominator == 1:
        sign, digits = "-" if value < 0 else "", str(abs(scaled.numerator)).rjust(10, "0")
        return f"{sign}{digits[:-9]}.{digits[-9:].rstrip('0')}"
    return f"{value.numerator}/{value.denominator}"


def _judge(lefts: list[Side], right: Side, sign: str, text: str) -> Equation | None:
    readable = [left for left in lefts if left.decimals is None or right.decimals is None]
    if not readable:
        return None
    verdict: Literal["right", "wrong"] = "wrong"
    side, values = readable[0], (readable[0].value, right.value)
    for candidate in readable:
        match = _matching(candidate, right)
        if match:
            verdict, side, values = "right", candidate, match
            break
    if verdict == "wrong" and not all(_is_certain(candidate, right, sign) for candidate in readable):
        return None
    right_is_written = right.decimals is not None or side.decimals is None
    written, exact = (right, values[0]) if right_is_written else (side, values[1])
    return Equation(
        text=" ".join(text[side.start : right.end].split()),
        verdict=verdict,
        found=" ".join(text[written.start : written.end].split()),
        expected=_written(exact),
    )


def check_step(content: str) -> list[Equation]:
    """Return the equations of a step that can be judged, in order; GSM8K's `<<48/2=24>>` counts as one more."""
    content = content[:MAX_STEP]
    if "=" not in content and "≈" not in content and "equal" not in content and "approx" not in content:
        return []
    text = "\n".join([_ANNOTATION.sub("", content), *_ANNOTATION.findall(content)])
    text = _LIST_NUMBER.sub("", text)
    text = plain(from_latex(text) if "\\" in text else text)
    symbols = symbols_of(text)
    equations: list[Equation] = []
    for index, symbol in enumerate(symbols):
        if symbol.kind == "equals":
            right = _right_side(symbols, index)
            lefts = _left_sides(symbols, index) if right else []
            equation = _judge(lefts, right, symbol.text, text) if right else None
            if equation:
                equations.append(equation)
    return equations


def check_steps(trace: ReasoningTrace | Sequence[str]) -> list[StepCheck]:
    """Check the arithmetic of every step of a trace, or of plain texts, which are numbered from 1."""
    if isinstance(trace, ReasoningTrace):
        numbered = [(step.i, step.content) for step in trace.steps]
    else:
        numbered = list(enumerate(trace, start=1))
    checks = []
    for i, content in numbered:
        equations = check_step(content)
        wrong = [equation for equation in equations if equation.verdict == "wrong"]
        shown = wrong[0] if wrong else equations[-1] if equations else None
        checks.append(
            StepCheck(
                i=i,
                verdict=shown.verdict if shown else "none",
                found=shown.found if shown else None,
                expected=shown.expected if shown else None,
            )
        )
    return checks
