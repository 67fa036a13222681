"""Folders that are deleted: out of sight first, back after an error, and links without what they lead to."""

from __future__ import annotations

from pathlib import Path

import pytest

from tunix_rt_backend.services.folders import deleting


def test_folder_is_out_of_sight_in_the_block_and_gone_after_it(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    (folder / "file").write_text("x")
    with deleting(folder):
        assert not folder.exists()
    assert list(tmp_path.iterdir()) == []
    with deleting(folder):
        pass  # there is nothing to delete


def test_error_in_the_block_puts_the_folder_back(tmp_path: Path) -> None:
    folder = tmp_path / "a"
    folder.mkdir()
    with pytest.raises(RuntimeError), deleting(folder):
        raise RuntimeError("the database went away")
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_link_is_removed_and_what_it_leads_to_stays(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (tmp_path / "link").symlink_to(target)
    with deleting(tmp_path / "link"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
