"""Splits: what belongs together stays together, train is never empty, and a seed decides."""

from __future__ import annotations

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunix_rt import dataset
from tunix_rt.dataset.splitting import Membership, Split, assign, choose_by, group_rows
from tunix_rt.dataset.words import mix
from tunix_rt.formats import write_jsonl
from tunix_rt.trace import ReasoningTrace, make_trace


def column(values: list[int]) -> np.ndarray[tuple[int], np.dtype[np.uint64]]:
    return np.array(values, dtype=np.uint64)


def membership(prompt: list[int], template: list[int], family: list[int], group: list[int]) -> Membership:
    return Membership(column(prompt), column(template), column(family), column(group))


rows = st.integers(1, 40).flatmap(
    lambda count: st.builds(
        membership,
        *(
            st.lists(st.integers(low, high), min_size=count, max_size=count)
            for low, high in ((1, 30), (1, 9), (0, 5), (0, 3))
        ),
    )
)


@settings(deadline=None)
@given(rows, st.sampled_from(["family", "template"]), st.integers(0, 5), st.floats(0, 0.5), st.floats(0, 0.4))
def test_no_group_is_divided_and_train_is_never_empty(
    found: Membership, by: dataset.building.By, seed: int, valid: float, test: float
) -> None:
    groups = group_rows(found, by)
    fractions: dict[Split, float] = {"test": test, "valid": valid}
    order = mix(np.arange(groups.size, dtype=np.uint64))
    splits = assign(groups, order, fractions, seed)
    assert splits == assign(groups, order, fractions, seed)
    assert "train" in splits
    of_group = defaultdict(set)
    for place, split in enumerate(splits):
        of_group["prompt", found.prompt[place]].add(split)
        if found.group[place]:
            of_group["group", found.group[place]].add(split)
        elif by == "family" and found.family[place]:
            of_group["family", found.family[place]].add(split)
        else:
            of_group["template", found.template[place]].add(split)
    assert all(len(found) == 1 for found in of_group.values())
    counts = Counter(splits)
    for split, fraction in fractions.items():
        assert fraction or not counts[split]
        assert counts[split] <= max(1, fraction * len(splits), 0.25 * len(splits))


def test_groups_are_numbered_from_nought() -> None:
    found = membership([1, 2, 3, 1, 5], [1, 2, 2, 4, 5], [0] * 5, [0] * 5)
    groups = group_rows(found, "template").tolist()
    assert groups[0] == groups[3]
    assert groups[1] == groups[2]
    assert sorted(set(groups)) == [0, 1, 2]


def test_many_families_are_held_out_whole_and_few_are_not() -> None:
    def families(count: int, group: int = 0) -> Membership:
        numbers = list(range(1, 101))
        return membership(numbers, numbers, [1 + number % count for number in numbers], [group] * 100)

    assert choose_by(families(25), [0.05]) == "family"
    assert choose_by(families(14), [0.05]) == "template"
    assert choose_by(families(14), [0.1]) == "family"
    assert choose_by(families(14), [0.1, 0.02]) == "template"
    assert choose_by(families(1), [0.0]) == "template"
    assert choose_by(families(25, group=7), [0.05]) == "group"


def built(tmp_path: Path, traces: list[ReasoningTrace], name: str = "a", **options: float) -> dict[str, set[str]]:
    path = tmp_path / "in.jsonl"
    write_jsonl(path, [trace.model_dump() for trace in traces])
    manifest = dataset.build([path], name=name, version="1", home=tmp_path, near_duplicate=1.0, **options)
    found: dict[str, set[str]] = defaultdict(set)
    for split, trace in dataset.load(tmp_path, manifest.key).rows():
        found[split].add(str(trace.meta["mark"]))
    return found


def test_a_family_is_never_divided(tmp_path: Path) -> None:
    traces = [
        make_trace(f"Question {number} of kind k{number % 30}?", [f"s{number}"], str(number), family=f"k{number % 30}",
                   mark=f"k{number % 30}")
        for number in range(300)
    ]  # fmt: skip
    found = built(tmp_path, traces, valid_fraction=0.1)
    assert not found["train"] & found["valid"]
    assert len(found["valid"]) == 3


def test_a_template_is_never_divided_where_families_are_few(tmp_path: Path) -> None:
    things = "apples pears kites lamps coins maps ropes stones".split()
    verbs = "buys finds sells borrows counts paints hides mends".split()
    traces = [
        make_trace(
            f"{name} {verb} {number} {thing} on the way home. How many {thing} does {name} have then?",
            [f"{number}"],
            str(number),
            family="one",
            mark=f"{verb} {thing}",
        )
        for verb in verbs
        for thing in things
        for number, name in enumerate(("Ann", "Bob", "Cleo"), start=3)
    ]
    found = built(tmp_path, traces, valid_fraction=0.1)
    assert found["valid"]
    assert not found["train"] & found["valid"]


def letters(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:03d}")


@pytest.mark.parametrize("count", [1, 2, 3])
def test_tiny_datasets_keep_a_train_split(tmp_path: Path, count: int) -> None:
    traces = [make_trace(f"{letters(number)} who?", [f"s{number}"], "1", mark=number) for number in range(count)]
    found = built(tmp_path, traces, valid_fraction=0.5)
    assert found["train"]
    assert len(found["valid"]) == count // 2


def test_one_template_alone_leaves_valid_empty(tmp_path: Path) -> None:
    traces = [
        make_trace(f"What is {number} + 1?", [f"s{number}"], str(number + 1), mark=number) for number in range(50)
    ]
    found = built(tmp_path, traces)
    assert (len(found["train"]), len(found["valid"])) == (50, 0)


def test_the_seed_draws_other_groups(tmp_path: Path) -> None:
    traces = [make_trace(f"{letters(number)} who?", [f"s{number}"], "1", mark=number) for number in range(100)]
    drawn = [built(tmp_path, traces, name=f"a{seed}", seed=seed)["valid"] for seed in (0, 1)]
    assert drawn[0] != drawn[1]
    assert len(drawn[0]) == len(drawn[1]) == 5
