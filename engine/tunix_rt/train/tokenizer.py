"""Tokenizers: text to token ids and back, byte for byte. This module does not know the prompt contract's meaning.

Gemma's SentencePiece model for real models; bytes plus a few whole pieces for `nano`. Neither adds begin-of-text.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from tunix_rt.errors import MissingError
from tunix_rt.formats import Format
from tunix_rt.trace import END_OF_TURN, PROMPT_PREFIX, START_OF_TURN, render_prompt

SENTENCEPIECE_FILE = "tokenizer.model"
CHARS_FILE = "char_tokenizer.json"

_SPACE = "\N{LOWER ONE EIGHTH BLOCK}"
"""SentencePiece writes a space as this character, so that the character itself needs its bytes."""


class Tokenizer(ABC):
    """Text to token ids and back: `decode(encode(text)) == text` for every text."""

    bos_id: int
    """Begin of text; the sampler and the batches put it first."""
    eos_id: int
    """End of text."""
    pad_id: int
    """Filler; never generated."""
    end_of_turn_id: int
    """`<end_of_turn>`, the last token of every trained completion."""
    vocab_size: int

    @property
    def eos_ids(self) -> tuple[int, ...]:
        """Every token id that ends a completion."""
        return (self.eos_id, self.end_of_turn_id)

    @abstractmethod
    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, without begin- or end-of-text."""

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of many texts; faster than one by one."""
        return [self.encode(text) for text in texts]

    @abstractmethod
    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids; control tokens (pad, begin, end of text) have none."""

    @abstractmethod
    def piece(self, token_id: int) -> str:
        """Return what one token stands for, for people to read."""


class SentencePieceTokenizer(Tokenizer):
    """A SentencePiece model of the Gemma family."""

    def __init__(self, path: Path, threads: int = 2) -> None:
        from sentencepiece import SentencePieceProcessor

        self._model = SentencePieceProcessor(model_file=str(path))
        self._threads = threads
        self.bos_id, self.eos_id, self.pad_id = self._model.bos_id(), self._model.eos_id(), self._model.pad_id()
        self.end_of_turn_id = self._model.piece_to_id(END_OF_TURN)
        self.vocab_size = self._model.vocab_size()
        self._space_bytes = [self._model.piece_to_id(f"<0x{byte:02X}>") for byte in _SPACE.encode()]
        if self.end_of_turn_id == self._model.unk_id():
            raise MissingError(
                f"{path} has no piece {END_OF_TURN}; expected the tokenizer of a Gemma 2 or Gemma 3 model"
            )

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, without begin- or end-of-text."""
        return self.encode_batch([text])[0]

    def encode_batch(self, texts: Sequence[str]) -> list[list[int]]:
        """Return the token ids of many texts, in several threads."""
        if not any(_SPACE in text for text in texts):
            encoded: list[list[int]] = self._model.encode(list(texts), out_type=int, num_threads=self._threads)
            return encoded
        return [self._encode_parts(text) for text in texts]

    def _encode_parts(self, text: str) -> list[int]:
        first, *rest = text.split(_SPACE)
        ids: list[int] = self._model.encode(first, out_type=int)
        for part in rest:
            ids += self._space_bytes
            ids += self._model.encode(part, out_type=int)
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids; control tokens have none, nor have rows of a model beyond the vocabulary."""
        text: str = self._model.decode([int(token) for token in ids if token < self.vocab_size])
        return text

    def piece(self, token_id: int) -> str:
        """Return the piece as it stands in a text, or its name for a control token."""
        if token_id >= self.vocab_size:
            return f"<row {token_id}>"
        piece: str = self._model.id_to_piece(int(token_id))
        return piece.replace(_SPACE, " ")


class CharVocabulary(Format):
    """The vocabulary of a CharTokenizer on disk."""

    kind: Literal["chars"] = "chars"
    """Tells this file from other tokenizer files."""
    control: list[str]
    """Tokens without text: pad, end of text, begin of text, unknown."""
    pieces: list[str]
    """Strings that are one token each; the 256 bytes follow them."""


def contract_vocabulary() -> CharVocabulary:
    """Return the vocabulary whose whole pieces are the turn markers, the tags and the fixed parts of a prompt.

    The instruction costs 110 characters; as one token it leaves short sequences to a short model.
    """
    turn = render_prompt("?").removeprefix(PROMPT_PREFIX + "?")
    tags = ["<reasoning>", "</reasoning>", "<answer>", "</answer>"]
    return CharVocabulary(
        control=["<pad>", "<eos>", "<bos>", "<unk>"],
        pieces=[START_OF_TURN, END_OF_TURN, *tags, PROMPT_PREFIX, turn],
    )


class CharTokenizer(Tokenizer):
    """One token a byte (a character, in plain English), plus whole pieces: the tokenizer of `nano`."""

    def __init__(self, vocabulary: CharVocabulary) -> None:
        self._control = vocabulary.control
        self._pieces = vocabulary.pieces
        first = len(self._control)
        self._first_byte = first + len(self._pieces)
        self._ids = {piece: first + index for index, piece in enumerate(self._pieces)}
        longest_first = sorted(self._pieces, key=len, reverse=True)
        self._split = re.compile("(" + "|".join(re.escape(piece) for piece in longest_first) + ")").split
        self.pad_id, self.eos_id, self.bos_id = (self._control.index(name) for name in ("<pad>", "<eos>", "<bos>"))
        self.end_of_turn_id = self._ids[END_OF_TURN]
        self.vocab_size = self._first_byte + 256
        self._bytes = (
            [b""] * first + [piece.encode() for piece in self._pieces] + [bytes([byte]) for byte in range(256)]
        )

    def encode(self, text: str) -> list[int]:
        """Return the token ids of a text, without begin- or end-of-text."""
        ids: list[int] = []
        for part in self._split(text):
            if part in self._ids:
                ids.append(self._ids[part])
            else:
                ids.extend(byte + self._first_byte for byte in part.encode())
        return ids

    def decode(self, ids: Sequence[int]) -> str:
        """Return the text of token ids; a broken UTF-8 sequence becomes U+FFFD."""
        return b"".join(self._bytes[token] for token in ids).decode(errors="replace")

    def piece(self, token_id: int) -> str:
        """Return the text of one token, or its name for a control token."""
        if token_id < len(self._control):
            return self._control[token_id]
        return self.decode([token_id])


class TunixTokenizer:
    """A Tokenizer in the form that Tunix's own sampler and learners call."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer

    def encode(self, text: str, **_: Any) -> list[int]:
        """Return the token ids of a text."""
        return self._tokenizer.encode(text)

    def decode(self, ids: Sequence[int], **_: Any) -> str:
        """Return the text of token ids."""
        return self._tokenizer.decode([int(token) for token in ids])

    def bos_id(self) -> int:
        """Return the begin-of-text id."""
        return self._tokenizer.bos_id

    def eos_id(self) -> int:
        """Return the end-of-text id."""
        return self._tokenizer.eos_id

    def pad_id(self) -> int:
        """Return the filler id."""
        return self._tokenizer.pad_id


def load_tokenizer(folder: Path) -> Tokenizer:
    """Return the tokenizer that lies in a model folder; raise MissingError if there is none."""
    if (folder / SENTENCEPIECE_FILE).is_file():
        return SentencePieceTokenizer(folder / SENTENCEPIECE_FILE)
    if (folder / CHARS_FILE).is_file():
        return CharTokenizer(CharVocabulary.read(folder / CHARS_FILE))
    raise MissingError(f"{folder} has no tokenizer; expected {SENTENCEPIECE_FILE} (SentencePiece) beside the weights")
