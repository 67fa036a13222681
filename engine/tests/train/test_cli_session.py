"""The plan of a session on the command line: phases, and memory of the chip that is asked for."""

import json
from pathlib import Path

from typer.testing import CliRunner

from tunix_rt.chips import CHIP_NAMES
from tunix_rt.cli import app

CONFIGS = Path(__file__).parents[3] / "configs"


def plan(home: Path, *words: str) -> str:
    result = CliRunner().invoke(app, ["session", "run", *words, "--dry-run"], env={"TUNIX_RT_HOME": str(home)})
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_plan_without_the_base_model_still_has_phases_and_memory(tmp_path: Path) -> None:
    words = [str(CONFIGS / "kaggle-gemma3-1b.yaml"), "--chip", "v5e-8", "--json"]
    found = json.loads(plan(tmp_path, *words).splitlines()[-1])
    assert found["sft"] is None
    assert "not on this machine" in found["sft_note"]
    assert list(found["phases"]) == [name for name in found["config"]["phases"] if found["config"]["phases"][name]]
    assert {one["chip"] for one in found["memory"]} == {"v5e-8"}
    for one in found["memory"]:
        assert one["fits"]
        assert (one["fsdp"], one["base_model"]) == (8, "gemma3-1b-it")


def test_plan_of_a_small_session_shows_parts_for_one_chip_and_a_line_for_each(tmp_path: Path) -> None:
    words = [str(CONFIGS / "demo-nano.yaml"), "--max_steps", "7", "--max_examples", "400"]
    parts = plan(tmp_path, *words, "--chip", "t4x2")
    for word in ("parameters", "optimiser", "kv cache", "copy of the policy", "mesh (fsdp, tp)", "grpo: fits"):
        assert word in parts
    every = plan(tmp_path, *words)
    for name in CHIP_NAMES:
        assert sum(line.startswith(f"{name} ") for line in every.splitlines()) == 3, "sft, grpo and evaluation"


def test_chip_is_for_plans_only(tmp_path: Path) -> None:
    words = ["session", "run", str(CONFIGS / "demo-nano.yaml"), "--chip", "h100"]
    result = CliRunner().invoke(app, words, env={"TUNIX_RT_HOME": str(tmp_path)})
    assert result.exit_code == 2
    assert "say --dry-run with it" in result.stderr
    assert not (tmp_path / "runs").exists()
