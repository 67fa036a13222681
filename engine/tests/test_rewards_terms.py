"""Each reward term by itself, on completions whose worth one can see."""

import json
import math
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rewarded import LIMIT, PROMPT, STEPS, case, written
from tunix_rt.rewards import RewardTerm, TermKind
from tunix_rt.rewards.case import Case
from tunix_rt.rewards.config import OPTIONS
from tunix_rt.rewards.terms import DESCRIPTIONS, Outcome, evaluator

WRONG_TAGS = "<think>\n12 - 2 = 10\n</think>\n10"
ESSAY = "Describe how a river shapes the valley around it."


def value(kind: TermKind, one: Case, *, corpus: tuple[str, ...] = (), **options: Any) -> float | None:
    [outcome] = evaluator(RewardTerm(kind=kind, options=options), corpus)([one])
    assert outcome.fault is None
    return outcome.value


def test_every_term_is_described_and_has_options() -> None:
    assert DESCRIPTIONS.keys() == OPTIONS.keys()


@pytest.mark.parametrize(
    ("text", "strict", "with_lenient"),
    [
        (written(), 1.0, 1.0),
        (written(answer="11"), 0.0, 0.0),
        (WRONG_TAGS, 0.0, 0.3),
        ("The answer is 10.", 0.0, 0.3),
        ("The answer is 11.", 0.0, 0.0),
        ("", 0.0, 0.0),
        (written(answer="10") + " More.", 0.0, 0.3),
    ],
)
def test_correctness_is_the_verdict_of_the_evaluation(text: str, strict: float, with_lenient: float) -> None:
    assert value("correctness", case(text)) == strict
    assert value("correctness", case(text), lenient=0.3) == pytest.approx(with_lenient)


def test_correctness_abstains_where_nothing_can_be_verified() -> None:
    assert value("correctness", case(written(), kind="open", value=""), lenient=0.3) is None


def test_a_comparison_that_runs_out_of_time_is_a_fault_and_no_number() -> None:
    endless = case(written(answer="{" * 40_000), kind="latex", value="5")
    [outcome] = evaluator(RewardTerm(kind="correctness"), ())([endless])
    assert outcome.value is None
    assert outcome.fault is not None
    assert outcome.fault.startswith("TimeoutError: Stopped")


def test_a_target_that_is_not_of_its_kind_is_a_fault() -> None:
    [outcome] = evaluator(RewardTerm(kind="correctness"), ())([case(written(), value="ten or so pears")])
    assert outcome.value is None
    assert outcome.fault is not None
    assert "GradingError" in outcome.fault


@pytest.mark.parametrize(
    ("text", "worth"),
    [(written(), 1.0), (WRONG_TAGS, 0.0), (written(()), 0.0), (written() + "\n", 0.0), (written(answer="?"), 1.0)],
)
def test_format_is_all_or_nothing(text: str, worth: float) -> None:
    assert value("format", case(text)) == worth


@pytest.mark.parametrize(
    ("steps", "worth"),
    [
        (STEPS, 1.0),
        (("3 * 4 = 13", "12 - 2 = 10"), 0.5),
        (("3 * 4 = 13", "13 - 2 = 12"), 0.0),
        (("Think.", "12 - 2 = 10"), 1.0),
        (("3 * 4 = 13", *["12 - 2 = 10"] * 9), 0.5),
        (("3 * 4 = 13", "12 - 2 = 10", "12 -2 = 10", "１２ - 2=10"), 0.5),
        (("3 * 4 = 13", "1 = 1", "2 = 2"), 0.0),
        (("Think.",), None),
    ],
)
def test_steps_are_executed_again_and_a_repeated_one_counts_once(steps: tuple[str, ...], worth: float | None) -> None:
    assert value("steps", case(written(steps))) == worth


@pytest.mark.parametrize(
    ("steps", "answer", "worth"),
    [
        (STEPS, "10", 1.0),
        (STEPS, "10 pears", 1.0),
        (STEPS, "10.", 1.0),
        (STEPS, "１０", 1.0),
        (STEPS, "12", 0.5),
        (STEPS, "11", 0.0),
        (STEPS, "0", 0.0),
        (("12 - 2 = 11",), "11", 1.0),
        (("=10",), "10", 1.0),
        (("10 are left, since 12 - 2 = 10, of 12",), "10", 1.0),
        (("so 2.10",), "10", 0.0),
    ],
)
def test_an_answer_follows_from_the_last_step(steps: tuple[str, ...], answer: str, worth: float) -> None:
    assert value("follows", case(written(steps, answer))) == worth


def test_following_reads_words_and_choices() -> None:
    assert value("follows", case(written(("Noah has fewer.",), "Noah"), kind="text", value="Noah")) == 1.0
    assert value("follows", case(written(("Noah counts.", "So it ends."), "Noah"), kind="text", value="x")) == 0.5
    assert value("follows", case(written(("Annoah has fewer.",), "Noah"), kind="text", value="Noah")) == 0.0
    ships = ("A good night", "Across the sea")
    about = written(("The text is about ships.", "So: across the sea."), "B")
    assert value("follows", case(about, kind="choice", value="B", choices=ships)) == 1.0
    assert value("follows", case(about.replace(">B<", ">A<"), kind="choice", value="B", choices=ships)) == 0.0


def test_following_abstains_or_pays_nothing_without_its_parts() -> None:
    assert value("follows", case("12 - 2 = 10")) is None
    assert value("follows", case(written(), kind="open", value="")) is None
    assert value("follows", case("<reasoning>\n\n</reasoning>\n<answer>10</answer>")) == 0.0
    assert value("follows", case(written(STEPS, "12")), mentioned=0.1) == 0.1


