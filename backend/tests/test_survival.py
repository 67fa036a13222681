"""Kill -9 of worker, API and database in turn, while traces come in and models train: nothing acknowledged is lost."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from survival import House, Kind, disturb, losses


@pytest.mark.parametrize(("kind", "seed"), [("postgresql", 1), ("sqlite", 2)])
def test_killed_parts_lose_nothing_and_every_run_ends_with_the_same_weights(
    tmp_path: Path, nano_template: tuple[Path, str], kind: Kind, seed: int
) -> None:
    template, digest = nano_template
    house = House(tmp_path, kind)
    shutil.copytree(template, house.settings.home, dirs_exist_ok=True)
    with house.open():
        told = disturb(house, kills=3, seed=seed)
    assert len(told.acknowledged) > 0
    assert losses(told) == []
    assert set(told.digests.values()) == {digest}
    assert [state["status"] for state in told.runs.values()] == ["completed"] * len(told.runs)
    assert {job.status for job in told.jobs} <= {"completed", "failed"}
    assert len({job.run_id for job in told.jobs}) == len(told.runs)
