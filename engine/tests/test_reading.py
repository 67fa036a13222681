"""Reading a completion: the parts that evaluation and rewards judge, under each prompt form."""

import pytest

from tunix_rt.grading import MAX_COMPLETION
from tunix_rt.prompt import contract_form, few_shot_form
from tunix_rt.reading import read_completion
from tunix_rt.trace import make_trace

SHOT = make_trace("What is 1 + 1?", ["1 + 1 = 2"], "2", id="shot")
CONTRACT = "<reasoning>\n2 + 2 = 4\n</reasoning>\n<answer>4</answer>"


def test_a_completion_in_its_form_is_read_whole() -> None:
    found = read_completion(CONTRACT, contract_form())
    assert (found.steps, found.answer, found.well_formed) == (["2 + 2 = 4"], "4", True)
    assert found.contract == found.own == CONTRACT


def test_a_plain_completion_is_read_in_the_words_of_the_contract() -> None:
    found = read_completion("2 + 2 = 4\nAnswer: 4\n\nQuestion: What next?", few_shot_form([SHOT], "few_shot_plain"))
    assert (found.steps, found.answer, found.well_formed) == (["2 + 2 = 4"], "4", True)
    assert found.contract.startswith(CONTRACT)
    assert found.own == "2 + 2 = 4\nAnswer: 4"


@pytest.mark.parametrize("text", ["", "4", "<answer>4</answer>", CONTRACT + " and more"])
def test_anything_else_is_not_well_formed(text: str) -> None:
    assert not read_completion(text, contract_form()).well_formed


def test_an_endless_completion_is_not_well_formed() -> None:
    text = CONTRACT.replace("2 + 2 = 4", "x" * MAX_COMPLETION)
    assert not read_completion(text, contract_form()).well_formed
