"""Formats: what is under its final name is whole, what is digested is the content, what is torn is noticed."""

import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from tunix_rt.errors import BusyError, DataError, DigestError, UsageError
from tunix_rt.formats import (
    Format,
    append_jsonl,
    canonical_bytes,
    check_digests,
    digest_file,
    digest_files,
    digest_value,
    is_locked,
    locked,
    read_jsonl,
    staged_folder,
    write_bytes,
    write_format,
    write_jsonl,
    write_text,
)

FIRST_USES = """
import sys, threading
from tunix_rt.config import SessionConfig
from tunix_rt.tasks import load
sys.setswitchinterval(1e-6)
together, wrong = threading.Barrier(16), []
def use():
    together.wait()
    try:
        item = load("nano-arithmetic", limit=1).items[0]
        assert type(item).model_validate_json(item.to_json()) == item
        SessionConfig.model_validate({"name": "together", "dataset": {"name": "few", "sources": ["some"]}})
    except Exception as error:
        wrong.append(repr(error))
threads = [threading.Thread(target=use) for _ in range(16)]
[thread.start() for thread in threads], [thread.join() for thread in threads]
print(wrong)
"""


class Point(Format):
    """A small format."""

    x: float
    """Place."""
    name: str = "p"
    """Name."""


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def test_format_is_frozen_and_knows_its_keys() -> None:
    point = Point(x=1)
    with pytest.raises(ValidationError, match="frozen"):
        point.x = 2.0  # type: ignore[misc]
    with pytest.raises(ValidationError, match="Extra inputs"):
        Point.model_validate({"x": 1, "y": 2})
    for number in (float("nan"), float("inf")):
        with pytest.raises(ValidationError, match="finite"):
            Point(x=number)
    assert Point.model_json_schema()["properties"]["x"]["description"] == "Place."


def test_written_format_reads_back(tmp_path: Path) -> None:
    path = tmp_path / "new" / "point.json"
    write_format(path, Point(x=0.1, name="ä"))
    assert Point.read(path) == Point(x=0.1, name="ä")
    assert path.read_text(encoding="utf-8") == '{\n  "name": "ä",\n  "x": 0.1\n}\n'


def test_reading_names_file_and_field(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="does not exist; expected a Point"):
        Point.read(tmp_path / "absent.json")
    (tmp_path / "bad.json").write_text('{"x": "wide"}')
    with pytest.raises(DataError, match=r"bad\.json is not a valid Point: x: "):
        Point.read(tmp_path / "bad.json")
    (tmp_path / "torn.json").write_text('{"x":')
    with pytest.raises(DataError, match="the whole file"):
        Point.read(tmp_path / "torn.json")


@given(JSON)
def test_digest_does_not_depend_on_the_order_of_keys(value: object) -> None:
    def turned(part: object) -> object:
        if isinstance(part, dict):
            return {key: turned(part[key]) for key in reversed(part)}
        return [turned(item) for item in part] if isinstance(part, list) else part

    assert digest_value(value) == digest_value(turned(value))
    assert canonical_bytes(value) == canonical_bytes(turned(value))


def test_digest_is_sha256_of_the_bytes(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"abc")
    assert digest_file(path) == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert digest_value({}) == "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"


def test_digests_of_a_folder_leave_out_the_manifest_and_notice_changes(tmp_path: Path) -> None:
    write_text(tmp_path / "b" / "c.txt", "c")
    write_text(tmp_path / "a.txt", "a")
    write_text(tmp_path / "manifest.json", "{}")
    digests = digest_files(tmp_path)
    assert list(digests) == ["a.txt", "b/c.txt"]
    check_digests(tmp_path, digests)
    write_text(tmp_path / "a.txt", "b")
    with pytest.raises(DigestError, match=r"a\.txt changed"):
        check_digests(tmp_path, digests)
    (tmp_path / "a.txt").unlink()
    with pytest.raises(DigestError, match=r"a\.txt is missing"):
        check_digests(tmp_path, digests)


def test_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_bytes(path, b"old")
    with pytest.raises(TypeError):
        write_bytes(path, "no bytes")  # type: ignore[arg-type]
    assert path.read_bytes() == b"old"
    assert [found.name for found in tmp_path.iterdir()] == ["a"]


