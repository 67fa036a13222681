"""StepSamples: what a model wrote at one point of its training, a line of `samples.jsonl`.

It does not know how completions are drawn or how the model is trained.
"""

from __future__ import annotations

from pathlib import Path

from pydantic import Field, ValidationError

from tunix_rt.errors import DataError
from tunix_rt.formats import Format, append_jsonl
from tunix_rt.grading import Score, Target
from tunix_rt.sampling import Finish


class TrainingSample(Format):
    """One validation prompt with the answer that the model gave to it."""

    trace_id: str
    """Name of the trace that asks the prompt."""
    prompt: str
    """What was asked, before the prompt form."""
    target: Target
    """What the answer is graded against."""
    text: str
    """What the model wrote, without end tokens."""
    tokens: int = Field(ge=0)
    """Tokens generated, the end token included."""
    finish: Finish
    """Why it ended: `stop` by the model, or `length`."""
    score: Score
    """Strict verdict on the answer in its place."""


class StepSamples(Format):
    """The same prompts as ever, answered after one more stretch of training."""

    step: int = Field(ge=0, lt=2**31)
    """Updates behind the model; 0 is the start."""
    samples: list[TrainingSample] = Field(min_length=1, max_length=64)
    """One a prompt, in the order of the validation split."""


def append_samples(path: Path, drawn: StepSamples) -> None:
    """Append what was drawn at a step; a line that a crash tore before is cut off first."""
    append_jsonl(path, drawn.model_dump(mode="json"))


def parse_samples(line: bytes, where: str) -> StepSamples:
    """Return what a line holds; raise DataError, saying where the line is, if it is no samples of a step."""
    try:
        return StepSamples.model_validate_json(line)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])[:200] or "the whole line"
        raise DataError(f"{where} is no samples of a step: {field}: {first['msg']}") from error


def last_sampled(path: Path) -> int:
    """Return the newest step that a file holds samples of; -1 if it holds none, or is not there.

    A line that a crash tore is none. Raises DataError for one that is no samples of a step.
    """
    if not path.is_file():
        return -1
    with path.open("rb") as stream:
        whole = [line for line in stream if line.endswith(b"\n")]
    return max((parse_samples(line, f"{path}, line {at}").step for at, line in enumerate(whole, 1)), default=-1)
