"""Small logic: apply one rule to one fact; the nouns are made up, so that only the prompt can answer.

It does not know orderings of people (see ordering). Answers are yes, no, or unknown where the prompt offers it.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World
from tunix_rt.tasks.dev_reasoning.words import MADE_UP, NAMES, QUALITIES

_ALL: BySplit[str] = {
    "train": (
        "Every {k} is {q}. {n} is a {k}. Is {n} {q}? Answer yes or no.",
        "All {k}s are {q}. {n} is one of the {k}s. Is it true that {n} is {q}? Answer yes or no.",
        "Rule: a {k} is always {q}. Fact: {n} is a {k}. Is {n} {q}? Answer yes or no.",
    ),
    "heldout": (
        "Each {k} we know is {q}, and {n} is such a {k}. Must {n} be {q}? Say yes or no.",
        "Suppose {k}s are without exception {q}. With {n} being a {k}, is {n} {q}? Say yes or no.",
    ),
    "dev": ("Take it that any {k} is {q}. Since {n} is a {k}, can we call {n} {q}? Reply yes or no.",),
}
_NONE: BySplit[str] = {
    "train": (
        "No {k} is {q}. {n} is a {k}. Is {n} {q}? Answer yes or no.",
        "A {k} is never {q}. {n} is a {k}. Is {n} {q}? Answer yes or no.",
        "Rule: no {k} can be {q}. Fact: {n} is a {k}. Is {n} {q}? Answer yes or no.",
    ),
    "heldout": ("Not a single {k} is {q}, and {n} is a {k}. Could {n} be {q}? Say yes or no.",),
    "dev": ("Take it that {k}s cannot be {q}. Since {n} is a {k}, can we call {n} {q}? Reply yes or no.",),
}
_CONTRARY: BySplit[str] = {
    "train": (
        "Every {k} is {q}. {n} is not {q}. Is {n} a {k}? Answer yes or no.",
        "All {k}s are {q}. We see that {n} is not {q}. Can {n} be a {k}? Answer yes or no.",
        "Rule: a {k} is always {q}. Fact: {n} is not {q}. Is {n} a {k}? Answer yes or no.",
    ),
    "heldout": ("Each {k} we know is {q}, yet {n} is anything but {q}. Might {n} be a {k}? Say yes or no.",),
    "dev": ("Take it that any {k} is {q}. As {n} is not {q}, can we call {n} a {k}? Reply yes or no.",),
}
_CHAIN: BySplit[str] = {
    "train": (
        "Every {k} is a {j}. Every {j} is {q}. {n} is a {k}. Is {n} {q}? Answer yes or no.",
        "All {k}s are {j}s. No {j} is {q}. {n} is a {k}. Is {n} {q}? Answer yes or no.",
        "A {k} is always a {j}, and a {j} is always {q}. {n} is a {k}. Is {n} {q}? Answer yes or no.",
    ),
    "heldout": (
        "{k}s belong to the {j}s, and {j}s are without exception {q}. With {n} being a {k}, is {n} {q}? Say yes or no.",
        "Any {k} counts as a {j}, but not one {j} is {q}. Is the {k} called {n} {q}? Say yes or no.",
    ),
    "dev": ("Take it that {k}s are {j}s and {j}s are {q}. Since {n} is a {k}, can we call {n} {q}? Reply yes or no.",),
}


def facts(world: World) -> Draft:
    """One rule and one fact, or two rules in a chain."""
    k, j = world.several(MADE_UP, 2)
    q, n = world.choose(QUALITIES), world.choose(NAMES)
    shape = world.pick(("all", "none", "contrary", "chain"))
    if shape == "chain":
        template = world.choose(_CHAIN)
        negative = "No {j}" in template or "not one {j}" in template
        middle = f"{n} is a {k}, so {n} is a {j}."
        last = f"{'No' if negative else 'Every'} {j} is {q}, so {n} is {'not ' if negative else ''}{q}."
        steps, answer, difficulty = [middle, last], "no" if negative else "yes", 3
    elif shape == "contrary":
        template, answer, difficulty = world.choose(_CONTRARY), "no", 3
        steps = [f"A {k} has to be {q}.", f"{n} is not {q}, so {n} is not a {k}."]
    else:
        template, difficulty = world.choose(_ALL if shape == "all" else _NONE), 2
        answer = "yes" if shape == "all" else "no"
        rule = f"Every {k} is {q}." if shape == "all" else f"No {k} is {q}."
        steps = [rule, f"{n} is a {k}, so {n} is {'' if shape == 'all' else 'not '}{q}."]
    prompt = world.fill(template, k=k, j=j, q=q, n=n)
    return Draft(
        prompt[0].upper() + prompt[1:],
        [*steps, f"The answer is {answer}."],
        answer,
        "choice",
        difficulty,
        choices=("yes", "no"),
    )


FAMILIES = (Family("facts", "logic", facts),)
