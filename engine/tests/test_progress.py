"""Progress: a few plain lines where piped, with tokens/s, ETA and deadline; a live line in a terminal."""

import io
import re

import pytest

from tunix_rt.progress import Reporter, duration


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_piped_progress_is_one_line_every_few_seconds() -> None:
    clock, stream = Clock(), io.StringIO()
    with Reporter(stream, interval=5, clock=clock) as reporter, reporter.phase("sft", deadline=400.0):
        for step in range(1, 101):
            clock.now += 1
            reporter.update(step, 400, 50 * step, loss=1 / step)
    lines = stream.getvalue().splitlines()
    assert lines[0] == "sft: started (at most 6:40)"
    assert lines[-1] == "sft: done in 1:40"
    assert len(lines) == 2 + 20
    assert lines[10] == f"sft  {'█' * 3}{'░' * 21}  50/400  50 tokens/s  loss 0.02  ETA 5:50  deadline in 5:50"


def test_parts_of_a_phase_are_named() -> None:
    clock, stream = Clock(), io.StringIO()
    with Reporter(stream, interval=0, clock=clock) as reporter, reporter.phase("dataset"):
        reporter.part("read", 1000)
        clock.now += 1
        reporter.part("compare", 1, 3)
        clock.now += 1
        reporter.part("compare", 2, 3)
    lines = stream.getvalue().splitlines()
    assert lines[1] == "dataset: read  1,000"
    assert lines[3] == f"dataset: compare  {'█' * 16}{'░' * 8}  2/3  ETA 1.0 s"


def test_speed_counts_from_the_first_update() -> None:
    clock = Clock()
    with Reporter(io.StringIO(), clock=clock) as reporter, reporter.phase("sft"):
        clock.now += 100  # loading and compiling
        reporter.update(1, 11, 1000)
        clock.now += 5
        reporter.update(6, 11, 2000)
        assert reporter.line().endswith("6/11  200 tokens/s  ETA 5.0 s")


def test_speed_counts_anew_where_something_new_begins_and_a_deadline_may_move() -> None:
    clock = Clock()
    with Reporter(io.StringIO(), clock=clock) as reporter, reporter.phase("grpo", deadline=50.0):
        reporter.update(1, 400, 100)  # a measurement before the training
        clock.now += 10
        reporter.update(400, 400, 20_000)
        clock.now += 30
        reporter.update(1, 11, 1000)
        reporter.extend(60.0)
        clock.now += 5
        reporter.update(6, 11, 2000)
        assert reporter.line().endswith("6/11  200 tokens/s  ETA 5.0 s  deadline in 15 s")


def test_failure_is_said() -> None:
    stream = io.StringIO()
    with pytest.raises(RuntimeError), Reporter(stream, clock=Clock()) as reporter, reporter.phase("sft"):
        raise RuntimeError
    assert stream.getvalue().splitlines()[-1] == "sft: broken off after 0 s"


def test_control_characters_are_spelled_out() -> None:
    stream = io.StringIO()
    Reporter(stream).say("row \x1b[2J\r\u202e:\tfine\né")
    assert stream.getvalue() == "row \\x1b[2J\\r\\u202e:\tfine\né\n"


def test_quiet_reporter_says_nothing() -> None:
    stream = io.StringIO()
    with Reporter(stream, interval=0, quiet=True) as reporter, reporter.phase("sft"):
        reporter.update(1, 2)
        reporter.say("words")
    assert stream.getvalue() == ""


def test_terminal_gets_a_live_line_and_keeps_what_was_said() -> None:
    stream = Terminal()
    with Reporter(stream) as reporter, reporter.phase("sft"):
        reporter.update(1, 2)
        reporter.say("run demo")
    shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", stream.getvalue())
    assert "run demo" in shown
    assert "1/2" in shown
    assert "sft: done in" in shown


def test_update_outside_a_phase_is_ignored() -> None:
    stream = io.StringIO()
    with Reporter(stream, interval=0) as reporter:
        reporter.update(1, 2)
        assert reporter.line() == ""
    assert stream.getvalue() == ""


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(-3, "0 s"), (0.4, "0.4 s"), (42, "42 s"), (59.7, "60 s"), (187, "3:07"), (3765, "1:02:45")],
)
def test_duration_is_for_people(seconds: float, text: str) -> None:
    assert duration(seconds) == text
