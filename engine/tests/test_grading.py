"""Every kind of answer: what equals it, what does not, and what is no answer of its kind."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graded import CITIES, completion, target
from tunix_rt.errors import GradingError
from tunix_rt.grading import AnswerKind, Target, compare, grade, grade_trace, infer_kind
from tunix_rt.trace import make_trace


@pytest.mark.parametrize(
    ("kind", "value", "found", "verdict"),
    [
        ("number", "5 km", "5000 m", "equal"),
        ("number", "5", "5 km", "equal"),
        ("number", "5 km", "5", "equal"),
        ("number", "5 km", "5 miles", "unequal"),
        ("number", "5 km", "5 kg", "unequal"),
        ("number", "1/2", "0.5", "equal"),
        ("number", "0.5", "50%", "unequal"),
        ("number", "50%", "0.5", "unequal"),
        ("number", "50%", "50", "equal"),
        ("number", "50", "50%", "equal"),
        ("number", "$5", "500 cents", "equal"),
        ("number", "$5.25", "5 dollars and 25 cents", "equal"),
        ("number", "$5", "€5", "unequal"),
        ("number", "1/3", "0.3333333333", "equal"),
        ("number", "1/3", "0.33", "unequal"),
        ("number", "10000000000", "10000000001", "unequal"),
        ("number", "42", "41", "unequal"),
        ("number", "42", "", "parse_fail"),
        ("number", "42", "forty", "unequal"),
        ("number", "42", "forty-two", "equal"),
        ("text", "Paris", "the PARIS.", "equal"),
        ("text", "ice cream", "Ice  cream!", "equal"),
        ("text", "twenty-five", "Twenty five", "equal"),
        ("text", "it's", "it’s", "equal"),
        ("text", "ﬁne", "fine", "equal"),
        ("text", "C++", "C", "unequal"),
        ("text", "café", "cafe", "unequal"),
        ("text", "vitamin A", "vitamin", "unequal"),
        ("text", "a b c", "b c", "unequal"),
        ("text", "A", "The", "unequal"),
        ("text", "yes", "yes no", "unequal"),
        ("text", "ab", "ba", "unequal"),
        ("choice", "B", "(b)", "equal"),
        ("choice", "B", "B.", "equal"),
        ("choice", "B", "Option B", "equal"),
        ("choice", "B", "**B**", "equal"),
        ("choice", "B", "A, B", "parse_fail"),
        ("choice", "B", "A or B", "parse_fail"),
        ("choice", "B", "C", "unequal"),
        ("date", "2024-03-05", "March 5, 2024", "equal"),
        ("date", "2024-03-05", "5 March 2024", "equal"),
        ("date", "2024-03-05", "the 5th of March, 2024", "equal"),
        ("date", "2024-03-05", "Tuesday, Mar. 5th 2024", "equal"),
        ("date", "2024-03-05", "Monday, March 5, 2024", "parse_fail"),
        ("date", "2024-03-05", "03/05/2024", "equal"),
        ("date", "2024-03-05", "05.03.2024", "equal"),
        ("date", "2024-03-05", "2024/3/5", "equal"),
        ("date", "2024-03-05", "2024-03-05T00:00:00Z", "equal"),
        ("date", "2024-12-25", "25/12/24", "equal"),
        ("date", "2024-03-05", "March 5", "unequal"),
        ("date", "March 5", "the fifth of March", "equal"),
        ("date", "March 5", "5 March 2023", "equal"),
        ("date", "2024-03-05", "March 6, 2024", "unequal"),
        ("date", "2023-02-28", "2023-02-29", "parse_fail"),
        ("date", "2024-03-05", "March 5, 2024 or March 6, 2024", "parse_fail"),
        ("time", "15:05", "3:05 pm", "equal"),
        ("time", "15:05", "At 3:05 p.m.", "equal"),
        ("time", "15:05", "15h05", "equal"),
        ("time", "15:05", "15:05:00", "equal"),
        ("time", "15:00", "3 o'clock in the afternoon", "equal"),
        ("time", "12:00", "noon", "equal"),
        ("time", "0:00", "12 am", "equal"),
        ("time", "3:05 PM", "3:05", "unequal"),
        ("time", "15:05", "25:05", "parse_fail"),
        ("time", "15:05", "3:05 pm or 4 pm", "parse_fail"),
        ("list", "[1, 2, 3]", "1,2,3", "equal"),
        ("list", "[1, 2, 3]", "1 2 3", "equal"),
        ("list", "[1, 2, 3]", "3, 2, 1", "unequal"),
        ("list", "[1, 2, 3]", "1, 2, 3, 4", "unequal"),
        ("list", "[0.5, 1]", "1/2, 1.0", "equal"),
        ("list", "[1234, 5678]", "1,234, 5,678", "equal"),
        ("list", "apple, banana, cherry", "['apple', 'banana', 'cherry']", "equal"),
        ("list", "apple, banana, cherry", "apple, banana and cherry", "equal"),
        ("list", "apple, banana, cherry", "1. apple\n2. banana\n3. cherry", "equal"),
        ("list", "apple, banana, cherry", "apple -> banana -> cherry", "equal"),
        ("list", "[a, b]", "[b]", "unequal"),
        ("list", "[[1], [2]]", "[1, 2]", "unequal"),
        ("list", "[]", "none", "equal"),
        ("set", "[1, 2, 3]", "{3, 2, 1, 1}", "equal"),
        ("set", "{1, 2}", "1, 2, 3", "unequal"),
        ("set", "red, green", "green and red", "equal"),
        ("python", "[1, 2]", "[1,2]", "equal"),
        ("python", "[1, 2]", "```python\n[1, 2]\n```", "equal"),
        ("python", "[1, 2]", "(1, 2)", "unequal"),
        ("python", "True", "1", "unequal"),
        ("python", "{'a': 1}", "{'a': 1.0}", "equal"),
        ("python", "'hi'", "hi", "equal"),
        ("python", "5", "__import__('os').getpid()", "parse_fail"),
        ("python", "5", "(" * 9000, "parse_fail"),
        ("python", "5", "-" * 9000 + "5", "parse_fail"),
        ("python", "1", "1" * 9000, "parse_fail"),
    ],
)
def test_compare(kind: AnswerKind, value: str, found: str, verdict: str) -> None:
    score = compare(found, target(kind, value))
    assert (score.verdict, score.value) == (verdict, float(verdict == "equal")), score.explanation
    assert score.explanation.endswith(".")
    assert "\n" not in score.explanation


@pytest.mark.parametrize(
    ("value", "found", "fields", "verdict"),
    [
        ("0.5", "50%", {"unit": "ratio"}, "equal"),
        ("50%", "1/2", {"unit": "ratio"}, "equal"),
        ("50%", "50", {"unit": "ratio"}, "unequal"),
        ("5", "5 pears", {"unit": "apples"}, "unequal"),
        ("5", "5 red apples", {"unit": "apples"}, "equal"),
        ("5", "5 in total", {"unit": "apples"}, "equal"),
        ("90", "1.5 h", {"unit": "minutes"}, "equal"),
        ("1/3", "0.33", {"tolerance": 0.01}, "equal"),
        ("1/3", "0.3", {"tolerance": 0.01}, "unequal"),
        ("1", "1.3", {"tolerance": 0.3}, "equal"),
        ("5", "6", {"aliases": ["7", "6"]}, "equal"),
        ("5", "8", {"aliases": ["7", "6"]}, "unequal"),
    ],
)
def test_compare_number_with_options(value: str, found: str, fields: dict[str, object], verdict: str) -> None:
    assert compare(found, target("number", value, **fields)).verdict == verdict


@pytest.mark.parametrize(
    ("found", "verdict"),
    [
        ("B", "equal"),
        ("paris", "equal"),
        ("B. Paris", "equal"),
        ("(B) Paris", "equal"),
        ("A", "unequal"),
        ("Rome", "unequal"),
        ("B) Rome", "parse_fail"),
        ("D", "parse_fail"),
        ("Paris and Rome", "parse_fail"),
    ],
)
@pytest.mark.parametrize("value", ["B", "Paris"])
def test_compare_choice_by_label_and_text(found: str, value: str, verdict: str) -> None:
    assert compare(found, target("choice", value, choices=CITIES)).verdict == verdict


def test_compare_takes_choice_texts_before_labels() -> None:
    assert compare("A", target("choice", "A", choices=["B", "A"])).verdict == "equal"


def test_a_label_is_no_article_of_another_choice() -> None:
    cities = target("choice", "B", choices=["Paris", "London"])
    assert [compare(found, cities).verdict for found in ("A. London", "(A) London")] == ["parse_fail"] * 2
    assert compare("A. Paris", cities.model_copy(update={"value": "A"})).verdict == "equal"
    assert compare("a. Lincoln", target("choice", "B", choices=["G. Grant", "A. Lincoln"])).verdict == "equal"


def test_open_answers_stay_unscored() -> None:
    for score in (compare("anything", target("open", "")), grade(completion("x"), target("open", "y"), mode="strict")):
        assert (score.value, score.verdict) == (None, None)
        assert score.explanation


def test_a_target_that_is_not_of_its_kind_is_an_error_not_a_score() -> None:
    with pytest.raises(GradingError, match="correct the item"):
        compare("5", target("number", "several"))


@pytest.mark.parametrize("fields", [{"value": " "}, {"value": "1", "aliases": [""]}, {"value": "1", "tolerance": -1}])
def test_unusable_targets_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"value|tolerance"):
        Target.model_validate({"kind": "number", **fields})


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        ("42", "number"),
        ("$1,234.50", "number"),
        ("72 clips", "number"),
        ("1 1/2", "number"),
        ("50%", "number"),
        ("\\frac{1}{2}", "latex"),
        ("x^2", "latex"),
        ("2024-03-05", "date"),
        ("21 March", "date"),
        ("07:30", "time"),
        ("3:05 pm", "time"),
        ("(B)", "choice"),
        ("[1, 2]", "list"),
        ("1, 2, 3", "list"),
        ("{1, 2}", "set"),
        ("{'a': 1}", "python"),
        ("Paris, France", "text"),
        ("5 or 6", "text"),
        ("3:1", "text"),
        ("True", "text"),
        ("a\nb", "open"),
        ("word " * 30, "open"),
    ],
)
def test_infer_kind(answer: str, kind: AnswerKind) -> None:
    assert infer_kind(answer) == kind


def test_grade_trace_reads_kind_and_choices_from_meta() -> None:
    assert grade_trace(make_trace("q", ["s"], "5 or 6")).value == 1.0
    assert grade_trace(make_trace("q", ["s"], "5 or 6", answer_kind="number")).verdict == "parse_fail"
    assert grade_trace(make_trace("q", ["s"], "Rome", answer_kind="choice", choices=CITIES)).value == 1.0
    assert grade_trace(make_trace("q", ["s"], "anything", answer_kind="open")).value is None
    assert "kind" in grade_trace(make_trace("q", ["s"], "5", answer_kind="integer")).explanation


@pytest.mark.parametrize("answer", ["42", "-3.50", "1,234", "$5", "-$1,234.50", "50%", "1234567"])
def test_grade_trace_reads_plain_numbers_as_compare_does(answer: str) -> None:
    assert grade_trace(make_trace("q", ["s"], answer)).value == compare(answer, target("number", answer)).value == 1.0
    assert infer_kind(answer) == "number"


def test_grade_trace_goes_through_the_text() -> None:
    assert grade_trace(make_trace("q", ["see <answer>"], "5")).verdict == "parse_fail"
    assert grade_trace(make_trace("q", [" s"], "5")).verdict == "parse_fail"
    assert grade_trace(make_trace("q<eos>", ["s"], "5")).verdict == "parse_fail"


def test_grade_trace_is_fast_for_numbers() -> None:
    traces = [make_trace(f"What is {i} + 1?", [f"{i} + 1 = {i + 1}"], str(i + 1)) for i in range(5000)]
    # The best of five, since the machine may be busy with other things.
    best = float("inf")
    for _ in range(5):
        start = time.perf_counter()
        right = sum(grade_trace(trace).value == 1.0 for trace in traces)
        best = min(best, time.perf_counter() - start)
    assert right == 5000
    assert 5000 / best >= 50_000


@given(st.text(min_size=1, max_size=100).filter(lambda text: text == text.strip() and "<" not in text))
def test_every_answer_equals_itself(answer: str) -> None:
    kind = infer_kind(answer)
    if kind not in ("open", "latex"):
        score = grade_trace(make_trace("q", ["s"], answer))
        assert score.value == 1.0, score.explanation


@given(st.lists(st.integers(-9999, 9999), min_size=2, max_size=8), st.randoms())
def test_order_counts_in_lists_but_not_in_sets(numbers: list[int], random: object) -> None:
    shuffled = sorted(numbers)
    wanted = ", ".join(map(str, numbers))
    assert compare(str(shuffled), target("set", wanted)).value == 1.0
    assert compare(str(shuffled), target("list", wanted)).value == float(shuffled == numbers)


@given(st.dates(), st.integers(0, 3))
def test_every_date_is_read_in_every_spelling(date: object, style: int) -> None:
    form = ("%B %d, %Y", "%d %b %Y", "%A, %B %d, %Y", "%m/%d/%Y")[style]
    written = date.strftime(form)  # type: ignore[attr-defined]
    year = date.year  # type: ignore[attr-defined]
    if year >= 1000:
        assert compare(written, target("date", str(date))).value == 1.0
