"""How numbers and units are read."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt.grading.number import UnreadableError, last_number, plain, read_number
from tunix_rt.grading.unit import factor_between


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("42", 42),
        ("42.", 42),
        ("+5", 5),
        ("-42", -42),
        ("- 5", -5),
        ("−42", -42),
        ("minus 5", -5),
        ("007", 7),
        (".5", "1/2"),
        ("1,234", 1234),
        ("1,234,567.89", "123456789/100"),
        ("12,34,567", 1234567),
        ("1 234", 1234),
        ("1\u00a0234", 1234),
        ("1\u202f234,5", "2469/2"),
        ("1'234'567", 1234567),
        ("1_000", 1000),
        ("1.234", "617/500"),
        ("1.234,5", "2469/2"),
        ("1.234.567", 1234567),
        ("3,14", "157/50"),
        ("0,234", "117/500"),
        ("1/2", "1/2"),
        ("-1/2", "-1/2"),
        ("½", "1/2"),
        ("1½", "3/2"),
        ("1 1/2", "3/2"),
        ("-1 1/2", "-3/2"),
        ("2 000 1/2", "4001/2"),
        ("1.5e3", 1500),
        ("-3.5e-2", "-7/200"),
        ("1.5 × 10^3", 1500),
        ("1.5×10³", 1500),
        ("2^10", 1024),
        ("5 million", 5_000_000),
        ("٤٢", 42),
        ("４２", 42),
        ("४२", 42),
        ("**42**", 42),
        ("`42`", 42),
        ('"42"', 42),
        ("(42)", 42),
        ("\u200b42", 42),
        ("\\frac{1}{2}", "1/2"),
        ("$\\frac12$", "1/2"),
        ("$1\\frac{1}{2}$", "3/2"),
        ("3 \\times 10^{4}", 30000),
        ("\\boxed{42}", 42),
        ("1{,}234", 1234),
        ("She has 72 clips.", 72),
        ("72 (72 clips)", 72),
        ("5 + 7 = 12", 12),
        ("x = 12", 12),
        ("≈ 5", 5),
        ("21st", 21),
        ("twenty-five", 25),
        ("one hundred and five", 105),
        ("twenty and three", 23),
        ("two hundred thousand and forty-one", 200_041),
        ("3 m, or 3 metres", 3),
        ("minus three thousand two hundred", -3200),
    ],
)
def test_read_number(text: str, value: int | str) -> None:
    assert read_number(text).value == Fraction(value)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "9**9**9",
        "9 * 9",
        "abc",
        "5-10",
        "5–10",
        "5 to 10",
        "5 or 6",
        "1 2 3 4 5",
        "1,2,3",
        "1, 2, 3",
        "8 clips for two months",
        "one or two",
        "nine and six together are how many?",
        "twenty twenty",
        "Change 3 yards to feet. One yard has 3 feet.",
        "the red one",
        "5 + 7",
        "5*7",
        "x-5",
        "2x",
        "H2O",
        "0x1F",
        "1/0",
        "1/2/3",
        "1:2",
        "12,345.678.9",
        "$1,234,56",
        "not 5",
        "< 5",
        "≥ 5",
        "41 = 42",
        "x=1, x=2, x=3",
        "1 = 2 = 3",
        "1e999999999",
        "9" * 5000,
        "1 " * 900,
        "inf",
        "nan",
    ],
)
def test_read_number_refuses(text: str) -> None:
    with pytest.raises(UnreadableError):
        read_number(text)


@pytest.mark.parametrize(
    ("text", "value", "unit"),
    [
        ("$5", 5, "$"),
        ("-$5", -5, "$"),
        ("$-5", -5, "$"),
        ("5 €", 5, "€"),
        ("50%", 50, "%"),
        ("50 percent", 50, "percent"),
        ("42km", 42, "km"),
        ("60 km per hour", 60, "km per hour"),
        ("5 m²", 5, "m^2"),
        ("2 hours 30 minutes", 150, "minutes"),
        ("5 feet 3 inches", 63, "inches"),
        ("5 in total", 5, ""),
        ("5 red apples", 5, "red apples"),
    ],
)
def test_read_number_keeps_the_unit(text: str, value: int, unit: str) -> None:
    assert read_number(text) == (value, unit)


@pytest.mark.parametrize(
    ("found", "wanted", "factor"),
    [
        ("km", "m", 1000),
        ("minutes", "h", "1/60"),
        ("km/h", "m/s", "5/18"),
        ("mph", "miles per hour", 1),
        ("square meters", "cm^2", 10000),
        ("cents", "$", "1/100"),
        ("£", "pounds", 1),
        ("lbs", "pounds", 1),
        ("feet", "in", 12),
        ("red apples", "apples", 1),
        ("", "km", 1),
        ("km", "", 1),
        ("miles", "kg", None),
        ("€", "$", None),
        ("°F", "°C", None),
        ("pears", "apples", None),
        ("m^2", "m", None),
    ],
)
def test_units_convert_exactly(found: str, wanted: str, factor: int | str | None) -> None:
    assert factor_between(found, wanted) == (None if factor is None else Fraction(factor))


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("It costs 3 + 4 = $7.50.", "$7.50"),
        ("first 1, then −2", "-2"),
        ("half of it, 50 %, is", "50 %"),
        ("version H2O", None),
        ("", None),
    ],
)
def test_last_number(text: str, found: str | None) -> None:
    assert last_number(text) == found


@given(st.integers(-(10**30), 10**30))
def test_every_integer_is_read_in_every_grouping(number: int) -> None:
    for text in (
        str(number),
        f"{number:,}",
        f"{number:_}",
        f"{number:,}".replace(",", " "),
        f"${number}",
        f"{number}.",
    ):
        assert read_number(text).value == number


@given(st.decimals(-(10**9), 10**9, places=4, allow_nan=False))
def test_every_decimal_is_read_in_both_conventions(number: object) -> None:
    value = Fraction(str(number))
    text = f"{number:,}"
    assert read_number(text).value == value
    assert read_number(text.translate(str.maketrans(",.", ".,"))).value == value


@given(st.fractions(max_denominator=10**6))
def test_every_fraction_is_read(fraction: Fraction) -> None:
    assert read_number(str(fraction)).value == fraction


@given(st.text(max_size=300))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        quantity = read_number(text)
    except UnreadableError:
        return
    assert read_number(str(quantity.value)).value == quantity.value


@given(st.text(alphabet="½²³−×１٣٫ \u00a0\u200ba1", max_size=30))
def test_plain_text_has_one_spelling(text: str) -> None:
    assert plain(text).isascii()
    assert plain(plain(text)) == plain(text)
