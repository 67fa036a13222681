"""Family, Draft and World: what a family of generated items is made of.

It does not know any family. A family is a function from a World (the words and the seeded dice of one split) to a Draft
(one question with its worked answer); the package builds items from drafts.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Literal, TypeVar

from tunix_rt.grading import AnswerKind

T = TypeVar("T")

Split = Literal["train", "heldout", "dev"]
"""`train` is learned from; `heldout` is its twin for evaluation; `dev` is for exploration while a recipe is chosen."""

BySplit = Mapping[Split, Sequence[T]]
"""Wordings or words, a separate set for each split, so that no evaluation text is a training text with new numbers."""


@dataclass(frozen=True)
class Draft:
    """One question with the steps that derive its answer."""

    prompt: str
    steps: list[str]
    answer: str
    kind: AnswerKind
    difficulty: int
    choices: tuple[str, ...] = ()
    aliases: tuple[str, ...] = ()
    unit: str | None = None


class World:
    """The words and the dice of one split; the same split and seed give the same world on any machine."""

    def __init__(self, split: Split, seed: str) -> None:
        self.split = split
        self.template = ""
        """Wording of the last question; items with the same wording belong together when a dataset is split."""
        self._random = Random(seed)
        self._bags: dict[tuple[object, ...], list[Any]] = {}

    def number(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`, both included."""
        return self._random.randint(low, high)

    def numbers(self, count: int, low: int, high: int) -> list[int]:
        """Return `count` different whole numbers from `low` to `high`, in random order."""
        return self._random.sample(range(low, high + 1), count)

    def pick(self, options: Sequence[T]) -> T:
        """Return one of the options."""
        return self._random.choice(options)

    def choose(self, options: BySplit[T]) -> T:
        """Return one of the options of this split; each comes once before any comes again."""
        bag = self._bags.setdefault(tuple(options[self.split]), [])
        if not bag:
            bag.extend(self.shuffled(options[self.split]))
        chosen: T = bag.pop()
        return chosen

    def several(self, options: BySplit[T], count: int) -> list[T]:
        """Return `count` different options of this split, in random order."""
        return self._random.sample(options[self.split], count)

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return the options in random order."""
        return self._random.sample(options, len(options))

    def fill(self, template: str, **values: object) -> str:
        """Return a wording with its values filled in, and remember it as the wording of the question."""
        self.template = template
        return template.format_map(values)

    def ask(self, templates: BySplit[str], **values: object) -> str:
        """Fill in one of the wordings of this split."""
        return self.fill(self.choose(templates), **values)

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._random.random() < probability


@dataclass(frozen=True)
class Family:
    """A named kind of question."""

    name: str
    domain: str
    draw: Callable[[World], Draft]


def words(text: str) -> tuple[str, ...]:
    """Return the words of a text."""
    return tuple(text.split())


def listed(entries: Sequence[object]) -> str:
    """Return words or numbers joined by commas."""
    return ", ".join(str(entry) for entry in entries)


def counted(entries: Sequence[str]) -> str:
    """Return words numbered from 1: `1 tree, 2 lamp`."""
    return ", ".join(f"{number} {entry}" for number, entry in enumerate(entries, start=1))
