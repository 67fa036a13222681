"""Comparisons: pairs by id against numbers worked by hand, and words no stronger than the test."""

import pytest

from evaluated import TableSampler, completion, find, make_task, three_evaluations
from tunix_rt.comparison import better_base, compare, compare_with_base, p_text, points, verdict
from tunix_rt.config import EvalConfig
from tunix_rt.errors import UsageError
from tunix_rt.evaluation import ModelRef, evaluate
from tunix_rt.trace import make_trace, render


def with_right(task, right, *, form="tags"):
    """Evaluate a sampler that is right on the items at the given positions."""
    names = {task.items[position].id for position in right}

    def answer(prompt, position):
        item = find(task, prompt)
        value = item.trace.final_answer + ("" if item.id in names else "0")
        return completion(
            f"The answer is {value}." if form == "loose" else render(make_trace("x", ["y"], value)).completion
        )

    return evaluate(TableSampler(answer), task, EvalConfig(), model=ModelRef(name="nano"))


def test_pairs_against_numbers_worked_by_hand():
    task = make_task(20)
    a, b = with_right(task, range(4)), with_right(task, range(3, 15))
    main = compare(a, b).main
    assert (main.paired.n, main.paired.gained, main.paired.lost) == (20, 11, 3)
    assert (main.a, main.b) == (0.2, 0.6)
    assert main.paired.delta == pytest.approx(0.4)
    # exact McNemar: 2 · (C(14,0) + C(14,1) + C(14,2) + C(14,3)) / 2^14 = 2 · 470 / 16384
    assert main.paired.p == pytest.approx(940 / 16384)
    assert main.paired.low < 0.4 < main.paired.high


def test_gained_and_lost_name_the_items():
    task = make_task(8)
    result = compare(with_right(task, [0, 1]), with_right(task, [1, 5, 6]))
    assert result.gained == [task.items[5].id, task.items[6].id]
    assert result.lost == [task.items[0].id]
    assert result.unpaired == 0


def test_pairing_is_by_id_not_by_position():
    task = make_task(12)
    a, b = with_right(task, range(6)), with_right(task, range(6))
    turned = type(b)(manifest=b.manifest, samples=b.samples[::-1])
    assert compare(a, turned).main.paired.delta == 0
    assert compare(a, turned).main.paired.p == 1.0


def test_families_add_up_and_their_p_is_adjusted():
    task = make_task(40)
    result = compare(with_right(task, []), with_right(task, range(30)))
    assert [delta.name for delta in result.families] == sorted({item.family for item in task.items})
    assert sum(delta.paired.gained for delta in result.families) == 30
    assert all(delta.adjusted_p >= delta.paired.p for delta in result.families)


def test_unscored_items_are_left_out_of_pairs_and_counted():
    task = make_task(6, open_items=2)
    result = compare(with_right(task, [0]), with_right(task, [0, 1]))
    assert (result.main.paired.n, result.unpaired) == (6, 2)


def test_other_items_cannot_be_paired():
    with pytest.raises(UsageError, match=r"digest: sha256:.* and sha256:"):
        compare(with_right(make_task(6, seed=1), []), with_right(make_task(6, seed=2), []))


def test_nothing_scored_cannot_be_compared():
    task = make_task(0, open_items=2)
    with pytest.raises(UsageError, match="no item is scored"):
        compare(with_right(task, []), with_right(task, []))


def test_the_base_is_taken_at_its_best():
    task = make_task(20)
    weak, loose = with_right(task, range(2)), with_right(task, range(7), form="loose")
    tuned = with_right(task, range(10))
    assert better_base(weak, loose) is loose
    main = compare_with_base([weak, loose], tuned).main
    assert (main.a_metric, main.b_metric, main.a, main.b) == ("lenient", "strict", 0.35, 0.5)


def test_differences_beside_the_model_are_named():
    contract, few_shot, tuned = three_evaluations(make_task(12))
    names = {line.split(":")[0] for line in compare(few_shot, tuned).differences}
    assert names == {"prompt form", "worked examples"}
    assert compare(contract, tuned).differences == []


def test_text_is_aligned_and_says_the_verdict():
    _, few_shot, tuned = three_evaluations(make_task(160))
    result = compare_with_base([few_shot], tuned)
    text = result.to_text()
    for block in text.split("\n\n"):
        rows = [line for line in block.split("\n") if " | " in line]
        assert len({line.index(" | ") for line in rows}) <= 1
        assert len({len(line) for line in rows}) <= 1
    assert "B strict, A lenient" in text
    assert "B is better than A by +" in text
    assert "\x1b" not in text


def test_no_difference_is_called_not_significant():
    task = make_task(20)
    sentence = verdict(compare(with_right(task, range(5)), with_right(task, range(6))))
    assert sentence.startswith("Not significant: +5.0 points")
    assert "would be missed" in sentence


def test_worse_is_called_worse():
    task = make_task(20)
    assert verdict(compare(with_right(task, range(15)), with_right(task, []))).startswith(
        "B is worse than A by −75.0 points"
    )


def test_numbers_for_people():
    assert (p_text(0.5), p_text(0.0312), p_text(0.00042), p_text(1e-9)) == ("0.50", "0.031", "0.0004", "< 0.0001")
    assert (points(-0.125), points(0.05), points(-1e-9)) == ("−12.5", "+5.0", "0.0")
