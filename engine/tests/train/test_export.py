"""Exports: every format is read back with the same greedy tokens, in other tools' names, or is not kept."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest
import small_models
from flax import nnx
from test_model import fill, logits

from tunix_rt.architecture import Architecture
from tunix_rt.config import LoRAConfig
from tunix_rt.errors import ConfigError, ExportError
from tunix_rt.formats import MANIFEST, check_digests
from tunix_rt.run_folder import RunDir
from tunix_rt.sampling import Completion
from tunix_rt.train.adapter import save_adapter
from tunix_rt.train.base_models import ModelFiles, verify_model
from tunix_rt.train.export import (
    PARITY_QUESTIONS,
    ExportFormat,
    ExportManifest,
    compare_completions,
    export,
    export_model,
    make_reference,
)
from tunix_rt.train.model import LoadedModel, add_lora, load_model
from tunix_rt.train.model_sources import from_folder
from tunix_rt.train.safetensors_file import read_tensors

LORA = LoRAConfig(rank=4, alpha=8.0)
FORMATS: tuple[ExportFormat, ...] = ("merged", "peft", "orbax")


@pytest.fixture(scope="module")
def base(nano_files: ModelFiles) -> LoadedModel:
    return load_model(nano_files)


@pytest.fixture(scope="module")
def tuned(base: LoadedModel) -> nnx.Module:
    model = add_lora(base.model, LORA)
    fill(model)
    return model


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, base: LoadedModel, tuned: nnx.Module) -> RunDir:
    """A run that has an adapter and is exported in all three formats."""
    run = RunDir(tmp_path_factory.mktemp("run"))
    save_adapter(tuned, run.adapter, base=base.files, lora=LORA, step=1)
    for name in FORMATS:
        export_model(run, base, name)
    return run


def test_every_format_reads_back_the_same(run: RunDir) -> None:
    assert len(PARITY_QUESTIONS) == 16
    for name in FORMATS:
        manifest = ExportManifest.read(run.exports / name / MANIFEST)
        check_digests(run.exports / name, manifest.files)
        assert manifest.parity.prompts == 16
        assert manifest.parity.tokens >= 16
        assert manifest.parity.largest_difference < 1e-4
        assert "same greedy tokens on 16 prompts" in manifest.note


def test_merged_weights_have_the_names_that_hugging_face_loads(
    run: RunDir, base: LoadedModel, tuned: nnx.Module
) -> None:
    folder = run.exports / "merged"
    tensors = read_tensors(folder / "model.safetensors")
    assert {name: tensor.shape for name, tensor in tensors.items()} == base.files.architecture.shapes()
    assert json.loads((folder / "generation_config.json").read_text())["eos_token_id"] == list(base.tokenizer.eos_ids)
    state = dict(nnx.state(tuned).flat_state())
    at = ("layers", 1, "attn", "q_einsum")
    a, b, w = (np.asarray(state[(*at, name)][...]) for name in ("w_lora_a", "w_lora_b", "w"))
    full = w + 2.0 * np.einsum("dr,rnh->ndh", a, b)
    by_hand = full.transpose(0, 2, 1).reshape(-1, w.shape[1])
    np.testing.assert_allclose(tensors["model.layers.1.self_attn.q_proj.weight"], by_hand, atol=1e-6)


def test_the_adapter_is_the_one_that_peft_adds_to_the_base(run: RunDir, base: LoadedModel) -> None:
    folder = run.exports / "peft"
    config = json.loads((folder / "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"], config["base_model_name_or_path"]) == (4, 8.0, "nano")
    tensors = read_tensors(folder / "adapter_model.safetensors")
    assert len(tensors) == 2 * 7 * 2, "two layers, seven projections, A and B"
    where = "base_model.model.model.layers.0."
    assert tensors[f"{where}self_attn.q_proj.lora_A.weight"].shape == (4, 128)
    assert tensors[f"{where}self_attn.v_proj.lora_B.weight"].shape == (32, 4)
    assert tensors[f"{where}self_attn.o_proj.lora_A.weight"].shape == (4, 128)
    assert tensors[f"{where}mlp.down_proj.lora_A.weight"].shape == (4, 384)
    # PEFT computes W + alpha / r * B A; with the base model's W that must be the merged export.
    merged, original = read_tensors(run.exports / "merged" / "model.safetensors"), read_tensors(base.files.weights)
    for name in ("self_attn.k_proj", "self_attn.o_proj", "mlp.up_proj"):
        a, b = (tensors[f"{where}{name}.lora_{part}.weight"] for part in "AB")
        change = 2.0 * (b @ a)
        assert np.abs(change).max() > 1e-3
        weight = f"model.layers.0.{name}.weight"
        np.testing.assert_allclose(merged[weight], original[weight] + change, atol=1e-5)


def test_the_readme_of_the_tunix_checkpoint_runs_without_this_project(run: RunDir, tuned: nnx.Module) -> None:
    folder = run.exports / "orbax"
    code = (folder / "README.md").read_text().split("```python\n")[1].split("```")[0]
    assert "tunix_rt" not in code
    code += """
