"""Which equations are found in a step, and which verdicts they get."""

import itertools
import json
import time
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from tunix_rt.arithmetic import check_step, check_steps
from tunix_rt.trace import make_trace

GSM8K = Path(__file__).parents[3] / "shared" / "data" / "gsm8k-train.jsonl"

RIGHT = [
    "48 / 2 = 24",
    "Natalia sold 48/2 = <<48/2=24>>24 clips in May.",
    "3 × 4 = 12",
    "3 x 4 = 12",
    "3x4=12",
    "12 ÷ 4 = 3",
    "5 − 7 = −2",
    "5 - (-3) = 8",
    "$5 * 3 = $15",
    "1,200 + 34 = 1,234",
    "0.1 + 0.2 = 0.3",
    "10 / 3 = 3.33",
    "2/3 = 0.67",
    "10/3 ≈ 3.3",
    "1/2 + 1/3 = 5/6",
    "1 1/2 + 2 = 3 1/2",
    "½ + ¼ = ¾",
    "20% of 50 = 10",
    "1/2 of 48 = 24",
    "50 * 20% = 10",
    "5/20 = 25%",
    "25/100 * 100 = 25%",
    "100% - 20% = 80%",
    "3 + 4 = 7 = 14 / 2",
    "2 + 3 = 5 + 1 = 6",
    "7 = 3 + 4",
    "5 apples + 3 apples = 8 apples",
    "48 clips / 2 = 24 clips each",
    "2^3 = 8",
    "2³ = 8",
    "2**3 == 8",
    "17 % 5 = 2",
    "17 mod 5 = 2",
    "17 // 5 = 3",
    "- 3 + 4 = 7",
    "- 3 + 4 = 1",
    "1) 3 + 4 = 7",
    "Step 1: 3 + 4 = 7",
    "**3 + 4 = 7**",
    "3 plus 4 equals 7",
    "2 times 5 + 3 = 13",
    "(2 + 3) × (4 - 1) = 15",
    "2(3+4) = 14",
    "2 * 3 + 4 * 5 = 26",
    "8 / 2 * 4 = 16",
    "total = 5 * 3 = 15 dollars",
    "3 + 4 = 7 and 5 + 2 = 7",
    "\\frac{1}{2} + \\frac{1}{4} = \\frac{3}{4}",
    "$3 \\times 4 = 12$",
    "$12/hour * 3 hours = $36",
    "60 minutes / 2 = 30 minutes",
]
WRONG = [
    "6 * 7 = 54",
    "$5 * 3 = $16",
    "10 / 3 = 3.34",
    "1/2 + 1/3 = 2/5",
    "20% of 50 = 12",
    "3 + 4 = 8 = 14 / 2",
    "8 = 3 + 4",
    "5 apples + 3 apples = 9 apples",
    "48 clips / 2 = 25 clips",
    "4 boxes * 6 pencils = 25 pencils",
    "17 mod 5 = 3",
    "- 3 + 4 = 9",
    "3 plus 4 equals 8",
    "(3 + 4) * 2 = 11",
    "3 + 4 = 7 and 5 + 2 = 8",
    "total = 5 * 3 = 16 dollars",
    "10 - 2 - 3 = 11",
    "60 minutes / 2 = 40 minutes",
    "so 2 + 2 = 5, which",
    "10/3 ≈ 7",
    "<<48/2=25>>",
]
NOT_CERTAIN = [
    "no equation here",
    "x = 5",
    "x + 3 = 7",
    "2x + 3 = 7",
    "5h - 10 = 25",
    "10 - x = 7",
    "12 = 7 + x",
    "5 + 3 = 7 - x",
    "3 + ? = 7",
    "x += 3",
    "3 + 4 >= 5",
    "f(3) + 1 = 7",
    "sqrt(16) + 1 = 4",
    "C(5,2) = 11",
    "|3 - 5| = 1",
    "5! = 121",
    "twice 5 + 3 = 13",
    "half of 48 + 2 = 26",
    "Step 2 - 3 + 4 = 7",
    "Day 5 - 3 = 9",
    "2020 total + 3 = 7",
    "2 feet + 3 inches = 27 inches",
    "3 pairs + 1 sock = 7 socks",
    "2 dozen * 12 = 25",
    "$0.50 + $0.25 = 75 cents",
    "2 hours * 60 = 100 minutes",
    "2 hours = 2 * 60",
    "17 / 5 = 3 remainder 2",
    "50 stickers / 3 friends = 16 stickers",
    "2 / 3 = 0.66",
    "3:45 + 0:30 = 4:15",
    "2024-03-05 = Tuesday",
    "row 1 200 + 300 = 500",
    "1/0 = 5",
    "9^9^9 = 5",
    "5 or 3 + 4 = 7 or 8",
    "10/3 ≈ 3.2",
    "=",
]


@pytest.mark.parametrize(
    ("step", "verdict"),
    [(step, "right") for step in RIGHT]
    + [(step, "wrong") for step in WRONG]
    + [(step, "none") for step in NOT_CERTAIN],
)
def test_verdict_of_a_step(step: str, verdict: str) -> None:
    (check,) = check_steps([step])
    assert check.verdict == verdict, check_step(step)
    assert (check.found is None) == (verdict == "none")


