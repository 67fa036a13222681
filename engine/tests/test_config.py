"""Configurations: what is impossible is refused, what is written reads back, and every file in configs/ loads."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt import tasks
from tunix_rt.config import (
    CONFIGS,
    EvalConfig,
    GRPOConfig,
    PhaseShares,
    SessionConfig,
    SFTConfig,
    load_config,
    read_config,
)
from tunix_rt.errors import ConfigError

CONFIG_FOLDER = Path(__file__).parents[2] / "configs"
CONFIG_FILES = sorted(CONFIG_FOLDER.glob("*.yaml"))


def test_several_samples_need_a_temperature() -> None:
    with pytest.raises(ConfigError, match="temperature above 0"):
        load_config(EvalConfig, None, ["num_samples=4"])
    assert load_config(EvalConfig, None, ["num_samples=4", "temperature=0.7"]).num_samples == 4


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["num_generations=1"], "num_generations 1 leaves a completion nothing to be compared with"),
        (["prompts_per_batch=3"], "prompts_per_batch 3 does not divide prompts_per_step 8"),
        (["prompts_per_batch=16"], "prompts_per_batch 16 does not divide prompts_per_step 8"),
        (["num_iterations=3"], "num_iterations 3 does not divide max_steps 100"),
        (["method=full", "dtype=bfloat16"], "method full needs dtype float32"),
        (["rewards.terms=[]"], "rewards.terms"),
    ],
)
def test_reinforcement_learning_that_cannot_learn_is_refused(overrides: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(GRPOConfig, None, overrides)
    assert message in str(caught.value)


def test_default_shares_sum_to_one() -> None:
    assert sum(PhaseShares().model_dump().values()) == pytest.approx(1)


def test_there_are_config_files() -> None:
    assert len(CONFIG_FILES) >= 5


@pytest.mark.parametrize("path", CONFIG_FILES, ids=lambda path: path.name)
def test_every_config_file_loads_and_says_how_to_run_it(path: Path) -> None:
    config = read_config(path)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    verbs = {
        "sft": "train sft",
        "grpo": "train grpo",
        "rewards": "rewards check --rewards",
        "eval": "eval",
        "session": "session run",
    }
    assert first.startswith(f"# tunix-rt {verbs[config.kind]} configs/{path.name}")  # type: ignore[attr-defined]
    assert type(config) in CONFIGS.values()


@given(
    rank=st.integers(1, 1024),
    rate=st.floats(1e-9, 1, allow_nan=False),
    seed=st.integers(0, 2**31 - 1),
    dataset=st.none() | st.text(min_size=1, max_size=20),
)
def test_resolved_config_reads_back(rank: int, rate: float, seed: int, dataset: str | None) -> None:
    flags = {"lora.rank": rank, "learning_rate": rate, "seed": seed, "dataset": dataset}
    config = load_config(SFTConfig, None, [], flags)
    assert SFTConfig.model_validate_json(config.to_json()) == config


def test_session_does_not_export_an_adapter_that_full_fine_tuning_does_not_make() -> None:
    with pytest.raises(ConfigError, match="peft needs"):
        load_config(SessionConfig, overrides=["sft.method=full"])


def test_a_session_has_one_seed_unless_a_part_names_its_own(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("kind: session\nseed: 3\nsft: {max_steps: 5}\neval: {seed: 9}\n", encoding="utf-8")
    config = load_config(SessionConfig, path)
    assert (config.seed, config.sft.seed, config.eval.seed) == (3, 3, 9)
    again = load_config(SessionConfig, path, (), {"seed": 4})
    assert (again.seed, again.sft.seed, again.eval.seed) == (4, 4, 9)
    assert SessionConfig.model_validate_json(again.to_json()) == again
    assert SessionConfig(seed=5).sft.seed == 5
    assert SessionConfig().sft.seed == 0


def test_the_main_job_scores_enough_items_on_the_slowest_machine() -> None:
    config = load_config(SessionConfig, CONFIG_FOLDER / "demo.yaml")
    items = tasks.load(config.eval.task, limit=config.min_items).items
    assert sum(item.target.kind != "open" for item in items) >= 120


def test_reinforcement_learning_has_a_share_of_the_session_if_and_only_if_it_is_there() -> None:
    with pytest.raises(ConfigError, match=r"grpo is configured and phases\.grpo is 0"):
        load_config(SessionConfig, None, ["grpo.max_steps=3"])
    with pytest.raises(ConfigError, match=r"grpo is not configured and phases\.grpo is 0\.2"):
        load_config(SessionConfig, None, ["phases.grpo=0.2", "phases.sft=0.24"])
    found = load_config(SessionConfig, None, ["grpo.max_steps=3", "phases.grpo=0.2", "phases.sft=0.24", "seed=7"])
    assert found.grpo is not None
    assert (found.grpo.max_steps, found.grpo.seed) == (3, 7)
    assert list(found.phases.planned) == ["dataset", "model", "base", "sft", "grpo", "tuned", "export", "report"]
    assert "grpo" not in PhaseShares().planned
