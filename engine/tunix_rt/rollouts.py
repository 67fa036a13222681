"""RolloutGroup: one prompt with the completions that an update was trained on, a line of `rollouts.jsonl`.

The lines stand in the order of the updates, so that a resumed run cuts the file at its checkpoint and goes on, and that
an update is found by looking at a few lines of a file of any length. It does not know how completions are drawn,
rewarded or trained on.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Annotated, BinaryIO

import orjson
from pydantic import Field, ValidationError

from tunix_rt.errors import DataError
from tunix_rt.formats import Format, append_jsonl
from tunix_rt.grading import Target
from tunix_rt.sampling import Finish

MOST_LINE = 8 * 2**20
"""Bytes of a line at most; a line of 64 completions of 1,000 tokens has about 300,000."""
NEAR = 2**18
"""Bytes that are read line by line in search of an update."""
_FLOAT32 = 1e-6
"""Rounding of float32 in a few operations, and what estimators add to a spread before they divide by it."""
Count = Annotated[int, Field(ge=0, lt=2**31)]
Figure = Annotated[float, Field(ge=-1e6, le=1e6)]
"""No reward or advantage comes near these ends: there are seven terms, none above 1, with weights of at most 1,000."""


class Rollout(Format):
    """One completion of a group, with what it earned."""

    text: str
    """What the policy wrote, without end tokens."""
    tokens: Count
    """Tokens generated, the end token included."""
    finish: Finish
    """Why the completion ended: `stop` by the policy, or `length`, i.e. truncated."""
    reward: Figure
    """Weighted sum of the terms, as it was trained on."""
    terms: dict[str, Figure | None] = Field(max_length=64)
    """Value of each reward term before its weight; None if it abstained or faulted."""
    faults: dict[str, str] = Field(default_factory=dict, max_length=64)
    """Why a term gave no value, by term; a term that only abstained is not here."""
    advantage: Figure
    """What the estimator made of the rewards of the group."""


class RolloutGroup(Format):
    """The completions of one prompt in one update."""

    step: int = Field(ge=1, lt=2**31)
    """Update that was trained on this group, from 1."""
    policy_step: Count
    """Updates behind the policy that wrote the completions; 0 is the start policy."""
    trace_id: str
    """Name of the training trace that asks the prompt."""
    prompt: str
    """What was asked, before the prompt form."""
    target: Target
    """What the answers were graded against."""
    completions: list[Rollout] = Field(min_length=1)
    """The G completions, in the order in which they were drawn."""


def append_rollouts(path: Path, groups: Iterable[RolloutGroup]) -> None:
    """Append the groups of an update; a line that a crash tore before is cut off first."""
    for group in groups:
        append_jsonl(path, group.model_dump(mode="json"))


def read_rollouts(path: Path, *, step: int | None = None, trace_id: str | None = None) -> Iterator[RolloutGroup]:
    """Yield the groups in the order of the updates, all or those of one update or of one prompt.

    A torn last line is skipped. Raises DataError naming the file if there is none, or if a line is no group.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist; expected the rollouts of a run of kind grpo")
    with path.open("rb") as stream:
        try:
            for group in read_groups(stream, first=step or 1, last=step):
                if trace_id in (None, group.trace_id):
                    yield group
        except DataError as error:
            raise DataError(f"{path}: {error}") from error


def read_groups(stream: BinaryIO, *, first: int = 1, last: int | None = None) -> Iterator[RolloutGroup]:
    """Yield the groups of the updates from `first` to `last`, in their order; what lies before them is not read.

    A torn last line is skipped. Raises DataError for a line that is no group, or no later than the one before it.
    """
    at = stream.seek(find_step(stream, first) if first > 1 else 0)
    step = 1
    while line := _read_line(stream):
        group = parse_group(line, f"the line at byte {at:,}")
        if group.step < step:
            raise DataError(f"the line at byte {at:,} is of update {group.step}, and stands after update {step}")
        if last is not None and group.step > last:
            return
        yield group
        at, step = at + len(line), group.step


