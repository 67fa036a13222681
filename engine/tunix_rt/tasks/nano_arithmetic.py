"""nano-arithmetic: three toy questions that a model of 0.4 M parameters can learn in a minute.

    7+5-9=          chain     7+5=12 · 12-9=3                   answer 3
    max 82 41 80=   max       82 41:82 · 82 80:82               answer 82
    a in ccab=      count     c0 · c0 · a1 · b1                 answer 1

The training pool nano-arithmetic-mixed has the same questions, but most of its traces are hasty: one trace step that
jumps to the answer, `=3`. A model that imitates it learns both manners, and reinforcement learning has a choice to
make; on the careful pool it has none (docs/experiments.md).

It does not know the model or its tokenizer; it uses 24 characters besides the tags. A question is held out if the
CRC-32 of its text is divisible by 10, so that no seed and no size can put one question into both splits.
"""

from __future__ import annotations

import zlib
from random import Random

from tunix_rt.grading import Target
from tunix_rt.tasks.task import Item, Task, check_items, make_item

NAME = "nano-arithmetic"
MIXED = f"{NAME}-mixed"
HASTY_SHARE = 0.6
"""Part of the mixed pool's traces that are hasty; near a half, the model's favourite manner is a matter of luck."""
SOURCE, LICENSE = "tunix-rt", "Apache-2.0"
SIZES = {"train": 10_000, "heldout": 400}
"""Items of each split unless a limit asks for another number."""
_SHAPES = ("chain", "chain", "max", "count")


def is_held_out(question: str) -> bool:
    """Return whether a question is reserved for evaluation."""
    return zlib.crc32(question.encode()) % 10 == 0


def _chain(random: Random) -> tuple[str, list[str], int]:
    total = random.randint(1, 9)
    question, steps = str(total), []
    for _ in range(random.choice((2, 3))):
        number = random.randint(1, 9)
        sign = "-" if number <= total and random.random() < 0.5 else "+"
        result = total + number if sign == "+" else total - number
        question += f"{sign}{number}"
        steps.append(f"{total}{sign}{number}={result}")
        total = result
    return f"{question}=", steps, total


def _maximum(random: Random) -> tuple[str, list[str], int]:
    numbers = [random.randint(1, 99) for _ in range(random.choice((3, 4)))]
    best, steps = numbers[0], []
    for number in numbers[1:]:
        steps.append(f"{best} {number}:{max(best, number)}")
        best = max(best, number)
    return f"max {' '.join(map(str, numbers))}=", steps, best


def _count(random: Random) -> tuple[str, list[str], int]:
    wanted = random.choice("abc")
    text = "".join(random.choice("abc") for _ in range(random.randint(5, 8)))
    seen, marks = 0, []
    for letter in text:
        seen += letter == wanted
        marks.append(f"{letter}{seen}")
    return f"{wanted} in {text}=", [" ".join(marks)], seen


_DRAW = {"chain": _chain, "max": _maximum, "count": _count}


def build(split: str, size: int | None, seed: int, *, hasty_share: float = 0.0) -> Task:
    """Generate different questions of one split, two chains for one maximum and one count.

    `hasty_share` of the traces, drawn without regard to the question, jump to the answer; the questions stay the same.
    """
    count = size or SIZES[split]
    random, manner = Random(f"{NAME}/{split}/{seed}"), Random(f"{MIXED}/{split}/{seed}")
    seen: set[str] = set()
    items: list[Item] = []
    while len(items) < count:
        shape = _SHAPES[len(items) % len(_SHAPES)]
        question, steps, answer = _DRAW[shape](random)
        if question in seen or is_held_out(question) != (split == "heldout"):
            continue
        seen.add(question)
        if manner.random() < hasty_share:
            steps = [f"={answer}"]
        items.append(
            make_item(
                f"{split}-{len(items):05d}",
                question,
                steps,
                str(answer),
                Target(kind="number", value=str(answer)),
                family=shape,
                domain="arithmetic",
                difficulty=1,
                source=SOURCE,
                license=LICENSE,
            )
        )
    pool = MIXED if hasty_share else NAME
    name = pool if split == "train" else f"{pool}:{split}"
    return Task(name, "v1", split, check_items(name, items), LICENSE, SOURCE)
