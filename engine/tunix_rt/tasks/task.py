"""Item and Task: one question with its target, and a named, digest-stamped set of them.

It does not know where items come from, nor any model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from pydantic import Field

from tunix_rt.errors import DataError
from tunix_rt.formats import Format, digest_value
from tunix_rt.grading import Mode, Score, Target, grade
from tunix_rt.trace import ReasoningTrace, make_trace


class Item(Format):
    """One question of a task, with the target that a completion is graded against."""

    id: str
    """Name of the item, unique in its task."""
    prompt: str = Field(min_length=1, max_length=50_000)
    """What is asked, before any template."""
    target: Target
    """The gold answer and how to compare with it."""
    family: str
    """Kind of question; accuracy is reported by family."""
    domain: str
    """Field of knowledge or skill; a domain holds one or more families."""
    difficulty: int = Field(ge=1, le=5)
    """From 1 (one small step) to 5 (several steps with larger numbers)."""
    trace: ReasoningTrace | None = None
    """Gold trace whose steps derive the answer; None if the source gives none."""


Grader = Callable[[Item, str, Mode], Score]
"""Item, completion and mode to score."""


@dataclass(frozen=True)
class Task:
    """A benchmark or a set of training items, frozen and named by its digest."""

    name: str
    version: str
    split: str
    items: tuple[Item, ...]
    license: str
    source: str
    grader: Grader | None = None
    """Scorer of the task itself; None for the shared grading library."""

    @cached_property
    def digest(self) -> str:
        """`sha256:…` of the content: the items in order, without name, version or place."""
        return digest_value([item.model_dump(mode="json") for item in self.items])

    def grade(self, item: Item, completion: str, mode: Mode) -> Score:
        """Score one completion of one item, strictly (tags) or leniently (answer found anywhere)."""
        return self.grader(item, completion, mode) if self.grader else grade(completion, item.target, mode=mode)

    @property
    def traces(self) -> list[ReasoningTrace]:
        """The gold traces of the items that have one, in order."""
        return [item.trace for item in self.items if item.trace is not None]


def make_item(
    id: str,
    prompt: str,
    steps: Sequence[str],
    answer: str,
    target: Target,
    *,
    family: str,
    domain: str,
    difficulty: int,
    source: str,
    license: str,
    group: str | None = None,
) -> Item:
    """Build an item together with its gold trace; the meta of the trace repeats the facts of the item.

    A `group` names items that belong together, so that a dataset never divides them between training and validation.
    """
    trace = make_trace(
        prompt,
        list(steps),
        answer,
        id=id,
        family=family,
        domain=domain,
        difficulty=difficulty,
        answer_kind=target.kind,
        source=source,
        license=license,
        **({"group": group} if group else {}),
        **({"choices": list(target.choices)} if target.choices else {}),
    )
    return Item(id=id, prompt=prompt, target=target, family=family, domain=domain, difficulty=difficulty, trace=trace)


def check_items(name: str, items: Sequence[Item]) -> tuple[Item, ...]:
    """Return the items as a tuple; raise DataError if there are none or two share an id."""
    if not items:
        raise DataError(f"task {name} has no items; expected at least one")
    seen: set[str] = set()
    for item in items:
        if item.id in seen:
            raise DataError(f"task {name} has two items with the id {item.id}; ids must be unique")
        seen.add(item.id)
    return tuple(items)
