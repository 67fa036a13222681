"""Units: change a small measure into another unit, with the rule given in the prompt.

It does not know any unit by heart; each split has units of its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World


@dataclass(frozen=True)
class _Rule:
    big: str
    bigs: str
    small: str
    size: int


_RULES: BySplit[_Rule] = {
    "train": (
        _Rule("week", "weeks", "days", 7),
        _Rule("yard", "yards", "feet", 3),
        _Rule("hour", "hours", "minutes", 60),
        _Rule("metre", "metres", "centimetres", 100),
        _Rule("kilogram", "kilograms", "grams", 1000),
        _Rule("decade", "decades", "years", 10),
        _Rule("gallon", "gallons", "quarts", 4),
        _Rule("pair", "pairs", "shoes", 2),
        _Rule("crate", "crates", "bottles", 6),
        _Rule("tray", "trays", "muffins", 8),
    ),
    "heldout": (
        _Rule("kilometre", "kilometres", "metres", 1000),
        _Rule("minute", "minutes", "seconds", 60),
        _Rule("pint", "pints", "cups", 2),
        _Rule("century", "centuries", "years", 100),
        _Rule("hand", "hands", "fingers", 5),
        _Rule("centimetre", "centimetres", "millimetres", 10),
        _Rule("school week", "school weeks", "school days", 5),
        _Rule("tablespoon", "tablespoons", "teaspoons", 3),
    ),
    "dev": (
        _Rule("litre", "litres", "millilitres", 1000),
        _Rule("quarter", "quarters", "months", 3),
        _Rule("dollar", "dollars", "dimes", 10),
        _Rule("car", "cars", "wheels", 4),
        _Rule("tonne", "tonnes", "kilograms", 1000),
        _Rule("string quartet", "string quartets", "players", 4),
    ),
}

_DOWN: BySplit[str] = {
    "train": (
        "1 {big} is {size} {small}. How many {small} are {n} {bigs}?",
        "There are {size} {small} in a {big}. How many {small} make {n} {bigs}?",
        "Change {n} {bigs} to {small}. One {big} has {size} {small}.",
        "Given that a {big} equals {size} {small}, write {n} {bigs} in {small}.",
    ),
    "heldout": (
        "If every {big} counts as {size} {small}, what do {n} {bigs} come to, in {small}?",
        "{n} {bigs} must be turned into {small}; each {big} gives {size} of them. Find the number of {small}.",
    ),
    "dev": (
        "Convert to {small}: {n} {bigs}. (Rule: {size} {small} per {big}.)",
        "Express {n} {bigs} as {small}, knowing {size} {small} form one {big}.",
    ),
}
_UP: BySplit[str] = {
    "train": (
        "1 {big} is {size} {small}. How many {bigs} are {total} {small}?",
        "{size} {small} make one {big}. How many {bigs} do {total} {small} make?",
    ),
    "heldout": ("If every {big} counts as {size} {small}, {total} {small} are how many {bigs}?",),
    "dev": ("Convert to {bigs}: {total} {small}. (Rule: {size} {small} per {big}.)",),
}


def convert(world: World) -> Draft:
    """Multiply by the size of the unit, or divide by it."""
    rule, n = world.choose(_RULES), world.number(2, 9)
    total = n * rule.size
    given = f"1 {rule.big} is {rule.size} {rule.small}."
    values = {"big": rule.big, "bigs": rule.bigs, "small": rule.small, "size": rule.size, "n": n, "total": total}
    if world.chance(0.7):
        prompt = world.ask(_DOWN, **values)
        return Draft(prompt, [given, f"{n} * {rule.size} = {total}"], str(total), "number", 2, unit=rule.small)
    prompt = world.ask(_UP, **values)
    return Draft(prompt, [given, f"{total} / {rule.size} = {n}"], str(n), "number", 3, unit=rule.bigs)


FAMILIES = (Family("convert", "units", convert),)
