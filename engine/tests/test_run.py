"""Runs: a folder that is whole from the start, says how it ended, and notices one changed byte of its inputs."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from tunix_rt.config import SFTConfig
from tunix_rt.errors import BusyError, DataError, DigestError, MissingError, UsageError
from tunix_rt.provenance import FolderRef, check_ref, folder_ref
from tunix_rt.run import (
    RunManifest,
    Stopped,
    attempt,
    changing_files,
    check_inputs,
    list_runs,
    log_metrics,
    new_run,
    open_run,
    read_run,
    read_run_config,
    shown_status,
    stopping_on_sigterm,
    update_run,
    verify_run,
)
from tunix_rt.run_folder import RunDir


def make_input(home: Path, name: str = "small-v1") -> FolderRef:
    folder = home / "datasets" / name
    (folder / "inside").mkdir(parents=True)
    (folder / "train.jsonl").write_text('{"a": 1}\n')
    (folder / "inside" / "manifest.json").write_text("{}\n")
    (folder / "manifest.json").write_text("{}\n")
    return folder_ref("dataset", name, folder, home=home)


def make_run(home: Path) -> RunDir:
    return new_run(home, "sft", "small", config=SFTConfig(seed=7), inputs={"dataset": make_input(home)})


def finished_run(home: Path) -> RunDir:
    run = make_run(home)
    with attempt(run):
        log_metrics(run, step=1, loss=0.5)
        run.adapter.mkdir()
        (run.adapter / "weights").write_bytes(b"\x00\x01")
    return run


def test_new_run_is_queued_and_whole(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    manifest = read_run(run)
    assert (manifest.status, manifest.seed, manifest.attempts) == ("queued", 7, 0)
    assert read_run_config(run) == SFTConfig(seed=7)
    assert [path.name for path in run.path.parent.iterdir()] == [run.id]


def test_run_may_be_named_beforehand_but_only_once(tmp_path: Path) -> None:
    run = new_run(tmp_path, "sft", "small", config=SFTConfig(), run_id="mine-1")
    assert (run.id, read_run(run).id) == ("mine-1", "mine-1")
    with pytest.raises(UsageError, match="runs resume mine-1"):
        new_run(tmp_path, "sft", "small", config=SFTConfig(), run_id="mine-1")


@pytest.mark.parametrize("name", ["", ".hidden", "-x", "../up", "a/b", "a b", "a\n", "x" * 201])
def test_run_id_that_is_no_name_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match="no run id"):
        new_run(tmp_path, "sft", "small", config=SFTConfig(), run_id=name)
    assert not list(tmp_path.iterdir())


def test_attempt_records_a_good_end(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    manifest = read_run(run)
    assert (manifest.status, manifest.attempts, manifest.error) == ("completed", 1, None)
    assert manifest.started is not None
    assert manifest.finished is not None
    assert set(manifest.outputs["run"].files) == {"config.json", "metrics.jsonl", "adapter/weights"}
    assert "run ended" in run.log(1).read_text()
    with pytest.raises(UsageError, match="is completed"), attempt(run):
        pass


def test_body_may_say_that_it_stopped(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with attempt(run):
        update_run(run, status="stopped")
    assert read_run(run).status == "stopped"
    with attempt(run) as second:
        assert second.attempts == 2
    assert read_run(run).status == "completed"


def test_attempt_records_a_failure_with_its_stage(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(DataError, match="too few"), attempt(run):
        update_run(run, stage="train")
        raise DataError("too few rows")
    manifest = read_run(run)
    assert manifest.status == "failed"
    assert manifest.error is not None
    assert (manifest.error.stage, manifest.error.type, manifest.error.message) == ("train", "DataError", "too few rows")
    assert "Traceback" in run.log(1).read_text()


def test_sigterm_stops_an_attempt(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(Stopped), stopping_on_sigterm(), attempt(run):
        os.kill(os.getpid(), signal.SIGTERM)
        threading.Event().wait(5)
    assert read_run(run).status == "stopped"
    assert signal.getsignal(signal.SIGTERM) == before


def test_second_attempt_at_the_same_time_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with attempt(run):
        with pytest.raises(BusyError, match=str(os.getpid())), attempt(run):
            pass
        assert shown_status(run, read_run(run)) == "running"


def test_killed_process_leaves_an_interrupted_run(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    program = (
        "import os, pathlib, signal, sys\n"
        "from tunix_rt.run import attempt\n"
        "from tunix_rt.run_folder import RunDir\n"
        "with attempt(RunDir(pathlib.Path(sys.argv[1]))):\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, str(run.path)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert read_run(run).status == "running"
    assert shown_status(run, read_run(run)) == "interrupted"
    with attempt(run) as second:
        assert second.attempts == 2
    assert read_run(run).status == "completed"


def test_open_run_finds_by_part_of_the_id(tmp_path: Path) -> None:
    first, second = make_run(tmp_path), new_run(tmp_path, "sft", "other", config=SFTConfig())
    assert open_run(tmp_path, first.id) == first
    assert open_run(tmp_path, "other") == second
    assert open_run(tmp_path, str(first.path)).path == first.path.resolve()
    assert open_run(tmp_path, "latest").id in (first.id, second.id)
    assert {manifest.id for manifest in list_runs(tmp_path)} == {first.id, second.id}
    with pytest.raises(UsageError, match="fits 2 runs"):
        open_run(tmp_path, "sft")
    with pytest.raises(MissingError, match="did you mean"):
        open_run(tmp_path, first.id[:-1] + "?")
    with pytest.raises(MissingError, match="runs list"):
        open_run(tmp_path / "empty", "x")


def test_verified_run_lists_what_was_read(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    verified = verify_run(run)
    assert verified.files == 3 + 3 + 1
    assert verified.checked == ["dataset small-v1", f"output {run.id}", "config"]


@pytest.mark.parametrize(
    "name",
    ["datasets/small-v1/train.jsonl", "datasets/small-v1/manifest.json", "datasets/small-v1/inside/manifest.json"],
)
def test_verify_names_the_changed_input(tmp_path: Path, name: str) -> None:
    run = finished_run(tmp_path)
    path = tmp_path / name
    data = path.read_bytes()
    path.write_bytes(bytes([data[0] ^ 1]) + data[1:])
    for look in (verify_run, check_inputs):
        with pytest.raises(DigestError, match=str(path)):
            look(run)
    path.write_bytes(data)
    verify_run(run)
    path.unlink()
    with pytest.raises(DigestError, match="missing"):
        verify_run(run)


@pytest.mark.parametrize("name", ["config.json", "metrics.jsonl", "adapter/weights"])
def test_verify_names_the_changed_output(tmp_path: Path, name: str) -> None:
    run = finished_run(tmp_path)
    path = run.path / name
    path.write_bytes(path.read_bytes() + b" ")
    with pytest.raises(DigestError, match=name):
        verify_run(run)


def test_verify_notices_an_edited_manifest(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    edited = json.loads(run.manifest.read_text())
    edited["inputs"]["dataset"]["files"].pop("train.jsonl")
    run.manifest.write_text(json.dumps(edited))
    with pytest.raises(DigestError, match="was edited"):
        verify_run(run)


def test_verify_notices_any_other_byte_of_the_manifest(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    written = run.manifest.read_text()
    for old, new in (('"seed": 7', '"seed": 8'), ('"completed"', '"cancelled"'), ('"created": "2', '"created": "1')):
        assert old in written
        run.manifest.write_text(written.replace(old, new))
        with pytest.raises(DigestError, match=r"manifest\.json changed"):
            verify_run(run)


def test_verify_says_which_input_is_gone(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    shutil.rmtree(tmp_path / "datasets" / "small-v1")
    for look in (verify_run, check_inputs):
        with pytest.raises(DigestError, match="dataset small-v1 is gone"):
            look(run)


def test_verify_follows_the_runs_that_a_run_was_made_from(tmp_path: Path) -> None:
    first = finished_run(tmp_path)
    inputs = {"parent": folder_ref("run", first.id, first.path, home=tmp_path, leave_out=(".lock", "logs"))}
    second = new_run(tmp_path, "sft", "second", config=SFTConfig(), inputs=inputs)
    with attempt(second):
        pass
    assert "dataset small-v1" in verify_run(second).checked
    path = tmp_path / "datasets" / "small-v1" / "train.jsonl"
    path.write_text("{}\n")
    with pytest.raises(DigestError, match=str(path)):
        verify_run(second)


def test_files_added_to_an_ended_run_are_recorded(tmp_path: Path) -> None:
    run = finished_run(tmp_path)
    with changing_files(run):
        (run.path / "late").write_text("x")
    assert "late" in read_run(run).outputs["run"].files
    verify_run(run)
    (run.path / "late").write_text("y")
    with pytest.raises(DigestError, match="late"), changing_files(run):
        pass


def test_changed_config_is_not_resumed(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    run.config.write_text(SFTConfig(seed=8).to_json())
    with pytest.raises(DigestError, match=r"config\.json changed"):
        read_run_config(run)


def test_unknown_status_is_refused(tmp_path: Path) -> None:
    run = make_run(tmp_path)
    with pytest.raises(ValueError, match="status"):
        update_run(run, status="resting")
    assert RunManifest.read(run.manifest).status == "queued"


def test_single_file_and_outside_folder_can_be_recorded(tmp_path: Path) -> None:
    home, outside = tmp_path / "home", tmp_path / "outside" / "rows.jsonl"
    outside.parent.mkdir()
    outside.write_text("{}\n")
    ref = folder_ref("task", "rows", outside, home=home)
    assert ref.path == str(outside.parent)
    assert check_ref(ref, home) == outside.parent
    with pytest.raises(MissingError, match="holds no file"):
        folder_ref("dataset", "none", tmp_path / "absent", home=home)
