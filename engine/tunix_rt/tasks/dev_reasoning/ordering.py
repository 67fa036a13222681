"""Ordering: the largest or smallest of some numbers, sorting, and comparing two or three people.

It does not know arithmetic: a trace compares two things at a time.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World, listed
from tunix_rt.tasks.dev_reasoning.words import NAMES, THINGS

_EXTREME: BySplit[str] = {
    "train": (
        "Which number is the {w}: {row}?",
        "Find the {w} number in {row}.",
        "Name the {w} of these numbers: {row}.",
        "From the list {row}, pick the {w}.",
        "Look at {row}. What is the {w} number?",
        "Some cards show the numbers {row}. Which is the {w}?",
    ),
    "heldout": (
        "Among {row}, which one is {w}?",
        "Say which of the numbers {row} is the {w} one.",
        "{row}: give the {w}.",
    ),
    "dev": ("Here are some numbers, {row}. State the {w} of them.", "Point out the {w} entry of {row}."),
}

_SORT: BySplit[str] = {
    "train": (
        "Sort {row} from smallest to largest.",
        "Put these numbers in order, smallest first: {row}.",
        "Write {row} in increasing order.",
        "Order the numbers {row}, starting with the smallest.",
        "The numbers {row} are mixed up. Write them from small to large.",
        "Make a list of {row} that begins with the smallest number.",
    ),
    "heldout": ("Arrange {row} so that they go up.", "List {row} again, lowest number first."),
    "dev": ("Bring {row} into rising order.", "Rank {row} upward, beginning at the least."),
}

_COMPARE: BySplit[tuple[str, str, str]] = {
    "train": (
        ("{n} has {a} {t}. {m} has {b} {t}. Who has more {t}?", "more", "has more {t}"),
        ("{n} has {a} {t} and {m} has {b}. Who has fewer {t}?", "less", "has fewer {t}"),
        ("{n} is {a} years old and {m} is {b}. Who is older?", "more", "is older"),
        ("{n} weighs {a} kg. {m} weighs {b} kg. Who is lighter?", "less", "is lighter"),
        ("{n} ran {a} km and {m} ran {b} km. Who ran further?", "more", "ran further"),
        ("{n} is {a} years old. {m} is {b} years old. Who is younger?", "less", "is younger"),
    ),
    "heldout": (
        ("In a game {n} scored {a} points and {m} scored {b}. Who won with the higher score?", "more", "won"),
        ("{n} paid {a} dollars for the {t}; {m} paid {b}. Who paid less?", "less", "paid less"),
        ("{n} jumped {a} cm while {m} jumped {b} cm. Whose jump was longer?", "more", "jumped further"),
    ),
    "dev": (
        ("{n} waited {a} minutes, but {m} waited {b}. Who had the longer wait?", "more", "waited longer"),
        ("The bag of {n} holds {a} {t}, that of {m} holds {b}. Whose bag has the smaller number?", "less", "has fewer"),
    ),
}

_RANKS: BySplit[tuple[str, str, str, str]] = {
    "train": (
        ("taller", "shorter", "tallest", "shortest"),
        ("older", "younger", "oldest", "youngest"),
        ("faster", "slower", "fastest", "slowest"),
    ),
    "heldout": (("stronger", "weaker", "strongest", "weakest"), ("richer", "poorer", "richest", "poorest")),
    "dev": (("heavier", "lighter", "heaviest", "lightest"),),
}
_RANK_QUESTION: BySplit[str] = {
    "train": (
        "{facts} Who is the {w}?",
        "{facts} Name the {w} of the three.",
        "{facts} Which one is the {w}?",
        "Who is the {w}? {facts}",
        "{facts} Find out who is the {w}.",
    ),
    "heldout": ("We know this: {facts} Find the {w} person.", "{facts} So who must be the {w}?"),
    "dev": ("Given: {facts} Say who the {w} is.",),
}


def extreme(world: World) -> Draft:
    """The largest or smallest of three to five numbers."""
    row = world.numbers(world.pick((3, 3, 4, 5)), 2, 99)
    largest = world.chance(0.6)
    word, better = world.pick(("largest", "biggest") if largest else ("smallest", "lowest")), max if largest else min
    relation = "larger" if largest else "smaller"
    best, steps = row[0], []
    for other in row[1:]:
        winner = better(best, other)
        steps.append(f"{best} and {other}: {winner} is {relation}.")
        best = winner
    return Draft(world.ask(_EXTREME, w=word, row=listed(row)), steps, str(best), "number", 1 if len(row) < 5 else 2)


def ascending(world: World) -> Draft:
    """Three or four numbers in rising order, by taking the smallest of those left."""
    row = world.numbers(world.pick((3, 3, 4)), 1, 60)
    left, steps = list(row), []
    while len(left) > 1:
        smallest = min(left)
        steps.append(f"Smallest of {listed(left)}: {smallest}.")
        left.remove(smallest)
    answer = listed(sorted(row))
    steps.append(f"Last is {left[0]}, so the order is {answer}.")
    return Draft(world.ask(_SORT, row=listed(row)), steps, answer, "list", len(row) - 1)


def compare(world: World) -> Draft:
    """Two people and one number for each."""
    n, m = world.several(NAMES, 2)
    a, b = world.numbers(2, 3, 95)
    text, direction, verdict = world.choose(_COMPARE)
    thing = world.choose(THINGS)
    winner = n if (a > b) == (direction == "more") else m
    relation = "more" if a > b else "less"
    steps = [f"{n}: {a}, {m}: {b}.", f"{a} is {relation} than {b}, so {winner} {verdict.format(t=thing)}."]
    return Draft(world.fill(text, n=n, m=m, a=a, b=b, t=thing), steps, winner, "choice", 1, choices=(n, m))


def ranking(world: World) -> Draft:
    """Three people in a chain of two comparisons; the question asks for one end of the chain."""
    people = world.several(NAMES, 3)
    more, less, most, least = world.choose(_RANKS)
    facts = []
    for high, low in ((people[0], people[1]), (people[1], people[2])):
        facts.append(f"{high} is {more} than {low}." if world.chance(0.6) else f"{low} is {less} than {high}.")
    top = world.chance(0.5)
    word, answer = (most, people[0]) if top else (least, people[2])
    prompt = world.ask(_RANK_QUESTION, facts=" ".join(world.shuffled(facts)), w=word)
    steps = [f"From {most} to {least}: {listed(people)}.", f"The {word} is {answer}."]
    return Draft(prompt, steps, answer, "choice", 3, choices=tuple(sorted(people)))


FAMILIES = (
    Family("extreme", "ordering", extreme),
    Family("ascending", "ordering", ascending),
    Family("compare", "ordering", compare),
    Family("ranking", "logic", ranking),
)
