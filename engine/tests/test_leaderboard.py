"""Ranks: shared until a row is worse by a test, against numbers worked by hand."""

import pytest

from evaluated import make_task, three_evaluations
from tunix_rt.comparison import compare
from tunix_rt.errors import UsageError
from tunix_rt.leaderboard import RIGHT, UNSCORED, Entry, outcomes, rank


def row(name: str, bits: str) -> Entry:
    """Return an entry from its items: 1 right, 0 wrong, - unscored."""
    code = {"1": RIGHT, "0": 0, "-": UNSCORED}
    scored = [bit for bit in bits if bit != "-"]
    value = scored.count("1") / len(scored) if scored else None
    return Entry(name, value, bytes(code[bit] for bit in bits))


def ranks(*entries: Entry) -> list[tuple[str, int | None]]:
    return [(standing.name, standing.rank) for standing in rank(entries)]


def test_rows_share_a_rank_until_one_is_worse_against_numbers_worked_by_hand():
    # b loses 5 of 10 items to a: 2 · (1/2)^5 = 0.0625, a tie.
    # c loses all 10: 2 · (1/2)^10 = 0.00195, and 0.0039 after Holm's correction for two rows.
    a, b, c = row("a", "1" * 10), row("b", "1" * 5 + "0" * 5), row("c", "0" * 10)
    standings = rank([c, b, a])
    assert [(s.name, s.rank, s.tied, s.leader) for s in standings] == [
        ("a", 1, 1, "a"),
        ("b", 1, 1, "a"),
        ("c", 3, 0, "c"),
    ]
    assert standings[0].p is None
    assert standings[1].p == pytest.approx(0.0625)


def test_holm_makes_a_difference_harder_to_claim_among_many():
    # 6 lost items alone: 2 · (1/2)^6 = 0.03125; two such rows: adjusted 0.0625 each.
    first, second, third = row("a", "1" * 8), row("b", "11" + "0" * 6), row("c", "0" * 6 + "11")
    assert ranks(first, second) == [("a", 1), ("b", 2)]
    assert ranks(first, second, third) == [("a", 1), ("b", 1), ("c", 1)]


def test_equal_scores_are_ordered_by_name_and_share_a_rank():
    assert ranks(row("b", "10"), row("a", "01")) == [("a", 1), ("b", 1)]


def test_unscored_items_are_not_paired_and_an_unscored_row_has_no_rank():
    assert ranks(row("none", "-" * 8), row("half", "1" * 4 + "-" * 4), row("zero", "----" + "0" * 4)) == [
        ("half", 1),
        ("zero", 1),
        ("none", None),
    ]
    assert ranks() == []


def test_different_items_are_refused():
    with pytest.raises(UsageError, match="different numbers of items"):
        rank([row("a", "11"), row("b", "111")])


def test_p_is_that_of_the_comparison():
    _, few, tuned = three_evaluations(make_task(60))
    entries = [
        Entry(done.id, done.manifest.metrics.lenient.value, outcomes(done.samples, "lenient")) for done in (few, tuned)
    ]
    standings = rank(entries)
    p = compare(few, tuned, a_score="lenient", b_score="lenient").main.paired.p
    assert standings[1].p == pytest.approx(p) if standings[1].rank == 1 else p < 0.05
    assert sum(outcomes(tuned.samples, "strict")) == RIGHT * round(60 * tuned.manifest.metrics.strict.value)


def test_thousands_of_rows_are_ranked_in_a_moment():
    import random
    import time

    dice = random.Random(0)
    rows = [row(f"{k:04d}", "".join("01"[dice.random() < 0.2 + k / 4000] for _ in range(300))) for k in range(2000)]
    started = time.monotonic()
    standings = rank(rows)
    assert len(standings) == 2000
    assert time.monotonic() - started < 20