import jax.numpy as jnp
tokens = jnp.array([[2, 10, 40, 41, 42, 11]])
mask = jnp.tril(jnp.ones((1, 6, 6), bool))
np.save("logits.npy", np.asarray(model(tokens, jnp.arange(6)[None], None, mask)[0]))
"""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    np.testing.assert_allclose(np.load(folder / "logits.npy"), logits(tuned), atol=1e-4)
    (folder / "logits.npy").unlink()


def test_a_model_that_reads_back_differently_is_not_kept(tmp_path: Path, base: LoadedModel, tuned: nnx.Module) -> None:
    other = add_lora(base.model, LORA)
    fill(other, seed=5)
    reference = make_reference(other, base, LORA)
    for name in FORMATS:
        with pytest.raises(ExportError, match=f"export {name}: prompt 0"):
            export(tuned, base, tmp_path / name, name, lora=LORA, reference=reference)
    assert list(tmp_path.iterdir()) == []


def test_all_weights_are_exported_without_an_adapter(tmp_path: Path, base: LoadedModel) -> None:
    model = load_model(base.files).model
    nnx.update(model, jax.tree.map(lambda x: x * 1.2, nnx.state(model, nnx.Param)))
    run = RunDir(tmp_path)
    save_adapter(model, run.adapter, base=base.files, lora=None, step=3)
    for name in ("merged", "orbax"):
        assert export_model(run, base, name, prompts=PARITY_QUESTIONS[:2]).parity.ties == 0
    with pytest.raises(ConfigError, match="trained in full"):
        export_model(run, base, "peft", prompts=PARITY_QUESTIONS[:2])


@pytest.mark.parametrize("architecture", [small_models.GEMMA3, small_models.GEMMA2], ids=["gemma3", "gemma2"])
def test_several_key_heads_and_both_families(tmp_path: Path, architecture: Architecture) -> None:
    small_models.write_huggingface(tmp_path / "source", architecture)
    from_folder(small_models.base_of(architecture), tmp_path / "tiny", tmp_path / "source")
    base = load_model(verify_model(tmp_path / "tiny"))
    model = add_lora(base.model, LORA)
    fill(model)
    reference = make_reference(model, base, LORA, PARITY_QUESTIONS[:3], 8)
    for name in FORMATS:
        export(model, base, tmp_path / name, name, lora=LORA, reference=reference)
    assert "chat_template" in json.loads((tmp_path / "merged" / "tokenizer_config.json").read_text())


def completion(tokens: list[int], logps: list[float]) -> Completion:
    return Completion(text="", token_ids=tokens, logps=logps, finish="stop", prompt_tokens=1)


def test_only_a_tie_excuses_another_token() -> None:
    ours = [completion([5, 6, 1], [-0.5, -0.7, -0.1])]
    same = compare_completions(ours, ours, 1e-3, "x")
    assert (same.prompts, same.tokens, same.ties, same.largest_difference) == (1, 3, 0, 0.0)
    tie = compare_completions(ours, [completion([5, 9, 9, 9], [-0.5, -0.7001, -3.0, -3.0])], 1e-3, "x")
    assert (tie.tokens, tie.ties) == (2, 1)
    for other in (
        completion([5, 9, 1], [-0.5, -0.8, -0.1]),
        completion([5, 6, 1], [-0.5, -0.7, -0.2]),
        completion([5, 6], [-0.5, -0.7]),
    ):
        with pytest.raises(ExportError):
            compare_completions(ours, [other], 1e-3, "x")
