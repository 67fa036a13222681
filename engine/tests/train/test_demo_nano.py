"""The recipe of `make demo MODEL=nano` with one seed: reinforcement learning gains what its benchmark says it gains."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from compiling import ONE_THREAD, as_for_a_user

CONFIG = Path(__file__).parents[3] / "configs" / "demo-nano.yaml"


def test_reinforcement_gains_five_points_on_the_fine_tuned_model(tmp_path: Path) -> None:
    # Time is no limit here, however slow the machine, so that the recipe's own steps are done.
    words = [sys.executable, "-m", "tunix_rt", "session", "run", str(CONFIG), "--seed", "2", "--json"]
    words += ["--time_budget_minutes", "60"]
    environment = as_for_a_user() | ONE_THREAD | {"TUNIX_RT_HOME": str(tmp_path)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["training"]["steps"], result["reinforcement"]["outcome"]["steps"]) == (1400, 80)
    gained = result["reinforcement"]["comparison"]
    assert gained["n"] >= 400
    assert gained["delta"] >= 0.05
    assert gained["p"] < 0.05
    assert gained["low"] > 0
    assert result["tuned"]["strict"]["value"] > result["base"]["few_shot"]["lenient"]["value"]
