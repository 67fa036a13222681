"""Word problems: one or two small steps, and shopping stories of several steps.

It does not know units or the clock. A story names who has what; the trace turns it into equations.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World
from tunix_rt.tasks.dev_reasoning.words import NAMES, THINGS

_GAIN: BySplit[str] = {
    "train": (
        "{n} has {a} {t} and gets {b} more. How many {t} does {n} have now?",
        "There are {a} {t} on the table. {n} puts down {b} more. How many {t} are on the table?",
        "{n} found {a} {t} on Monday and {b} on Tuesday. How many {t} did {n} find in all?",
        "{n} buys {a} {t} and {m} buys {b}. How many {t} do they buy together?",
    ),
    "heldout": (
        "In the morning {n} owned {a} {t}; a friend brought {b} extra. What is the number of {t} now?",
        "{n} counts {a} {t} in one bag and {b} in another. How many {t} are in both bags?",
    ),
    "dev": ("A shelf holds {a} {t}. Later {n} adds {b}. Say how many {t} the shelf holds now.",),
}
_LOSS: BySplit[str] = {
    "train": (
        "{n} has {a} {t} and gives {b} away. How many {t} are left?",
        "{n} had {a} {t} but lost {b} of them. How many {t} does {n} still have?",
        "A box holds {a} {t}. {n} takes out {b}. How many {t} stay in the box?",
        "{n} needs {a} {t} and has {b}. How many {t} are missing?",
    ),
    "heldout": (
        "Of the {a} {t} that {n} bought, {b} were broken. How many {t} were fine?",
        "{n} sold {b} of {a} {t} at the fair. What number of {t} remained?",
    ),
    "dev": ("Out of {a} {t}, {n} used up {b}. Say how many {t} remain.",),
}
_GROUPS: BySplit[str] = {
    "train": (
        "{n} fills {a} bags with {b} {t} each. How many {t} is that?",
        "{n} buys {a} packs. Every pack has {b} {t}. How many {t} does {n} buy?",
        "There are {a} boxes with {b} {t} in each. {n} counts all the {t}. How many are there?",
    ),
    "heldout": ("On each of {a} trays {n} lays {b} {t}. How many {t} lie on the trays together?",),
    "dev": ("{a} children bring {n} {b} {t} apiece. Say how many {t} {n} receives.",),
}
_BOTH: BySplit[str] = {
    "train": (
        "{n} has {a} {t}, gets {b} more, and then gives {c} to {m}. How many {t} does {n} have?",
        "{n} picks {a} {t}, {m} picks {b}, and together they lose {c}. How many {t} are left?",
        "A bag holds {a} {t}. {n} puts in {b} and takes out {c}. How many {t} are in the bag?",
    ),
    "heldout": ("A jar with {a} {t} gets {b} more from {n}; then {m} removes {c}. What is the number of {t} in it?",),
    "dev": ("{n} starts with {a} {t}, wins {b} from {m}, and drops {c}. Say how many {t} {n} ends with.",),
}

_CHANGE: BySplit[str] = {
    "train": (
        "{n} buys {a} {t} at ${p} each and {b} {u} at ${q} each and pays ${m}. How many dollars does {n} get back?",
        "At a stall {t} cost ${p} each and {u} ${q}. {n} takes {a} {t} and {b} {u} and hands over ${m}. "
        "What is the change in dollars?",
    ),
    "heldout": (
        "With ${m} in hand, {n} orders {a} {t} for ${p} apiece plus {b} {u} for ${q} apiece. "
        "How much money, in dollars, stays?",
    ),
    "dev": (
        "Out of ${m}, {n} spends on {a} {t} (${p} per piece) and {b} {u} (${q} per piece). "
        "Say how many dollars are over.",
    ),
}
_WAGES: BySplit[str] = {
    "train": (
        "{n} earns ${p} an hour and works {a} hours a day for {b} days. Then {n} spends ${m}. "
        "How many dollars are left?",
        "For {b} days {n} works {a} hours each day at ${p} per hour, then pays ${m} for a coat. "
        "How many dollars remain?",
    ),
    "heldout": (
        "{n} is paid ${p} for every hour. After {b} shifts of {a} hours, ${m} goes to rent. "
        "How much is left in dollars?",
    ),
    "dev": (
        "A job pays {n} ${p} hourly. {n} does {b} shifts, each {a} hours long, and gives ${m} to charity. "
        "Say how many dollars {n} keeps.",
    ),
}
_SHARE: BySplit[str] = {
    "train": (
        "{n} has {a} boxes of {b} {t}. {n} keeps {c} and shares the rest equally among {k} friends. "
        "How many {t} does each get?",
        "{a} crates hold {b} {t} each. {c} {t} are bad; the others go in {k} equal piles. "
        "How many {t} are in one pile?",
    ),
    "heldout": (
        "From {a} packets with {b} {t} in each, {n} sets {c} aside and splits what is left evenly between {k} teams. "
        "How many {t} per team?",
    ),
    "dev": (
        "{n} opens {a} cartons ({b} {t} in every one), throws {c} out and deals the remainder to {k} tables alike. "
        "Say how many {t} a table gets.",
    ),
}


def story(world: World) -> Draft:
    """One or two steps with numbers below 20."""
    n, m = world.several(NAMES, 2)
    t, shape = world.choose(THINGS), world.pick(("gain", "loss", "groups", "both"))
    a, b, c = world.number(4, 14), world.number(2, 9), world.number(2, 6)
    if shape == "gain":
        prompt, steps, answer = world.choose(_GAIN), [f"{a} + {b} = {a + b}"], a + b
    elif shape == "loss":
        a, b = max(a, b + 1), min(a, b)
        prompt, steps, answer = world.choose(_LOSS), [f"{a} - {b} = {a - b}"], a - b
    elif shape == "groups":
        a, b = world.number(2, 6), world.number(2, 5)
        prompt, steps, answer = world.choose(_GROUPS), [f"{a} * {b} = {a * b}"], a * b
    else:
        answer = a + b - c
        prompt, steps = world.choose(_BOTH), [f"{a} + {b} = {a + b}", f"{a + b} - {c} = {answer}"]
    facts = {
        "gain": f"{a} and {b} more",
        "loss": f"{a} less {b}",
        "groups": f"{a} times {b}",
        "both": f"{a}, plus {b}, less {c}",
    }
    prompt = world.fill(prompt, n=n, m=m, t=t, a=a, b=b, c=c)
    return Draft(
        prompt,
        [f"{facts[shape].capitalize()} {t}.", *steps],
        str(answer),
        "number",
        2 if shape == "both" else 1,
        unit=t,
    )


def errand(world: World) -> Draft:
    """Three to four steps with two-digit numbers: change, wages, shares."""
    n = world.choose(NAMES)
    t, u = world.several(THINGS, 2)
    shape = world.pick(("change", "wages", "share"))
    if shape == "change":
        a, b, p, q = world.number(3, 9), world.number(3, 9), world.number(3, 12), world.number(3, 12)
        total = a * p + b * q
        m = (total // 50 + 1) * 50
        steps = [
            f"{a} * {p} = {a * p}",
            f"{b} * {q} = {b * q}",
            f"{a * p} + {b * q} = {total}",
            f"{m} - {total} = {m - total}",
        ]
        prompt = world.ask(_CHANGE, n=n, t=t, u=u, a=a, b=b, p=p, q=q, m=m)
        return Draft(prompt, steps, str(m - total), "number", 5, unit="dollars")
    if shape == "wages":
        p, a, b = world.number(11, 19), world.number(3, 8), world.number(3, 6)
        m = world.number(20, 99)
        steps = [f"{a} * {b} = {a * b} hours", f"{a * b} * {p} = {a * b * p}", f"{a * b * p} - {m} = {a * b * p - m}"]
        prompt = world.ask(_WAGES, n=n, a=a, b=b, p=p, m=m)
        return Draft(prompt, steps, str(a * b * p - m), "number", 5, unit="dollars")
    a, b, k, each = world.number(3, 8), world.number(11, 19), world.number(3, 6), world.number(5, 9)
    a = max(a, k * each // b + 1)
    c = a * b - k * each
    steps = [f"{a} * {b} = {a * b}", f"{a * b} - {c} = {k * each}", f"{k * each} / {k} = {each}"]
    prompt = world.ask(_SHARE, n=n, t=t, a=a, b=b, c=c, k=k)
    return Draft(prompt, steps, str(each), "number", 4, unit=t)


FAMILIES = (Family("story", "word-problems", story), Family("errand", "word-problems", errand))
