"""The dataset `toy`: rows to build it from, and an evaluation that they may repeat."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from tunix_rt import dataset
from tunix_rt.formats import write_jsonl
from tunix_rt.grading import Target
from tunix_rt.tasks import Item, Task
from tunix_rt.trace import ReasoningTrace

NOUNS = "apples pears stones boats letters kites lamps coins maps ropes".split()
VERBS = "buys finds sells borrows counts paints hides mends".split()


def gsm8k_rows(count: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of the schema of GSM8K, each with words of its own."""
    draw = random.Random(seed)
    found = []
    for number in range(count):
        a, b = draw.randint(2, 99), draw.randint(2, 99)
        things = draw.sample(NOUNS, 3)
        question = (
            f"{draw.choice(['Ann', 'Bo'])} {draw.choice(VERBS)} {a} {things[0]} and {b} {things[1]} for {number}."
        )
        answer = f"{a} + {b} = <<{a}+{b}={a + b}>>{a + b} {things[0]} and {things[1]}.\n#### {a + b}"
        found.append({"question": f"{question} How many?", "answer": answer})
    return found


def lines(path: Path, records: list[dict[str, Any]]) -> Path:
    """Write records as JSON lines."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write_jsonl(path, records)
    return path


def trace_lines(path: Path, traces: list[ReasoningTrace]) -> Path:
    """Write traces in our own schema."""
    return lines(path, [trace.model_dump(mode="json") for trace in traces])


def build(home: Path, *sources: Any, name: str = "toy", version: str = "v1", **options: Any) -> dataset.DatasetManifest:
    """Build the dataset."""
    return dataset.build(list(sources), name=name, version=version, home=home, **options)


def evaluation(*prompts: str) -> Task:
    """Return a task whose items have these prompts."""
    items = tuple(
        Item(
            id=f"e{number}",
            prompt=prompt,
            target=Target(kind="number", value="1"),
            family="f",
            domain="d",
            difficulty=1,
        )
        for number, prompt in enumerate(prompts)
    )
    return Task(name="exam", version="1", split="test", items=items, license="MIT", source="here")
