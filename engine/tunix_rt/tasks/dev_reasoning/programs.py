"""Tracing small Python programs: assignments, and loops over lists and ranges.

It does not run the programs: a trace keeps the value of each name line by line. A test executes them for comparison.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World
from tunix_rt.tasks.dev_reasoning.words import SHORT_WORDS

_ASK: BySplit[str] = {
    "train": (
        "What does this Python code print?\n{code}",
        "Run this Python code in your head and give its output.\n{code}",
        "{code}\nWhat is printed?",
        "Trace the program and write what it prints.\n{code}",
        "Read the code line by line. What is its output?\n{code}",
        "Python program:\n{code}\nWrite the output.",
    ),
    "heldout": ("Here is a Python program:\n{code}\nState its output.", "Python:\n{code}\nWhat appears on the screen?"),
    "dev": ("Which text is shown after running these lines of Python?\n{code}", "{code}\nGive the printed value."),
}
_VARIABLES: BySplit[tuple[str, str]] = {
    "train": (("a", "b"), ("x", "y"), ("n", "m"), ("cost", "total"), ("first", "second")),
    "heldout": (("p", "q"), ("left", "right"), ("start", "end"), ("s", "t")),
    "dev": (("u", "v"), ("low", "high"), ("i", "j")),
}
_SIGNS = {"+": lambda a, b: a + b, "-": lambda a, b: a - b, "*": lambda a, b: a * b}


def _ask(world: World, code: list[str]) -> str:
    return world.ask(_ASK, code="\n".join(code))


def assignment(world: World) -> Draft:
    """Two names, two to three assignments, one print."""
    x, y = world.choose(_VARIABLES)
    a = world.number(2, 9)
    sign = world.pick("+++-*")
    b = world.number(1, a) if sign == "-" else world.number(2, 5 if sign == "*" else 9)
    c = _SIGNS[sign](a, b)
    code, steps = [f"{x} = {a}", f"{y} = {x} {sign} {b}"], [f"{x} is {a}.", f"{y} is {a} {sign} {b} = {c}."]
    shape = world.pick(("second", "swap", "again", "sum"))
    if shape == "again":
        d = world.number(1, 5)
        code.append(f"{x} = {y} + {d}")
        steps.append(f"{x} is now {c} + {d} = {c + d}.")
        shown, answer = x, c + d
    elif shape == "sum":
        shown, answer = f"{x} + {y}", a + c
        steps.append(f"{x} + {y} is {a} + {c} = {a + c}.")
    elif shape == "swap":
        code.append(f"{x} = {y}")
        steps.append(f"{x} is now {c}.")
        shown, answer = x, c
    else:
        shown, answer = y, c
    code.append(f"print({shown})")
    return Draft(_ask(world, code), steps, str(answer), "number", 1 if shape == "second" else 2)


def loop(world: World) -> Draft:
    """A loop that adds, multiplies, filters or builds a string."""
    x, y = world.choose(_VARIABLES)
    shape = world.pick(("sum", "range", "while", "filter", "text"))
    if shape == "sum":
        row = [world.number(1, 20) for _ in range(4)]
        code, total, steps = [f"{y} = 0", f"for {x} in {row}:", f"    {y} += {x}", f"print({y})"], 0, []
        for value in row:
            steps.append(f"{y}: {total} + {value} = {total + value}")
            total += value
        return Draft(_ask(world, code), steps, str(total), "number", 3)
    if shape == "range":
        n, k, total, steps = world.number(3, 5), world.number(2, 4), world.number(1, 5), []
        code = [f"{y} = {total}", f"for {x} in range({n}):", f"    {y} += {x} * {k}", f"print({y})"]
        for i in range(n):
            steps.append(f"{x} is {i}: {i} * {k} = {i * k}, {total} + {i * k} = {total + i * k}")
            total += i * k
        return Draft(_ask(world, code), steps, str(total), "number", 4)
    if shape == "while":
        value, factor, limit, steps = world.number(2, 5), world.number(2, 3), world.number(20, 70), []
        code = [f"{x} = {value}", f"while {x} < {limit}:", f"    {x} = {x} * {factor}", f"print({x})"]
        while value < limit:
            steps.append(f"{value} is below {limit}: {value} * {factor} = {value * factor}")
            value *= factor
        steps.append(f"{value} is not below {limit}, stop.")
        return Draft(_ask(world, code), steps, str(value), "number", 4)
    if shape == "filter":
        row, limit = world.numbers(5, 1, 30), world.number(8, 20)
        code = [f"{y} = [{x} for {x} in {row} if {x} > {limit}]", f"print(len({y}))"]
        kept = [value for value in row if value > limit]
        steps = [f"{value} > {limit}: {'yes' if value > limit else 'no'}" for value in row] + [
            f"{len(kept)} values stay."
        ]
        return Draft(_ask(world, code), steps, str(len(kept)), "number", 3)
    words = world.several(SHORT_WORDS, 4)
    code = [f"{y} = ''", f"for {x} in {words}:", f"    {y} = {x}[0] + {y}", f"print({y})"]
    text, steps = "", []
    for word in words:
        text = word[0] + text
        steps.append(f"{word}: {text}")
    return Draft(_ask(world, code), steps, text, "text", 4)


FAMILIES = (Family("assignment", "python", assignment), Family("loop", "python", loop))
