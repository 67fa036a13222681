"""Read an expression from symbols and compute it exactly. It does not know equations."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import NamedTuple

from tunix_rt.arithmetic.symbol import Symbol
from tunix_rt.grading.unit import meanings

_MAX_EXPONENT = 64
_MAX_DEPTH = 20

_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "mod": 2, "of": 2}

_SCALES = frozenset(
    "dozen pair couple score gross hundred thousand million billion trillion half quarter dime nickel penny squared "
    "cubed percent per".split()
)
"""Words beside a number that change its size."""
_NO_UNIT = frozenset("and or then so is are was were which that but because if when to for with".split())


class Side(NamedTuple):
    """One readable side of an equation."""

    value: Fraction
    as_points: Fraction
    """The value with every `%` read as 1 instead of 1/100."""
    decimals: int | None
    """Shown decimals if the side is a plain number, else None."""
    operators: frozenset[str]
    units: frozenset[str]
    percent: bool
    certain: bool
    named: bool
    """Whether a word stands before it: in `room 4 = 6 * 15` the number is a name."""
    leading: Fraction
    """The first number: in a running chain it is the result of the side before."""
    start: int
    end: int


class _UnknownError(Exception):
    """The symbols are not an expression, or not one that can be computed."""


class _Parser:
    """Precedence climbing over the symbols of one side; computes with `%` as 1/100 and as 1 at the same time."""

    def __init__(self, symbols: Sequence[Symbol]) -> None:
        self._symbols = symbols
        self._position = 0
        self.operators: set[str] = set()
        self.units: set[str] = set()
        self.percent = False
        self.certain = True

    def _next(self, offset: int = 0) -> Symbol | None:
        index = self._position + offset
        return self._symbols[index] if index < len(self._symbols) else None

    def _take(self, kind: str, text: str = "") -> Symbol | None:
        symbol = self._next()
        if symbol is None or symbol.kind != kind or (text and symbol.text != text):
            return None
        self._position += 1
        return symbol

    def read(self) -> tuple[Fraction, Fraction, int]:
        """Read the longest expression; return both values and how many symbols it took."""
        value, points = self._expression(1, 0)
        return value, points, self._position

    def _expression(self, level: int, depth: int) -> tuple[Fraction, Fraction]:
        if depth > _MAX_DEPTH:
            raise _UnknownError
        left = self._operand(depth)
        previous = ""
        while (symbol := self._next()) is not None:
            implicit = (
                symbol.kind == "open" and self._position and self._symbols[self._position - 1].end == symbol.start
            )
            precedence = 2 if implicit else _PRECEDENCE.get(symbol.text, 0) if symbol.kind == "operator" else 0
            if precedence < level:
                break
            mark = self._position
            self._position += 0 if implicit else 1
            try:
                right = self._expression(precedence + 1, depth + 1)
            except _UnknownError:
                # A sign without an operand belongs to what follows the expression.
                self._position = mark
                break
            sign = "*" if implicit else symbol.text
            # `6 / 2(3)` and `25 / 1/3` can be read in two ways.
            self.certain = self.certain and not (previous == "/" and (implicit or sign == "/"))
            previous = sign
            self.operators.add(sign)
            left = (_apply(sign, left[0], right[0]), _apply(sign, left[1], right[1]))
        return left

    def _operand(self, depth: int) -> tuple[Fraction, Fraction]:
        if self._take("operator", "-"):
            value, points = self._operand(depth + 1) if depth < _MAX_DEPTH else (None, None)
            if value is None or points is None:
                raise _UnknownError
            return -value, -points
        if self._take("open"):
            values = self._expression(1, depth + 1)
            if not self._take("close"):
                raise _UnknownError
        else:
            currency = self._take("currency")
            sign = -1 if currency and self._take("operator", "-") else 1
            symbol = self._take("number")
            if symbol is None:
                raise _UnknownError
            if currency:
                self._add_unit(currency.text)
            self.certain = self.certain and not (" " in symbol.text and "/" not in symbol.text)
            values = (sign * symbol.value, sign * symbol.value)
        follower = self._next(1)
        if follower is not None and follower.kind in ("number", "open", "operator") and self._take("operator", "^"):
            exponent = self._operand(depth + 1)[0]
            self.operators.add("^")
            values = (_apply("^", values[0], exponent), _apply("^", values[1], exponent))
        if self._take("percent"):
            self.percent = True
            values = (values[0] / 100, values[1])
        self._unit_words()
        return values

    def _unit_words(self) -> None:
        """Take the unit after an operand: words that lead to an operator, a bracket or the end of the side."""
        length = 0
        while (symbol := self._next(length)) is not None and length < 4:
            slash = symbol.kind == "operator" and symbol.text == "/"
            following = self._next(length + 1)
            if symbol.kind == "word" and symbol.text.lower() not in _NO_UNIT:
                length += 1
            elif slash and following is not None and following.kind == "word":
                length += 2
            else:
                break
        words = [
            symbol.text for symbol in self._symbols[self._position : self._position + length] if symbol.kind == "word"
        ]
        follower = self._next(length)
        if words and (follower is None or follower.kind in ("operator", "close", "equals")):
            self._position += length
            self._add_unit(words[-1])
            self.certain = self.certain and not any(_scales(word) for word in words)

    def _add_unit(self, word: str) -> None:
        known = meanings(word.lower())
        self.units.add(f"{known[0][0]} {known[0][1]}" if known else stem(word))
        # A word that is no plural may be a quantity of its own: `2020 total + 3`.
        self.certain = self.certain and (bool(known) or word.lower().endswith("s"))


def stem(word: str) -> str:
    """Return a word in lower case without its plural s."""
    name = word.lower()
    return name[:-1] if len(name) > 3 and name.endswith("s") else name


def _scales(word: str) -> bool:
    return word.lower() in _SCALES or stem(word) in _SCALES


def _apply(sign: str, left: Fraction, right: Fraction) -> Fraction:
    if sign == "+":
        return left + right
    if sign == "-":
        return left - right
    if sign in ("*", "of"):
        return left * right
    if sign == "^":
        small = (
            abs(right) <= _MAX_EXPONENT
            and right.denominator == 1
            and max(abs(left.numerator), left.denominator) < 10**9
        )
        if not small or (left == 0 and right < 0):
            raise _UnknownError
        return Fraction(left ** int(right))
    if right == 0:
        raise _UnknownError
    if sign == "/":
        return left / right
    return Fraction(left // right) if sign == "//" else left - right * (left // right)


def read_side(symbols: Sequence[Symbol], *, whole: bool) -> tuple[Side, int] | None:
    """Read an expression at the beginning of the symbols; return it and how many symbols it took."""
    parser = _Parser(symbols)
    try:
        value, points, taken = parser.read()
    except _UnknownError:
        return None
    if whole and taken != len(symbols):
        return None
    numbers = [symbol for symbol in symbols[:taken] if symbol.kind == "number"]
    single = len(numbers) == 1 and not parser.operators and "/" not in numbers[0].text
    side = Side(
        value=value,
        as_points=points,
        decimals=numbers[0].decimals if single else None,
        operators=frozenset(parser.operators),
        units=frozenset(parser.units),
        percent=parser.percent,
        certain=parser.certain,
        named=False,
        leading=numbers[0].value,
        start=symbols[0].start,
        end=symbols[taken - 1].end,
    )
    return side, taken
