"""The command line over the heavy half: a plan, a short training, a measurement, an export, a verification."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from tunix_rt.cli import app

CONFIGS = Path(__file__).parents[3] / "configs"
Last = Callable[..., Any]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture
def last(home: Path) -> Last:
    def invoke(*words: str) -> Any:
        result = CliRunner().invoke(app, [*words, "--json"], env={"TUNIX_RT_HOME": str(home)})
        if result.exception and not isinstance(result.exception, SystemExit):
            raise result.exception
        assert result.exit_code == 0, result.stderr
        return json.loads(result.stdout.splitlines()[-1])

    return invoke


def test_session_plan_names_steps_tokens_memory_and_time(last: Last, home: Path) -> None:
    words = ["session", "run", str(CONFIGS / "demo-nano.yaml"), "--dry_run", "--max_steps", "7"]
    plan = last(*words, "--time_budget_minutes", "2", "--max_examples=400")
    assert plan["budget_minutes"] == 2
    assert sum(plan["phases"].values()) == pytest.approx(120, abs=1)
    assert plan["config"]["sft"]["max_steps"] == plan["sft"]["steps"] == 7
    assert plan["sft"]["tokens"] > plan["sft"]["trained_tokens"] > 0
    assert plan["sft"]["memory_bytes"] > 10**8
    assert plan["sft"]["seconds"] > 0
    assert not (home / "runs").exists()
    assert not (home / "datasets").exists()


def test_train_measure_export_verify(last: Last, home: Path) -> None:
    built = last("data", "build", "nano-arithmetic", "--name", "sums", "--max_examples", "300")
    words = ["train", "sft", str(CONFIGS / "sft-nano.yaml"), "--dataset", built["key"], "--max_steps", "12"]
    plan = last(*words, "--dry-run")
    assert plan["steps"] == 12
    trained = last(*words, "--seed", "1", "--set", "method=lora", "--set", "lora.rank=4")
    assert (trained["steps"], trained["finish"]) == (12, "planned")
    run = trained["run"]
    assert last("runs", "show", run)["status"] == "completed"
    view = last("data", "tokens", built["key"], "--model", "nano")
    assert {token["role"] for token in view["tokens"]} == {"prompt", "trained", "ignored"}
    measured = last(
        "eval", "--run", run, "--task", "nano-arithmetic:heldout", "--limit", "6", "--set", "max_new_tokens=8"
    )
    assert measured["model"]["run"] == run
    assert measured["model"]["adapter_digest"] == trained["adapter"]
    compared = last("compare", measured["id"], measured["id"])
    assert compared["main"]["paired"]["delta"] == 0
    exported = last("export", run, "--to", "merged")
    assert (Path(exported["exports"][0]["folder"]) / "model.safetensors").is_file()
    assert last("runs", "verify", run)["checked"][-1] == "config"

    words = ["train", "grpo", "--start", run, "--dataset", built["key"], "--num_generations", "2"]
    words += ["--prompts_per_step", "2", "--max_steps", "1", "--set", "max_new_tokens=8", "--set", "eval_items=0"]
    assert last(*words, "--dry-run")["completions"] == 4
    reinforced = last(*words, "--force", "--set", "probe_prompts=2", "--set", "max_prompt_tokens=32")
    shown = last("runs", "show", reinforced["run"])
    assert (shown["kind"], shown["status"], shown["results"]["steps"]) == ("grpo", "completed", 1)
    assert shown["inputs"]["start"]["key"] == f"{run}/adapter"
    assert shown["inputs"]["start_dataset"]["digest"] == shown["inputs"]["dataset"]["digest"]
    assert f"output {run}/adapter" in last("runs", "verify", reinforced["run"])["checked"]
    asked = ["--task", "nano-arithmetic:heldout", "--limit", "2", "--set", "max_new_tokens=8"]
    assert last("eval", "--run", reinforced["run"], *asked)["model"]["adapter_digest"] == reinforced["adapter"]

    train = home / "datasets" / built["key"] / "train.jsonl"
    train.write_bytes(train.read_bytes().replace(b"=", b"-", 1))
    result = CliRunner().invoke(app, ["runs", "verify", run], env={"TUNIX_RT_HOME": str(home)})
    assert result.exit_code == 1
    assert str(train) in result.stderr
