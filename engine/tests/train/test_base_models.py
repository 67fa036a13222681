"""Base models on disk: one layout from every source, digests that notice a changed byte, two processes at once."""

from __future__ import annotations

import json
import multiprocessing
import shutil
from collections.abc import Callable
from pathlib import Path

import jax.numpy as jnp
import numpy as np
import pytest
import small_models

from tunix_rt.architecture import GEMMA3_270M, Architecture, read_config
from tunix_rt.base_models import BASE_MODELS
from tunix_rt.errors import ConfigError, DataError, DigestError, MissingError
from tunix_rt.train.base_models import ModelFiles, fetch, outline, verify_model
from tunix_rt.train.model import load_model
from tunix_rt.train.model_sources import from_folder, outline_of_folder
from tunix_rt.train.safetensors_file import read_tensors
from tunix_rt.train.tokenizer import load_tokenizer

BOTH = pytest.mark.parametrize("architecture", [small_models.GEMMA3, small_models.GEMMA2], ids=["gemma3", "gemma2"])


def _convert(folder: Path, target: Path, architecture: Architecture) -> ModelFiles:
    from_folder(small_models.base_of(architecture), target, folder)
    return verify_model(target)


def test_nano_is_the_same_bytes_everywhere(tmp_path: Path, nano_files: ModelFiles) -> None:
    said: list[str] = []
    again = fetch("nano", tmp_path, progress=said.append)
    assert again.digest == nano_files.digest
    assert 400_000 <= again.manifest.parameters <= 1_000_000
    assert BASE_MODELS["nano"].notice in said
    fetch("nano", tmp_path, progress=said.append)
    assert said.count(BASE_MODELS["nano"].notice) == 1, "the notice is shown once"


def _fetch_in_process(home: str, results: multiprocessing.Queue[str]) -> None:
    results.put(fetch("nano", Path(home)).digest)


def test_two_processes_may_convert_at_once(tmp_path: Path, nano_files: ModelFiles) -> None:
    context = multiprocessing.get_context("spawn")
    results = context.Queue()
    processes = [context.Process(target=_fetch_in_process, args=(str(tmp_path), results)) for _ in range(3)]
    for process in processes:
        process.start()
    digests = {results.get(timeout=60) for _ in processes}
    for process in processes:
        process.join()
    assert digests == {nano_files.digest}
    assert [path.name for path in (tmp_path / "models").iterdir() if not path.name.endswith(".lock")] == ["nano"]


@pytest.mark.parametrize("file", ["model.safetensors", "config.json", "char_tokenizer.json"])
def test_a_changed_byte_is_named(tmp_path: Path, file: str) -> None:
    folder = fetch("nano", tmp_path).folder
    data = bytearray((folder / file).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / file).write_bytes(data)
    with pytest.raises(DigestError, match=file):
        fetch("nano", tmp_path)


def test_a_missing_file_and_a_changed_manifest_are_named(tmp_path: Path) -> None:
    folder = fetch("nano", tmp_path).folder
    manifest = folder / "manifest.json"
    manifest.write_text(manifest.read_text().replace("sha256:", "sha256:0", 1))
    with pytest.raises(DigestError, match=r"manifest\.json"):
        fetch("nano", tmp_path)
    shutil.rmtree(folder)
    folder = fetch("nano", tmp_path).folder
    (folder / "NOTICE.txt").unlink()
    with pytest.raises(DigestError, match=r"NOTICE\.txt is missing"):
        fetch("nano", tmp_path)


def test_a_model_that_is_nowhere_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HUGGING_FACE_HUB_TOKEN", raising=False)
    with pytest.raises(MissingError, match=r"--path.*HF_TOKEN"):
        fetch("gemma3-1b-it", tmp_path)
    with pytest.raises(MissingError, match="holds no model"):
        fetch("gemma3-1b-it", tmp_path, path=tmp_path)
    with pytest.raises(ConfigError, match="nano"):
        fetch("gemma9", tmp_path)


