"""Tokenizers: every text survives, markers are one token, batches equal single texts."""

from __future__ import annotations

from pathlib import Path

import pytest
import small_models
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt.errors import MissingError
from tunix_rt.trace import END_OF_TURN, PROMPT_PREFIX, START_OF_TURN, make_trace, render
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.tokenizer import (
    SENTENCEPIECE_FILE,
    CharTokenizer,
    SentencePieceTokenizer,
    TunixTokenizer,
    contract_vocabulary,
    load_tokenizer,
)

CHARS = CharTokenizer(contract_vocabulary())
TAGS = ("<reasoning>", "</reasoning>", "<answer>", "</answer>")
TEXTS = st.text() | st.lists(
    st.sampled_from(
        [START_OF_TURN, END_OF_TURN, *TAGS, PROMPT_PREFIX, "<", "\n", "\N{LOWER ONE EIGHTH BLOCK}", " ", "é", "0"]
    )
).map("".join)


@pytest.fixture(scope="module")
def pieces(tmp_path_factory: pytest.TempPathFactory) -> SentencePieceTokenizer:
    path = tmp_path_factory.mktemp("tokenizer") / SENTENCEPIECE_FILE
    path.write_bytes(small_models.tokenizer_model())
    return SentencePieceTokenizer(path)


@given(TEXTS)
def test_char_tokenizer_gives_every_text_back(text: str) -> None:
    assert CHARS.decode(CHARS.encode(text)) == text


@given(TEXTS)
def test_sentencepiece_gives_every_text_back(pieces: SentencePieceTokenizer, text: str) -> None:
    assert pieces.decode(pieces.encode(text)) == text


def test_sentencepiece_batches_equal_single_texts(pieces: SentencePieceTokenizer) -> None:
    texts = ["", "the answer", "\N{LOWER ONE EIGHTH BLOCK}", "ünï\0code", "  two  spaces "]
    assert pieces.encode_batch(texts) == [pieces.encode(text) for text in texts]
    assert pieces.encode_batch([]) == []


def test_markers_are_single_tokens(pieces: SentencePieceTokenizer) -> None:
    for marker in (START_OF_TURN, END_OF_TURN, *TAGS, PROMPT_PREFIX):
        assert len(CHARS.encode(marker)) == 1
    for marker in (START_OF_TURN, END_OF_TURN):
        assert len(pieces.encode(marker)) == 1
    assert pieces.encode(END_OF_TURN) == [pieces.end_of_turn_id]
    assert pieces.eos_ids == (1, pieces.end_of_turn_id)
    assert CHARS.eos_ids == (1, CHARS.end_of_turn_id)


def test_control_tokens_have_a_name_and_no_text(pieces: SentencePieceTokenizer) -> None:
    for tokenizer in (CHARS, pieces):
        control = [tokenizer.pad_id, tokenizer.eos_id, tokenizer.bos_id]
        assert [tokenizer.piece(token) for token in control] == ["<pad>", "<eos>", "<bos>"]
        assert tokenizer.decode([tokenizer.bos_id, *tokenizer.encode("a b"), tokenizer.pad_id]) == "a b"
        assert max(tokenizer.encode("z\U0001f600 \n")) < tokenizer.vocab_size


def test_a_row_beyond_the_vocabulary_has_a_name_and_no_text(pieces: SentencePieceTokenizer) -> None:
    beyond = pieces.vocab_size
    assert pieces.decode([*pieces.encode("a"), beyond]) == "a"
    assert pieces.piece(beyond) == f"<row {beyond}>"


def test_a_nano_trace_fits_into_sixty_four_tokens() -> None:
    text = render(make_trace("7+5-9+2=", ["7+5=12", "12-9=3", "3+2=5"], "5")).text
    assert len(CHARS.encode(text)) + 1 <= 64


def test_tunix_reads_our_tokenizer_through_its_adapter() -> None:
    from tunix.generate.tokenizer_adapter import TokenizerAdapter

    adapter = TokenizerAdapter(TunixTokenizer(CHARS))
    assert adapter.decode(adapter.encode("a<answer>")) == "a<answer>"
    assert (adapter.pad_id(), adapter.eos_id(), adapter.bos_id()) == (CHARS.pad_id, CHARS.eos_id, CHARS.bos_id)


def test_a_folder_without_a_tokenizer_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(MissingError, match=r"tokenizer\.model"):
        load_tokenizer(tmp_path)


def test_gemmas_tokenizer_is_rebuilt_exactly(gemma_files: ModelFiles) -> None:
    gemma = load_tokenizer(gemma_files.folder)
    assert gemma.vocab_size == 262_144
    assert gemma.encode("<start_of_turn>user\n<end_of_turn>") == [105, 2364, 107, 106]
    assert (gemma.pad_id, gemma.eos_ids, gemma.bos_id) == (0, (1, 106), 2)
    assert len(gemma.encode("1234567890")) == 10, "digits are single tokens"
    for text in ("naïve 数学 \U0001f9ee\n\n\t x", " leading", "trailing  ", "\x00\x01", "a\N{LOWER ONE EIGHTH BLOCK}b"):
        assert gemma.decode(gemma.encode(text)) == text
