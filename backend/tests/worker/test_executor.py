"""The executor: what command a job becomes, how its process is bounded, and how its end is read."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

import nano
from tunix_rt.config import EvalConfig, SFTConfig, load_config
from tunix_rt.errors import MissingError, UsageError
from tunix_rt.formats import locked, write_format
from tunix_rt.run import attempt, new_run, read_run, update_run
from tunix_rt.run_folder import RunDir
from tunix_rt_backend.settings import Settings
from tunix_rt_backend.tables import Job
from tunix_rt_backend.worker import child, command, host
from tunix_rt_backend.worker.command import Process
from tunix_rt_backend.worker.executor import Execution
from tunix_rt_backend.worker.outcome import Outcome, judge


def make_job(kind: str = "sft", run_id: str | None = "mine", **spec: Any) -> Job:
    job = Job(id=uuid.uuid4(), kind=kind, run_id=run_id, spec=spec or {"config": nano.config()})
    job.attempts, job.max_attempts, job.cancel_requested, job.reason = 1, 3, False, None
    return job


def make_run(home: Path, run_id: str = "mine") -> RunDir:
    return new_run(home, "sft", "few", config=SFTConfig(dataset="few-v1"), run_id=run_id)


def finish(execution: Execution, seconds: float = 300) -> Outcome:
    deadline = time.monotonic() + seconds
    while (outcome := execution.poll()) is None:
        assert time.monotonic() < deadline, execution.folder.output.read_text()
        time.sleep(0.05)
    return outcome


def test_words_of_a_new_training_name_its_run_and_its_config(sqlite_settings: Settings) -> None:
    home, job = sqlite_settings.home, make_job()
    config = str(command.job_dir(home, job).config)
    assert command.words(home, job) == ["train", "sft", config, "--run-id=mine", "--json"]
    assert command.words(home, make_job("session"))[:2] == ["session", "run"]
    assert command.words(home, make_job("grpo"))[:2] == ["train", "grpo"]


def test_words_of_a_submission_name_the_run_that_is_bundled(sqlite_settings: Settings) -> None:
    make_run(sqlite_settings.home)
    for rows, words in ((False, []), (True, ["--with-rows"])):
        job = make_job("submission", config={"with_rows": rows})
        assert command.words(sqlite_settings.home, job) == ["submit", "bundle", *words, "--json", "--", "mine"]


def test_config_is_read_back_by_the_engine(sqlite_settings: Settings) -> None:
    config = SFTConfig(dataset="few-v1", learning_rate=1e-5, base_model="nano", weight_decay=1e-12)
    job = make_job(config=config.model_dump(mode="json"))
    folder = command.job_dir(sqlite_settings.home, job)
    command.write_config(folder, job)
    assert load_config(SFTConfig, folder.config) == config


def test_words_of_a_run_that_has_begun_resume_it(sqlite_settings: Settings) -> None:
    make_run(sqlite_settings.home)
    assert command.words(sqlite_settings.home, make_job()) == ["runs", "resume", "--json", "--", "mine"]


def test_words_of_an_evaluation_name_what_is_measured(sqlite_settings: Settings) -> None:
    home, config = sqlite_settings.home, EvalConfig().model_dump(mode="json")
    base = make_job("eval", None, config=config, model="nano", dtype="float32", few_shot_pool="nano-arithmetic")
    assert command.words(home, base)[2:] == [
        "--model=nano",
        "--dtype=float32",
        "--few-shot-pool=nano-arithmetic",
        "--json",
    ]
    with pytest.raises(MissingError, match="gone"):
        command.words(home, make_job("eval", "mine", config=config, run="mine"))
    make_run(home)
    assert command.words(home, make_job("eval", "mine", config=config, run="mine"))[2:] == ["--run=mine", "--json"]


def test_job_of_unknown_kind_fails(sqlite_settings: Settings) -> None:
    with pytest.raises(UsageError, match="expected sft, grpo, session, eval, submission"):
        command.words(sqlite_settings.home, make_job("tune"))
    outcome = finish(Execution(make_job("tune"), sqlite_settings, closing=False))
    assert (outcome.status, "expected sft, grpo, session, eval, submission" in (outcome.reason or "")) == (
        "failed",
        True,
    )


def test_environment_of_a_command_holds_no_secret(sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TUNIX_RT_DATABASE_URL", "HF_TOKEN", "AWS_SECRET_ACCESS_KEY", "PGPASSWORD", "KAGGLE_KEY"):
        monkeypatch.setenv(name, "secret")
    monkeypatch.setenv("XLA_FLAGS", "--xla_cpu_multi_thread_eigen=false")
    monkeypatch.setenv("PJRT_NPROC", "3")
    environment = command.environment(sqlite_settings, make_job())
    assert "secret" not in environment.values()
    assert environment["XLA_FLAGS"] == "--xla_cpu_multi_thread_eigen=false"
    assert environment["PJRT_NPROC"] == "3"
    assert environment["TUNIX_RT_HOME"] == str(sqlite_settings.home)
    assert "JAX_PLATFORMS" not in environment
    assert command.environment(sqlite_settings, make_job(device="cpu"))["JAX_PLATFORMS"] == "cpu"


def test_child_is_told_to_end_when_its_parent_is_killed() -> None:
    program = (
        "import subprocess, sys, time\n"
        "from tunix_rt_backend.worker import child\n"
        "words = child.words('-c', 'import time; print(1, flush=True); time.sleep(60)')\n"
        "started = subprocess.Popen(words, start_new_session=True, stdout=subprocess.PIPE)\n"
        "started.stdout.readline()\n"
        "print(started.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    began = host.started_at(pid)
    assert began is not None
    parent.kill()
    parent.wait()
    deadline = time.monotonic() + 10
    while host.is_alive(pid, began):
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_child_of_a_dead_parent_does_not_begin() -> None:
    words = child.words("-c", "print('began')")
    words[words.index("tunix_rt_backend.worker.child") + 1] = "1"
    done = subprocess.run(words, capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (143, b"")


def test_job_that_cannot_work_fails_at_once_with_what_the_command_said(sqlite_settings: Settings) -> None:
    execution = Execution(make_job(config=nano.config(dataset="absent-v1")), sqlite_settings, closing=False)
    outcome = finish(execution)
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert "absent-v1" in (outcome.reason or "")
    log = execution.folder.output.read_text()
    assert log.startswith("--- ")
    assert "attempt 1: tunix-rt train sft" in log
    assert log.splitlines()[-1].endswith(f"failed: {outcome.reason}")


def test_job_on_a_device_that_is_not_here_fails_in_a_sentence(
    sqlite_settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    outcome = finish(Execution(make_job(config=nano.config(), device="cuda"), sqlite_settings, closing=False))
    assert (outcome.status, outcome.exit_code) == ("failed", 1)
    assert (outcome.reason or "").startswith("there is no cuda device here; JAX finds cpu; leave the device out")


def test_log_numbers_attempts_as_the_run_does_and_says_why_the_last_one_ended(sqlite_settings: Settings) -> None:
    update_run(make_run(sqlite_settings.home), status="failed", attempts=2)
    execution = Execution(make_job(), sqlite_settings, closing=False, before="it was killed")
    execution.poll()
    execution.kill()
    finish(execution)
    first, second, *_ = execution.folder.output.read_text().splitlines()
    assert first.endswith("before: it was killed")
    assert "attempt 3: tunix-rt runs resume" in second


def test_run_that_an_earlier_attempt_completed_is_not_started_again(sqlite_settings: Settings) -> None:
    run = make_run(sqlite_settings.home)
    with attempt(run):
        run.result.write_text(json.dumps({"adapter": "sha256:1"}))
    execution = Execution(make_job(), sqlite_settings, closing=False)
    assert finish(execution) == Outcome("completed", result={"adapter": "sha256:1"})
    assert execution.process is None


def test_process_of_an_earlier_attempt_is_ended_first(sqlite_settings: Settings) -> None:
    settings = sqlite_settings.model_copy(update={"grace_seconds": 0.3})
    stubborn = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print(1, flush=True); time.sleep(60)"
    )
    earlier = subprocess.Popen([sys.executable, "-c", stubborn], start_new_session=True, stdout=subprocess.PIPE)
    assert earlier.stdout is not None
    earlier.stdout.readline()
    job = make_job(config=nano.config(dataset="absent-v1"))
    process = Process(host=host.host_name(), pid=earlier.pid, started=host.started_at(earlier.pid) or 0)
    write_format(command.job_dir(settings.home, job).process, process)
    execution = Execution(job, settings, closing=False)
    assert execution.poll() is None
    assert execution.process is None
    assert finish(execution).status == "failed"
    assert earlier.wait(10) == -signal.SIGKILL


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"started": 1.0}])
def test_process_that_is_not_ours_is_left_alone(sqlite_settings: Settings, change: dict[str, Any]) -> None:
    other = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True)
    job = make_job(config=nano.config(dataset="absent-v1"))
    process = Process(host=host.host_name(), pid=other.pid, started=host.started_at(other.pid) or 0)
    write_format(command.job_dir(sqlite_settings.home, job).process, process.model_copy(update=change))
    try:
        assert finish(Execution(job, sqlite_settings, closing=False)).status == "failed"
        assert other.poll() is None
    finally:
        other.kill()
        other.wait()


def test_run_that_somebody_else_holds_is_waited_for_and_then_tried_again(sqlite_settings: Settings) -> None:
    settings = sqlite_settings.model_copy(update={"grace_seconds": 0.3})
    run = make_run(settings.home)
    with locked(run.path):
        outcome = finish(Execution(make_job(), settings, closing=False))
    assert (outcome.status, "another process works on run mine" in (outcome.reason or "")) == ("retry", True)


def test_closing_writes_into_the_manifest_why_the_run_ended(sqlite_settings: Settings) -> None:
    run, job = make_run(sqlite_settings.home), make_job()
    update_run(run, status="running", stage="train")
    job.attempts, job.reason = 3, "the process was killed by signal 9"
    outcome = finish(Execution(job, sqlite_settings, closing=True))
    assert outcome.status == "failed"
    manifest = read_run(run)
    assert (manifest.status, manifest.error and manifest.error.stage) == ("failed", "train")
    assert manifest.error is not None
    assert "3 attempts in a row" in manifest.error.message


def test_cancelled_job_that_waits_closes_its_run(sqlite_settings: Settings) -> None:
    run, job = make_run(sqlite_settings.home), make_job()
    job.cancel_requested = True
    assert finish(Execution(job, sqlite_settings, closing=True)).status == "cancelled"
    assert read_run(run).status == "cancelled"


@pytest.mark.parametrize(
    ("code", "status"), [(-9, "retry"), (-11, "retry"), (137, "retry"), (143, "retry"), (1, "failed")]
)
def test_end_is_read_from_the_exit_code_where_the_run_says_nothing(
    sqlite_settings: Settings, code: int, status: str
) -> None:
    run = make_run(sqlite_settings.home)
    update_run(run, status="running")
    outcome = judge(sqlite_settings.home, make_job(), code, None, None, 0)
    assert (outcome.status, outcome.exit_code) == (status, code)
    assert read_run(run).status == ("failed" if status == "failed" else "running")


def test_run_that_stopped_because_its_time_was_over_is_stopped(sqlite_settings: Settings) -> None:
    run = make_run(sqlite_settings.home)
    update_run(run, status="stopped")
    assert judge(sqlite_settings.home, make_job(), 0, None, None, 0).status == "stopped"


def test_training_that_takes_too_much_memory_is_ended_and_says_so(
    sqlite_settings: Settings, nano_template: tuple[Path, str]
) -> None:
    shutil.copytree(nano_template[0], sqlite_settings.home, dirs_exist_ok=True)
    settings = sqlite_settings.model_copy(update={"run_memory_bytes": 200 * 2**20, "grace_seconds": 2.0})
    outcome = finish(Execution(make_job(), settings, closing=False))
    assert outcome.status == "failed"
    assert "more than the 209,715,200 bytes" in (outcome.reason or "")


def test_stopped_training_keeps_its_checkpoint_and_goes_on_to_the_same_weights(
    sqlite_settings: Settings, nano_template: tuple[Path, str]
) -> None:
    template, digest = nano_template
    shutil.copytree(template, sqlite_settings.home, dirs_exist_ok=True)
    execution = Execution(make_job(), sqlite_settings, closing=False)
    while not execution.has_progressed():
        assert execution.poll() is None
        time.sleep(0.05)
    execution.stop("cancel")
    assert finish(execution).status == "cancelled"
    run = RunDir(sqlite_settings.home / "runs" / "mine")
    assert read_run(run).status == "cancelled"
    assert list(run.checkpoints.iterdir())
    outcome = finish(Execution(make_job(), sqlite_settings, closing=False))
    assert outcome.status == "completed"
    assert (outcome.result or {})["adapter"] == digest == nano.adapter_digest(sqlite_settings.home, "mine")
    assert read_run(run).attempts == 2
