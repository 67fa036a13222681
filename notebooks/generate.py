"""Write the .ipynb of every notebook from its reviewed Python (percent format).

    python notebooks/generate.py            writes the notebooks
    python notebooks/generate.py --check    exits 1 and names each notebook that is not what its Python says

It does not run a cell, and it knows no notebook by name: every .py here that begins with a cell mark is one.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent
MOST_CELLS = 10
"""Cells of a notebook at most: one that is judged is read from top to bottom."""
_MARK = re.compile(r"^# %%(?P<markdown> \[markdown\])?\n", re.MULTILINE)


def cells(text: str) -> list[dict[str, Any]]:
    """Return the cells of a percent-format file as a notebook holds them, without outputs."""
    made: list[dict[str, Any]] = []
    marks = list(_MARK.finditer(text))
    for number, (mark, after) in enumerate(zip(marks, [*marks[1:], None], strict=True), start=1):
        body = text[mark.end() : after.start() if after else len(text)].strip("\n")
        if mark["markdown"]:
            body = "\n".join(line.removeprefix("#").removeprefix(" ") for line in body.splitlines())
            cell: dict[str, Any] = {"cell_type": "markdown"}
        else:
            cell = {"cell_type": "code", "execution_count": None, "outputs": []}
        made.append(cell | {"id": f"cell-{number}", "metadata": {}, "source": body.splitlines(keepends=True)})
    return made


def notebook(text: str) -> str:
    """Return the notebook of a percent-format file as JSON; the accelerator is what Kaggle's editor shows for it."""
    value = {
        "cells": cells(text),
        "metadata": {
            "kaggle": {"accelerator": "tpuV5e8", "isGpuEnabled": False, "isInternetEnabled": False},
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
            "language_info": {"name": "python"},
        },
        "nbformat": 4,
        "nbformat_minor": 5,
    }
    return json.dumps(value, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def main(check: bool) -> int:
    """Write every notebook, or compare it with its Python."""
    stale = 0
    for source in sorted(FOLDER.glob("*.py")):
        text = source.read_text(encoding="utf-8")
        if not text.startswith("# %%"):
            continue
        target, made = source.with_suffix(".ipynb"), notebook(text)
        if len(cells(text)) > MOST_CELLS:
            sys.stderr.write(f"{source} has {len(cells(text))} cells; {MOST_CELLS} are the most\n")
            stale += 1
        if check and (not target.exists() or target.read_text(encoding="utf-8") != made):
            sys.stderr.write(f"{target} is not what {source.name} says; run `make docs`\n")
            stale += 1
        elif not check:
            target.write_text(made, encoding="utf-8")
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
