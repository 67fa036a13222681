"""Rows of every schema, files of every container, and what the importers make of them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import orjson
import pyarrow
from hypothesis import strategies as st
from pyarrow import parquet

from tunix_rt.errors import DataError
from tunix_rt.importers import RowError, read
from tunix_rt.trace import ReasoningTrace, canonical, make_trace, parse_text, render

GSM8K_ANSWER = "She sold 48/2 = <<48/2=24>>24 clips.\nIn all 48+24 = <<48+24=72>>72 clips.\n#### 72"
STEPS = ["She sold 48/2 = 24 clips.", "In all 48+24 = 72 clips."]
THOUGHT = "\n".join(STEPS)
OPEN_THOUGHT = (
    f"<|begin_of_thought|>\n\n{THOUGHT}\n\n<|end_of_thought|>\n\n<|begin_of_solution|>\n72\n<|end_of_solution|>"
)
TAGGED = f"<reasoning>\n{THOUGHT}\n</reasoning>\n<answer>72</answer>"
QUESTION = "How many clips?"

ROWS: dict[str, list[dict[str, Any]]] = {
    "trace": [
        {
            "trace_version": "1.0",
            "prompt": QUESTION,
            "steps": [{"i": 3, "type": "compute", "content": STEPS[0]}, {"i": 1, "content": STEPS[1]}],
            "final_answer": "72",
            "meta": {"id": "a"},
        },
        {
            "prompt": QUESTION,
            "steps": [{"i": 1, "content": " " + STEPS[0]}, {"i": 2, "content": STEPS[1] + "\n"}],
            "final_answer": "72 ",
            "meta": None,
        },
    ],
    "tunix_trace": [{"id": "u", "prompts": QUESTION, "trace_steps": STEPS, "final_answer": "72", "metadata": {}}],
    "tunix_sft": [
        {"prompts": render(make_trace(QUESTION, STEPS, "72")).text, "final_answer": "72"},
        {
            "id": "u",
            "prompts": f"<start_of_turn>user\n{QUESTION}<end_of_turn>\n<start_of_turn>model\n"
            f"Reasoning:\n1. {STEPS[0]}\n2. {STEPS[1]}\nAnswer: 72<end_of_turn>",
            "final_answer": "72",
        },
    ],
    "training_example": [
        {
            "prompt": f"{QUESTION}\n\nPlease show your reasoning steps.",
            "response": f"Reasoning:\n1. {STEPS[0]}\n2. {STEPS[1]}\nAnswer: 72",
            "metadata": {"source_trace_id": "u"},
        }
    ],
    "stepwise": [{"prompt": QUESTION, "completions": STEPS, "labels": [True, True], "answer": "72"}],
    "prompt_completion": [
        {"prompt": QUESTION, "completion": f"<think>{THOUGHT}</think>72"},
        {"prompt": QUESTION, "completion": TAGGED},
        {"prompt": QUESTION, "completion": f"{THOUGHT}\nThe answer is 72."},
        {
            "prompt": [{"role": "user", "content": QUESTION}],
            "completion": [{"role": "assistant", "content": f"<think>\n{THOUGHT}\n</think>\n\n**Answer:** 72"}],
        },
    ],
    "messages": [
        {
            "messages": [
                {"role": "user", "content": QUESTION},
                {"role": "assistant", "content": "72", name: THOUGHT},
            ]
        }
        for name in ("reasoning_content", "thinking")
    ]
    + [{"messages": [{"role": "user", "content": QUESTION}, {"role": "assistant", "content": TAGGED}]}],
    "openthoughts": [
        {
            "system": "Use <|begin_of_thought|> and so on.",
            "conversations": [{"from": "user", "value": QUESTION}, {"from": "assistant", "value": OPEN_THOUGHT}],
        },
        {
            "problem": QUESTION,
            "deepseek_reasoning": THOUGHT,
            "deepseek_solution": "\\boxed{72}",
            "ground_truth_solution": "72",
        },
    ],
    "sharegpt": [
        {
            "conversations": [
                {"from": "human", "value": QUESTION},
                {"from": "gpt", "value": f"<think>{THOUGHT}</think>72"},
            ]
        }
    ],
    "alpaca": [
        {"instruction": "How many", "input": "", "output": f"{THOUGHT}\nAnswer: 72"},
        {"instruction": "How many", "input": "clips?", "output": f"<think>{THOUGHT}</think>\n72", "system": ""},
    ],
    "openr1_math": [
        {
            "problem": QUESTION,
            "solution": "…",
            "answer": "72",
            "generations": ["<think>wrong</think>71", f"<think>{THOUGHT}</think>\\boxed{{72}}"],
            "correctness_math_verify": [False, True],
        },
        {"problem": QUESTION, "solution": f"{THOUGHT}\nThe answer is 72.", "answer": "72"},
    ],
    "gsm8k": [{"question": QUESTION, "answer": GSM8K_ANSWER}],
}


def write_lines(path: Path, records: list[Any]) -> Path:
    """Write records as JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(record) + b"\n" for record in records))
    return path


def results(path: Path, **options: Any) -> list[ReasoningTrace | RowError]:
    """Return what every row of a file became."""
    return [result for _, result in read(path, **options)]


def traces(path: Path, **options: Any) -> list[ReasoningTrace]:
    """Return the traces of a file in which no row is wrong."""
    found = results(path, **options)
    assert not [str(result) for result in found if isinstance(result, RowError)]
    return [result for result in found if isinstance(result, ReasoningTrace)]


def errors(path: Path, **options: Any) -> list[RowError]:
    """Return the rows of a file that are wrong."""
    return [result for result in results(path, **options) if isinstance(result, RowError)]


SAMPLE = [{"question": f"What is {n} + 1?", "answer": f"{n} + 1 = {n + 1}\n#### {n + 1}"} for n in range(40)]


def as_csv(records: list[dict[str, Any]]) -> bytes:
    """Return records as CSV."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(records[0]))
    writer.writeheader()
    writer.writerows(records)
    return text.getvalue().encode()


def as_parquet(records: list[dict[str, Any]]) -> bytes:
    """Return records as Parquet."""
    out = io.BytesIO()
    parquet.write_table(pyarrow.Table.from_pylist(records), out)
    return out.getvalue()


def as_lines(records: list[dict[str, Any]]) -> bytes:
    """Return records as JSON lines."""
    return b"".join(orjson.dumps(record) + b"\n" for record in records)


CONTENT = {
    "jsonl": as_lines,
    "ndjson": lambda records: b"\xef\xbb\xbf" + as_lines(records).replace(b"\n", b"\r\n"),
    "json": lambda records: json.dumps(records, indent=1).encode(),
    "csv": as_csv,
    "parquet": as_parquet,
}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-1000, 1000) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


GOOD = orjson.dumps(SAMPLE[0])


def renders(trace: ReasoningTrace) -> bool:
    """Say whether the contract keeps every part of a trace."""
    try:
        return parse_text(render(trace).text) == canonical(trace)
    except DataError:
        return False
