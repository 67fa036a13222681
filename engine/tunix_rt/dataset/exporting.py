"""Export: rows of a dataset in the formats of other tools, each of which the importers read back.

It does not know what other tools do with them. Every format but `trace` carries the prompt contract itself, so that a
model trained elsewhere sees the very text that it would see here; step types and numbers are lost there, nothing else.
"""

from __future__ import annotations

import contextlib
import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal, get_args

from tunix_rt.dataset.loading import Dataset
from tunix_rt.errors import UsageError
from tunix_rt.formats import write_jsonl
from tunix_rt.trace import END_OF_TURN, INSTRUCTION, ReasoningTrace, render

ExportFormat = Literal["trace", "tunix_sft", "training_example", "messages", "prompt_completion"]

Record = dict[str, Any]


def _trace(trace: ReasoningTrace) -> Record:
    return trace.model_dump(mode="json")


def _tunix_sft(trace: ReasoningTrace) -> Record:
    return _named(trace, {"prompts": render(trace).text, "final_answer": trace.final_answer})


def _training_example(trace: ReasoningTrace) -> Record:
    text = render(trace)
    return _named(trace, {"prompt": text.prompt, "response": text.completion})


def _messages(trace: ReasoningTrace) -> Record:
    completion = render(trace).completion.removesuffix(END_OF_TURN)  # a chat template adds the turns
    user = {"role": "user", "content": f"{INSTRUCTION}\n\n{trace.prompt}"}
    return _named(trace, {"messages": [user, {"role": "assistant", "content": completion}]})


def _prompt_completion(trace: ReasoningTrace) -> Record:
    text = render(trace)
    return _named(trace, {"prompt": text.prompt, "completion": text.completion})


def _named(trace: ReasoningTrace, record: Record) -> Record:
    identity = {"id": trace.meta["id"]} if trace.meta.get("id") is not None else {}
    return {**identity, **record, "metadata": trace.meta}


FORMATS: dict[str, Callable[[ReasoningTrace], Record]] = {
    "trace": _trace,
    "tunix_sft": _tunix_sft,
    "training_example": _training_example,
    "messages": _messages,
    "prompt_completion": _prompt_completion,
}
"""Every export format by name."""


def export_record(trace: ReasoningTrace, format: str) -> Record:
    """Return one trace in an export format; raise UsageError if there is none of that name."""
    if format not in FORMATS:
        raise UsageError(f"unknown export format {format!r}; expected one of {', '.join(get_args(ExportFormat))}")
    return FORMATS[format](trace)


def export(dataset: Dataset, format: str, out: Path, *, split: str | None = None) -> int:
    """Write one split, or all of them, as JSON lines; return how many. The file appears whole or not at all."""
    export_record(next(dataset.traces()), format)  # a wrong name fails before anything is written
    traces = dataset.traces(split) if split is not None else (trace for _, trace in dataset.rows())
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(f".{out.name}.{uuid.uuid4().hex[:8]}.tmp")
    try:
        count = write_jsonl(temporary, (export_record(trace, format) for trace in traces))
        os.replace(temporary, out)
    finally:
        with contextlib.suppress(FileNotFoundError):
            temporary.unlink()
    return count
