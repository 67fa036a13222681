"""Packing: every example whole, in a row that has room, in an order that the seed alone decides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt.errors import DataError, RenderError
from tunix_rt.trace import make_trace, parse_completion, render
from tunix_rt.train.batches import Example, PackedData, best_fit, encode, eval_batches, fill, fitting
from tunix_rt.train.tokenizer import CharTokenizer, contract_vocabulary

TOKENIZER = CharTokenizer(contract_vocabulary())
TRACES = [make_trace(f"{a} + {a}?", [f"{a} + {a} = {2 * a}"], str(2 * a), id=f"sum-{a}") for a in range(40)]


def example(name: str, prompt: int, trained: int) -> Example:
    return Example(name, np.arange(5, 5 + prompt + trained, dtype=np.int32), prompt)


EXAMPLES = [example(str(n), 3 + n % 4, 2 + n % 7) for n in range(50)]


def test_trained_tokens_are_the_completion_with_its_end_of_turn() -> None:
    for trace, one in zip(TRACES, encode(TRACES, TOKENIZER), strict=True):
        assert one.name == trace.meta["id"]
        assert one.tokens[0] == TOKENIZER.bos_id
        assert one.tokens[-1] == TOKENIZER.end_of_turn_id
        text = render(trace)
        assert TOKENIZER.decode(one.tokens[1 : one.prompt_length].tolist()) == text.prompt
        completion = TOKENIZER.decode(one.tokens[one.prompt_length :].tolist())
        assert completion == text.completion
        assert parse_completion(completion).answer == trace.final_answer


class Lossy(CharTokenizer):
    """A tokenizer that does not know some characters."""

    def __init__(self, unknown: str) -> None:
        super().__init__(contract_vocabulary())
        self._unknown = unknown

    def encode(self, text: str) -> list[int]:
        """Leave out what is not known."""
        return [] if self._unknown == "all" else super().encode(text.replace(self._unknown, ""))


@pytest.mark.parametrize(
    ("unknown", "reason"),
    [
        ("all", "no trained token"),
        ("<end_of_turn>", "end-of-turn"),
        ("8", "loses its answer"),
        ("=", "loses a trace step"),
    ],
)
def test_trace_that_loses_a_part_as_tokens_is_refused_by_name(unknown: str, reason: str) -> None:
    with pytest.raises(RenderError, match=f"(?s)sum-4.*{reason}"):
        encode([TRACES[4]], Lossy(unknown))


def test_trace_that_cannot_be_rendered_is_refused_by_name() -> None:
    with pytest.raises(RenderError, match=r"trace bad: .*<answer>"):
        encode([make_trace("?", ["see <answer>"], "1", id="bad")], TOKENIZER)


def test_too_long_examples_stop_the_run_or_are_left_out_and_never_cut() -> None:
    with pytest.raises(RenderError, match=r"2 of 3 .* the longest is c with 30"):
        fitting([example("a", 5, 5), example("b", 10, 5), example("c", 10, 20)], 12)
    kept, left_out = fitting([example("a", 5, 5), example("b", 10, 5)], 12, drop=True)
    assert ([one.name for one in kept], left_out) == (["a"], ["b"])
    with pytest.raises(DataError, match="none of 1"):
        fitting([example("c", 10, 20)], 12, drop=True)


@given(st.lists(st.integers(1, 64), min_size=1, max_size=80), st.randoms(use_true_random=False))
def test_best_fit_places_each_once_within_capacity_and_wastes_little(lengths: list[int], random: object) -> None:
    order = list(range(len(lengths)))
    random.shuffle(order)  # type: ignore[attr-defined]
    rows = best_fit(lengths, order, 64)
    assert sorted(index for row in rows for index in row) == list(range(len(lengths)))
    assert all(sum(lengths[index] for index in row) <= 64 for row in rows)
    fewest = -(-sum(lengths) // 64)
    assert len(rows) <= 2 * fewest, "two rows that are not full could have been one"


def test_row_layout_follows_the_module_text() -> None:
    batch = fill([[example("a", 2, 3), example("b", 1, 2)]], 10, normaliser=5.0)
    assert batch["segments"][0].tolist() == [1, 1, 1, 1, 1, 2, 2, 2, 0, 0]
    assert batch["positions"][0].tolist() == [0, 1, 2, 3, 4, 0, 1, 2, 0, 0]
    assert batch["trained"][0].astype(int).tolist() == [0, 0, 1, 1, 1, 0, 1, 1, 0, 0]
    assert batch["tokens"][0].tolist() == [5, 6, 7, 8, 9, 5, 6, 7, 0, 0]


def test_first_token_of_a_segment_is_never_trained() -> None:
    data = PackedData(EXAMPLES, max_length=24, batch_size=2, accumulation=2)
    for number in range(20):
        batch = data.batch(number)
        assert not batch["trained"][batch["positions"] == 0].any()
        assert not batch["trained"][batch["segments"] == 0].any()


def test_each_epoch_holds_each_example_once_in_another_order() -> None:
    data = PackedData(EXAMPLES, max_length=24, seed=3)
    epochs = [
        [name for row in range(data.epoch_rows) for name in data.names(e * data.epoch_rows + row)] for e in (0, 1)
    ]
    assert sorted(epochs[0]) == sorted(epochs[1]) == sorted(one.name for one in EXAMPLES)
    assert epochs[0] != epochs[1]


def test_batches_depend_on_the_seed_and_their_number_alone() -> None:
    def tokens(seed: int, numbers: list[int]) -> list[bytes]:
        data = PackedData(EXAMPLES, max_length=24, batch_size=2, seed=seed)
        return [data.batch(number)["tokens"].tobytes() for number in numbers]

    assert tokens(1, [7, 3, 50]) == tokens(1, [3, 7, 3, 50])[1:]
    assert tokens(1, [0, 1, 2]) != tokens(2, [0, 1, 2])


@given(st.integers(1, 4), st.integers(1, 5))
def test_accumulated_mean_is_the_mean_over_all_trained_tokens(batch_size: int, accumulation: int) -> None:
    data = PackedData(EXAMPLES, max_length=24, batch_size=batch_size, accumulation=accumulation)
    group = [data.batch(number) for number in range(accumulation, 2 * accumulation)]
    losses = [np.where(batch["trained"], batch["tokens"], 0).sum() / batch["normaliser"] for batch in group]
    together = np.concatenate([batch["tokens"][batch["trained"]] for batch in group])
    assert np.mean(losses) == pytest.approx(together.mean(), rel=1e-6)


def test_validation_batches_average_over_trained_tokens_and_fill_up() -> None:
    batches = eval_batches(EXAMPLES, max_length=24, batch_size=4, most=100)
    losses = [np.where(batch["trained"], batch["tokens"], 0).sum() / batch["normaliser"] for batch in batches]
    every = np.concatenate([one.tokens[one.prompt_length :] for one in EXAMPLES])
    assert np.mean(losses) == pytest.approx(every.mean(), rel=1e-6)
    assert {batch["tokens"].shape for batch in batches} == {(4, 24)}
    assert len(eval_batches(EXAMPLES, max_length=24, batch_size=4, most=2)) == 2
    assert eval_batches([], max_length=24, batch_size=4, most=2) == []


def test_shares_count_tokens_of_an_epoch() -> None:
    data = PackedData(EXAMPLES, max_length=24, batch_size=1)
    counts = [data.counts(number) for number in range(data.epoch_rows)]
    assert data.useful_share == pytest.approx(sum(tokens for tokens, _ in counts) / (24 * data.epoch_rows))
    assert data.trained_share == pytest.approx(sum(trained for _, trained in counts) / (24 * data.epoch_rows))
    assert data.useful_share > 0.9
    assert data.position(3) == {"micro_batches": 3, "rows": 3, "epoch": round(3 / data.epoch_rows, 4)}
