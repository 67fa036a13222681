"""Configurations: YAML 1.2, overrides, flags, and errors that name the nearest key."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt import tasks
from tunix_rt.config import CONFIGS, EvalConfig, PhaseShares, SessionConfig, SFTConfig, load_config, read_config
from tunix_rt.errors import ConfigError

CONFIG_FOLDER = Path(__file__).parents[2] / "configs"
CONFIG_FILES = sorted(CONFIG_FOLDER.glob("*.yaml"))


def write(folder: Path, text: str) -> Path:
    path = folder / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def test_later_sources_win(tmp_path: Path) -> None:
    path = write(tmp_path, "kind: sft\nseed: 1\nlora: {rank: 4, alpha: 4}\nmax_steps: 10\n")
    config = load_config(SFTConfig, path, ["lora.rank=8", "max_steps=20"], {"max_steps": 30, "seed": None})
    assert (config.seed, config.lora.rank, config.lora.alpha, config.max_steps) == (1, 8, 4.0, 30)


def test_yaml_is_version_1_2(tmp_path: Path) -> None:
    config = load_config(SFTConfig, write(tmp_path, "kind: sft\nlearning_rate: 1e-4\ndataset: no\n"))
    assert (config.learning_rate, config.dataset) == (1e-4, "no")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("learing_rate=1", "unknown key 'learing_rate' of SFTConfig; did you mean 'learning_rate'?"),
        ("lr=1", "did you mean 'learning_rate'?"),
        ("lora.rnk=1", "unknown key 'rnk' of LoRAConfig; did you mean 'rank'?"),
        ("zzzz=1", "known keys: kind, base_model"),
        ("seed.x=1", "'seed' has no keys inside"),
        ("seed", "expected a.b=value"),
        ("seed=[1", "is not YAML"),
        ("seed=many", "seed: Input should be a valid integer"),
        ("lora.modules=[q_proj, nose]", "got ['nose']"),
        ("learning_rate=0", "greater than 0"),
    ],
)
def test_wrong_override_says_what_to_do(override: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        load_config(SFTConfig, None, [override])
    assert message in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kind: session\nsft: {lora: {rnk: 2}}\n", "unknown key 'rnk' of LoRAConfig; did you mean 'rank'?"),
        ("kind: session\nbudget: 3\n", "did you mean 'budget_minutes'?"),
        ("kind: sft\n", "is of kind 'sft'; expected 'session'"),
        ("kind: session\nkind: session\n", "duplicate key"),
        ("- a\n", "holds list; expected a mapping"),
        ("kind: session\nphases: {sft: 0.5}\n", "must sum to 1"),
        ("kind: session\nfew_shot_pool: dev-reasoning-v1:heldout\n", "is the evaluated task"),
        ("kind: session\nsft: 3\n", "sft: Input should be"),
    ],
)
def test_wrong_file_says_what_to_do(tmp_path: Path, text: str, message: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_config(SessionConfig, path)
    assert message in str(caught.value)
    assert str(path) in str(caught.value)


def test_missing_file_is_a_config_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="cannot be read"):
        load_config(SFTConfig, tmp_path / "absent.yaml")


def test_several_samples_need_a_temperature() -> None:
    with pytest.raises(ConfigError, match="temperature above 0"):
        load_config(EvalConfig, None, ["num_samples=4"])
    assert load_config(EvalConfig, None, ["num_samples=4", "temperature=0.7"]).num_samples == 4


def test_default_shares_sum_to_one() -> None:
    assert sum(PhaseShares().model_dump().values()) == pytest.approx(1)


def test_there_are_config_files() -> None:
    assert len(CONFIG_FILES) >= 5


@pytest.mark.parametrize("path", CONFIG_FILES, ids=lambda path: path.name)
def test_every_config_file_loads_and_says_how_to_run_it(path: Path) -> None:
    config = read_config(path)
    first = path.read_text(encoding="utf-8").splitlines()[0]
    verb = {"sft": "train sft", "eval": "eval", "session": "session run"}[config.kind]  # type: ignore[attr-defined]
    assert first.startswith(f"# tunix-rt {verb} configs/{path.name}")
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
    path = write(tmp_path, "kind: session\nseed: 3\nsft: {max_steps: 5}\neval: {seed: 9}\n")
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
