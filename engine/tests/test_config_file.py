"""Configuration files: YAML 1.2, overrides, flags, and errors that name the nearest key."""

from pathlib import Path

import pytest

from tunix_rt.config import SessionConfig, SFTConfig
from tunix_rt.config_file import load_config
from tunix_rt.errors import ConfigError


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
