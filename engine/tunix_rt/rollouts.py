"""RolloutGroup: one prompt with the completions that an update was trained on, a line of `rollouts.jsonl`.

The lines stand in the order of the updates, so that a resumed run cuts the file at its checkpoint and goes on. It does
not know how completions are drawn, rewarded or trained on.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import orjson
from pydantic import Field, ValidationError

from tunix_rt.errors import DataError
from tunix_rt.formats import Format, append_jsonl, read_jsonl
from tunix_rt.grading import Target
from tunix_rt.sampling import Finish


class Rollout(Format):
    """One completion of a group, with what it earned."""

    text: str
    """What the policy wrote, without end tokens."""
    tokens: int = Field(ge=0)
    """Tokens generated, the end token included."""
    finish: Finish
    """Why the completion ended: `stop` by the policy, or `length`, i.e. truncated."""
    reward: float
    """Weighted sum of the terms, as it was trained on."""
    terms: dict[str, float | None]
    """Value of each reward term before its weight; None if it abstained or faulted."""
    faults: dict[str, str] = Field(default_factory=dict)
    """Why a term gave no value, by term; a term that only abstained is not here."""
    advantage: float
    """What the estimator made of the rewards of the group."""


class RolloutGroup(Format):
    """The completions of one prompt in one update."""

    step: int = Field(ge=1)
    """Update that was trained on this group, from 1."""
    policy_step: int = Field(ge=0)
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

    A torn last line is skipped. Raises DataError naming the file and the line if there is no such file or a line is no
    group.
    """
    if not path.is_file():
        raise DataError(f"{path} does not exist; expected the rollouts of a run of kind grpo")
    for number, record in enumerate(read_jsonl(path), start=1):
        try:
            group = RolloutGroup.model_validate(record)
        except ValidationError as error:
            first = error.errors()[0]
            field = ".".join(str(part) for part in first["loc"]) or "the whole line"
            raise DataError(f"{path}, line {number} is no group of rollouts: {field}: {first['msg']}") from error
        if step in (None, group.step) and trace_id in (None, group.trace_id):
            yield group


def truncate_rollouts(path: Path, last_step: int) -> int:
    """Cut off the groups of later updates than `last_step`, and a torn line; return how many groups are left.

    A run that goes on from a checkpoint draws them again. A file that does not exist has none.
    """
    if not path.exists():
        return 0
    kept = 0
    with path.open("r+b") as stream:
        end = 0
        for line in stream:
            if not line.endswith(b"\n") or orjson.loads(line)["step"] > last_step:
                break
            end += len(line)
            kept += 1
        stream.truncate(end)
    return kept
