"""reasoning-gym: procedural data sets of the package of that name, each with its own scorer.

It does not copy their rules: prompts, answers and scores are the package's. Its items have no gold trace. A few scorers
read algebra with SymPy, which evaluates text; use those only with completions of models that you trust.
"""

from __future__ import annotations

import difflib
import math
import warnings
from functools import cache
from importlib.metadata import version
from typing import Any

from tunix_rt.errors import GradingError, MissingError, UsageError
from tunix_rt.grading import Mode, Score, Target, grade, infer_kind
from tunix_rt.tasks.task import Item, Task, check_items

PREFIX = "reasoning-gym:"
SOURCE, LICENSE = "reasoning-gym", "Apache-2.0"
DEFAULT_SIZE = 200


@cache
def _package() -> Any:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            import reasoning_gym  # type: ignore[import-untyped, unused-ignore]
            from reasoning_gym import factory
    except ImportError as error:
        raise MissingError(
            "tasks of reasoning-gym need the package `reasoning-gym`; install it and try again"
        ) from error
    return reasoning_gym, factory


def datasets() -> list[str]:
    """Return the names of the data sets of the installed package."""
    return sorted(_package()[1].DATASETS)


def _score(dataset: Any, entry: dict[str, Any], answer: str) -> Score:
    try:
        value = float(dataset.score_answer(answer, entry))
    except Exception as error:  # third-party scorers raise many types on text they cannot read
        reason = f"The scorer could not read the answer ({type(error).__name__}: {error})."
        return Score(value=0.0, answer=answer, explanation=reason, verdict="parse_fail")
    if not math.isfinite(value) or not 0 <= value <= 1:
        raise GradingError(f"reasoning-gym scored {value!r} for {answer[:80]!r}; expected a number from 0 to 1")
    own = f'its own answer is "{str(entry["answer"])[:200]}"' if entry["answer"] else "it has no single answer"
    text = f'reasoning-gym scores "{answer[:200]}" with {value:g}; {own}.'
    return Score(value=value, answer=answer, explanation=text, verdict="equal" if value == 1 else "unequal")


def build(name: str, size: int | None, seed: int) -> Task:
    """Generate `size` items of the data set named after `reasoning-gym:`."""
    wanted = name.removeprefix(PREFIX)
    if wanted not in datasets():
        near = difflib.get_close_matches(wanted, datasets(), n=3)
        hint = (
            f"did you mean {', '.join(PREFIX + other for other in near)}?"
            if near
            else f"known: {', '.join(datasets())}"
        )
        raise MissingError(f"unknown reasoning-gym data set {wanted!r}; {hint}")
    package, _ = _package()
    try:
        dataset = package.create_dataset(wanted, size=size or DEFAULT_SIZE, seed=seed)
    except (AssertionError, TypeError, ValueError) as error:
        raise UsageError(f"reasoning-gym cannot make {wanted!r} from a size and a seed alone: {error}") from error
    entries: dict[str, dict[str, Any]] = {}
    items = []
    for number in range(len(dataset)):
        entry = dataset[number]
        answer = entry["answer"]
        readable = isinstance(answer, str) and bool(answer.strip())
        target = Target(kind=infer_kind(answer), value=answer) if readable else Target(kind="open", value="")
        item = Item(
            id=f"{wanted}-{number:05d}",
            prompt=entry["question"],
            target=target,
            family=wanted,
            domain=str(dataset.category),
            difficulty=3,
        )
        entries[item.id] = entry
        items.append(item)

    def scorer(item: Item, completion: str, mode: Mode) -> Score:
        found = grade(completion, item.target, mode=mode)
        return found if found.answer is None else _score(dataset, entries[item.id], found.answer)

    return Task(name, version("reasoning-gym"), f"seed-{seed}", check_items(name, items), LICENSE, SOURCE, scorer)
