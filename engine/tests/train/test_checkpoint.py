"""Checkpoints and adapters: what is restored is what was saved, and damage is named and stepped over."""

from __future__ import annotations

from pathlib import Path

import jax
import numpy as np
import orbax.checkpoint as ocp
import pytest
from flax import nnx
from test_model import fill, logits
from tunix.sft.checkpoint_manager import CheckpointManager

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import DataError, DigestError, MissingError
from tunix_rt.train.adapter import load_adapter, read_adapter, save_adapter
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.checkpoint import Checkpoint, list_checkpoints, restore, seal, settle, trained_state, verify
from tunix_rt.train.model import add_lora, load_model

LORA = LoRAConfig(rank=4, alpha=8.0)


def lora_model(files: ModelFiles, seed: int | None) -> nnx.Module:
    model = add_lora(load_model(files).model, LORA)
    if seed is not None:
        fill(model, seed)
    return model


@pytest.fixture
def root(tmp_path: Path, nano_files: ModelFiles) -> Path:
    """Three checkpoints of three models, saved as Tunix's trainer does it."""
    options = ocp.CheckpointManagerOptions(save_interval_steps=1, max_to_keep=3)
    manager = CheckpointManager(str(tmp_path / "checkpoints"), options)
    for step in (10, 20, 30):
        manager.save(step, lora_model(nano_files, step), save_only_lora_params=True, force=True)
    manager.close()
    return tmp_path / "checkpoints"


def damage(folder: Path) -> Path:
    """Change one byte of the largest file under a folder; return that file."""
    file = max((path for path in folder.rglob("*") if path.is_file()), key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    return file


def same(one: nnx.Module, other: nnx.Module) -> bool:
    return all(map(np.array_equal, jax.tree.leaves(trained_state(one)), jax.tree.leaves(trained_state(other))))


def test_sealed_checkpoints_are_listed_and_restored(root: Path, nano_files: ModelFiles) -> None:
    assert list_checkpoints(root) == []
    assert seal(root, lambda step: {"rows": 4 * step}) == [10, 20, 30]
    assert seal(root, lambda step: {}) == [], "a sealed folder stays as it is"
    found = list_checkpoints(root)
    assert [(each.step, each.manifest.position) for each in found] == [(s, {"rows": 4 * s}) for s in (10, 20, 30)]
    for each in found:
        model = lora_model(nano_files, None)
        restore(verify(each.folder), model)
        assert same(model, lora_model(nano_files, each.step))
    newest, problems = settle(root)
    assert newest is not None
    assert (newest.step, problems) == (30, [])


def test_tunix_still_resumes_from_a_sealed_folder(root: Path, nano_files: ModelFiles) -> None:
    seal(root, lambda step: {})
    model = lora_model(nano_files, None)
    step, _ = CheckpointManager(str(root)).maybe_restore(model, restore_only_lora_params=True)
    assert step == 30
    assert same(model, lora_model(nano_files, 30))


def test_damage_is_named_and_an_earlier_checkpoint_is_used(root: Path, nano_files: ModelFiles) -> None:
    seal(root, lambda step: {})
    changed = damage(root / "30")
    with pytest.raises(DigestError, match=changed.name):
        verify(root / "30")
    cut = max((root / "20").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0)
    cut.write_bytes(cut.read_bytes()[:-1])
    newest, problems = settle(root)
    assert newest is not None
    assert newest.step == 10
    assert [name in problem for name, problem in zip((changed.name, cut.name), problems, strict=True)] == [True, True]
    assert sorted(path.name for path in root.iterdir()) == ["10", "damaged-20", "damaged-30"]
    model = lora_model(nano_files, None)
    assert CheckpointManager(str(root)).maybe_restore(model, restore_only_lora_params=True)[0] == 10


def test_a_changed_manifest_is_noticed(root: Path) -> None:
    seal(root, lambda step: {"rows": step})
    manifest = root / "30" / "manifest.json"
    manifest.write_text(manifest.read_text().replace('"rows": 30', '"rows": 31'))
    with pytest.raises(DigestError, match=r"manifest\.json"):
        verify(root / "30")
    manifest.write_text("{")
    with pytest.raises(DigestError, match=r"manifest\.json"):
        verify(root / "30")


def test_unfinished_folders_are_removed(root: Path, tmp_path: Path) -> None:
    seal(root, lambda step: {})
    (root / "30" / "manifest.json").unlink()
    (root / "40.orbax-checkpoint-tmp-1").mkdir()
    with pytest.raises(MissingError, match="30"):
        verify(root / "30")
    newest, problems = settle(root)
    assert newest is not None
    assert (newest.step, problems) == (20, [])
    assert sorted(path.name for path in root.iterdir()) == ["10", "20"]
    assert settle(tmp_path / "nothing") == (None, [])


def test_a_checkpoint_of_another_model_is_refused(root: Path, nano_files: ModelFiles) -> None:
    seal(root, lambda step: {})
    newest = list_checkpoints(root)[-1]
    with pytest.raises(DataError, match="does not fit"):
        restore(newest, load_model(nano_files).model)
    with pytest.raises(DataError, match="does not fit"):
        restore(Checkpoint(root / "nothing", newest.manifest), lora_model(nano_files, None))


def test_an_adapter_comes_back_bit_for_bit(tmp_path: Path, nano_files: ModelFiles) -> None:
    model = lora_model(nano_files, 1)
    first = save_adapter(model, tmp_path / "a", base=nano_files, lora=LORA, step=7)
    second = save_adapter(lora_model(nano_files, 1), tmp_path / "b", base=nano_files, lora=LORA, step=7)
    assert first == second == read_adapter(tmp_path / "a")
    base = load_model(nano_files)
    loaded = load_adapter(tmp_path / "a", base)
    assert same(loaded, model)
    assert np.array_equal(logits(loaded), logits(model))
    assert save_adapter(lora_model(nano_files, 2), tmp_path / "a", base=nano_files, lora=LORA, step=7) != first


def test_all_weights_come_back_and_the_base_stays(tmp_path: Path, nano_files: ModelFiles) -> None:
    tuned, base = load_model(nano_files).model, load_model(nano_files)
    nnx.update(tuned, jax.tree.map(lambda x: x * 1.5, nnx.state(tuned, nnx.Param)))
    save_adapter(tuned, tmp_path / "full", base=nano_files, lora=None, step=1)
    before = np.asarray(logits(base.model))
    loaded = load_adapter(tmp_path / "full", base)
    assert same(loaded, tuned)
    assert np.array_equal(logits(base.model), before)
    assert not np.array_equal(logits(loaded), before)


def test_a_damaged_or_foreign_adapter_is_refused(tmp_path: Path, nano_files: ModelFiles) -> None:
    folder = tmp_path / "a"
    manifest = save_adapter(lora_model(nano_files, 1), folder, base=nano_files, lora=LORA, step=7)
    foreign = manifest.model_copy(update={"base_digest": "sha256:0"})
    (folder / "manifest.json").write_text(foreign.to_json())
    with pytest.raises(DataError, match="was trained on nano"):
        load_adapter(folder, load_model(nano_files))
    damage(folder)
    with pytest.raises(DigestError, match=r"weights\.safetensors"):
        read_adapter(folder)