@BOTH
def test_every_source_gives_the_same_weights(tmp_path: Path, architecture: Architecture) -> None:
    small_models.write_huggingface(tmp_path / "one", architecture)
    small_models.write_huggingface(tmp_path / "shards", architecture, shards=3)
    small_models.write_flax(tmp_path / "flax", architecture)
    models = [_convert(tmp_path / kind, tmp_path / f"{kind}-out", architecture) for kind in ("one", "shards", "flax")]
    assert len({model.manifest.files["model.safetensors"] for model in models}) == 1
    assert models[0].architecture == architecture
    tensors = read_tensors(models[2].weights)
    for name, tensor in small_models.weights(architecture).items():
        assert np.array_equal(tensors[name], tensor), name
    loaded = load_model(models[0])
    tokens = jnp.array([[2, 5, 9, 300, 11]])
    mask = jnp.tril(jnp.ones((1, 5, 5), bool))
    logits, _ = loaded.model(tokens, jnp.arange(5)[None], None, mask)  # type: ignore[operator]
    assert logits.shape == (1, 5, architecture.vocab_size)
    assert bool(jnp.isfinite(logits).all())


def test_an_outline_is_that_of_the_model_and_converts_nothing(tmp_path: Path, nano_files: ModelFiles) -> None:
    text = "How many clips? 48/2 = 24"
    for home in (tmp_path, nano_files.folder.parent.parent):
        found = outline("nano", home)
        assert found.architecture == nano_files.architecture
        assert found.tokenizer.encode(text) == load_tokenizer(nano_files.folder).encode(text)
    assert list(tmp_path.iterdir()) == []
    with pytest.raises(MissingError, match="tunix-rt models fetch gemma3-1b-it"):
        outline("gemma3-1b-it", tmp_path)
    with pytest.raises(ConfigError, match="nano"):
        outline("gemma9", tmp_path)
    with pytest.raises(ConfigError, match="takes no path"):
        outline("nano", tmp_path, path=tmp_path)


@pytest.mark.parametrize("write", [small_models.write_huggingface, small_models.write_flax])
def test_an_outline_of_a_folder_is_that_of_the_model_in_it(tmp_path: Path, write: Callable[..., None]) -> None:
    write(tmp_path / "folder", small_models.GEMMA3)
    found = outline_of_folder(small_models.base_of(small_models.GEMMA3), tmp_path / "folder")
    converted = _convert(tmp_path / "folder", tmp_path / "out", small_models.GEMMA3)
    assert found.architecture == converted.architecture
    assert found.tokenizer.encode("a b") == load_tokenizer(converted.folder).encode("a b")


def test_a_model_with_eyes_gives_its_text_part(tmp_path: Path) -> None:
    small_models.write_huggingface(tmp_path / "eyes", small_models.GEMMA3, prefix="language_model.")
    model = _convert(tmp_path / "eyes", tmp_path / "out", small_models.GEMMA3)
    assert model.architecture == small_models.GEMMA3


def test_a_folder_with_another_model_or_without_a_shard_is_refused(tmp_path: Path) -> None:
    folder = tmp_path / "shards"
    small_models.write_huggingface(folder, small_models.GEMMA3, shards=3)
    with pytest.raises(DataError, match="gemma3-1b-it"):
        fetch("gemma3-1b-it", tmp_path, path=folder)
    (folder / "model-00002-of-00003.safetensors").unlink()
    with pytest.raises(DataError, match="is a shard missing"):
        _convert(folder, tmp_path / "out", small_models.GEMMA3)
    assert not (tmp_path / "out").exists()


def test_a_truncated_file_is_named(tmp_path: Path) -> None:
    folder = tmp_path / "one"
    small_models.write_huggingface(folder, small_models.GEMMA3)
    file = next(folder.glob("*.safetensors"))
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(DataError, match="is cut short"):
        _convert(folder, tmp_path / "out", small_models.GEMMA3)
    file.write_bytes(b"no header")
    with pytest.raises(DataError, match="not a safetensors file"):
        _convert(folder, tmp_path / "out", small_models.GEMMA3)


@BOTH
def test_config_json_is_read_back(architecture: Architecture) -> None:
    config = json.loads(json.dumps(architecture.to_config("float32", (1, 6), 2, 0)))
    assert read_config(config, "here") == architecture
    with pytest.raises(DataError, match="model_type"):
        read_config({"model_type": "llama"}, "here")
    del config["head_dim"]
    with pytest.raises(DataError, match="head_dim"):
        read_config(config, "here")


def test_listed_sizes_are_true(nano_files: ModelFiles, gemma_files: ModelFiles) -> None:
    assert BASE_MODELS["nano"].parameters == nano_files.manifest.parameters
    assert BASE_MODELS["gemma3-270m"].parameters == gemma_files.manifest.parameters == GEMMA3_270M.parameters


def test_another_folder_for_a_converted_model_is_refused(tmp_path: Path) -> None:
    fetch("nano", tmp_path)
    with pytest.raises(ConfigError, match="takes no path"):
        fetch("nano", tmp_path, path=tmp_path)
