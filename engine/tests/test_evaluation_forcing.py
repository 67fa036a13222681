"""Forced start: the first character of a worked trace is written for the model, and the rest is its own."""

import pytest

from evaluated import TableSampler, completion
from tunix_rt import tasks
from tunix_rt.evaluation import force_start
from tunix_rt.evaluation.forcing import opening
from tunix_rt.tasks import Item, Task
from tunix_rt.trace import render

TASK = tasks.load("nano-arithmetic:heldout", limit=40)


def test_opening_is_the_tag_and_the_first_character_of_the_first_step() -> None:
    item = TASK.items[0]
    assert item.trace is not None
    assert opening(item) == "<reasoning>\n" + item.trace.steps[0].content[0]
    assert opening(item.model_copy(update={"trace": None})) is None


def test_model_that_goes_on_from_the_opening_is_right_and_one_that_jumps_is_wrong() -> None:
    def rest(item: Item) -> str:
        assert item.trace is not None
        return render(item.trace).completion.removeprefix(opening(item) or "").removesuffix("<end_of_turn>")

    answers = {item.prompt: rest(item) for item in TASK.items}
    wrong = {item.prompt for item in TASK.items[:10]}

    def answer(prompt: str, position: int):  # type: ignore[no-untyped-def]
        asked = next(question for question in answers if question in prompt)
        assert prompt.endswith(opening(next(item for item in TASK.items if item.prompt == asked)) or "?")
        return completion("=0</reasoning>\n<answer>987</answer>" if asked in wrong else answers[asked])

    found = force_start(TableSampler(answer), TASK, 64)
    assert found.n == 40
    assert found.strict is not None
    assert found.strict.value == pytest.approx(30 / 40)


def test_task_without_traces_has_nothing_to_begin() -> None:
    bare = tuple(item.model_copy(update={"trace": None}) for item in TASK.items)
    task = Task(TASK.name, TASK.version, TASK.split, bare, TASK.license, TASK.source)
    found = force_start(TableSampler(lambda prompt, position: completion("")), task, 64)
    assert (found.n, found.strict) == (0, None)
