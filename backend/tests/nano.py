"""A training that takes seconds: the nano model on a few sums, with many checkpoints to go on from."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from compiling import as_for_a_user
from tunix_rt import dataset, tasks
from tunix_rt.config import SFTConfig
from tunix_rt.run_folder import RunDir

DATASET = "few-v1"
STEPS = 80


def config(**changes: Any) -> dict[str, Any]:
    """Return the configuration of the training, as it stands in a job."""
    values: dict[str, Any] = {
        "base_model": "nano",
        "dataset": DATASET,
        "method": "full",
        "max_length": 64,
        "batch_size": 1,
        "accumulation": 1,
        "learning_rate": 5e-3,
        "max_steps": STEPS,
        "eval_every_steps": 1000,
        "checkpoint_every_steps": 8,
    }
    return SFTConfig(**values | changes).model_dump(mode="json")


def build_dataset(home: Path) -> None:
    """Freeze the dataset that the training reads."""
    dataset.build([tasks.load("nano-arithmetic", limit=60)], name="few", version="v1", home=home)


def train(home: Path, run_id: str, **changes: Any) -> str:
    """Train from the command line, undisturbed, and return the digest of the trained weights."""
    written = home / f"{run_id}.json"
    written.write_text(json.dumps(config(**changes)))
    words = [sys.executable, "-m", "tunix_rt", "train", "sft", str(written), f"--run-id={run_id}", "--json"]
    environment = as_for_a_user() | {"TUNIX_RT_HOME": str(home)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout.splitlines()[-1])["adapter"])


def prepare(template: Path) -> str:
    """Fill a home folder with the dataset, the model and its compiled steps; return the digest of one training."""
    build_dataset(template)
    digest = train(template, "undisturbed")
    shutil.rmtree(template / "runs")
    return digest


def adapter_digest(home: Path, run_id: str) -> str:
    """Return the digest of the weights that a run trained."""
    return str(json.loads(RunDir(home / "runs" / run_id).result.read_text())["adapter"])