@pytest.mark.parametrize(
    ("step", "found", "expected"),
    [
        ("6 * 7 = 54", "54", "42"),
        ("9 = 3 + 4", "9", "7"),
        ("1 / 3 = 1", "1", "1/3"),
        ("1 + 1 = 2, then 0.1 * 3 = 0.4, then 1 + 1 = 3", "0.4", "0.3"),
        ("-1 / 8 = 5", "5", "-0.125"),
    ],
)
def test_a_wrong_step_shows_both_values(step: str, found: str, expected: str) -> None:
    (check,) = check_steps([step])
    assert (check.verdict, check.found, check.expected) == ("wrong", found, expected)


def test_check_steps_keeps_the_numbers_of_the_steps() -> None:
    trace = make_trace("q", ["think", "1 + 1 = 2", "2 + 2 = 5"], "5")
    assert [(check.i, check.verdict) for check in check_steps(trace)] == [(1, "none"), (2, "right"), (3, "wrong")]
    assert check_steps([]) == []


def test_equations_come_in_order_with_their_text() -> None:
    equations = check_step("First 2 + 3 = 5 apples; then 5 * 4 = 21 = 22 - 1.")
    assert [(equation.text, equation.verdict) for equation in equations] == [
        ("2 + 3 = 5 apples", "right"),
        ("5 * 4 = 21", "wrong"),
        ("21 = 22 - 1", "right"),
    ]


numbers = st.integers(0, 9999)
operations = st.lists(st.tuples(st.sampled_from("+-*/"), numbers), min_size=1, max_size=5)


def exact(first: int, rest: list[tuple[str, int]]) -> Fraction:
    """Work out a flat expression: products first, then sums."""
    terms = [Fraction(first)]
    for sign, number in rest:
        if sign == "*":
            terms[-1] *= number
        elif sign == "/":
            terms[-1] /= number
        else:
            terms.append(Fraction(number if sign == "+" else -number))
    return sum(terms, Fraction(0))


@given(first=numbers, rest=operations, shift=st.integers(1, 10**6), comma=st.booleans())
def test_flat_expressions(first: int, rest: list[tuple[str, int]], shift: int, comma: bool) -> None:
    assume(all(number for sign, number in rest if sign == "/"))
    # Two divisions in a row can be read in two ways, and are never called wrong.
    assume(not any(a[0] == b[0] == "/" for a, b in itertools.pairwise(rest)))
    value = exact(first, rest)
    left = f"{first:,}" if comma else str(first)
    left += "".join(f" {sign} {number}" for sign, number in rest)
    written = f"{value.numerator}/{value.denominator}" if value.denominator > 1 else str(value.numerator)
    (right,) = check_step(f"So {left} = {written} apples.")
    assert right.verdict == "right"
    off = value + shift
    if value.denominator == 1:
        (wrong,) = check_step(f"So {left} = {off} apples.")
        assert (wrong.verdict, Fraction(wrong.expected)) == ("wrong", value)


@given(above=st.integers(1, 10**6), below=st.integers(1, 10**4), places=st.integers(1, 6))
def test_rounded_results_are_right_and_one_more_is_wrong(above: int, below: int, places: int) -> None:
    value = Fraction(above, below)
    scaled = round(value * 10**places)
    assume(scaled > 0)
    unit = Fraction(1, 10**places)
    shown = f"{scaled // 10**places}.{scaled % 10**places:0{places}d}"
    assert [equation.verdict for equation in check_step(f"{above} / {below} = {shown}")] == ["right"]
    up = scaled + 2
    shown = f"{up // 10**places}.{up % 10**places:0{places}d}"
    assert Fraction(shown) - value > unit
    assert [equation.verdict for equation in check_step(f"{above} / {below} = {shown}")] == ["wrong"]


@given(st.text(alphabet="0123456789+-*/=()., $%xab^<>≈of\n", max_size=200))
def test_any_text_is_checked_without_an_error(text: str) -> None:
    for equation in check_step(text):
        assert equation.expected


@pytest.mark.parametrize(
    "step",
    [
        "(" * 9000 + "= 1",
        "(" * 9000 + "1" + ")" * 9000 + "=1",
        "1+" * 9999 + "1=1",
        "=1" * 9999,
        "a = " * 4900,
        "1 + 1 = 2 " * 1900,
        "-" * 19_000 + "=1",
        "^" * 19_000 + "=1",
        "<<1=" * 4900,
        "9^9^9^9^9^9=1",
        "9" * 20_000 + " = 1",
        "1" * 10**6 + " = 1",
        " " * 10**6 + "1 + 1 = 2",
        "\n" * 19_000 + "=",
        "\\frac{1}{2}+" * 1500 + "=1",
    ],
    ids=range(15),
)
def test_long_steps_do_not_hang(step: str) -> None:
    start = time.perf_counter()
    check_step(step)
    assert time.perf_counter() - start < 5


def test_gsm8k_is_nearly_all_right_and_planted_errors_are_found() -> None:
    if not GSM8K.exists():
        return
    lines = GSM8K.read_text().splitlines()[:1500]
    steps = [step for line in lines for step in json.loads(line)["answer"].split("\n")[:-1]]
    checked = [(step, equation) for step in steps for equation in check_step(step)]
    wrong = [equation.text for _, equation in checked if equation.verdict == "wrong"]
    assert len(checked) > 8000
    assert len(wrong) <= 0.001 * len(checked), wrong

    planted = found = 0
    for step, equation in checked:
        if equation.found.isdigit() and f"<<{equation.text}>>" in step:
            planted += 1
            left = equation.text.removesuffix(equation.found)
            found += [other.verdict for other in check_step(f"<<{left}{int(equation.found) + 7}>>")] == ["wrong"]
    assert planted > 3000
    assert found >= 0.95 * planted
