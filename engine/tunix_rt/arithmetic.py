"""Re-execute the arithmetic that trace steps write down: `48 / 2 = 24 clips` is right, `6 * 7 = 54` is wrong.

Values are exact fractions, and nothing is evaluated as code. A step is called wrong only when the reading is certain:
unknown names, several units that convert into each other, percentages added to plain numbers and the like give `none`.
A rounded result is right: the written value may differ from the exact one by half of its last shown decimal
(`10 / 3 = 3.33`, `2 / 3 = 1`). A running chain (`2 + 3 = 5 + 1 = 6`) is judged by its parts. It does not know answers.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Sequence
from fractions import Fraction
from typing import Literal, NamedTuple

from tunix_rt.formats import Format
from tunix_rt.grading.number import UnreadableError, from_latex, plain, read_digits
from tunix_rt.grading.unit import meanings
from tunix_rt.trace import ReasoningTrace

MAX_STEP = 20_000
"""Longest step that is read, in characters; the rest of a longer one is left out."""
_MAX_SIDE = 60
"""Most tokens of one side of an equation."""
_MAX_DIGITS = 30
_MAX_EXPONENT = 64
_MAX_DEPTH = 20


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


class _Token(NamedTuple):
    kind: str
    """number, operator, equals, open, close, currency, percent, word, stop or unknown."""
    text: str
    start: int
    end: int
    value: Fraction = Fraction(0)
    decimals: int = 0


class _Side(NamedTuple):
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


_TOKEN = re.compile(
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
    | (?P<space>\s+)
    | (?P<unknown>.)""",
    re.VERBOSE | re.IGNORECASE,
)
_RELATION = re.compile(r"[-+*/<>!≤≥~]=|=>|->|[<>≤≥≠]+")
_ANNOTATION = re.compile(r"<<([^<>]{1,200})>>")
_PHRASES = {"multiplied by": "*", "times": "*", "divided by": "/", "plus": "+", "minus": "-"}
_PRECEDENCE = {"+": 1, "-": 1, "*": 2, "/": 2, "//": 2, "mod": 2, "of": 2}

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
_SCALES = frozenset(
    "dozen pair couple score gross hundred thousand million billion trillion half quarter dime nickel penny squared "
    "cubed percent per".split()
)
"""Words beside a number that change its size."""
_NO_UNIT = frozenset("and or then so is are was were which that but because if when to for with".split())


_ATTACHED = re.compile(r"[^\W\d_]+|_")
_TIMES = re.compile(r"[xX]\s?(?:[\d($]|\.\d)")
_OPERAND_AHEAD = re.compile(r"\s{0,5}(?:[\d($€£]|\.\d)")
_SIGN_AHEAD = re.compile(r"\s{0,5}[-+*/=^]")
_LIST_NUMBER = re.compile(r"^\s{0,20}\(?\d{1,3}\)\s(?=[\w($])", re.MULTILINE)


def _number_token(match: re.Match[str], text: str, after_sign: bool) -> _Token:
    """Read a number, or mark as unknown what only looks like one (`03`, `2x`, `5h`, `1.2.3`, `3:45`, `7th`)."""
    written, (start, end) = match[0], match.span()
    unknown = _Token("unknown", written, start, end)
    joined = bool(start) and (text[start - 1].isalpha() or text[start - 1] == "_") and not after_sign
    if match["clock"] or len(written) > _MAX_DIGITS or joined:
        return unknown
    attached = _ATTACHED.match(text, end)
    if attached and not _TIMES.match(text, end) and (len(attached[0]) == 1 or not meanings(attached[0].lower())):
        return unknown
    if match["mixed"]:
        whole, above, below = (int(part) for part in re.split("[ /]", written))
        return _Token("number", written, start, end, whole + Fraction(above, below)) if below else unknown
    digits = written.replace(" ", "")
    if re.match(r"0\d", digits) or re.search(r",(?!\d{3}(?!\d))", digits):
        return unknown
    try:
        value = read_digits(digits)
    except UnreadableError:
        return unknown
    return _Token("number", written, start, end, value, len(digits.partition(".")[2]))


