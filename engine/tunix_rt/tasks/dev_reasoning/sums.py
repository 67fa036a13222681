"""Arithmetic: small sums from left to right, and products of two-digit numbers.

It does not know word problems. Every line of a trace is an equation that can be executed again.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World

_SUMS: BySplit[str] = {
    "train": (
        "What is {e}?",
        "Work out {e}.",
        "Go from left to right: {e}. What number do you get?",
        "{e} = ?",
        "Compute {e} and give the number.",
        "Find the value of {e}.",
    ),
    "heldout": ("How much is {e}?", "Calculate {e}.", "Evaluate this from the left: {e}", "Write {e} as one number."),
    "dev": ("Solve {e}.", "Tell me the result of {e}.", "{e} makes which number?"),
}

_SPOKEN: BySplit[str] = {
    "train": (
        "Start with {a}. {First} {b}. Then {second} {c}. What number do you have?",
        "I think of {a}. I {first} {b} and then {second} {c}. What is the result?",
        "The number is {a}. Now {first} {b}. Next {second} {c}. Write the result.",
    ),
    "heldout": (
        "Take the number {a}, {first} {b}, and after that {second} {c}. Where do you end?",
        "A counter shows {a}. We {first} {b}, next we {second} {c}. What does it show now?",
    ),
    "dev": ("From {a}, {first} {b}; afterwards {second} {c}. Which number is left?",),
}

_PRODUCTS: BySplit[str] = {
    "train": (
        "What is {a} * {b}?",
        "Multiply {a} by {b}.",
        "Find the product of {a} and {b}.",
        "A book has {a} pages with {b} lines each. How many lines are in the book?",
        "There are {a} rows of {b} seats. How many seats is that?",
        "Each of {a} boxes holds {b} parts. How many parts are there in all?",
        "Work out {a} times {b}.",
    ),
    "heldout": (
        "Calculate {a} * {b}.",
        "How much is {a} multiplied by {b}?",
        "A wall has {a} layers with {b} tiles in every layer. How many tiles does the wall have?",
    ),
    "dev": ("Give the result of {a} * {b}.", "A hall has {a} shelves with {b} jars each. Count all the jars."),
}


def _apply(total: int, sign: str, number: int) -> tuple[str, int]:
    result = total + number if sign == "+" else total - number
    return f"{total} {sign} {number} = {result}", result


def small_sum(world: World) -> Draft:
    """Two or three small numbers, added and taken away; the result is never below 0."""
    first, terms = world.number(2, 12), world.pick((2, 3, 3))
    total, expression, steps = first, str(first), []
    parts: list[tuple[str, int]] = []
    for _ in range(terms - 1):
        sign = "-" if total > 3 and world.chance(0.45) else "+"
        number = world.number(1, min(total, 9)) if sign == "-" else world.number(1, 9)
        step, total = _apply(total, sign, number)
        steps.append(step)
        parts.append((sign, number))
        expression += f" {sign} {number}"
    if terms == 3 and world.chance(0.35):
        verb, second = ("add" if sign == "+" else "take away" for sign, _ in parts)
        (_, b), (_, c) = parts
        prompt = world.ask(_SPOKEN, a=first, b=b, c=c, First=verb.capitalize(), first=verb, second=second)
    else:
        prompt = world.ask(_SUMS, e=expression)
    return Draft(prompt, steps, str(total), "number", terms - 1)


def product(world: World) -> Draft:
    """A two-digit number times a one- or two-digit number, by tens and ones."""
    two_digits = world.chance(0.6)
    a, b = world.number(12, 98), world.number(12, 59) if two_digits else world.number(3, 9)
    big, small = (b, a) if two_digits else (a, b)
    tens, ones = big // 10 * 10, big % 10
    steps = [f"{small} * {tens} = {small * tens}"]
    if ones:
        steps += [f"{small} * {ones} = {small * ones}", f"{small * tens} + {small * ones} = {a * b}"]
    return Draft(world.ask(_PRODUCTS, a=a, b=b), steps, str(a * b), "number", 5 if two_digits else 4)


FAMILIES = (Family("small-sum", "arithmetic", small_sum), Family("product", "arithmetic", product))
