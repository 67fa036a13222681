"""LaTeX answers, and the processes that compare them."""

import os
import signal
import threading
import time
from collections.abc import Iterator

import pytest

from tunix_rt.grading import Target, compare, grade
from tunix_rt.grading.latex import POOL, LatexPool
from tunix_rt.trace import make_trace, render

ENDLESS = "9^{9^{9^{9}}}"


@pytest.fixture(scope="module")
def pool() -> Iterator[LatexPool]:
    made = LatexPool(workers=2, seconds=3.0)
    yield made
    made.close()


def is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("found", "wanted", "verdict"),
    [
        ("0.5", "\\frac{1}{2}", "equal"),
        ("1+x", "x+1", "equal"),
        ("x+2", "x+1", "unequal"),
        ("\\frac{1}{\\sqrt{2}}", "$\\frac{\\sqrt{2}}{2}$", "equal"),
        ("(2,1)", "(1,2)", "unequal"),
        ("\\{2,1\\}", "\\{1,2\\}", "equal"),
        ("1024", "2^{10}", "equal"),
        ("\\boxed{x=5}", "5", "equal"),
        ("\\frac{1}{0}", "5", "unequal"),
    ],
)
def test_latex_is_compared_as_mathematics(pool: LatexPool, found: str, wanted: str, verdict: str) -> None:
    assert pool.compare(found, wanted) == verdict


def test_compare_explains_latex() -> None:
    target = Target(kind="latex", value="\\frac{1}{2}")
    completion = render(make_trace("q", ["s"], "$\\dfrac{2}{4}$")).completion
    score = grade(completion, target, mode="strict")
    assert (score.value, score.verdict) == (1.0, "equal")
    assert "as LaTeX" in score.explanation
    assert compare("\\frac{1}{", target).value == 0.0


def test_latex_that_is_written_alike_needs_no_process() -> None:
    pids = POOL.pids()
    assert compare("$ x + 1$", Target(kind="latex", value="$x+1$")).value == 1.0
    assert compare("$51$", Target(kind="latex", value="50")).value == 0.0
    assert POOL.pids() == pids


def test_endless_latex_is_stopped_and_its_process_replaced(pool: LatexPool) -> None:
    assert pool.compare("x+x", "2x") == "equal"
    before = pool.pids()
    start = time.monotonic()
    assert pool.compare(ENDLESS, "5") == "timeout"
    assert pool.compare("{" * 40_000, "5") == "timeout"
    assert time.monotonic() - start < 6 + 60
    gone = set(before) - set(pool.pids())
    assert gone
    assert not any(is_running(pid) for pid in gone)
    assert pool.compare("x+x", "2x") == "equal"


def test_a_worker_that_died_is_replaced(pool: LatexPool) -> None:
    assert pool.compare("x+x", "2x") == "equal"
    for pid in pool.pids():
        os.kill(pid, signal.SIGKILL)
    time.sleep(0.2)
    assert pool.compare("x+x", "2x") == "equal"


def test_many_threads_share_the_pool(pool: LatexPool) -> None:
    verdicts: dict[int, str] = {}

    def work(number: int) -> None:
        formula = ENDLESS if number == 3 else f"{number}+x"
        verdicts[number] = pool.compare(formula, f"x+{number}")

    threads = [threading.Thread(target=work, args=(number,)) for number in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verdicts.pop(3) == "timeout"
    assert set(verdicts.values()) == {"equal"}
    assert len(pool.pids()) <= 2


def test_a_forked_process_starts_workers_of_its_own(pool: LatexPool) -> None:
    assert pool.compare("x+x", "2x") == "equal"
    before = pool.pids()
    child = os.fork()
    if child == 0:
        # Nothing of pytest may run in the child: it only reports by its exit code.
        code = 1
        try:
            right = pool.compare("x+x", "2x") == "equal"
            code = 0 if right and not set(before) & set(pool.pids()) else 2
            pool.close()
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert pool.pids() == before
    assert pool.compare("x+x", "2x") == "equal"


def test_nothing_is_executed(pool: LatexPool, tmp_path: object) -> None:
    trap = f"{tmp_path}/trap"
    for text in (f"__import__('os').mkdir('{trap}')", f"\\text{{__import__('os').mkdir('{trap}')}}"):
        pool.compare(text, "5")
    assert not os.path.exists(trap)


def test_close_ends_all_processes() -> None:
    made = LatexPool(workers=1)
    assert made.compare("x+x", "2x") == "equal"
    pids = made.pids()
    made.close()
    assert pids
    assert not any(is_running(pid) for pid in pids)
