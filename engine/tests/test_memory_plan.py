"""The memory plan: parts worked out by hand, peaks that somebody measured, and settings that are found or refused."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tunix_rt.architecture import ARCHITECTURES
from tunix_rt.chips import CHIP_NAMES, CHIPS, GIB, Chip, chip
from tunix_rt.config import EvalConfig, GRPOConfig, LoRAConfig, SFTConfig
from tunix_rt.memory_plan import (
    Work,
    adapter_parameters,
    candidates,
    device_parts,
    evaluation_work,
    grpo_work,
    host_parts,
    kept_per_position,
    kv_cache_bytes,
    memory_of,
    peak,
    plan_memory,
    sft_work,
)

GEMMA_270M, GEMMA_1B, GEMMA_2B = (ARCHITECTURES[name] for name in ("gemma3-270m", "gemma3-1b-it", "gemma2-2b-it"))
V5E_1, V5E_8 = chip("v5e-1"), chip("v5e-8")
CPU = replace(chip("cpu"), device_bytes=24 * GIB, host_bytes=24 * GIB)


def sft(**changes: object) -> Work:
    return sft_work(SFTConfig.model_validate(changes), GEMMA_270M)


def test_adapter_of_gemma_270m_has_the_weights_counted_by_hand() -> None:
    # A layer: q 640+1024, k and v in one 640+512, o 1024+640, gate, up and down 640+2048 each; rank 16, 18 layers.
    assert adapter_parameters(sft()) == 18 * 16 * (1664 + 1152 + 1664 + 3 * 2688)
    assert adapter_parameters(sft(lora=LoRAConfig(rank=4, modules=("q_proj",)))) == 18 * 4 * 1664


def test_parts_of_a_fine_tuning_are_those_worked_out_by_hand() -> None:
    parts = device_parts(sft(batch_size=16, max_length=512, accumulation=1, dtype="bfloat16"), V5E_1)
    adapter = 18 * 16 * 12_544
    assert parts["parameters"] == 2 * 268_098_176 + 4 * adapter
    assert (parts["gradients"], parts["optimiser"]) == (4 * adapter, 8 * adapter)
    # A position of a layer: 5 x 640 + 3 x 2048 + 2 x 256 x 5, and 4 heads x 512 float32 probabilities.
    assert parts["activations"] == 16 * 512 * 18 * 2 * (3200 + 6144 + 2560 + 4096)
    assert parts["logits"] == 16 * 512 * 4 * (1024 + 2 * 640)


def test_full_fine_tuning_keeps_sixteen_bytes_of_every_weight() -> None:
    parts = device_parts(sft(method="full", accumulation=1), V5E_1)
    kept = parts["parameters"] + parts["gradients"] + parts["optimiser"]
    assert kept == 16 * 268_098_176
    more = device_parts(sft(method="full", accumulation=2), V5E_1)
    assert more["optimiser"] - parts["optimiser"] == 4 * 268_098_176, "the gradients of earlier micro-batches"


def test_eight_devices_share_weights_and_rows() -> None:
    work = sft(batch_size=8, accumulation=1)
    one, eight = device_parts(work, V5E_1), device_parts(work, V5E_8)
    for part in ("parameters", "gradients", "optimiser", "activations", "logits"):
        assert eight[part] == pytest.approx(one[part] / 8, abs=1), part
    alone = device_parts(replace(work, rows=1), V5E_8)
    assert alone["activations"] == eight["activations"], "a device without a row of its own saves nothing"


def test_remat_keeps_one_layer_and_the_inputs_of_the_others() -> None:
    work = sft(batch_size=2, max_length=1024, dtype="bfloat16")
    per_layer = kept_per_position(work, "tpu") * 2 * 2048
    assert device_parts(replace(work, remat=True), V5E_1)["activations"] == per_layer + 18 * 640 * 2 * 2048


def test_cache_counts_the_window_of_sliding_layers() -> None:
    work = Work("evaluation", "gemma3-270m", GEMMA_270M, "bfloat16", length=1024, decoded=8)
    # Layers 6, 12 and 18 see all 1024 tokens, the other fifteen the last 512; one head of 256, keys and values.
    assert kv_cache_bytes(work) == 8 * (3 * 1024 + 15 * 512) * 2 * 256 * 2


def test_reinforcement_learning_counts_logits_rollouts_and_the_copy_on_the_host() -> None:
    config = GRPOConfig(base_model="gemma3-1b-it", dtype="bfloat16", prompts_per_step=16, prompts_per_batch=2)
    work = grpo_work(config, GEMMA_1B)
    parts = device_parts(work, V5E_8)
    assert (work.rows, work.accumulation, work.decoded, work.length) == (16, 8, 128, 512)
    assert parts["logits"] == 2 * 512 * 262_144 * 8, "two sequences a device, float32 logits and their gradient"
    assert host_parts(work, V5E_8)["copy of the policy"] == 2 * 999_885_952 + 4 * adapter_parameters(work)
    assert peak(parts) < sum(parts.values()), "rollouts and updates take turns"
    full = grpo_work(GRPOConfig(base_model="nano", method="full", beta=0.02), ARCHITECTURES["nano"])
    assert (
        device_parts(full, V5E_1)["parameters"]
        == 2 * device_parts(replace(full, reference=False), V5E_1)["parameters"]
        == 2 * 4 * 412_416
    )


MEASURED: tuple[tuple[str, Work, Chip, float, float], ...] = (
    # README and docs/experiments.md, `make bench-sft`: peak of the process, float32, LoRA r16, one row of 512.
    ("this project, cpu", sft(batch_size=1, max_length=512), CPU, 3.6e9, 1.25),
    # deep-diver/tunix-accel, report 01-CCE: Gemma 3 270M, LoRA r16, bfloat16, one v5e chip, chunked cross-entropy.
    ("v5e, 16 x 512", sft(batch_size=16, max_length=512, dtype="bfloat16"), V5E_1, 4.98 * GIB, 1.15),
    ("v5e, 16 x 1024", sft(batch_size=16, max_length=1024, dtype="bfloat16"), V5E_1, 9.65 * GIB, 1.3),
)  # fmt: skip


@pytest.mark.parametrize(
    ("work", "machine", "measured", "at_most"), [row[1:] for row in MEASURED], ids=[r[0] for r in MEASURED]
)
def test_estimate_is_not_below_a_measured_peak_and_not_far_above(
    work: Work, machine: Chip, measured: float, at_most: float
) -> None:
    plan = memory_of(work, machine)
    found = plan.host_bytes if machine.kind == "cpu" else plan.device_bytes
    assert 0.98 * measured <= found <= at_most * measured


def test_what_fits_is_left_as_configured() -> None:
    plan = plan_memory(sft(batch_size=8, max_length=2048, dtype="bfloat16"), V5E_8)
    assert plan.fits
    assert (plan.fsdp, plan.tensor_parallel, plan.changes) == (8, 1, {})
    assert plan.words.endswith("as configured")


def test_a_micro_batch_is_made_smaller_before_anything_else() -> None:
    plan = plan_memory(sft(batch_size=64, accumulation=1, max_length=1024, dtype="bfloat16"), V5E_1)
    assert plan.fits
    assert plan.changes == {"sft.batch_size": plan.rows, "sft.accumulation": 64 // plan.rows}
    assert plan.rows * plan.accumulation == 64, "an update stays the same"
    assert not memory_of(replace(sft(max_length=1024, dtype="bfloat16"), rows=2 * plan.rows), V5E_1).fits


def test_a_row_that_is_too_long_is_computed_twice() -> None:
    work = sft_work(SFTConfig(base_model="gemma3-1b-it", max_length=8192, batch_size=1, dtype="bfloat16"), GEMMA_1B)
    plan = plan_memory(work, V5E_1)
    assert plan.fits
    assert plan.changes == {"sft.remat": True}


def test_full_fine_tuning_that_cannot_fit_becomes_an_adapter() -> None:
    work = sft_work(SFTConfig(base_model="gemma2-2b-it", method="full", max_length=256, batch_size=1), GEMMA_2B)
    plan = plan_memory(work, V5E_1)
    assert plan.fits
    assert plan.changes["sft.method"] == "lora"
    assert plan_memory(work, chip("h100")).changes == {}


def test_rows_that_do_not_divide_are_rounded_to_the_devices() -> None:
    plan = plan_memory(sft(batch_size=1, accumulation=16), V5E_8)
    assert (plan.rows, plan.accumulation) == (8, 2)
    work = grpo_work(GRPOConfig(base_model="gemma3-1b-it", prompts_per_step=6, num_generations=4), GEMMA_1B)
    assert plan_memory(work, V5E_8).rows in (8, 24), "whole groups that divide a step and lie on eight devices"


def test_what_cannot_fit_says_what_would() -> None:
    work = sft_work(SFTConfig(base_model="gemma2-2b-it", max_length=32_768, batch_size=1), GEMMA_2B)
    plan = plan_memory(work, chip("t4x2"))
    assert not plan.fits
    assert plan.words.startswith("does not fit: with")
    assert "the largest part is activations" in plan.words
    assert "what would fit: sequences of" in plan.words
    length = int(plan.words.split("sequences of ")[1].split()[0])
    assert plan_memory(replace(work, length=length), chip("t4x2")).fits
    larger = plan_memory(replace(work, architecture=replace(GEMMA_2B, num_layers=2600)), chip("t4x2"))
    assert larger.words.endswith("what would fit: a smaller base model")
    tiny = replace(V5E_1, name="tiny", device_bytes=GIB // 2)
    assert plan_memory(sft(), tiny).words.endswith("what would fit: the chip v5e-8 or v5e-1 or t4x2 or h100")


def test_host_that_is_too_small_is_named() -> None:
    small = replace(V5E_1, host_bytes=4 * GIB)
    plan = plan_memory(sft_work(SFTConfig(base_model="gemma2-2b-it"), GEMMA_2B), small)
    assert not plan.fits
    assert "GiB of the host" in plan.words


def test_evaluation_shrinks_its_batch_until_the_cache_fits() -> None:
    config = EvalConfig(batch_size=4096, max_new_tokens=1024)
    plan = plan_memory(evaluation_work(config, SFTConfig(), GEMMA_270M, prompt_tokens=512), V5E_1)
    assert plan.fits
    assert plan.method is None
    assert 1 <= plan.changes["eval.batch_size"] == plan.rows < 4096


@given(
    name=st.sampled_from(sorted(ARCHITECTURES)),
    machine=st.sampled_from([name for name in CHIP_NAMES if name != "cpu"]),
    rows=st.integers(1, 64),
    accumulation=st.integers(1, 8),
    length=st.sampled_from([128, 512, 2048]),
    method=st.sampled_from(["lora", "full"]),
)
def test_a_plan_is_one_of_the_candidates_and_its_parts_add_up(
    name: str, machine: str, rows: int, accumulation: int, length: int, method: str
) -> None:
    config = SFTConfig.model_validate(
        {"base_model": name, "batch_size": rows, "accumulation": accumulation, "max_length": length, "method": method}
    )
    work, found = sft_work(config, ARCHITECTURES[name]), next(one for one in CHIPS if one.name == machine)
    plan = plan_memory(work, found)
    assert plan.fsdp * plan.tensor_parallel == found.devices
    assert plan.rows % plan.fsdp == 0
    assert plan.rows * plan.accumulation <= max(rows * accumulation, plan.rows)
    assert plan.device_bytes == sum(plan.device.values())
    assert plan.host_bytes == sum(plan.host.values())
    assert plan.fits == any(memory_of(one, found).fits for one in candidates(work, found))
    assert plan.words