def test_full_disk_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    program = (
        "import pathlib, resource, sys\n"
        "from tunix_rt.formats import staged_folder, write_bytes, write_text\n"
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "home = pathlib.Path(sys.argv[1])\n"
        "for work in (0, 1):\n"
        "    try:\n"
        "        if work:\n"
        "            write_bytes(home / 'file', b'x' * 2000)\n"
        "        else:\n"
        "            with staged_folder(home / 'folder') as stage:\n"
        "                write_text(stage / 'small', 'x')\n"
        "                write_bytes(stage / 'large', b'x' * 2000)\n"
        "    except OSError as error:\n"
        "        print(error.errno)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(tmp_path)], capture_output=True, text=True, check=True, timeout=60
    )
    assert len(done.stdout.split()) == 2, done.stderr
    assert list(tmp_path.iterdir()) == []


def test_folder_that_somebody_else_made_meanwhile_is_refused_like_one_that_was_there(tmp_path: Path) -> None:
    target = tmp_path / "target"
    with pytest.raises(UsageError, match="just been made"), staged_folder(target) as stage:
        write_text(stage / "ours", "1")
        write_text(target / "theirs", "2")
    assert [path.name for path in tmp_path.iterdir()] == ["target"]
    assert [path.name for path in target.iterdir()] == ["theirs"]


def test_staged_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "sets" / "one"
    with pytest.raises(RuntimeError), staged_folder(target) as stage:
        (stage / "a").write_text("a")
        raise RuntimeError
    assert list(target.parent.iterdir()) == []
    with staged_folder(target) as stage:
        (stage / "a").write_text("a")
        assert not target.exists()
    assert (target / "a").read_text() == "a"
    with pytest.raises(UsageError, match="exists already"), staged_folder(target):
        pass
    with staged_folder(target, replace=True) as stage:
        (stage / "b").write_text("b")
    assert [path.name for path in target.iterdir()] == ["b"]


def test_a_torn_last_line_is_cut_off_before_the_next_one_is_written(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    for torn, kept in ((b'{"step":1}\n{"st', [1]), (b'{"st', []), (b'{"step":1}\n', [1]), (b"", [])):
        path.write_bytes(torn)
        append_jsonl(path, {"step": 2})
        assert [record["step"] for record in read_jsonl(path)] == [*kept, 2]


def test_jsonl_reader_skips_a_torn_last_line_only(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    append_jsonl(path, {"step": 1})
    append_jsonl(path, {"step": 2})
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"step": 3')
    assert [record["step"] for record in read_jsonl(path)] == [1, 2]
    path.write_bytes(b'{"step"\n' + whole)
    with pytest.raises(DataError, match="line 1 is not JSON"):
        list(read_jsonl(path))


def test_written_jsonl_reads_back(tmp_path: Path) -> None:
    records = [{"a": number} for number in range(3)]
    assert write_jsonl(tmp_path / "rows.jsonl", iter(records)) == 3
    assert list(read_jsonl(tmp_path / "rows.jsonl")) == records


def test_lock_is_held_once_and_ends_with_the_process(tmp_path: Path) -> None:
    with locked(tmp_path), pytest.raises(BusyError, match=f"process {os.getpid()}"), locked(tmp_path):
        pass
    program = (
        "import os, pathlib, sys\n"
        "from tunix_rt.formats import locked\n"
        "with locked(pathlib.Path(sys.argv[1])):\n"
        "    os._exit(9)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False).returncode == 9
    with locked(tmp_path):
        pass


def test_whoever_only_looks_keeps_nobody_from_the_lock(tmp_path: Path) -> None:
    ended = threading.Event()
    seen: set[bool] = set()

    def look() -> None:
        while not ended.is_set():
            seen.add(is_locked(tmp_path))

    watchers = [threading.Thread(target=look) for _ in range(8)]
    for watcher in watchers:
        watcher.start()
    try:
        for _ in range(100):
            with locked(tmp_path):
                assert is_locked(tmp_path)
                with pytest.raises(BusyError), locked(tmp_path):
                    pass
    finally:
        ended.set()
        for watcher in watchers:
            watcher.join()
    assert seen == {False, True}
    assert not is_locked(tmp_path)


def test_threads_may_be_the_first_to_use_a_format_together() -> None:
    for _ in range(3):
        words = [sys.executable, "-c", FIRST_USES]
        done = subprocess.run(words, capture_output=True, text=True, check=True)
        assert done.stdout == "[]\n"
