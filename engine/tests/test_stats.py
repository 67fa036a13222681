"""Intervals and tests against numbers worked by hand and against SciPy."""

import math
import random

import pytest
import scipy
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt import stats


@pytest.mark.parametrize(("successes", "n"), [(0, 1), (1, 1), (0, 10), (10, 10), (1, 10), (55, 100), (700, 1319)])
@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_wilson_agrees_with_scipy(successes: int, n: int, confidence: float) -> None:
    expected = scipy.stats.binomtest(successes, n).proportion_ci(confidence, method="wilson")
    found = stats.wilson(successes, n, confidence)
    assert found.value == successes / n
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_wilson_by_hand() -> None:
    # 8 of 10 with z = 1.959964: centre (0.8 + 0.192073) / 1.384146, half width as in Wilson's formula.
    found = stats.wilson(8, 10)
    assert (found.low, found.high) == pytest.approx((0.490162, 0.943318), abs=1e-6)


def test_wilson_ends_are_exact() -> None:
    assert stats.wilson(0, 50).low == 0.0
    assert stats.wilson(50, 50).high == 1.0


@given(n=st.integers(1, 10**6), data=st.data())
def test_wilson_holds_its_value(n: int, data: st.DataObject) -> None:
    found = stats.wilson(data.draw(st.integers(0, n)), n)
    assert 0 <= found.low <= found.value <= found.high <= 1
    assert found.low < found.high


@pytest.mark.parametrize(("successes", "n", "confidence"), [(0, 0, 0.95), (2, 1, 0.95), (-1, 3, 0.95), (1, 2, 1.0)])
def test_wilson_refuses_what_has_no_interval(successes: int, n: int, confidence: float) -> None:
    with pytest.raises(ValueError, match=r"expected|needs|must"):
        stats.wilson(successes, n, confidence)


@pytest.mark.parametrize(
    ("b", "c", "p"),
    [
        (0, 0, 1.0),
        (3, 3, 1.0),
        (0, 1, 1.0),  # 2 · 1/2
        (0, 5, 0.0625),  # 2 · 1/32
        (1, 9, 22 / 1024),  # 2 · (1 + 10) / 1024
        (2, 8, 112 / 1024),  # 2 · (1 + 10 + 45) / 1024
    ],
)
def test_mcnemar_by_hand(b: int, c: int, p: float) -> None:
    assert stats.mcnemar_exact(b, c) == p == stats.mcnemar_exact(c, b)


@pytest.mark.parametrize(("b", "c"), [(5, 12), (100, 140), (990, 1009), (1000, 1100), (40_000, 40_700), (0, 5000)])
def test_mcnemar_agrees_with_scipy(b: int, c: int) -> None:
    assert stats.mcnemar_exact(b, c) == pytest.approx(scipy.stats.binomtest(b, b + c).pvalue, rel=1e-9, abs=1e-300)


def test_paired_counts_and_tests_pairs() -> None:
    baseline = [True] * 30 + [False] * 70
    better = [True] * 28 + [False] * 2 + [True] * 10 + [False] * 60
    found = stats.paired(baseline, better)
    assert (found.n, found.gained, found.lost) == (100, 10, 2)
    assert found.delta == pytest.approx(0.08)
    assert found.p == stats.mcnemar_exact(2, 10) == pytest.approx(2 * (1 + 12 + 66) / 4096)
    assert found.low < 0.08 < found.high
    assert stats.paired(better, baseline).delta == -found.delta


def test_paired_interval_agrees_with_scipy() -> None:
    source = random.Random(4)
    a = [source.random() for _ in range(80)]
    b = [value + source.gauss(0.1, 0.3) for value in a]
    differences = [after - before for before, after in zip(a, b, strict=True)]
    expected = scipy.stats.bootstrap(
        (differences,), lambda x, axis: x.mean(axis=axis), n_resamples=10_000, method="percentile", rng=1
    ).confidence_interval
    found = stats.paired(a, b)
    width = expected.high - expected.low
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.05 * width)
    test = scipy.stats.permutation_test((differences,), lambda x, axis: x.mean(axis=axis), permutation_type="samples")
    assert found.p == pytest.approx(test.pvalue, abs=0.01)


def test_bootstrap_mean_agrees_with_scipy() -> None:
    source = random.Random(5)
    values = [source.expovariate(0.01) for _ in range(120)]
    expected = scipy.stats.bootstrap(
        (values,), lambda x, axis: x.mean(axis=axis), n_resamples=10_000, method="percentile", rng=1
    ).confidence_interval
    found = stats.bootstrap_mean(values)
    assert found.value == pytest.approx(sum(values) / 120)
    width = expected.high - expected.low
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=0.05 * width)
    with pytest.raises(ValueError, match="expected"):
        stats.bootstrap_mean([])