@pytest.mark.parametrize(
    ("tokens", "finish", "worth"),
    [(1, "stop", 0.0), (80, "stop", 0.0), (90, "stop", -0.5), (100, "stop", -1.0), (5, "length", -1.0)],
)
def test_length_is_free_up_to_a_share_and_then_falls(tokens: int, finish: Any, worth: float) -> None:
    assert value("length", case(written(), tokens=tokens, finish=finish)) == pytest.approx(worth)


@given(tokens=st.integers(1, LIMIT), soft=st.floats(0.01, 1))
def test_length_stays_in_its_range_and_never_rises(tokens: int, soft: float) -> None:
    shorter, longer = (value("length", case("", tokens=n), soft=soft) for n in (max(1, tokens - 1), tokens))
    assert shorter is not None
    assert longer is not None
    assert -1 <= longer <= shorter <= 0


def essay(*steps: str, prompt: str = ESSAY) -> Case:
    return case(written(steps, "An essay."), kind="open", value="", prompt=prompt)


def test_relevance_is_the_cosine_worked_by_hand() -> None:
    # asked {a, b}, said {b, c}; in a corpus of 3 prompts b stands in all, the others in none
    corpus = ("b", "b b", "b d")
    rare, common = 1 + math.log(4 / 1), 1 + math.log(4 / 4)
    expected = common**2 / (rare**2 + common**2)
    assert value("relevance", essay("c b", prompt="a b"), corpus=corpus) == pytest.approx(expected)
    assert value("relevance", essay("c b", prompt="a b")) == pytest.approx(0.5)


def test_relevance_tells_a_topic_from_another_and_pays_no_copy() -> None:
    about = value("relevance", essay("The river cuts into the rock.", "Over time the valley widens."))
    other = value("relevance", essay("A cake needs flour and eggs.", "Bake it for an hour."))
    assert about is not None
    assert other is not None
    assert about > other
    assert value("relevance", essay(ESSAY)) == 0.0
    assert value("relevance", essay(f"You ask: {ESSAY}")) == 0.0
    assert value("relevance", case("No tags at all.", kind="open", value="", prompt=ESSAY)) == 0.0


def test_relevance_abstains_where_an_answer_can_be_verified() -> None:
    assert value("relevance", case(written())) is None


@given(st.text(max_size=80), st.text(max_size=80))
def test_relevance_is_a_share_whatever_is_written(prompt: str, step: str) -> None:
    found = value("relevance", essay(step, prompt=prompt or "x"), corpus=(prompt, step))
    assert found is not None
    assert 0.0 <= found <= 1.0


@contextmanager
def judge(answer: Callable[[Any], bytes], pause: float = 0.0) -> Iterator[str]:
    """Serve a judge on this machine, which rests before each byte; yield its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = answer(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200 if body else 500)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            with suppress(BrokenPipeError):  # the one who asked has gone
                for byte in body:
                    time.sleep(pause)
                    self.wfile.write(bytes([byte]))

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/judge"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def judged(url: str, *cases: Case, timeout_seconds: float = 10) -> list[Outcome]:
    term = RewardTerm(kind="judge", options={"url": url, "timeout_seconds": timeout_seconds})
    return evaluator(term, ())(cases)


def test_a_judge_is_asked_once_and_may_abstain() -> None:
    asked: list[Any] = []

    def answer(request: Any) -> bytes:
        asked.append(request)
        return b'{"scores": [0.25, null]}'

    with judge(answer) as url:
        assert judged(url, case(written()), case("hm")) == [Outcome(0.25), Outcome(None)]
    assert asked == [
        {
            "items": [
                {"prompt": PROMPT, "target": "10", "completion": written()},
                {"prompt": PROMPT, "target": "10", "completion": "hm"},
            ]
        }
    ]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"", "HTTPError"),
        (b"no json", "JSONDecodeError"),
        (b'{"scores": [NaN]}', "JSONDecodeError"),
        (b'{"scores": [0.5, 0.5]}', 'no list "scores" of 1 values'),
        (b"[1]", 'no list "scores"'),
        (b'{"scores": [1.5]}', "expected scores from 0 to 1"),
        (b'{"scores": ["good"]}', "no finite number"),
        (b'{"scores": [true]}', "no finite number"),
    ],
)
def test_a_judge_that_answers_nonsense_is_a_fault(body: bytes, told: str) -> None:
    with judge(lambda request: body) as url:
        [outcome] = judged(url, case(written()))
    assert outcome.value is None
    assert outcome.fault is not None
    assert told in outcome.fault


def test_a_judge_that_is_slow_or_absent_is_a_fault() -> None:
    def slow(request: Any) -> bytes:
        time.sleep(0.5)
        return b'{"scores": [1]}'

    with judge(slow) as url:
        [late] = judged(url, case(written()), timeout_seconds=0.1)
    [absent] = judged(url, case(written()))
    assert late.value is None
    assert late.fault is not None
    assert "TimeoutError" in late.fault or "timed out" in late.fault
    assert absent.fault is not None
    assert "URLError" in absent.fault


def test_a_judge_that_answers_byte_by_byte_is_given_no_more_time() -> None:
    with judge(lambda request: b'{"scores": [1]}', pause=0.05) as url:
        [late] = judged(url, case(written()), timeout_seconds=0.2)
    assert (late.value, late.fault) == (None, "TimeoutError: the judge gave no scores within 0.2 s")
