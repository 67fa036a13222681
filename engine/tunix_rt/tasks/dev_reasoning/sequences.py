"""Sequences: the next number of a row with a constant difference or a constant factor.

It does not know rules of two levels. The trace first finds the rule, then applies it once.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World, listed

_NEXT: BySplit[str] = {
    "train": (
        "What number comes next: {row}?",
        "Find the next number: {row}, ...",
        "The row goes {row}. Which number follows?",
        "Continue the pattern {row} with one more number.",
        "Look at {row}. Write the next number.",
        "These numbers follow a rule: {row}. What comes after {last}?",
        "Add one number to the end of this row: {row}.",
    ),
    "heldout": (
        "Here is a sequence: {row}. Give its next term.",
        "{row}, and then? Name the number.",
        "Which term extends {row}?",
    ),
    "dev": ("One more term for this list, please: {row}.", "A pattern runs {row}. State what it reaches next."),
}


def following(world: World) -> Draft:
    """The next number after four that grow, shrink or double."""
    shape = world.pick(("up", "up", "up", "down", "double"))
    if shape == "double":
        first = world.number(1, 9)
        row, answer = [first * 2**i for i in range(4)], first * 16
        rule, last = f"{row[0]} * 2 = {row[1]} and {row[1]} * 2 = {row[2]}", f"{row[3]} * 2 = {answer}"
    elif shape == "up":
        first, step = world.number(1, 20), world.number(1, 6)
        row, answer = [first + step * i for i in range(4)], first + step * 4
        rule, last = f"{row[0]} + {step} = {row[1]} and {row[1]} + {step} = {row[2]}", f"{row[3]} + {step} = {answer}"
    else:
        step = world.number(1, 5)
        first = world.number(step * 4, step * 4 + 20)
        row, answer = [first - step * i for i in range(4)], first - step * 4
        rule, last = f"{row[0]} - {step} = {row[1]} and {row[1]} - {step} = {row[2]}", f"{row[3]} - {step} = {answer}"
    return Draft(
        world.ask(_NEXT, row=listed(row), last=row[-1]),
        [rule, last],
        str(answer),
        "number",
        3 if shape == "double" else 2,
    )


FAMILIES = (Family("sequence", "sequences", following),)
