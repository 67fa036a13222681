"""Rows for tests: questions whose numbers differ, so that none is a duplicate, in every schema that is imported."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

from tunix_rt import tasks
from tunix_rt.trace import ReasoningTrace, make_trace

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "gsm8k-train.jsonl"
ROWS = 7_473
"""Rows of GSM8K's training file."""
NAMES = ("Ann", "Ben", "Cleo", "Dan", "Eve", "Fay", "Gus", "Hal")
THINGS = ("pears", "books", "stamps", "coins", "shells")


def question(number: int) -> tuple[str, str, str]:
    """Return a question, one step and the answer."""
    a, b = 100 + 7 * number, 3 + 5 * number
    who, what = NAMES[number % len(NAMES)], THINGS[number % len(THINGS)]
    return f"{who} has {a} {what} and finds {b} more. How many {what} now?", f"{a} + {b} = {a + b}", str(a + b)


def traces(count: int, start: int = 0, **meta: Any) -> list[ReasoningTrace]:
    """Return traces with the numbers of their rows in `meta`."""
    made = []
    for number in range(start, start + count):
        prompt, step, answer = question(number)
        made.append(make_trace(prompt, [step], answer, number=number, **meta))
    return made


def gsm8k(count: int, start: int = 0) -> list[dict[str, Any]]:
    """Return rows of the schema of GSM8K."""
    rows = []
    for number in range(start, start + count):
        prompt, step, answer = question(number)
        rows.append({"question": prompt, "answer": f"{step.replace('=', '= <<1+1=2>>')}\n#### {answer}"})
    return rows


def write(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Write rows as JSON lines."""
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def of_schema(schema: str, number: int) -> dict[str, Any]:
    """Return a row of a schema of `tunix_rt.importers`, with an id that other files use, too."""
    prompt, step, answer = question(number)
    text = f"<reasoning>\n{step}\n</reasoning>\n<answer>{answer}</answer>"
    thought = f"<|begin_of_thought|>\n{step}\n<|end_of_thought|>\n<|begin_of_solution|>\n{answer}\n<|end_of_solution|>"
    rows: dict[str, dict[str, Any]] = {
        "trace": {
            "prompt": prompt,
            "steps": [{"i": 3, "type": "compute", "content": step}],
            "final_answer": answer,
            # floats that a column of parsed numbers would change, keys out of order, letters beyond ASCII
            "meta": {"z": 1e22, "a": -0.0, "m": {"y": 5e-324, "b": [1.0, 1, True, None, "é"]}},
        },
        "tunix_trace": {"prompts": prompt, "trace_steps": [step], "final_answer": answer, "metadata": {"topic": "x"}},
        "tunix_sft": {
            "prompts": f"<start_of_turn>user\n{prompt}<end_of_turn>\n<start_of_turn>model\n"
            f"Reasoning:\n1. {step}\nAnswer: {answer}<end_of_turn>",
            "final_answer": answer,
        },
        "training_example": {"prompt": prompt, "response": text},
        "stepwise": {"prompt": prompt, "completions": [step, f"The answer is {answer}."], "labels": [True, True]},
        "prompt_completion": {"prompt": prompt, "completion": text, "difficulty": "easy"},
        "messages": {
            "messages": [
                {"role": "user", "content": prompt},
                {"role": "assistant", "content": answer, "reasoning_content": step},
            ]
        },
        "openthoughts": {"conversations": [{"from": "user", "value": prompt}, {"from": "assistant", "value": thought}]},
        "sharegpt": {"conversations": [{"from": "human", "value": prompt}, {"from": "gpt", "value": text}]},
        "alpaca": {"instruction": prompt, "input": "", "output": text},
        "openr1_math": {"problem": prompt, "solution": step, "answer": answer, "generations": None},
        "reasoning_gym": {"question": prompt, "answer": answer, "metadata": {"source_dataset": "sums"}},
        "gsm8k": {"question": prompt, "answer": f"{step}\n#### {answer}"},
    }
    if schema == "trace":
        rows[schema]["meta"]["id"] = str(number % 5)
        return rows[schema]
    return {"id": number % 5, "license": "MIT", **rows[schema]}


def gsm8k_file(folder: Path) -> Path:
    """Return GSM8K's training file where it is, else one of the same schema and size."""
    if REAL.exists():
        return REAL
    draw = random.Random(0)
    path = folder / "gsm8k-train.jsonl"
    with path.open("w") as stream:
        for number in range(ROWS):
            a, b, c = draw.randint(2, 900), draw.randint(2, 900), draw.randint(2, 9)
            row = {
                "question": f"Box {number} holds {a} red and {b} blue pens. {c} such boxes hold how many pens?",
                "answer": f"One box holds {a}+{b}=<<{a}+{b}={a + b}>>{a + b} pens.\n"
                f"{c} boxes hold {c}*{a + b}=<<{c}*{a + b}={c * (a + b)}>>{c * (a + b)}.\n#### {c * (a + b)}",
            }
            stream.write(json.dumps(row) + "\n")
    return path


def arithmetic_file(folder: Path, count: int | None = None) -> Path:
    """Write the training traces of nano-arithmetic in our own schema, or the first of them."""
    path = folder / "arithmetic.jsonl"
    with path.open("w") as stream:
        for trace in tasks.load("nano-arithmetic", limit=count).traces:
            stream.write(trace.model_dump_json() + "\n")
    return path
