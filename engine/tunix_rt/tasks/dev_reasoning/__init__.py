"""dev-reasoning-v1: 600 training items of 25 families, a held-out twin and a development split, from seeded code.

It does not know models or scores. Each split has its own seeds, wordings, names and things. The families take turns, so
that any prefix of a split is balanced; the same split has the same digest on any machine.
"""

from __future__ import annotations

from functools import cache
from zlib import crc32

from tunix_rt.grading import Target
from tunix_rt.tasks.dev_reasoning import (
    dates,
    ideas,
    logic,
    measures,
    ordering,
    programs,
    reading,
    science,
    sequences,
    sets,
    stories,
    strings,
    sums,
)
from tunix_rt.tasks.dev_reasoning.family import Draft, Family, Split, World
from tunix_rt.tasks.task import Item, Task, check_items, make_item

NAME, VERSION = "dev-reasoning-v1", "v1"
SOURCE, LICENSE = "tunix-rt", "Apache-2.0"
FAMILIES: tuple[Family, ...] = tuple(
    family
    for module in (
        sums,
        stories,
        measures,
        dates,
        sequences,
        ordering,
        strings,
        sets,
        logic,
        programs,
        science,
        reading,
        ideas,
    )
    for family in module.FAMILIES
)
HARD = frozenset({"product", "errand", "clock", "date", "loop"})
"""Families that a model of 270M parameters is not expected to answer after minutes of training."""
MIDDLE = frozenset({"ascending", "letters", "sets", "summary"})
"""Families between the hard ones and the rest, which such a model can nearly do."""
OPEN = frozenset({"ideas"})
"""Families without an automatic score."""
SIZES: dict[Split, dict[str, int]] = {
    "train": {"easy": 28, "middle": 19, "hard": 18, "open": 14},
    "heldout": {"easy": 14, "middle": 10, "hard": 9, "open": 5},
    "dev": {"easy": 9, "middle": 6, "hard": 6, "open": 5},
}
"""Items of each family by rung of the ladder: 600, 300 and 194 in all; every split has the same mixture."""

_TOO_SIMILAR = 0.8
"""Jaccard similarity of character 5-grams from which a draft is thrown away (duplicate removal starts at 0.85)."""
_PATIENCE = 500


def _grams(prompt: str) -> frozenset[str]:
    text = prompt.casefold()
    return frozenset(text[at : at + 5] for at in range(max(1, len(text) - 4)))


def draw_family(family: Family, split: Split, count: int) -> list[tuple[Draft, str]]:
    """Return `count` drafts of one family, each with its wording; no two of them are nearly alike."""
    world = World(split, f"{NAME}/{split}/{family.name}")
    drafts: list[tuple[Draft, str]] = []
    seen: list[frozenset[str]] = []
    for _ in range(_PATIENCE * count):
        draft = family.draw(world)
        grams = _grams(draft.prompt)
        if all(len(grams & other) < _TOO_SIMILAR * len(grams | other) for other in seen):
            drafts.append((draft, world.template))
            seen.append(grams)
            if len(drafts) == count:
                return drafts
    raise AssertionError(f"family {family.name} has fewer than {count} different drafts in split {split}")


def _item(family: Family, split: Split, number: int, draft: Draft, template: str) -> Item:
    target = Target(
        kind=draft.kind, value=draft.answer, aliases=list(draft.aliases), choices=list(draft.choices), unit=draft.unit
    )
    return make_item(
        f"{split}-{family.name}-{number:03d}",
        draft.prompt,
        draft.steps,
        draft.answer,
        target,
        family=family.name,
        domain=family.domain,
        difficulty=draft.difficulty,
        source=SOURCE,
        license=LICENSE,
        group=f"{family.name}/{crc32(template.encode()):08x}",
    )


def rung(family: str) -> str:
    """Return the rung of the ladder that a family stands on: easy, middle, hard or open."""
    return "hard" if family in HARD else "middle" if family in MIDDLE else "open" if family in OPEN else "easy"


@cache
def _split_items(split: Split) -> tuple[Item, ...]:
    """Return the items of a split, mixed so that every prefix has nearly the mixture of the whole."""
    dice = World(split, f"{NAME}/{split}/order")
    placed: list[tuple[float, int, Item]] = []
    for family in FAMILIES:
        count = SIZES[split][rung(family.name)]
        offset = dice.number(1, 999) / 1000
        for i, drawn in enumerate(draw_family(family, split, count)):
            placed.append(((i + offset) / count, len(placed), _item(family, split, i, *drawn)))
    return tuple(item for _, _, item in sorted(placed, key=lambda entry: entry[:2]))


def task_name(split: Split) -> str:
    """Return the name of the task that holds a split; the training split has the plain name."""
    return NAME if split == "train" else f"{NAME}:{split}"


def build(split: Split, limit: int | None) -> Task:
    """Return a split as a task, or its first `limit` items, in which the families are balanced."""
    name = task_name(split)
    return Task(name, VERSION, split, check_items(name, _split_items(split)[:limit]), LICENSE, SOURCE)
