"""Sets: what two short lists share, what only one has, and whether a word belongs.

It does not know counting. A trace goes through the first list and says of each word whether the second has it.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World, listed
from tunix_rt.tasks.dev_reasoning.words import NAMES, SHORT_WORDS

_BOTH: BySplit[str] = {
    "train": (
        "{n} has: {a}. {m} has: {b}. Which things do both have?",
        "List 1: {a}. List 2: {b}. Which words are in both lists?",
        "Find the words that ({a}) and ({b}) share.",
        "Box 1 holds {a}. Box 2 holds {b}. What lies in both boxes?",
    ),
    "heldout": (
        "{n} packs {a}; {m} packs {b}. What is packed by both of them?",
        "Compare [{a}] with [{b}] and name the common words.",
    ),
    "dev": ("What occurs in {n}'s list ({a}) as well as in {m}'s list ({b})?",),
}
_ONLY: BySplit[str] = {
    "train": (
        "{n} has: {a}. {m} has: {b}. What does {n} have that {m} does not?",
        "List 1: {a}. List 2: {b}. Which words are only in list 1?",
        "Box 1 holds {a}. Box 2 holds {b}. What lies in box 1 but not in box 2?",
    ),
    "heldout": (
        "{n} packs {a}; {m} packs {b}. What is packed by {n} alone?",
        "Remove the words [{b}] from [{a}]. What stays?",
    ),
    "dev": ("What occurs in {n}'s list ({a}) but is missing from {m}'s list ({b})?",),
}
_MEMBER: BySplit[str] = {
    "train": (
        "Is {x} in this list: {a}? Answer yes or no.",
        "{n} bought: {a}. Did {n} buy a {x}? Answer yes or no.",
        "Does the list {a} contain the word {x}? Answer yes or no.",
        "Here is a list: {a}. Is {x} one of the words? Answer yes or no.",
    ),
    "heldout": (
        "Can the word {x} be found among {a}? Say yes or no.",
        "The drawer of {n} holds {a}. Is a {x} inside? Say yes or no.",
    ),
    "dev": ("Yes or no: {x} is one of the words {a}.",),
}


def sets(world: World) -> Draft:
    """Common words, words of one list only, or membership."""
    n, m = world.several(NAMES, 2)
    pool = world.several(SHORT_WORDS, 8)
    shape = world.pick(("both", "only", "member"))
    if shape == "member":
        row, member = pool[: world.number(3, 5)], world.chance(0.5)
        x = world.pick(row) if member else pool[-1]
        answer = "yes" if member else "no"
        steps = [
            f"The list is {listed(row)}.",
            f"It {'has' if member else 'does not have'} {x}, so the answer is {answer}.",
        ]
        return Draft(world.ask(_MEMBER, x=x, a=listed(row), n=n), steps, answer, "choice", 1, choices=("yes", "no"))
    first = pool[:3]
    shared = world.number(1, 2)
    second = world.shuffled([*world.shuffled(first)[:shared], *pool[3 : 6 - shared]])
    wanted = [word for word in first if (word in second) == (shape == "both")]
    marks = [f"{word} {'yes' if word in second else 'no'}" for word in first]
    steps = [
        f"Second list: {listed(second)}.",
        f"{listed(marks)}.",
        f"{'In both' if shape == 'both' else 'Only in the first'}: {listed(wanted)}.",
    ]
    template = world.choose(_BOTH if shape == "both" else _ONLY)
    prompt = world.fill(template, n=n, m=m, a=listed(first), b=listed(second))
    return Draft(prompt, steps, listed(wanted), "set", 2)


FAMILIES = (Family("sets", "sets-and-strings", sets),)