def _tokens(text: str) -> list[_Token]:
    tokens: list[_Token] = []
    position = 0
    while position < len(text):
        relation = _RELATION.match(text, position)
        match = relation or _TOKEN.match(text, position)
        assert match is not None
        written, position, kind = match[0], match.end(), match.lastgroup
        before = tokens[-1].kind if tokens else ""
        span = (match.start(), match.end())
        if relation:
            tokens.append(_Token("unknown", written, *span))
        elif kind in ("clock", "mixed", "spaced", "number"):
            tokens.append(_number_token(match, text, before == "operator"))
        elif kind == "phrase":
            name = " ".join(written.lower().split())
            tokens.append(_Token("operator", _PHRASES.get(name, "mod"), *span))
        elif kind == "operator":
            tokens.append(_Token("operator", "^" if written == "**" else written, *span))
        elif kind == "word" and written in "xX" and before in ("number", "close", "percent", "word"):
            is_sign = _OPERAND_AHEAD.match(text, position)
            tokens.append(_Token("operator", "*", *span) if is_sign else _Token("word", written, *span))
        elif kind == "word" and written.lower() == "of" and _is_share(tokens):
            tokens.append(_Token("operator", "of", *span))
        elif kind == "percent" and _OPERAND_AHEAD.match(text, position) and before in ("number", "close"):
            tokens.append(_Token("operator", "mod", *span))
        elif kind == "stop" and ("?" in written or (written == "!" and _SIGN_AHEAD.match(text, position))):
            tokens.append(_Token("unknown", written, *span))
        elif kind is not None and kind != "space":
            tokens.append(_Token(kind, written, *span))
    return tokens


def _is_share(tokens: list[_Token]) -> bool:
    """Tell whether `of` multiplies: after a percentage or a fraction."""
    kinds = [token.kind for token in tokens[-3:]]
    return kinds[-1:] == ["percent"] or (kinds == ["number", "operator", "number"] and tokens[-2].text == "/")


class _UnknownError(Exception):
    """The tokens are not an expression, or not one that can be computed."""


class _Parser:
    """Precedence climbing over the tokens of one side; computes with `%` as 1/100 and as 1 at the same time."""

    def __init__(self, tokens: Sequence[_Token]) -> None:
        self._tokens = tokens
        self._position = 0
        self.operators: set[str] = set()
        self.units: set[str] = set()
        self.percent = False
        self.certain = True

    def _next(self, offset: int = 0) -> _Token | None:
        index = self._position + offset
        return self._tokens[index] if index < len(self._tokens) else None

    def _take(self, kind: str, text: str = "") -> _Token | None:
        token = self._next()
        if token is None or token.kind != kind or (text and token.text != text):
            return None
        self._position += 1
        return token

    def read(self) -> tuple[Fraction, Fraction, int]:
        """Read the longest expression; return both values and how many tokens it took."""
        value, points = self._expression(1, 0)
        return value, points, self._position

    def _expression(self, level: int, depth: int) -> tuple[Fraction, Fraction]:
        if depth > _MAX_DEPTH:
            raise _UnknownError
        left = self._operand(depth)
        previous = ""
        while (token := self._next()) is not None:
            implicit = token.kind == "open" and self._position and self._tokens[self._position - 1].end == token.start
            precedence = 2 if implicit else _PRECEDENCE.get(token.text, 0) if token.kind == "operator" else 0
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
            symbol = "*" if implicit else token.text
            # `6 / 2(3)` and `25 / 1/3` can be read in two ways.
            self.certain = self.certain and not (previous == "/" and (implicit or symbol == "/"))
            previous = symbol
            self.operators.add(symbol)
            left = (_apply(symbol, left[0], right[0]), _apply(symbol, left[1], right[1]))
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
            token = self._take("number")
            if token is None:
                raise _UnknownError
            if currency:
                self._add_unit(currency.text)
            self.certain = self.certain and not (" " in token.text and "/" not in token.text)
            values = (sign * token.value, sign * token.value)
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
        while (token := self._next(length)) is not None and length < 4:
            slash = token.kind == "operator" and token.text == "/"
            following = self._next(length + 1)
            if token.kind == "word" and token.text.lower() not in _NO_UNIT:
                length += 1
            elif slash and following is not None and following.kind == "word":
                length += 2
            else:
                break
        words = [token.text for token in self._tokens[self._position : self._position + length] if token.kind == "word"]
        follower = self._next(length)
        if words and (follower is None or follower.kind in ("operator", "close", "equals")):
            self._position += length
            self._add_unit(words[-1])
            self.certain = self.certain and not any(_scales(word) for word in words)

    def _add_unit(self, word: str) -> None:
        known = meanings(word.lower())
        self.units.add(f"{known[0][0]} {known[0][1]}" if known else _stem(word))
        # A word that is no plural may be a quantity of its own: `2020 total + 3`.
        self.certain = self.certain and (bool(known) or word.lower().endswith("s"))


