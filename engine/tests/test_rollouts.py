"""Rollouts on disk: written, read by update and by prompt, cut off for a resume."""

from pathlib import Path

import numpy as np
import orjson
import pytest

from tunix_rt import rollouts
from tunix_rt.errors import DataError
from tunix_rt.grading import Target
from tunix_rt.rewards import Estimator, advantages
from tunix_rt.rollouts import (
    Rollout,
    RolloutGroup,
    append_rollouts,
    find_step,
    parse_group,
    read_groups,
    read_rollouts,
    truncate_rollouts,
)


def group(step: int, trace_id: str) -> RolloutGroup:
    rollout = Rollout(
        text="<reasoning>\n1+1=2\n</reasoning>\n<answer>2</answer>",
        tokens=12,
        finish="stop",
        reward=1.2,
        terms={"correctness": 1.0, "format": 1.0, "steps": None},
        faults={"steps": "TimeoutError: 2 s"},
        advantage=0.5,
    )
    return RolloutGroup(
        step=step,
        policy_step=step - 1,
        trace_id=trace_id,
        prompt="1+1=",
        target=Target(kind="number", value="2"),
        completions=[rollout, rollout.model_copy(update={"reward": 0.2, "advantage": -0.5, "finish": "length"})],
    )


GROUPS = [group(1, "a"), group(1, "b"), group(2, "a"), group(3, "c")]


def test_groups_come_back_as_they_were_written(tmp_path: Path) -> None:
    path = tmp_path / "rollouts.jsonl"
    append_rollouts(path, GROUPS[:2])
    append_rollouts(path, GROUPS[2:])
    assert list(read_rollouts(path)) == GROUPS
    assert list(read_rollouts(path, step=1)) == GROUPS[:2]
    assert list(read_rollouts(path, trace_id="a")) == [GROUPS[0], GROUPS[2]]
    assert list(read_rollouts(path, step=2, trace_id="b")) == []


@pytest.mark.parametrize(("last", "kept"), [(0, 0), (1, 2), (2, 3), (9, 4)])
def test_a_resume_cuts_off_what_it_draws_again(tmp_path: Path, last: int, kept: int) -> None:
    path = tmp_path / "rollouts.jsonl"
    append_rollouts(path, GROUPS)
    whole = path.read_bytes().splitlines(keepends=True)
    assert truncate_rollouts(path, last) == kept
    assert path.read_bytes() == b"".join(whole[:kept])


def test_a_torn_line_is_not_read_and_is_cut_off(tmp_path: Path) -> None:
    path = tmp_path / "rollouts.jsonl"
    append_rollouts(path, GROUPS[:3])
    whole = path.read_bytes()
    path.write_bytes(whole[:-20])
    assert list(read_rollouts(path)) == GROUPS[:2]
    assert truncate_rollouts(path, 3) == 2
    append_rollouts(path, GROUPS[2:3])
    assert path.read_bytes() == whole


def test_line_of_no_update_is_named_before_a_resume_cuts(tmp_path: Path) -> None:
    path = tmp_path / "rollouts.jsonl"
    append_rollouts(path, GROUPS[:1])
    path.write_bytes(path.read_bytes() + b"[1]\n")
    whole = path.read_bytes()
    with pytest.raises(DataError, match="it names no step"):
        truncate_rollouts(path, 3)
    assert path.read_bytes() == whole


def test_no_file_has_no_groups_to_cut(tmp_path: Path) -> None:
    assert truncate_rollouts(tmp_path / "rollouts.jsonl", 5) == 0
    with pytest.raises(DataError, match="does not exist; expected the rollouts"):
        list(read_rollouts(tmp_path / "rollouts.jsonl"))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (('"step":1', '"step":0'), "the line at byte 0 is no group of rollouts: step"),
        (("prompt", "question"), "prompt"),
    ],
)
def test_a_line_that_is_no_group_is_named(tmp_path: Path, change: tuple[str, str], told: str) -> None:
    path = tmp_path / "rollouts.jsonl"
    append_rollouts(path, GROUPS[:1])
    path.write_text(path.read_text().replace(*change))
    with pytest.raises(DataError, match=told):
        list(read_rollouts(path))


@pytest.mark.parametrize("near", [1, 2000, rollouts.NEAR])
def test_an_update_is_found_without_reading_what_lies_before_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, near: int
) -> None:
    monkeypatch.setattr(rollouts, "NEAR", near)
    path = tmp_path / "rollouts.jsonl"
    steps = [1, 1, 1, 2, 5, 5, 9]
    append_rollouts(path, [group(step, "abcdefg"[at] * (1 + 97 * at)) for at, step in enumerate(steps)])
    lines = path.read_bytes().splitlines(keepends=True)
    starts = [sum(map(len, lines[:at])) for at in range(len(lines) + 1)]
    with path.open("rb") as stream:
        for step in range(12):
            expected = next((at for at, found in enumerate(steps) if found >= step), len(steps))
            assert find_step(stream, step) == starts[expected]
            for last in (step, 9):
                groups = list(read_groups(stream, first=step, last=last))
                assert [one.step for one in groups] == [found for found in steps if step <= found <= last]
    path.write_bytes(b"{}\n" + b"".join(lines[4:]))
    with path.open("rb") as stream, pytest.raises(DataError, match="byte 0 is no group of rollouts: it names no step"):
        find_step(stream, 5)


@pytest.mark.parametrize("moved", [(0.5, 0.5), (-0.5, 0.5), (0.0, 0.1), (0.5, -0.49)])
def test_advantages_that_do_not_follow_from_the_rewards_are_refused(moved: tuple[float, float]) -> None:
    values = GROUPS[0].model_dump()
    for one, advantage in zip(values["completions"], moved, strict=True):
        one["advantage"] = advantage
    with pytest.raises(DataError, match="line 1 is no group of rollouts: its advantages do not follow"):
        parse_group(orjson.dumps(values), "line 1")


@pytest.mark.parametrize("estimator", ["grpo", "drgrpo", "rloo"])
@pytest.mark.parametrize("rewards", [(1.0, 0.2, 0.2), (0.3, 0.1 + 0.2, 0.3), (1.2, 1.2, 1.2000011), (900.0, -3.0, 2.5)])
def test_advantages_of_every_estimator_follow(estimator: Estimator, rewards: tuple[float, ...]) -> None:
    """Also as float32 gives them, in which a spread may be rounding alone."""
    [exact] = advantages([rewards], estimator)
    narrow = np.array(rewards, np.float32)
    centred = narrow - narrow.mean(dtype=np.float32)
    as_tunix = centred / (narrow.std(ddof=1) + np.float32(1e-6)) if estimator == "grpo" else exact
    one = GROUPS[0].completions[0]
    for found in (exact, as_tunix):
        parts = [one.model_dump() | {"reward": r, "advantage": float(a)} for r, a in zip(rewards, found, strict=True)]
        parse_group(orjson.dumps(GROUPS[0].model_dump() | {"completions": parts}), "line 1")


def test_groups_out_of_order_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "rollouts.jsonl"
    append_rollouts(path, [GROUPS[3], GROUPS[0]])
    with pytest.raises(DataError, match=r"rollouts.jsonl: the line at byte \d+ is of update 1, and stands after upd"):
        list(read_rollouts(path))
