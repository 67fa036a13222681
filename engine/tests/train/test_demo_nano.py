"""The recipe of `make demo MODEL=nano`: reinforcement learning gains what its benchmark says it gains."""

from __future__ import annotations

import json
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

from compiling import ONE_THREAD, as_for_a_user

CONFIG = Path(__file__).parents[3] / "configs" / "demo-nano.yaml"
SEEDS = (4, 0, 1)
"""The first is run; the others where it does not gain. What is learned by when depends on the last bits of sums, and so
on the processor and its threads: of eleven sessions one gained nothing (docs/experiments.md)."""


def test_reinforcement_gains_five_points_on_the_fine_tuned_model(tmp_path: Path) -> None:
    first, *others = SEEDS
    found = {first: run(first, tmp_path)}
    if not gains(found[first]):
        warnings.warn(f"seed {first} gained too little: {found[first]}", stacklevel=1)
        found |= {seed: run(seed, tmp_path) for seed in others}
        assert all(gains(found[seed]) for seed in others), found


def run(seed: int, folder: Path) -> dict[str, Any]:
    """Run the recipe and return what GRPO changed."""
    # Time is no limit here, however slow the machine, so that the recipe's own steps are done.
    words = [sys.executable, "-m", "tunix_rt", "session", "run", str(CONFIG), f"--seed={seed}", "--json"]
    words += ["--time_budget_minutes", "60"]
    environment = ONE_THREAD | as_for_a_user() | {"TUNIX_RT_HOME": str(folder / f"home-{seed}")}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout.splitlines()[-1])
    assert (result["training"]["steps"], result["reinforcement"]["outcome"]["steps"]) == (1400, 80)
    assert result["tuned"]["strict"]["value"] > result["base"]["few_shot"]["lenient"]["value"]
    comparison: dict[str, Any] = result["reinforcement"]["comparison"]
    assert comparison["n"] >= 400
    return comparison


def gains(comparison: dict[str, Any]) -> bool:
    """Return whether GRPO gained five points, and surely."""
    return bool(comparison["delta"] >= 0.05 and comparison["p"] < 0.05 and comparison["low"] > 0)