def _stem(word: str) -> str:
    name = word.lower()
    return name[:-1] if len(name) > 3 and name.endswith("s") else name


def _scales(word: str) -> bool:
    return word.lower() in _SCALES or _stem(word) in _SCALES


def _apply(symbol: str, left: Fraction, right: Fraction) -> Fraction:
    if symbol == "+":
        return left + right
    if symbol == "-":
        return left - right
    if symbol in ("*", "of"):
        return left * right
    if symbol == "^":
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
    if symbol == "/":
        return left / right
    return Fraction(left // right) if symbol == "//" else left - right * (left // right)


def _read_side(tokens: Sequence[_Token], *, whole: bool) -> tuple[_Side, int] | None:
    """Read an expression at the beginning of the tokens; return it and how many tokens it took."""
    parser = _Parser(tokens)
    try:
        value, points, taken = parser.read()
    except _UnknownError:
        return None
    if whole and taken != len(tokens):
        return None
    numbers = [token for token in tokens[:taken] if token.kind == "number"]
    single = len(numbers) == 1 and not parser.operators and "/" not in numbers[0].text
    side = _Side(
        value=value,
        as_points=points,
        decimals=numbers[0].decimals if single else None,
        operators=frozenset(parser.operators),
        units=frozenset(parser.units),
        percent=parser.percent,
        certain=parser.certain,
        named=False,
        leading=numbers[0].value,
        start=tokens[0].start,
        end=tokens[taken - 1].end,
    )
    return side, taken


def _is_safe_before(tokens: Sequence[_Token], start: int) -> bool:
    """Tell whether what stands before an expression leaves its meaning alone."""
    before = tokens[start - 1] if start else None
    if before is None:
        return True
    if before.kind == "stop":
        # `14, 400 / 80` is one number with a space too much.
        grouped = before.text == "," and start > 1 and tokens[start - 2].kind == "number"
        return not (grouped and re.fullmatch(r"\d{3}(?:\.\d+)?", tokens[start].text))
    if before.kind == "word":
        name = before.text.lower()
        if name == "and" and start > 1 and tokens[start - 2].kind == "number" and _is_fraction(tokens[start:]):
            return False
        return (
            name not in _UNSAFE_BEFORE
            and _stem(name) not in _UNSAFE_BEFORE
            and (len(name) > 1 or name in "ai")
            and tokens[start].kind != "open"
        )
    if before.kind == "operator":
        # A bullet or Markdown emphasis at the start of a line.
        return before.text in ("-", "*", "^", "+") and (start == 1 or tokens[start - 2].kind == "stop")
    return before.kind == "open" and (start == 1 or tokens[start - 2].kind in ("stop", "word"))


def _is_fraction(tokens: Sequence[_Token]) -> bool:
    """Tell whether tokens begin with a fraction that stands alone: `1/4 cup =`, as in `1 and 1/4 cup`."""
    signs = [token.text for token in tokens[:8] if token.kind in ("operator", "equals")]
    return signs[:1] == ["/"] and signs[1:2] in (["="], ["=="], ["≈"])


def _is_safe_after(tokens: Sequence[_Token], end: int) -> bool:
    """Tell whether what stands after an expression leaves its meaning alone."""
    after = tokens[end] if end < len(tokens) else None
    if after is None or after.kind in ("close", "equals"):
        return True
    if after.kind == "stop":
        return not after.text.startswith("..")
    if after.kind == "word":
        name = after.text.lower()
        return name not in _UNSAFE_AFTER and (len(name) > 1 or name == "a" or bool(meanings(name)))
    if after.kind == "operator":
        return after.text in ("*", "^") and (end + 1 == len(tokens) or tokens[end + 1].kind in ("stop", "operator"))
    return after.kind == "open" and after.start > tokens[end - 1].end


def _left_sides(tokens: Sequence[_Token], equals: int) -> list[_Side]:
    """Return the readings of what stands before an equals sign: the longest expression that ends there."""
    first = equals
    while first and tokens[first - 1].kind not in ("stop", "unknown", "equals") and equals - first < _MAX_SIDE:
        first -= 1
    if first and tokens[first - 1].kind == "unknown":
        return []
    for start in range(first, equals):
        read = _read_side(tokens[start:equals], whole=True)
        if read is None:
            continue
        if not _is_safe_before(tokens, start) and not (start == first and tokens[start - 1].kind == "equals"):
            return []
        sides = [read[0]._replace(named=start > first and tokens[start - 1].kind == "word")]
        if tokens[start].text == "-" and (start == 0 or tokens[start - 1].kind == "stop"):
            # It may be the dash of a list.
            bullet = _read_side(tokens[start + 1 : equals], whole=True)
            sides += [bullet[0]] if bullet else []
        return sides
    return []


def _right_side(tokens: Sequence[_Token], equals: int) -> _Side | None:
    """Return the expression that begins after an equals sign."""
    end = equals + 1
    while end < len(tokens) and tokens[end].kind not in ("stop", "unknown", "equals") and end - equals < _MAX_SIDE:
        end += 1
    read = _read_side(tokens[equals + 1 : end], whole=False) if end > equals + 1 else None
    if read is None:
        return None
    side, taken = read
    after = equals + 1 + taken
    if not _is_safe_after(tokens, after):
        return None
    if after < len(tokens) and tokens[after].kind == "word" and meanings(tokens[after].text.lower()):
        known = meanings(tokens[after].text.lower())[0]
        side = side._replace(units=side.units | {f"{known[0]} {known[1]}"})
    return side


def _matching(left: _Side, right: _Side) -> tuple[Fraction, Fraction] | None:
    """Return the values under which two sides are equal, exactly or rounded to the decimals of a plain number."""
    ways = itertools.product(((left.value, 2), (left.as_points, 0)), ((right.value, 2), (right.as_points, 0)))
    for (one, left_shift), (other, right_shift) in ways:
        slack = Fraction(0)
        for side, shift in ((left, left_shift), (right, right_shift)):
            if side.decimals is not None:
                slack = max(slack, Fraction(1, 2 * 10 ** (side.decimals + (shift if side.percent else 0))))
        if abs(one - other) <= slack:
            return one, other
    return None


def _is_truncated(written: _Side, exact: Fraction) -> bool:
    """Tell whether a plain number is the exact value cut off: `50 / 3 = 16`, `2 / 3 = 0.66`."""
    if written.decimals is None:
        return False
    scale = 10**written.decimals
    return bool(int(exact * scale) == written.value * scale)


def _is_certain(left: _Side, right: _Side, sign: str) -> bool:
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


def _judge(lefts: list[_Side], right: _Side, sign: str, text: str) -> Equation | None:
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
    tokens = _tokens(text)
    equations: list[Equation] = []
    for index, token in enumerate(tokens):
        if token.kind == "equals":
            right = _right_side(tokens, index)
            lefts = _left_sides(tokens, index) if right else []
            equation = _judge(lefts, right, token.text, text) if right else None
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
