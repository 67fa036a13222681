"""SVAMP: short word problems of one or two operations, read from a local JSON file.

    [{"ID": "chal-1", "Body": "…", "Question": "…", "Equation": "( 76.0 - 25.0 )", "Answer": 51.0, "Type": "…"}]

An item whose equation does not give its answer (there is one in the original) keeps its answer and has no trace. This
module does not hold the data (MIT, Patel et al. 2021) nor know where the file lies.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import orjson

from tunix_rt.arithmetic import check_steps
from tunix_rt.errors import DataError
from tunix_rt.grading import Target
from tunix_rt.tasks.task import Item, Task, check_items, make_item
from tunix_rt.trace import make_trace

SOURCE, LICENSE = "SVAMP (Patel et al., 2021)", "MIT"

_TEXTS = ("ID", "Body", "Question", "Equation", "Type")
_WHOLE = re.compile(r"(\d+)\.0\b")


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else repr(number)


def _item(path: Path, row: int, record: Any) -> Item:
    if not isinstance(record, dict):
        raise DataError(f"{path}, row {row}: expected an object with {', '.join(_TEXTS)} and Answer; is it SVAMP?")
    for field in _TEXTS:
        if not isinstance(record.get(field), str) or not record[field].strip():
            raise DataError(f"{path}, row {row}, {field}: expected a text that is not empty; is it SVAMP?")
    answer = record.get("Answer")
    if isinstance(answer, bool) or not isinstance(answer, int | float):
        raise DataError(f"{path}, row {row}, Answer: expected a number, found {answer!r}; correct or remove the row")
    equation = _WHOLE.sub(r"\1", record["Equation"].strip())
    if equation.startswith("(") and equation.endswith(")"):
        equation = equation[1:-1].strip()
    value = _plain(float(answer))
    step = f"{equation} = {value}"
    item = make_item(
        f"svamp-{record['ID'].strip()}",
        f"{record['Body'].strip()} {record['Question'].strip()}",
        [step],
        value,
        Target(kind="number", value=value),
        family=record["Type"].strip().lower(),
        domain="word-problems",
        difficulty=min(5, 1 + len(re.findall(r" [-+*/] ", equation))),
        source=SOURCE,
        license=LICENSE,
    )
    holds = all(check.verdict != "wrong" for check in check_steps(make_trace(item.prompt, [step], value)))
    return item if holds else item.model_copy(update={"trace": None})


def read(path: Path) -> Task:
    """Read a SVAMP file."""
    try:
        records = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError as error:
        raise DataError(f"{path} is not JSON: {error}; expected one list of SVAMP objects") from error
    if not isinstance(records, list):
        raise DataError(f"{path} holds {type(records).__name__}; expected one list of SVAMP objects")
    items = [_item(path, row, record) for row, record in enumerate(records, start=1)]
    return Task("svamp", "1", path.stem, check_items(f"svamp ({path})", items), LICENSE, SOURCE)
