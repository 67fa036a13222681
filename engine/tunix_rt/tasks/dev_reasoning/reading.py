"""Reading: look an entry up in a short table, and choose the title that sums up a short text.

It does not know anything beyond the prompt: the answer stands in it.
"""

from __future__ import annotations

from collections.abc import Sequence

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World, listed
from tunix_rt.tasks.dev_reasoning.topics import TOPICS
from tunix_rt.tasks.dev_reasoning.words import NAMES

_TABLES: BySplit[tuple[str, str, Sequence[str]]] = {
    "train": (
        ("Prices in dollars", "the price of {x}", ("tea", "soup", "cake", "juice", "toast", "salad", "pie", "rice")),
        ("Rooms", "the room of {x}", ("maths", "art", "music", "history", "sport", "science")),
        ("Points", "the points of {x}", NAMES["train"][:12]),
        ("Ages", "the age of {x}", NAMES["train"][12:24]),
        ("Pages", "the page of {x}", ("maps", "plants", "planets", "birds", "rivers", "stars")),
    ),
    "heldout": (
        ("Weights in kg", "the weight of {x}", ("bag", "box", "chair", "lamp", "stool", "drum", "desk")),
        ("Platforms", "the platform of {x}", ("Rome", "Oslo", "Paris", "Lima", "Cairo", "Quito", "Delhi")),
        ("Seats", "the seat of {x}", NAMES["heldout"][:12]),
    ),
    "dev": (
        ("Lengths in cm", "the length of {x}", ("rope", "stick", "belt", "scarf", "ruler", "chain")),
        ("Lockers", "the locker of {x}", NAMES["dev"][:10]),
    ),
}
_VALUE: BySplit[str] = {
    "train": (
        "{title}: {table}. What is {what}?",
        "{title}: {table}. Give {what}.",
        "Use the table ({title}): {table}. Find {what}.",
    ),
    "heldout": ("Table of {lower} - {table}. Tell {what}.", "{table} ({lower}). Read off {what}."),
    "dev": ("From the {lower} below, report {what}.\n{table}",),
}
_ENTRY: BySplit[str] = {
    "train": (
        "{title}: {table}. Which entry has the number {v}?",
        "{title}: {table}. What belongs to {v}?",
        "Use the table ({title}): {table}. Find the entry with {v}.",
    ),
    "heldout": (
        "Table of {lower} - {table}. Whose number is {v}?",
        "{table} ({lower}). Who or what is listed with {v}?",
    ),
    "dev": ("From the {lower} below, report the entry with {v}.\n{table}",),
}
_TOTAL: BySplit[str] = {
    "train": (
        "{title}: {table}. Add the numbers of {x} and {y}.",
        "{title}: {table}. How much are {x} and {y} in all?",
    ),
    "heldout": ("Table of {lower} - {table}. What do {x} and {y} make together?",),
    "dev": ("From the {lower} below, report the sum for {x} and {y}.\n{table}",),
}

_TITLE: BySplit[str] = {
    "train": (
        "{text}\nWhich title fits best? A) {a} B) {b} C) {c}. Answer with the letter.",
        "Read: {text}\nChoose the best title: A) {a} B) {b} C) {c}. Answer with the letter.",
        "Text: {text}\nThe text is about: A) {a} B) {b} C) {c}. Answer with the letter.",
        "A) {a} B) {b} C) {c}. Which title belongs to this text? {text} Answer with the letter.",
    ),
    "heldout": (
        "{text}\nSum this up with one of these: A) {a} B) {b} C) {c}. Reply with A, B or C.",
        "What is the main idea here? {text}\nA) {a} B) {b} C) {c}. Reply with A, B or C.",
    ),
    "dev": ("Pick a headline for these lines. {text}\nA) {a} B) {b} C) {c}. Only the letter.",),
}
_WORD: BySplit[str] = {
    "train": (
        "{text}\nWhich one word names the topic: {words}?",
        "Read: {text}\nPick the word that tells what it is about: {words}.",
        "Text: {text}\nIs this about {words}? Answer with one word.",
    ),
    "heldout": ("{text}\nFrom {words}, take the one word that sums this up.",),
    "dev": ("Pick a keyword for these lines. {text}\nThe choices are {words}.",),
}


def lookup(world: World) -> Draft:
    """One entry of a table by its name or its number, or the sum of two."""
    title, what, pool = world.choose(_TABLES)
    keys = world.shuffled(pool)[: world.number(3, 5)]
    shape = world.pick(("value", "value", "entry", "total"))
    values = world.numbers(len(keys), 2, 9 if shape == "total" else 40)
    table = ", ".join(f"{key} {value}" for key, value in zip(keys, values, strict=True))
    at, other = world.numbers(2, 0, len(keys) - 1)
    x, v, y, w = keys[at], values[at], keys[other], values[other]
    common = {"title": title, "lower": title.lower(), "table": table, "x": x, "y": y, "v": v, "what": what.format(x=x)}
    if shape == "value":
        prompt = world.ask(_VALUE, **common)
        return Draft(prompt, [f"The entry for {x}: {x} {v}."], str(v), "number", 1)
    if shape == "entry":
        prompt = world.ask(_ENTRY, **common)
        return Draft(prompt, [f"The entry with {v}: {x} {v}."], x, "choice", 1, choices=tuple(keys))
    prompt = world.ask(_TOTAL, **common)
    return Draft(prompt, [f"{x} {v}, {y} {w}.", f"{v} + {w} = {v + w}"], str(v + w), "number", 2)


def summary(world: World) -> Draft:
    """The best of three titles, or of three words, for two sentences."""
    topic, *others = world.several(TOPICS, 3)
    first, second = world.shuffled(topic.sentences)[:2]
    text, clue = f"{first.text} {second.text}", f"Key words: {first.key}, {second.key}."
    options = world.shuffled([topic, *others])
    if world.chance(0.6):
        letter = "ABC"[options.index(topic)]
        a, b, c = (option.title for option in options)
        prompt = world.ask(_TITLE, text=text, a=a, b=b, c=c)
        steps = [clue, f"The text is about {topic.word}.", f"{topic.title} is {letter}."]
        return Draft(prompt, steps, letter, "choice", 2, choices=(a, b, c))
    names = tuple(option.word for option in options)
    prompt = world.ask(_WORD, text=text, words=listed(names))
    return Draft(prompt, [clue, f"They belong to {topic.word}."], topic.word, "choice", 2, choices=names)


FAMILIES = (Family("lookup", "tables", lookup), Family("summary", "summarising", summary))