def parse_group(line: bytes, where: str) -> RolloutGroup:
    """Return the group that a line holds; raise DataError, saying where the line is, if it is none.

    A group whose advantages are no multiple of how far its rewards lie from their mean, as those of every estimator
    are, is none.
    """
    try:
        group = RolloutGroup.model_validate(orjson.loads(line))
    except orjson.JSONDecodeError as error:
        raise DataError(f"{where} is no group of rollouts: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:200] or "the whole line"
        raise DataError(f"{where} is no group of rollouts: {field}: {first['msg']}") from error
    if not _advantages_follow(group.completions):
        raise DataError(f"{where} is no group of rollouts: its advantages do not follow from its rewards")
    return group


def _advantages_follow(completions: Sequence[Rollout]) -> bool:
    size = len(completions)
    mean = math.fsum(one.reward for one in completions) / size
    centred = [one.reward - mean for one in completions]
    squares = math.fsum(difference**2 for difference in centred)
    products = math.fsum(one.advantage * c for one, c in zip(completions, centred, strict=True))
    factor = max(0.0, products / squares) if squares else 0.0
    # They were made in float32, and the spread that they are divided by may be no more than its rounding.
    noise = _FLOAT32 * max(abs(one.reward) for one in completions) / (math.sqrt(squares / size) + _FLOAT32)
    allowed = 1e-4 + 1e-3 * max(abs(one.advantage) for one in completions) + noise
    return size == 1 or all(
        abs(one.advantage - factor * c) <= allowed for one, c in zip(completions, centred, strict=True)
    )


def find_step(stream: BinaryIO, step: int) -> int:
    """Return the offset of the first group of an update, or of a later one; the end of the file if there is none.

    The lines are in the order of the updates, so that a few are looked at until no more than `NEAR` bytes are left.
    Raises DataError for one that names no update, or is too long.
    """
    end = stream.seek(0, os.SEEK_END)
    low, high = 0, end
    while high - low > NEAR:
        middle = (low + high) // 2
        start, line = _line_from(stream, middle)
        if line and _step_of(line, start) < step:
            low = start + 1
        else:
            high = middle
    start, line = _line_from(stream, low)
    while line and _step_of(line, start) < step:
        start += len(line)
        line = _read_line(stream)
    return start if line else end


def _line_from(stream: BinaryIO, place: int) -> tuple[int, bytes]:
    """Return the first whole line that begins at a place or after it, and where it begins; b"" if there is none."""
    stream.seek(max(0, place - 1))
    if place:
        _read_line(stream)
    return stream.tell(), _read_line(stream)


def _read_line(stream: BinaryIO) -> bytes:
    """Return the next line; b"" at the end and for a torn line, of which a part may be there."""
    line = stream.readline(MOST_LINE)
    if len(line) == MOST_LINE and not line.endswith(b"\n"):
        raise DataError(f"a line has more than {MOST_LINE:,} bytes, and no of rollouts is that long")
    return line if line.endswith(b"\n") else b""


def _step_of(line: bytes, at: int) -> int:
    try:
        step = orjson.loads(line)["step"]
    except (orjson.JSONDecodeError, KeyError, TypeError, IndexError):
        step = None
    if type(step) is not int:
        raise DataError(f"the line at byte {at:,} is no group of rollouts: it names no step")
    return step


def truncate_rollouts(path: Path, last_step: int) -> int:
    """Cut off the groups of later updates than `last_step`, and a torn line; return how many groups are left.

    A run that goes on from a checkpoint draws them again. A file that does not exist has none. Raises DataError for a
    line that names no update.
    """
    if not path.exists():
        return 0
    kept = 0
    with path.open("r+b") as stream:
        end = 0
        while (line := _read_line(stream)) and _step_of(line, end) <= last_step:
            end += len(line)
            kept += 1
        stream.truncate(end)
    return kept
