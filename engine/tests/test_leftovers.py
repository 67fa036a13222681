"""Leftovers: what nobody works on any more is found and removed, and nothing else."""

import os
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tunix_rt import leftovers
from tunix_rt.cli import app
from tunix_rt.formats import locked, write_text

LATER = leftovers.AGE + 60
LEFT = (
    "datasets/.few-v1.0a1b2c3d.tmp",
    "runs/.old.0a1b2c3d.deleted",
    "cache/tokenizers/.m.0a1b2c3d.tmp",
    "cache/builds/5f",
    "uploads/1b",
)
KEPT = ("datasets/few-v1", "runs/.hidden", "cache/metrics/run", "jobs/.x.0a1b2c3d.tmp", "logs")


def make(home: Path, names: tuple[str, ...]) -> None:
    for name in names:
        write_text(home / name / "inner" / "file", "x" * 1000)


def found(home: Path, now: float) -> set[str]:
    return {one.path.relative_to(home).as_posix() for one in leftovers.find(home, now=now)}


def test_only_what_is_half_done_and_older_than_a_day_is_found(tmp_path: Path) -> None:
    assert leftovers.find(tmp_path) == []
    make(tmp_path, LEFT + KEPT)
    os.symlink(tmp_path / "logs", tmp_path / "runs" / ".link.0a1b2c3d.deleted")
    assert found(tmp_path, time.time()) == set()
    later = time.time() + LATER
    assert found(tmp_path, later) == {*LEFT, "runs/.link.0a1b2c3d.deleted"}
    assert min(one.bytes for one in leftovers.find(tmp_path, now=later) if not one.path.is_symlink()) >= 1000
    with locked(tmp_path / "uploads" / "1b"):
        assert "uploads/1b" not in found(tmp_path, later)


def test_a_young_file_deep_inside_keeps_the_whole(tmp_path: Path) -> None:
    make(tmp_path, LEFT[:1])
    hour = 3600.0
    os.utime(tmp_path / LEFT[0] / "inner" / "file", (time.time() + 2 * hour,) * 2)
    assert found(tmp_path, time.time() + leftovers.AGE + hour) == set()


def test_what_is_held_by_now_is_not_removed(tmp_path: Path) -> None:
    make(tmp_path, LEFT + KEPT)
    os.symlink(tmp_path / "logs", tmp_path / "runs" / ".link.0a1b2c3d.deleted")
    seen = leftovers.find(tmp_path, now=time.time() + LATER)
    with locked(tmp_path / LEFT[0]):
        gone = leftovers.remove(seen)
    assert len(gone) == len(LEFT)
    assert (tmp_path / LEFT[0] / "inner" / "file").is_file()
    assert all((tmp_path / name / "inner" / "file").is_file() for name in KEPT)
    assert not any((tmp_path / name).exists() for name in LEFT[1:])


def test_doctor_names_leftovers_and_removes_them_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TUNIX_RT_HOME", str(tmp_path))
    monkeypatch.setattr(leftovers, "AGE", -1.0)
    make(tmp_path, LEFT)
    shown = CliRunner().invoke(app, ["doctor"]).stdout
    assert f"{len(LEFT)} leftovers" in shown
    assert "tunix-rt doctor --sweep" in shown
    assert (tmp_path / LEFT[0]).is_dir()
    shown = CliRunner().invoke(app, ["doctor", "--sweep"]).stdout
    assert "no leftovers" in shown
    assert not (tmp_path / LEFT[0]).exists()
