"""Duplicates: the signature estimates what it should, near-duplicates are found, and different questions stay."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunix_rt import dataset
from tunix_rt.dataset.deduplication import PERMUTATIONS, band_rows, jaccard, near_duplicates, signature
from tunix_rt.dataset.words import codes, grams, key, numbers, shingles, template, words
from tunix_rt.formats import read_jsonl, write_jsonl
from tunix_rt.trace import ReasoningTrace, make_trace

STORY = (
    "Tom walks from the old mill to the market with 12 baskets of red apples and then he sells 5 of them to his "
    "neighbour before he carries what is left back over the long wooden bridge to the farm where his sister waits"
)


def test_words_ignore_case_marks_and_spacing() -> None:
    assert words("What IS  2 + 3?") == words("what is 2 + 3") == ["what", "is", "2", "+", "3"]
    assert words("7 − 2 × 3") == words("7 - 2 * 3")
    assert words("ﬁve ５") == ["five", "5"]
    assert numbers("5 of 1,200 and 3.5") == ["1,200", "3.5", "5"]
    assert template("Tom has 12 apples.") == template("Ann has 3.5 apples.")


def test_keys_are_the_same_in_every_process() -> None:
    assert key(["a", "b"]) == 1212841174890269944
    assert key(["a", "b"]) != key(["ab"])
    assert int(grams(codes(words("a b c")), 3)[0]) == 5853666015111585649


@settings(deadline=None)
@given(st.lists(st.sampled_from("abc"), max_size=12), st.integers(1, 4))
def test_grams_are_equal_exactly_where_the_words_are(letters: list[str], n: int) -> None:
    coded = grams(codes(letters), n)
    runs = [tuple(letters[start : start + n]) for start in range(len(letters) - n + 1)]
    assert len(coded) == len(runs)
    for a, left in zip(coded, runs, strict=True):
        for b, right in zip(coded, runs, strict=True):
            assert (a == b) == (left == right)


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9])
def test_signatures_estimate_the_jaccard_index(share: float) -> None:
    draw = np.random.default_rng(0)
    estimates, size = [], 300
    shared = round(2 * size * share / (1 + share))
    for _ in range(20):
        items = draw.integers(0, 2**63, 2 * size, dtype=np.uint64)
        a, b = np.sort(items[:size]), np.sort(np.concatenate([items[:shared], items[size : 2 * size - shared]]))
        assert jaccard(a, b) == pytest.approx(share, abs=0.01)
        estimates.append(np.mean(signature(a) == signature(b)))
    assert np.mean(estimates) == pytest.approx(share, abs=4 * np.sqrt(share * (1 - share) / (20 * PERMUTATIONS)))


def test_bands_miss_one_pair_in_a_thousand_at_most() -> None:
    for threshold in (0.5, 0.7, 0.85, 0.95):
        size = band_rows(threshold)
        assert (1 - threshold**size) ** (PERMUTATIONS // size) <= 1e-3
        assert (1 - threshold ** (size + 1)) ** (PERMUTATIONS // (size + 1)) > 1e-3
    assert band_rows(1.0) == PERMUTATIONS


def test_the_exact_index_decides_and_chains_do_not_spread() -> None:
    base = [f"w{number}" for number in range(100)]
    texts = [base, [*base[:95], "x"], [*base[:90], "x", "y"], ["other"] * 3]
    sets = [shingles(codes(text)) for text in texts]
    signatures = np.stack([signature(items) for items in sets])
    nothing = np.zeros(4, dtype=np.uint64)
    similarity = lambda a, b: jaccard(sets[a], sets[b])  # noqa: E731
    threshold = jaccard(sets[0], sets[1]) - 0.001
    found = near_duplicates(signatures, nothing, [0, 1, 2, 3], threshold, similarity)
    assert [(duplicate.row, duplicate.kept) for duplicate in found] == [(1, 0)]
    assert found[0].similarity == pytest.approx(jaccard(sets[0], sets[1]))
    assert not near_duplicates(signatures, np.arange(4, dtype=np.uint64), [0, 1, 2, 3], 0.5, similarity)


def test_the_outcome_does_not_depend_on_the_order_of_the_input(tmp_path: Path) -> None:
    draw = random.Random(3)
    base = STORY.split()
    rows = []
    for number in range(60):
        text = list(base)
        for place in draw.sample(range(len(text)), draw.randint(0, 3)):
            text[place] = text[place] if text[place].isdigit() else draw.choice(["new", "blue", "tall", "quiet"])
        rows.append(make_trace(" ".join(text), ["12 - 5 = 7"], "7", number=number % 2))
    digests = set()
    for attempt in range(3):
        draw.shuffle(rows)
        path = tmp_path / f"{attempt}.jsonl"
        write_jsonl(path, [row.model_dump() for row in rows])
        manifest = dataset.build([path], name=f"a{attempt}", version="1", home=tmp_path)
        digests.add(manifest.digest)
        assert manifest.counts.near_duplicates > 5
    assert len(digests) == 1


def built(tmp_path: Path, *traces: ReasoningTrace) -> dataset.DatasetManifest:
    path = tmp_path / "in.jsonl"
    write_jsonl(path, [trace.model_dump() for trace in traces])
    return dataset.build([path], name="a", version="1", home=tmp_path)


def test_a_near_duplicate_is_left_out_and_recorded(tmp_path: Path) -> None:
    twin = STORY.replace("old mill", "new mill") + "."
    manifest = built(tmp_path, make_trace(STORY, ["12 - 5 = 7"], "7"), make_trace(twin, ["12 - 5 = 7"], "7"))
    assert (manifest.counts.near_duplicates, manifest.counts.kept) == (1, 1)
    (record,) = read_jsonl(tmp_path / "datasets" / "a-1" / "duplicates.jsonl")
    (kept,) = dataset.load(tmp_path, "a-1").traces("train")
    assert (record["kind"], record["kept"]) == ("near", kept.meta["id"])
    assert 0.85 <= record["similarity"] < 1
    assert {kept.prompt, record["trace"]["prompt"]} == {STORY, twin}


@pytest.mark.parametrize(
    ("prompt", "answer"),
    [
        (STORY.replace("12", "13"), "7"),
        (STORY.replace("sells", "buys"), "17"),
    ],
)
def test_another_number_or_answer_makes_another_question(tmp_path: Path, prompt: str, answer: str) -> None:
    manifest = built(tmp_path, make_trace(STORY, ["12 - 5 = 7"], "7"), make_trace(prompt, ["12 - 5 = 7"], answer))
    assert manifest.counts.kept == 2


def test_several_solutions_of_one_question_are_kept_together(tmp_path: Path) -> None:
    solutions = ["12 - 5 = 7", "Five of twelve go, so seven are left.", "7 + 5 = 12"]
    manifest = built(tmp_path, *(make_trace("What is 12 - 5?", [step], "7") for step in solutions))
    assert (manifest.counts.kept, manifest.groups) == (3, 1)


def test_spacing_alone_makes_an_exact_duplicate(tmp_path: Path) -> None:
    manifest = built(
        tmp_path, make_trace("2 + 2?", ["a b"], "4", id="x"), make_trace("2  + 2?\n", ["a  b"], "4", id="y")
    )
    assert (manifest.counts.exact_duplicates, manifest.counts.kept) == (1, 1)
