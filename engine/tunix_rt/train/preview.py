"""Preview: which tokens a model is given, which it is trained on, which are ignored. It does not know any loss."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tunix_rt.dataset import RowView
from tunix_rt.preview import Preview, Previews, Role, TokenView
from tunix_rt.train.base_models import outline
from tunix_rt.train.batches import Example
from tunix_rt.train.tokenizer import Tokenizer


def preview_example(example: Example, tokenizer: Tokenizer) -> Preview:
    """Return an example token by token."""
    tokens = []
    for place, token in enumerate(example.tokens.tolist()):
        trained = place >= example.prompt_length
        role: Role = "trained" if trained else "ignored" if token == tokenizer.bos_id else "prompt"
        tokens.append(TokenView(id=token, text=tokenizer.piece(token), role=role, trained=trained))
    return Preview(name=example.name, tokens=tokens)


def preview_examples(examples: Sequence[Example], tokenizer: Tokenizer) -> Previews:
    """Return several examples token by token."""
    return Previews(examples=[preview_example(example, tokenizer) for example in examples])


def preview_row(view: RowView, model: str, home: Path) -> Preview:
    """Return a row as the tokens of a base model's tokenizer; one that is not here is not converted or fetched for it.

    Raises MissingError for one that would be downloaded.
    """
    import numpy as np

    tokenizer = outline(model, home).tokenizer
    prompt, completion = tokenizer.encode_batch([view.prompt, view.completion])
    tokens = np.array([tokenizer.bos_id, *prompt, *completion], np.int32)
    return preview_example(Example(view.id, tokens, 1 + len(prompt)), tokenizer)


def describe(preview: Preview) -> str:
    """Return a preview as lines of plain text, one a run of tokens with the same role."""
    lines: list[str] = []
    before: Role | None = None
    for token in preview.tokens:
        if token.role != before:
            lines.append(f"{token.role:>8} | ")
            before = token.role
        lines[-1] += token.text.replace("\n", "\\n")
    return "\n".join(lines)
