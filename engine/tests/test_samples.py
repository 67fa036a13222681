"""Samples of a training as lines of a file: written, found again after a crash, and refused where they are none."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunix_rt.errors import DataError
from tunix_rt.grading import Target, grade
from tunix_rt.samples import StepSamples, TrainingSample, append_samples, last_sampled, parse_samples

TARGET = Target(kind="number", value="8")


def drawn(step: int, text: str) -> StepSamples:
    score = grade(text, TARGET, mode="strict")
    sample = TrainingSample(
        trace_id="sum" * 5000, prompt="3+5=", target=TARGET, text=text, tokens=4, finish="stop", score=score
    )  # fmt: skip
    return StepSamples(step=step, samples=[sample])


def test_lines_read_back_and_the_newest_step_is_found_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "samples.jsonl"
    assert last_sampled(path) == -1
    written = [drawn(0, "8 8 8"), drawn(50, "<reasoning>\n3+5=8\n</reasoning>\n<answer>8</answer>")]
    for one in written:
        append_samples(path, one)
    with path.open("ab") as stream:
        stream.write(b'{"step": 100, "sam')  # what a crash leaves
    assert last_sampled(path) == 50
    whole = b"".join(path.read_bytes().splitlines(keepends=True)[:2])
    path.write_bytes(whole + drawn(200, "8").model_dump_json().encode())  # whole, but for its end: cut off next time
    assert last_sampled(path) == 50
    path.write_bytes(whole + b'{"samples": []}\n')
    with pytest.raises(DataError, match="line 3 is no samples of a step: step"):
        last_sampled(path)
    path.write_bytes(whole + b'{"step": 100, "sam')
    append_samples(path, drawn(100, "8"))
    lines = path.read_bytes().splitlines()
    assert [parse_samples(line, "a line") for line in lines] == [*written, drawn(100, "8")]
    assert [one.samples[0].score.value for one in written] == [0.0, 1.0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (b'{"step": 1, "samples": []}', "samples"),
        (b'{"step": -1, "samples": [1]}', "step"),
        (b"[1]", "the whole line"),
        (b'{"step"', "the whole line"),
    ],
)
def test_line_that_is_none_is_named(line: bytes, said: str) -> None:
    with pytest.raises(DataError, match=f"row 7 is no samples of a step: {said}"):
        parse_samples(line, "row 7")
