"""The preview: every token of an example with its role."""

from __future__ import annotations

from pathlib import Path

from tunix_rt.dataset import RowView
from tunix_rt.trace import make_trace, render
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.batches import encode
from tunix_rt.train.preview import describe, preview_example, preview_examples, preview_row
from tunix_rt.train.tokenizer import CharTokenizer, contract_vocabulary

TOKENIZER = CharTokenizer(contract_vocabulary())
TRACE = make_trace("2 + 2?", ["2 + 2 = 4"], "4", id="sum")


def test_roles_split_the_text_at_the_completion() -> None:
    preview = preview_example(encode([TRACE], TOKENIZER)[0], TOKENIZER)
    texts = {
        role: "".join(t.text for t in preview.tokens if t.role == role) for role in ("ignored", "prompt", "trained")
    }
    rendered = render(TRACE)
    assert texts == {"ignored": "<bos>", "prompt": rendered.prompt, "trained": rendered.completion}
    assert all(token.trained == (token.role == "trained") for token in preview.tokens)
    assert preview.tokens[-1].id == TOKENIZER.end_of_turn_id
    assert [TOKENIZER.piece(token.id) for token in preview.tokens] == [token.text for token in preview.tokens]


def test_name_of_any_length_is_previewed() -> None:
    # A trace may have any id, and a training must not end at what is written for people.
    named = make_trace("2 + 2?", ["2 + 2 = 4"], "4", id="sum" * 5000)
    assert preview_examples(encode([named], TOKENIZER), TOKENIZER).examples[0].name == "sum" * 5000


def test_text_for_a_terminal_names_each_role_once() -> None:
    text = describe(preview_examples(encode([TRACE], TOKENIZER), TOKENIZER).examples[0])
    assert [line.split("|")[0].strip() for line in text.splitlines()] == ["ignored", "prompt", "trained"]
    assert "<answer>4</answer><end_of_turn>" in text.splitlines()[-1]


def test_row_of_a_dataset_is_shown_with_the_tokenizer_of_a_model(models_home: Path, nano_files: ModelFiles) -> None:
    rendered = render(TRACE)
    view = RowView(id="sum", split="train", prompt=rendered.prompt, completion=rendered.completion, meta={})
    assert preview_row(view, "nano", models_home) == preview_example(encode([TRACE], TOKENIZER)[0], TOKENIZER)
