"""golden-v2: 100 questions written by hand over all domains, with hand-written steps; for evaluation only.

It does not know how they are graded. They lie beside this file, one JSON object a line.
"""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import orjson

from tunix_rt.grading import Target
from tunix_rt.tasks.task import Item, Task, check_items, make_item

NAME, FILE = "golden-v2", "golden_v2.jsonl"
SOURCE, LICENSE = "tunix-rt", "Apache-2.0"


@cache
def _items() -> tuple[Item, ...]:
    items = []
    for number, line in enumerate(files("tunix_rt.tasks").joinpath(FILE).read_bytes().splitlines(), start=1):
        row = orjson.loads(line)
        fields = {key: row[key] for key in ("choices", "aliases", "unit", "tolerance") if key in row}
        items.append(
            make_item(
                f"golden-{number:03d}",
                row["prompt"],
                row["steps"],
                row["answer"],
                Target(kind=row["kind"], value=row["answer"] if row["kind"] != "open" else "", **fields),
                family=row["family"],
                domain=row["domain"],
                difficulty=row["difficulty"],
                source=SOURCE,
                license=LICENSE,
            )
        )
    return tuple(items)


def build(limit: int | None) -> Task:
    """Return the curated items, or the first `limit` of them; the domains take turns."""
    return Task(NAME, "v2", "test", check_items(NAME, _items()[:limit]), LICENSE, SOURCE)
