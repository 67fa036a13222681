"""GSM8K: grade-school word problems, read from a local JSONL file of `{question, answer}` rows.

    {"question": "…", "answer": "48 / 2 = <<48/2=24>>24 clips\n#### 72"}

It does not hold the data (MIT, OpenAI 2021) nor know where the file lies.
"""

from __future__ import annotations

import re
from pathlib import Path

from tunix_rt.errors import DataError
from tunix_rt.formats import read_jsonl
from tunix_rt.grading import Target
from tunix_rt.tasks.task import Item, Task, check_items, make_item

SOURCE, LICENSE = "GSM8K (OpenAI, 2021)", "MIT"

_CALCULATION = re.compile(r"<<[^<>]*>>")
_MARK = "####"


def split_solution(answer: str) -> tuple[list[str], str]:
    """Return the solution's lines, without calculator marks, and the number after `####`.

    Raises ValueError if there is no mark, no number or no line of reasoning.
    """
    solution, mark, final = answer.rpartition(_MARK)
    if not mark:
        raise ValueError("has no '#### <number>' at its end")
    if not re.search(r"\d", final):
        raise ValueError("has no number after '####'")
    lines = [_CALCULATION.sub("", line).strip() for line in solution.splitlines()]
    steps = [line for line in lines if line]
    if not steps:
        raise ValueError("has no line of reasoning before '####'")
    return steps, final.strip()


def _item(path: Path, row: int, record: object) -> Item:
    question = record.get("question") if isinstance(record, dict) else None
    answer = record.get("answer") if isinstance(record, dict) else None
    for field, value in (("question", question), ("answer", answer)):
        if not isinstance(value, str) or not value.strip():
            raise DataError(
                f"{path}, row {row}, {field}: expected a text that is not empty, found {value!r}; is it GSM8K?"
            )
    assert isinstance(question, str)
    assert isinstance(answer, str)
    try:
        steps, final = split_solution(answer)
    except ValueError as error:
        raise DataError(f"{path}, row {row}, answer: {error}; correct or remove the row") from error
    return make_item(
        f"gsm8k-{row:05d}",
        question.strip(),
        steps,
        final,
        Target(kind="number", value=final),
        family="gsm8k",
        domain="word-problems",
        difficulty=min(5, max(1, len(_CALCULATION.findall(answer)))),
        source=SOURCE,
        license=LICENSE,
    )


def read(path: Path) -> Task:
    """Read a GSM8K file; its name without suffix becomes the split."""
    items = [_item(path, row, record) for row, record in enumerate(read_jsonl(path), start=1)]
    return Task("gsm8k", "1", path.stem, check_items(f"gsm8k ({path})", items), LICENSE, SOURCE)
