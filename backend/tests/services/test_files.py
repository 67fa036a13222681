"""Files beneath a folder: nothing that a request may write leads out of it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tunix_rt_backend.errors import BadRequest, NotFound
from tunix_rt_backend.services import files
from tunix_rt_backend.services.files import has_folder, list_beneath, open_beneath, opening_beneath


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with files at two depths, and one of everything that must not be served."""
    made = tmp_path / "run"
    (made / "deep" / "er").mkdir(parents=True)
    (made / "a.txt").write_text("a")
    (made / "deep" / "er" / "b ü.txt").write_text("bb")
    (made / ".lock").write_text("1")
    (tmp_path / "secret").write_text("secret")
    (made / "passwd").symlink_to("/etc/passwd")
    (made / "up").symlink_to(tmp_path)
    (made / "etc").symlink_to("/etc")
    (made / "loop").symlink_to("loop")
    (made / "inner").symlink_to("a.txt")
    os.mkfifo(made / "fifo")
    return made


def test_open_beneath_reads_files_at_any_depth(folder: Path) -> None:
    with opening_beneath(folder, "deep/er/b ü.txt") as file:
        assert (file.read(0, 10), file.read(1, 10), file.size) == (b"bb", b"b", 2)


@pytest.mark.parametrize(
    "path",
    [
        "passwd",
        "up/secret",
        "etc/passwd",
        "loop",
        "inner",
        "fifo",
        "socket",
        "deep",
        "absent",
        "a.txt/x",
        "deep/absent/x",
        "x" * 256,
        "ü" * 128,
        "/".join("d" * 40),
    ],
)
def test_open_beneath_finds_only_regular_files_and_follows_no_link(folder: Path, path: str) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        before = Path.cwd()
        os.chdir(folder)  # the address of a socket may have only 108 bytes
        listening.bind("socket")
        os.chdir(before)
        with pytest.raises(NotFound) as caught:
            open_beneath(folder, path)
    assert str(folder) not in str(caught.value)


@pytest.mark.parametrize(
    "path",
    [
        "..", "../secret", "deep/../../secret", "deep/..", "/etc/passwd", "//etc/passwd", "", "/", ".", "./a.txt",
        "deep//er", "deep/", ".lock", "a.txt\0", "a\nb", "..\\secret", "\ud800",
    ],
)  # fmt: skip
def test_open_beneath_refuses_what_is_no_path_beneath(folder: Path, path: str) -> None:
    with pytest.raises(BadRequest) as caught:
        open_beneath(folder, path)
    assert str(folder) not in str(caught.value)


def test_open_beneath_does_not_follow_a_linked_folder(folder: Path) -> None:
    linked = folder.with_name("linked")
    linked.symlink_to(folder)
    assert has_folder(folder)
    assert not has_folder(linked)
    assert not has_folder(folder / "absent")
    with pytest.raises(NotFound):
        open_beneath(linked, "a.txt")
    with pytest.raises(NotFound):
        list_beneath(linked)


def test_open_files_are_closed(folder: Path) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for path in ("a.txt", "deep/er/b ü.txt", "fifo", "passwd", "deep", "up/secret"):
        try:
            open_beneath(folder, path).close()
        except NotFound:
            continue
    list_beneath(folder)
    assert len(os.listdir("/proc/self/fd")) == before


def test_etag_changes_with_the_content(folder: Path) -> None:
    with opening_beneath(folder, "a.txt") as file:
        first = file.etag
    with opening_beneath(folder, "a.txt") as file:
        assert file.etag == first
    (folder / "a.txt").write_text("other")
    with opening_beneath(folder, "a.txt") as file:
        assert file.etag != first


def test_list_beneath_names_regular_files_alone(folder: Path) -> None:
    assert [(file.path, file.size) for file in list_beneath(folder)] == [("a.txt", 1), ("deep/er/b ü.txt", 2)]


def test_list_beneath_is_bounded(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_FILES", 1)
    assert [file.path for file in list_beneath(folder)] == ["a.txt"]
    monkeypatch.setattr(files, "MOST_FILES", 100)
    deepest = folder.joinpath(*"d" * 40)
    deepest.mkdir(parents=True)
    (deepest / "x").write_text("x")
    (folder.joinpath(*"d" * 31) / "y").write_text("y")
    found = [file.path for file in list_beneath(folder)]
    assert found == ["a.txt", "/".join("d" * 31) + "/y", "deep/er/b ü.txt"]
    for path in found:
        open_beneath(folder, path).close()
