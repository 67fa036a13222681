"""The Kaggle notebook, run from its first cell to its last with nano: a checkpoint, samples, a score, a proof."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from compiling import on_devices
from tunix_rt.evaluation import read_samples
from tunix_rt.run import open_run, read_run, verify_run
from tunix_rt.submission import recheck

ROOT = Path(__file__).parents[3]
# The code cells in one namespace, as a kernel runs them; the notebook itself holds no magic, so nothing else is needed.
PROGRAM = """
import json, pathlib
cells = json.loads(pathlib.Path("notebooks/kaggle_submission.ipynb").read_text())["cells"]
space = {"__name__": "__main__"}
for cell in cells:
    if cell["cell_type"] == "code":
        exec(compile("".join(cell["source"]), cell["id"], "exec"), space)
"""
FLAGS = {"time_budget_minutes": 6, "max_steps": 40, "max_examples": 400, "seed": 7}


# As many devices as Kaggle's machine has chips, each a part of this processor.
EIGHT = """
from tunix_rt.cli import main
from tunix_rt.train.model import make_mesh
assert dict(make_mesh().shape) == {"fsdp": 8, "tp": 1}
main()
"""


@dataclass(frozen=True)
class Ran:
    output: Path
    text: str

    @property
    def result(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.output / "result.json").read_text())
        return found


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Ran:
    output = tmp_path_factory.mktemp("working")
    words = [sys.executable, "-c", PROGRAM, "--accelerator", "cpu", "--recipe", "configs/trial-nano.yaml"]
    words += ["--output", str(output), *(word for name, value in FLAGS.items() for word in (f"--{name}", str(value)))]
    return Ran(output, python(words))


def python(words: list[str], **environment: str) -> str:
    """Run a Python and return what it printed."""
    path = os.pathsep.join([str(ROOT / "engine"), str(ROOT / "backend")])
    around = os.environ | {"PYTHONPATH": path} | environment
    done = subprocess.run(words, cwd=ROOT, env=around, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def test_score_is_printed_and_is_that_of_the_samples(ran: Ran) -> None:
    found = re.search(r"^leaderboard score: ([0-9.]+) ", ran.text, flags=re.MULTILINE)
    assert found
    samples = [json.loads(line) for line in (ran.output / "results.jsonl").read_text().splitlines()]
    values = [sample["strict"]["value"] for sample in samples if sample["strict"]["value"] is not None]
    assert len(values) == ran.result["tuned"]["n"] >= 60
    assert float(found[1]) == pytest.approx(sum(values) / len(values), abs=5e-5)
    folder = ran.output / "tunix_rt" / "evaluations" / ran.result["tuned"]["evaluation"]
    assert [sample.id for sample in read_samples(folder)] == [sample["id"] for sample in samples]


def test_flags_reach_every_stage(ran: Ran) -> None:
    run = open_run(ran.output / "tunix_rt", ran.result["run"])
    config = json.loads(run.config.read_text())
    assert config["dataset"]["max_examples"] == FLAGS["max_examples"]
    assert config["sft"]["max_steps"] == FLAGS["max_steps"]
    assert config["seed"] == config["sft"]["seed"] == config["eval"]["seed"] == FLAGS["seed"]
    assert config["budget_minutes"] < FLAGS["time_budget_minutes"]
    assert ran.result["budget"]["used"] <= config["budget_minutes"]
    assert ran.result["training"]["steps"] <= FLAGS["max_steps"]
    assert (config["grpo"], ran.result["reinforcement"]) == (None, None), "a whole session without that phase"
    rows = json.loads((ran.output / "tunix_rt/datasets/sums-v1/manifest.json").read_text())
    assert sum(rows["splits"].values()) <= FLAGS["max_examples"]
    assert rows["config"]["seed"] == FLAGS["seed"]


def test_checkpoint_is_loaded_by_plain_tunix_with_the_same_tokens(ran: Ran) -> None:
    assert "plain Tunix wrote the same greedy tokens on 16 of 16 prompts" in ran.text
    script = (ROOT / "notebooks" / "load_checkpoint.py").read_text()
    assert not re.search(r"tunix_rt", script)
    checkpoint = ran.output / "tunix_rt" / "runs" / ran.result["run"] / "exports" / "orbax"
    assert f"checkpoint: {checkpoint}" in ran.text
    assert (checkpoint / "state").is_dir()


def test_eight_devices_give_the_same_loss(ran: Ran, tmp_path: Path) -> None:
    home = ran.output / "tunix_rt"
    for name in ("datasets", "models"):
        shutil.copytree(home / name, tmp_path / name)
    config = json.loads((home / "runs" / ran.result["run"] / "config.json").read_text())["sft"]
    (tmp_path / "sft.yaml").write_text(json.dumps(config | {"dataset": "sums-v1", "max_steps": 4}))
    words = [sys.executable, "-c", EIGHT, "train", "sft", str(tmp_path / "sft.yaml"), "--run-id", "eight"]
    python(words, TUNIX_RT_HOME=str(tmp_path), XLA_FLAGS=on_devices(8)["XLA_FLAGS"])
    one, eight = losses(home / "runs" / ran.result["run"]), losses(tmp_path / "runs" / "eight")
    assert len(eight) == 4
    assert [one[step] for step in eight] == pytest.approx(list(eight.values()), abs=1e-4)


def losses(run: Path) -> dict[int, float]:
    """Return the training loss of each logged update."""
    events = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    return {event["step"]: event["loss"] for event in events if "loss" in event}


def test_output_verifies_from_end_to_end(ran: Ran) -> None:
    home = ran.output / "tunix_rt"
    assert verify_run(open_run(home, ran.result["run"])).files > 20
    found = recheck(next((home / "submissions").iterdir()), home=home)
    assert found.run == ran.result["run"]
    assert found.score == ran.result["tuned"]["strict"]["value"]
    assert all(one.items and one.figures for one in found.evaluations), "the task is here: its very items were asked"
    assert read_run(open_run(home, ran.result["run"])).status == "completed"
    for name in ("writeup.md", "video.md", "checklist.md"):
        assert (ran.output / "papers" / name).stat().st_size > 500
