"""nano-arithmetic: three toy questions that a model of 0.4 M parameters can learn in a minute.

    7+5-9=          chain     7+5=12 · 12-9=3                   answer 3
    max 82 41 80=   max       82 41:82 · 82 80:82               answer 82
    a in ccab=      count     c0 · c0 · a1 · b1                 answer 1

It does not know the model or its tokenizer; it uses 24 characters besides the tags. A question is held out if the
CRC-32 of its text is divisible by 10, so that no seed and no size can put one question into both splits.
"""

from __future__ import annotations

import zlib
from random import Random

from tunix_rt.grading import Target
from tunix_rt.tasks.task import Item, Task, check_items, make_item

NAME = "nano-arithmetic"
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


def build(split: str, size: int | None, seed: int) -> Task:
    """Generate different questions of one split, two chains for one maximum and one count."""
    count = size or SIZES[split]
    random = Random(f"{NAME}/{split}/{seed}")
    seen: set[str] = set()
    items: list[Item] = []
    while len(items) < count:
        shape = _SHAPES[len(items) % len(_SHAPES)]
        question, steps, answer = _DRAW[shape](random)
        if question in seen or is_held_out(question) != (split == "heldout"):
            continue
        seen.add(question)
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
    name = NAME if split == "train" else f"{NAME}:{split}"
    return Task(name, "v1", split, check_items(name, items), LICENSE, SOURCE)
