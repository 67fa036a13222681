"""Previews: the first examples of a training as tokens, as preview.json holds them. It does not know any tokenizer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from tunix_rt.formats import Format

Role = Literal["prompt", "trained", "ignored"]


class TokenView(Format):
    """One token for people."""

    id: int
    """Its number in the vocabulary."""
    text: str
    """What it stands for."""
    role: Role
    """Given to the model, trained, or neither: begin of text."""
    trained: bool
    """Whether the loss asks for it."""


class Preview(Format):
    """One example as the model sees it."""

    name: str
    """Id of the trace."""
    tokens: list[TokenView]
    """Its tokens in order."""


class Previews(Format):
    """What is written before the first update."""

    examples: list[Preview] = Field(max_length=64)
    """The first examples of the first rows."""
