"""The session recipe on the nano model: the whole flow, the budget, resume after kill -9, verification."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tunix_rt import tasks
from tunix_rt.config import DatasetConfig, EvalConfig, GRPOConfig, PhaseShares, SessionConfig, SFTConfig
from tunix_rt.errors import ContaminationError, DigestError, UsageError
from tunix_rt.evaluation import load_evaluation
from tunix_rt.progress import Reporter
from tunix_rt.report.session import session_report
from tunix_rt.rollouts import read_rollouts
from tunix_rt.run import open_run, read_run, shown_status, verify_run
from tunix_rt.session import SessionResult, SessionState, phase_dir
from tunix_rt.train.adapter import read_adapter
from tunix_rt.train.session import run_session

COMMAND = [sys.executable, "-m", "tunix_rt", "session"]
CONFIG = SessionConfig(
    name="tiny",
    budget_minutes=30,  # never the limit here, however slow the machine: `max_steps` is
    min_items=40,
    dataset=DatasetConfig(name="nano", version="v1", sources=("nano-arithmetic",), max_examples=600),
    sft=SFTConfig(
        base_model="nano",
        method="full",
        max_length=128,
        batch_size=4,
        accumulation=1,
        learning_rate=5e-3,
        max_steps=60,
        eval_every_steps=30,
        checkpoint_every_steps=10,
    ),
    eval=EvalConfig(task="nano-arithmetic:heldout", limit=40, max_new_tokens=48),
    few_shot_pool="nano-arithmetic",
    exports=("merged", "orbax"),
)


REINFORCED = SessionConfig(
    **CONFIG.model_dump(exclude={"phases", "dataset", "exports", "grpo"}),
    phases=PhaseShares(base=0.2, sft=0.3, grpo=0.2),
    dataset=DatasetConfig(name="mixed", sources=("nano-arithmetic-mixed",), max_examples=600),
    grpo=GRPOConfig(
        prompts_per_step=4,
        num_generations=4,
        max_prompt_tokens=40,
        max_new_tokens=24,
        beta=0.0,
        max_steps=6,
        probe_prompts=0,
        eval_items=0,
        checkpoint_every_steps=2,
        learning_rate=1e-3,
    ),
    exports=("merged", "orbax"),
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SessionResult]:
    home = tmp_path_factory.mktemp("home")
    return home, run_session(REINFORCED, home, progress=Reporter(quiet=True))


def test_result_measures_the_base_twice_and_the_tuned_model_once(finished: tuple[Path, SessionResult]) -> None:
    home, result = finished
    assert result.tuned.n == result.base.contract.n == result.base.few_shot.n == 40
    assert result.tuned.format is not None
    assert (result.training.steps, result.training.finish) == (60, "planned")
    assert result.base.contract.format is not None
    assert result.tuned.format > result.base.contract.format
    for measured in (result.base.contract, result.base.few_shot, result.tuned):
        load_evaluation(home / "evaluations" / measured.evaluation)
    assert result.budget.used <= result.budget.minutes
    assert result.verdict in result.summary.replace("The tuned model is", "B is").replace(
        "than the better base measurement", "than A"
    )
    assert json.loads(result.model_dump_json())["comparison"]["n"] == 40


def test_run_keeps_everything_and_verifies(finished: tuple[Path, SessionResult]) -> None:
    home, result = finished
    run = open_run(home, result.run)
    manifest = read_run(run)
    assert manifest.status == "completed"
    assert set(manifest.inputs) == {"dataset", "base_model"}
    assert {"base_contract", "base_few_shot", "tuned"} < set(manifest.outputs)
    kept = SessionResult.read(run.result)
    assert kept.model_copy(update={"budget": result.budget}) == result
    assert kept.budget.used < result.budget.used, "hashing the run's files is part of the session"
    assert manifest.provenance.device
    assert manifest.provenance.dtype == "float32"
    assert set(result.exports) == {"merged", "orbax"}
    assert all(outcome.digest and (run.path / (outcome.path or "")).is_dir() for outcome in result.exports.values())
    page = run.report.read_text()
    assert result.run in page
    assert result.dataset.digest[7:19] in page
    assert f"compare {result.comparison.baseline} {result.tuned.evaluation}" in page
    assert "--set task=nano-arithmetic:heldout --set limit=40 --set max_new_tokens=48" in page
    assert verify_run(run).files > 20
    weights = next((home / "models" / "nano").glob("*.safetensors"))
    raw = bytearray(weights.read_bytes())
    raw[-1] ^= 1
    weights.write_bytes(raw)
    with pytest.raises(DigestError, match="safetensors"):
        verify_run(run)
    raw[-1] ^= 1
    weights.write_bytes(raw)
    verify_run(run)


def test_training_rows_of_the_measured_task_are_refused(tmp_path: Path) -> None:
    questions = [item.prompt for item in tasks.load("gsm8k", path=gsm8k_file(tmp_path)).items]
    rows = [{"prompt": question, "steps": [{"i": 1, "content": "1"}], "final_answer": "1"} for question in questions]
    source = tmp_path / "rows.jsonl"
    source.write_text("".join(json.dumps(row) + "\n" for row in rows))
    config = CONFIG.model_copy(
        update={
            "dataset": DatasetConfig(name="copied", sources=(str(source),)),
            "eval": EvalConfig(task="gsm8k", task_path=gsm8k_file(tmp_path)),
        }
    )
    with pytest.raises(ContaminationError, match="gsm8k"):
        run_session(config, tmp_path / "home", progress=Reporter(quiet=True))
    assert not (tmp_path / "home" / "datasets" / "copied-v1").exists()


def gsm8k_file(folder: Path) -> Path:
    path = folder / "gsm8k-small.jsonl"
    rows = [
        {"question": f"Ann has {n} pens and buys one. How many now?", "answer": f"{n}\n#### {n}"} for n in range(30)
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def test_finished_session_is_not_resumed(finished: tuple[Path, SessionResult]) -> None:
    home, result = finished
    with pytest.raises(UsageError, match="completed"):
        run_session(REINFORCED, home, progress=Reporter(quiet=True), resume=open_run(home, result.run))


def test_report_of_a_session_says_what_is_missing(finished: tuple[Path, SessionResult]) -> None:
    from tunix_rt import dataset
    from tunix_rt.comparison import compare_with_base
    from tunix_rt.report import Missing

    home, result = finished
    run = open_run(home, result.run)
    names = {
        "base_contract": result.base.contract.evaluation,
        "base_few_shot": result.base.few_shot.evaluation,
        "tuned": result.tuned.evaluation,
    }
    evaluations = {role: load_evaluation(home / "evaluations" / name) for role, name in names.items()}
    comparison = compare_with_base([evaluations["base_few_shot"], evaluations["base_contract"]], evaluations["tuned"])
    run.preview.rename(run.path / "aside")
    try:
        data = session_report(
            REINFORCED,
            run,
            frozen=dataset.load(home, result.dataset.key),
            evaluations=evaluations,
            comparison=comparison,
            result=result,
        )
    finally:
        (run.path / "aside").rename(run.preview)
    assert isinstance(data.previews, Missing)
    assert not isinstance(data.training, Missing)
    assert data.training.eval_loss


def kill_at(words: list[str], home: Path, checkpoint: str) -> SessionState:
    """Run a command of the session in a home, kill it at a checkpoint of its run, and return how far it had come."""
    environment = os.environ | {"TUNIX_RT_HOME": str(home)}
    process = subprocess.Popen([*COMMAND, *words], env=environment, stderr=subprocess.DEVNULL)
    give_up = time.monotonic() + 300
    while not list((home / "runs").glob(f"*/{checkpoint}/manifest.json")):
        assert process.poll() is None, "the session ended before it could be killed"
        assert time.monotonic() < give_up
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    run = open_run(home, "latest")
    assert shown_status(run, read_run(run)) == "interrupted"
    return SessionState.read(run.state)


def test_session_that_is_killed_in_each_training_goes_on_and_shows_what_it_changed(
    finished: tuple[Path, SessionResult], tmp_path: Path
) -> None:
    config, home = tmp_path / "session.json", tmp_path / "home"
    config.write_text(REINFORCED.to_json())

    first = kill_at(["run", str(config)], home, "checkpoints/2*")
    assert first.base_few_shot
    assert first.training is None
    run = open_run(home, "latest")
    state = kill_at(["resume", run.id], home, "grpo/checkpoints/2")
    assert state.base_few_shot == first.base_few_shot
    assert state.sft
    assert state.grpo is None
    before = read_adapter(phase_dir(run, "sft").adapter)
    assert read_adapter(run.adapter) == before, "the run's weights are the fine-tuned ones until the phase has ended"

    words = ["resume", run.id, "--time-budget-minutes", "20", "--json"]
    environment = os.environ | {"TUNIX_RT_HOME": str(home)}
    resumed = subprocess.run([*COMMAND, *words], env=environment, capture_output=True, text=True)
    assert resumed.returncode == 0, resumed.stderr
    result = SessionResult.model_validate_json(resumed.stdout.splitlines()[-1])
    assert result.budget.minutes == 20
    more = result.reinforcement
    assert more is not None
    assert (more.outcome.steps, more.outcome.finish, more.outcome.groups) == (6, "planned", 24)
    assert [group.step for group in read_rollouts(phase_dir(run, "grpo").rollouts)] == sorted([1, 2, 3, 4, 5, 6] * 4)
    assert more.sft.evaluation == state.sft
    assert more.comparison.n == 40
    assert set(more.forced) == {"sft", "tuned"}
    assert more.words in result.summary
    assert more.words.split(":")[0] in run.report.read_text()
    after = read_adapter(run.adapter)
    assert after.digest == read_adapter(phase_dir(run, "grpo").adapter).digest != before.digest
    assert after.step == before.step + 6
    assert load_evaluation(home / "evaluations" / result.tuned.evaluation).manifest.model.adapter_digest == after.digest
    verify_run(run)
    assert result.base.few_shot.evaluation == first.base_few_shot
    straight, whole = open_run(finished[0], finished[1].run), finished[1]
    assert read_adapter(phase_dir(straight, "sft").adapter).digest == before.digest
    assert read_adapter(straight.adapter).digest == after.digest
    one, other = (phase_dir(path, "grpo").rollouts.read_bytes() for path in (straight, run))
    assert one == other
    assert whole.tuned.strict == result.tuned.strict


def test_reinforcement_that_cannot_learn_is_left_out_and_the_session_ends(tmp_path: Path) -> None:
    untrained = REINFORCED.sft.model_copy(update={"max_steps": 1, "learning_rate": 1e-6})
    asked = REINFORCED.grpo and REINFORCED.grpo.model_copy(update={"probe_prompts": 16})
    config = REINFORCED.model_copy(update={"sft": untrained, "grpo": asked, "exports": ()})
    result = run_session(config, tmp_path, progress=Reporter(quiet=True))
    assert result.reinforcement is not None
    assert result.reinforcement.outcome.finish == "left out"
    assert "carry signal" in (result.reinforcement.outcome.note or "")
    assert result.reinforcement.words.startswith("Reinforcement learning was left out")
    assert result.tuned.n == 40
