"""The spool: imported rows on disk while a dataset is built, and a few numbers of each in memory.

It does not decide anything. A row costs about one kilobyte of memory whatever its length, so that files much larger
than memory can be built from.
"""

from __future__ import annotations

import tempfile
from array import array
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from tunix_rt.dataset.deduplication import PERMUTATIONS, Signature, signature
from tunix_rt.dataset.words import Codes, codes, key, numbers, shingles, template, words
from tunix_rt.formats import canonical_bytes
from tunix_rt.trace import ReasoningTrace

_COLUMNS = ("order", "content", "prompt", "decisive", "template", "family", "group")
_SIZES = ("prompt_chars", "steps", "reasoning_chars", "answer_chars")


class Spool:
    """Rows in the order in which they were read, each with the numbers that later stages decide by."""

    def __init__(self, folder: Path) -> None:
        # The file has no name: nothing is left of it, whatever happens.
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - closed by close()
        self._starts = array("Q", [0])
        self._columns = {name: array("Q") for name in _COLUMNS}
        self._sizes = {name: array("Q") for name in _SIZES}
        self._signatures = bytearray()
        self._templates = bytearray()

    def __len__(self) -> int:
        return len(self._starts) - 1

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def add(self, trace: ReasoningTrace) -> tuple[list[str], list[str]]:
        """Add a trace; return the words of its prompt, and those of prompt, steps and answer."""
        record = trace.model_dump(mode="json")
        if record["meta"].get("id") is None:
            record["meta"]["id"] = sha256(canonical_bytes(record)).hexdigest()[:16]
        line = canonical_bytes(record) + b"\n"
        self._file.write(line)
        self._starts.append(self._starts[-1] + len(line))
        contents = [step.content for step in trace.steps]
        prompt, answer = words(trace.prompt), words(trace.final_answer)
        everything = [*prompt, *words("\n".join(contents)), *answer]
        masked = template(trace.prompt)
        meta = record["meta"]
        row = {
            "order": int.from_bytes(sha256(line).digest()[:8], "little"),
            "content": key(" ".join(text.split()) for text in (trace.prompt, *contents, trace.final_answer)),
            "prompt": key(prompt),
            "decisive": key([*numbers(trace.prompt), "=", *answer]),
            "template": key(masked),
            "family": _label(meta.get("family")),
            "group": _label(meta.get("group")),
        }
        for name, column in self._columns.items():
            column.append(row[name])
        sizes = (len(trace.prompt), len(contents), sum(map(len, contents)), len(trace.final_answer))
        for size, amounts in zip(sizes, self._sizes.values(), strict=True):
            amounts.append(size)
        self._signatures += signature(shingles(codes(everything))).tobytes()
        self._templates += signature(shingles(codes(masked))).tobytes()
        return prompt, everything

    def column(self, name: str) -> Codes:
        """Return one number for each row (N): order, content, prompt, decisive, template, family or group."""
        return np.array(self._columns[name], dtype=np.uint64)

    def sizes(self, name: str) -> Codes:
        """Return one size for each row (N): prompt_chars, steps, reasoning_chars or answer_chars."""
        return np.array(self._sizes[name], dtype=np.uint64)

    def signatures(self, of: str = "text") -> Signature:
        """Return the signature of each row's text or template (N, K)."""
        data = self._signatures if of == "text" else self._templates
        return np.frombuffer(data, dtype=np.uint32).reshape(-1, PERMUTATIONS)

    def line(self, row: int) -> bytes:
        """Return a row as canonical JSON with its line end."""
        self._file.seek(self._starts[row])
        return self._file.read(self._starts[row + 1] - self._starts[row])

    def record(self, row: int) -> dict[str, Any]:
        """Return a row as a JSON value."""
        value: dict[str, Any] = orjson.loads(self.line(row))
        return value

    def shingles(self, row: int) -> Codes:
        """Return the shingles of a row's prompt, steps and answer."""
        record = self.record(row)
        steps = "\n".join(step["content"] for step in record["steps"])
        found = [*words(record["prompt"]), *words(steps), *words(record["final_answer"])]
        return shingles(codes(found))


def _label(value: object) -> int:
    return 0 if value is None else key([str(value)])