def test_paired_interval_covers_the_truth() -> None:
    source = random.Random(7)
    covered = 0
    for trial in range(200):
        pairs = [source.choices([(0, 0), (1, 1), (0, 1), (1, 0)], [40, 30, 20, 10])[0] for _ in range(150)]
        found = stats.paired([a for a, _ in pairs], [b for _, b in pairs], seed=trial, resamples=1000)
        covered += found.low <= 0.1 <= found.high
    assert 180 <= covered <= 199


def test_paired_is_reproducible() -> None:
    a, b = [0.1, 0.5, 0.9, 0.4], [0.2, 0.4, 0.9, 0.8]
    assert stats.paired(a, b, seed=3) == stats.paired(a, b, seed=3)
    assert stats.paired(a, b, seed=3) != stats.paired(a, b, seed=4)


@pytest.mark.parametrize("values", [[True], [0.25] * 5, [0, 1, 1]])
def test_paired_of_equal_values_is_zero(values: list[float]) -> None:
    found = stats.paired(values, values)
    assert (found.delta, found.low, found.high, found.p, found.gained, found.lost) == (0, 0, 0, 1, 0, 0)


@pytest.mark.parametrize(("a", "b"), [([], []), ([1], [1, 0]), ([math.nan], [1.0]), ([1.0], [math.inf])])
def test_paired_refuses_what_cannot_be_compared(a: list[float], b: list[float]) -> None:
    with pytest.raises(ValueError, match=r"expected|every"):
        stats.paired(a, b)


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=60))
def test_paired_interval_lies_in_range(pairs: list[tuple[bool, bool]]) -> None:
    found = stats.paired([a for a, _ in pairs], [b for _, b in pairs], resamples=200)
    assert -1 <= found.low <= found.high <= 1
    assert found.delta == pytest.approx((found.gained - found.lost) / found.n)


@pytest.mark.parametrize(
    ("options", "expected"),
    [({"discordant": 0.2}, 0.0345), ({"discordant": 0.1}, 0.0244), ({"base_rate": 0.5}, 0.0545)],
)
def test_minimum_detectable_effect_by_hand(options: dict[str, float], expected: float) -> None:
    # (1.959964 + 0.841621) · √(variance / 1319)
    assert stats.minimum_detectable_effect(1319, **options) == pytest.approx(expected, abs=5e-5)


def test_minimum_detectable_effect_without_discordant_pairs() -> None:
    assert stats.minimum_detectable_effect(50, 0.0) == stats.minimum_detectable_effect(50, 0.02) > 0


def test_minimum_detectable_effect_has_its_power() -> None:
    n, discordant = 400, 0.3
    effect = stats.minimum_detectable_effect(n, discordant=discordant)
    source = random.Random(2)
    detected = 0
    for _ in range(300):
        moved = source.choices([1, -1, 0], [(discordant + effect) / 2, (discordant - effect) / 2, 1 - discordant], k=n)
        detected += stats.mcnemar_exact(moved.count(1), moved.count(-1)) < 0.05
    assert 0.7 < detected / 300 < 0.9


@pytest.mark.parametrize(
    "options", [{}, {"discordant": 0.1, "base_rate": 0.5}, {"discordant": -0.1}, {"base_rate": 1.0}]
)
def test_minimum_detectable_effect_needs_one_rate(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="expected"):
        stats.minimum_detectable_effect(100, **options)


@pytest.mark.parametrize(
    ("n", "c", "k", "expected"), [(5, 0, 3, 0.0), (5, 5, 1, 1.0), (4, 1, 2, 0.5), (10, 3, 1, 0.3), (5, 3, 3, 1.0)]
)
def test_pass_at_k_by_hand(n: int, c: int, k: int, expected: float) -> None:
    assert stats.pass_at_k(n, c, k) == expected


def test_pass_at_k_refuses_more_than_there_are() -> None:
    with pytest.raises(ValueError, match="expected"):
        stats.pass_at_k(3, 1, 4)


def test_holm_by_hand() -> None:
    # Sorted 0.005, 0.01, 0.03, 0.04 times 4, 3, 2, 1, never falling.
    assert stats.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert stats.holm([]) == []
    assert stats.holm([0.9, 0.8]) == [1.0, 1.0]
