"""Strings and lists of words: letters of words, places in a list, and counting.

It does not know sets. A trace spells or numbers what it looks at.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World, counted, listed
from tunix_rt.tasks.dev_reasoning.words import COLOURS, SHORT_WORDS, WORDS

_LETTER: BySplit[str] = {
    "train": (
        "What is the {w} letter of the word {a}?",
        "Which letter does {a} {verb} with?",
        "Write the {w} letter of {a}.",
        "Look at the word {a}. What is its {w} letter?",
    ),
    "heldout": ("In the word {a}, which letter stands {w}?", "{a}: name its {w} letter."),
    "dev": ("Tell me the letter that is {w} in {a}.",),
}
_JOIN: BySplit[str] = {
    "train": (
        "Take the {w} letters of {a} and {b} and put them together.",
        "Join the {w} letter of {a} and the {w} letter of {b}.",
        "Two words: {a}, {b}. Write their {w} letters next to each other.",
        "Write the {w} letters of the words {a}, {b}, {c} as one string.",
    ),
    "heldout": (
        "What do you get from the {w} letters of {a} and {b}, written side by side?",
        "Glue together the {w} letters of {a}, {b} and {c}.",
    ),
    "dev": ("String up the {w} letters out of {a} and {b}, without a space.",),
}
_BACKWARDS: BySplit[str] = {
    "train": (
        "Spell {a} backwards.",
        "Write the word {a} in reverse.",
        "Turn the letters of {a} around.",
        "Write {a} from its last letter to its first.",
    ),
    "heldout": ("How does {a} read from right to left?", "Reverse the word {a}."),
    "dev": ("Give {a} with its letters in opposite order.",),
}

_NTH: BySplit[str] = {
    "train": (
        "Which word is number {k} in this list: {row}?",
        "List: {row}. What is word {k}?",
        "Name word number {k} of {row}.",
        "Count to word {k} of this row and write it: {row}.",
    ),
    "heldout": ("Read the words {row}. Which stands at place {k}?", "{row}: give the word at position {k}."),
    "dev": ("From the words {row} take the one in spot {k}.",),
}
_AROUND: BySplit[str] = {
    "train": (
        "Write these words in reverse order: {row}.",
        "Reverse the list {row}.",
        "List {row} from the last word to the first.",
        "Put the last word first and the first word last: {row}.",
    ),
    "heldout": ("Start at the end and copy the list: {row}.", "Turn the row {row} around, last word first."),
    "dev": ("Give the words {row} in opposite order.",),
}

_HOW_OFTEN: BySplit[str] = {
    "train": (
        "How many times does {x} occur in this list: {row}?",
        "Count the word {x} in: {row}.",
        "List: {row}. How often is {x} in it?",
        "A string of beads: {row}. How many are {x}?",
        "{row}. How many of these words are {x}?",
    ),
    "heldout": ("Of the balloons {row}, what number are {x}?", "In {row}, find how often {x} turns up."),
    "dev": ("Say how many entries of {row} read {x}.",),
}
_HOW_MANY: BySplit[str] = {
    "train": ("How many words are in this list: {row}?", "Count the words: {row}.", "{row}. How many words are these?"),
    "heldout": ("What is the length of the list {row}?",),
    "dev": ("Say how many entries there are: {row}.",),
}


def letters(world: World) -> Draft:
    """First or last letters of one to three words, or a short word backwards."""
    shape = world.pick(("one", "join", "join", "backwards"))
    if shape == "backwards":
        word = world.choose(SHORT_WORDS)
        answer = word[::-1]
        steps = [f"{word}: {' '.join(word)}.", f"Backwards: {' '.join(answer)}.", f"Joined: {answer}."]
        return Draft(world.ask(_BACKWARDS, a=word), steps, answer, "text", 3)
    last = world.chance(0.5)
    side, verb, place = ("last", "end", -1) if last else ("first", "start", 0)
    words = world.several(WORDS, 3)
    if shape == "one":
        word = words[0]
        steps = [f"{word}: {' '.join(word)}.", f"The {side} letter is {word[place]}."]
        return Draft(world.ask(_LETTER, w=side, verb=verb, a=word), steps, word[place], "text", 1)
    template = world.choose(_JOIN)
    words = words if "{c}" in template else words[:2]
    answer = "".join(word[place] for word in words)
    steps = [f"{word}: {' '.join(word)}, {verb}s with {word[place]}." for word in words] + [f"Together: {answer}."]
    prompt = world.fill(template, w=side, **dict(zip("abc", words, strict=False)))
    return Draft(prompt, steps, answer, "text", len(words))


def places(world: World) -> Draft:
    """The word at a place of a list, or the list backwards."""
    if world.chance(0.65):
        row = world.several(SHORT_WORDS, world.number(4, 6))
        k = world.number(1, len(row))
        steps = [f"{counted(row)}.", f"Number {k} is {row[k - 1]}."]
        return Draft(world.ask(_NTH, k=k, row=listed(row)), steps, row[k - 1], "text", 1)
    row = world.several(SHORT_WORDS, world.number(3, 4))
    answer = listed(row[::-1])
    steps = [f"{counted(row)}.", f"From {len(row)} down to 1: {answer}."]
    return Draft(world.ask(_AROUND, row=listed(row)), steps, answer, "list", 2)


def count(world: World) -> Draft:
    """How often a word occurs in a list, or how long the list is, with a running number."""
    if world.chance(0.3):
        row = world.several(SHORT_WORDS, world.number(3, 7))
        steps = [f"{counted(row)}.", f"The list has {len(row)} words."]
        return Draft(world.ask(_HOW_MANY, row=listed(row)), steps, str(len(row)), "number", 1)
    x, *others = world.several(COLOURS, 3)
    times = world.number(1, 4)
    row = world.shuffled([x] * times + [world.pick(others) for _ in range(world.number(2, 3))])
    seen, shown = 0, []
    for word in row:
        seen += word == x
        shown.append(f"{word} {seen}" if word == x else word)
    steps = [f"{listed(shown)}.", f"{x} occurs {times} {'time' if times == 1 else 'times'}."]
    return Draft(world.ask(_HOW_OFTEN, x=x, row=listed(row)), steps, str(times), "number", 2)


FAMILIES = (
    Family("letters", "sets-and-strings", letters),
    Family("places", "sets-and-strings", places),
    Family("count", "sets-and-strings", count),
)
