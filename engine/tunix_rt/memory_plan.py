"""The memory plan: what work needs on a chip, part by part, and the nearest settings that fit. It loads no weights.

Letters as in `tunix_rt.train`: `D` width, `F` feed-forward width, `N` heads, `K` key/value heads, `H` head width, `V`
vocabulary, `L` tokens of a sequence, `r` LoRA rank; `P` weights, `T` trained weights, `w` bytes of a weight. Sources:

- Adam keeps two float32 moments of each trained weight (arXiv 1412.6980); gradients are float32 as well.
- Weights, gradients and moments are divided over all devices, sequences over the axis `fsdp` (ZeRO, arXiv 1910.02054).
- Tunix's RLCluster copies the whole model into the memory of the host when it is made (`_anchor_policy_state`), and its
  GRPO loss forms float32 logits `[rows, L, V]` and their gradient.
- What the backward pass keeps is counted from the layer's operations; the counts were held against measured peaks
  (engine/tests/test_memory_plan.py names them).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Literal

from tunix_rt.architecture import Architecture
from tunix_rt.chips import CHIPS, GIB, Chip
from tunix_rt.config import EvalConfig, GRPOConfig, LoRAConfig, SFTConfig
from tunix_rt.formats import Format

Phase = Literal["sft", "grpo", "evaluation"]
DType = Literal["float32", "bfloat16"]
_TILE = 1024
"""Vocabulary rows whose logits the loss of SFT forms at a time (`train/loss.py`)."""
_CPU_RUNTIME, _HOST_RUNTIME, _DEVICE_RUNTIME = 900 * 2**20, 2 * GIB, 256 * 2**20
"""Interpreter, libraries and compiled programs: on a CPU, beside an accelerator, and on the accelerator."""
_FILE_BYTES = 2
"""Published Gemma weights are bfloat16."""


@dataclass(frozen=True)
class Work:
    """One phase with everything that its memory depends on."""

    phase: Phase
    base_model: str
    architecture: Architecture
    dtype: DType
    method: Literal["lora", "full"] = "lora"
    lora: LoRAConfig = field(default_factory=LoRAConfig)
    rows: int = 0
    """Sequences of one micro-batch, on all devices together."""
    accumulation: int = 1
    """Micro-batches of one update."""
    group: int = 1
    """Sequences that stay in one micro-batch: the completions of a prompt."""
    length: int = 0
    """Tokens of one sequence, prompt and completion together."""
    trained_share: float = 1.0
    """Part of the positions whose logits SFT needs."""
    decoded: int = 0
    """Sequences that are decoded at once."""
    context: int | None = None
    """Most tokens of a decoded sequence; None: `length`."""
    reference: bool = False
    """Whether the loss needs the policy that training started from."""
    remat: bool = False
    """Whether a layer's activations are computed again in the backward pass."""
    tensor_parallel: int = 1
    """Devices that share one sequence."""

    @property
    def width(self) -> int:
        """Bytes of one weight, `w`."""
        return 4 if self.dtype == "float32" else 2

    @property
    def trained(self) -> int:
        """Trained weights, `T`; none in an evaluation."""
        if self.phase == "evaluation":
            return 0
        return self.architecture.parameters if self.method == "full" else adapter_parameters(self)


class MemoryPlan(Format):
    """Where the memory of one phase goes on one chip, and with which settings."""

    phase: Phase
    """What is planned."""
    chip: str
    """Name of the chip."""
    base_model: str
    """Name of the base model."""
    method: Literal["lora", "full"] | None
    """What is trained; None in an evaluation."""
    dtype: str
    """Type of the weights."""
    fsdp: int
    """Devices that weights and sequences are divided over."""
    tensor_parallel: int
    """Devices that share one sequence."""
    remat: bool
    """Whether activations are computed again in the backward pass."""
    rows: int
    """Sequences of one micro-batch on all devices, or of one batch of an evaluation."""
    accumulation: int
    """Micro-batches of one update."""
    length: int
    """Tokens of one sequence."""
    device: dict[str, int]
    """Bytes of one device by part."""
    device_bytes: int
    """Most that a device holds at a time; rollouts and updates take turns."""
    device_limit: int
    """Bytes of a device that a program gets."""
    host: dict[str, int]
    """Bytes of the host by part; on a CPU beside the bytes of the device."""
    host_bytes: int
    """Most that the host holds at a time."""
    host_limit: int
    """Bytes of the host that a program gets."""
    fits: bool
    """Whether both limits hold."""
    changes: dict[str, str | int | bool]
    """Settings that differ from the configuration's, because these did not fit or did not divide."""
    words: str
    """The finding in a sentence."""


def sft_work(config: SFTConfig, architecture: Architecture, *, trained_share: float = 1.0) -> Work:
    """Return the work of a fine-tuning."""
    return Work(
        "sft",
        config.base_model,
        architecture,
        config.dtype,
        method=config.method,
        lora=config.lora,
        rows=config.batch_size,
        accumulation=config.accumulation,
        length=config.max_length,
        trained_share=trained_share,
        decoded=config.sample_prompts,
        context=2 * config.max_length,  # the longest prompt and the longest answer, each of which fits into a row
        remat=config.remat,
        tensor_parallel=config.tensor_parallel,
    )


def grpo_work(config: GRPOConfig, architecture: Architecture, *, remat: bool = False, tensor_parallel: int = 1) -> Work:
    """Return the work of a reinforcement learning; the model may have been loaded with `remat`."""
    prompts = config.prompts_per_batch or config.prompts_per_step
    return Work(
        "grpo",
        config.base_model,
        architecture,
        config.dtype,
        method=config.method,
        lora=config.lora,
        rows=prompts * config.num_generations,
        accumulation=config.prompts_per_step // prompts,
        group=config.num_generations,
        length=config.max_prompt_tokens + config.max_new_tokens,
        decoded=min(config.max_rows, config.prompts_per_step * config.num_generations),
        reference=config.beta > 0,
        remat=remat,
        tensor_parallel=tensor_parallel,
    )


def evaluation_work(config: EvalConfig, sft: SFTConfig, architecture: Architecture, *, prompt_tokens: int) -> Work:
    """Return the work of measuring a model on prompts of at most so many tokens."""
    return Work(
        "evaluation",
        sft.base_model,
        architecture,
        sft.dtype,
        length=prompt_tokens + config.max_new_tokens,
        decoded=config.batch_size,
        tensor_parallel=sft.tensor_parallel,
    )


def adapter_parameters(work: Work) -> int:
    """Return the weights of the adapter: `r (in + out)` of each chosen matrix, as Tunix divides them."""
    a, modules = work.architecture, set(work.lora.modules)
    q, kv = a.num_heads * a.head_dim, 2 * a.num_kv_heads * a.head_dim
    sizes = {"q_proj": a.embed_dim + q, "k_proj": a.embed_dim + kv, "o_proj": q + a.embed_dim}
    sizes |= dict.fromkeys(("gate_proj", "up_proj", "down_proj"), a.embed_dim + a.hidden_dim)
    return a.num_layers * work.lora.rank * sum(size for name, size in sizes.items() if name in modules)


def kept_per_position(work: Work, kind: str) -> float:
    """Return the values that one layer keeps of one position for its backward pass, in units of a weight.

    An accelerator fuses elementwise work and keeps what matrix products need: the inputs of four norms and the
    residual 5 D, queries, keys, values and their results 2 H (N + K), the three wide ones 3 F, and float32
    probabilities N L. XLA for CPUs keeps the steps between them as well.
    """
    a = work.architecture
    heads = a.head_dim * (a.num_heads + a.num_kv_heads)
    if kind == "cpu":
        return 10 * a.embed_dim + 6 * a.hidden_dim + 6 * heads + 3 * a.num_heads * work.length
    return 5 * a.embed_dim + 3 * a.hidden_dim + 2 * heads + a.num_heads * work.length * 4 / work.width


def kv_cache_bytes(work: Work) -> int:
    """Return the keys and values of all decoded sequences: `2 K H w` a token; a sliding layer keeps its window."""
    a = work.architecture
    full = set(a.global_layers)
    length = work.length if work.context is None else work.context
    columns = sum(length if index in full else min(length, a.sliding_window) for index in range(a.num_layers))
    return work.decoded * columns * 2 * a.num_kv_heads * a.head_dim * work.width


def device_parts(work: Work, chip: Chip) -> dict[str, int]:
    """Return the bytes of one device by part."""
    a, w, trained, devices = work.architecture, work.width, work.trained, chip.devices
    data = devices // work.tensor_parallel
    positions = math.ceil(work.rows / data) * work.length
    layer = kept_per_position(work, chip.kind) * w * positions
    kept = layer + a.num_layers * a.embed_dim * w * positions if work.remat else a.num_layers * layer
    copies = 2 if work.reference and work.method == "full" else 1
    adapter = 4 * trained if work.method == "lora" else 0
    parts: dict[str, float] = {
        "parameters": (copies * w * a.parameters + adapter) / devices,
        "gradients": 4 * trained / devices,
        "optimiser": (8 + (4 if work.accumulation > 1 else 0)) * trained / devices,
        "activations": kept / work.tensor_parallel if work.rows else 0,
    }
    if work.phase == "sft":
        parts["logits"] = work.trained_share * positions * 4 * (_TILE + 2 * a.embed_dim)
    elif work.phase == "grpo":
        parts["logits"] = positions * a.vocab_size * (4 + 4) / work.tensor_parallel
    if work.decoded:
        # The sampler's own weights, with the adapter added; the embedding is the model's. Its cache is not divided.
        parts["sampler weights"] = w * (a.parameters - a.vocab_size * a.embed_dim) / devices
        parts["kv cache"] = kv_cache_bytes(work)
        parts["sampler logits"] = 4 * work.decoded * a.vocab_size
    parts["runtime"] = _CPU_RUNTIME if chip.kind == "cpu" else _DEVICE_RUNTIME
    return {name: round(size) for name, size in parts.items()}


def peak(parts: dict[str, int]) -> int:
    """Return the most that is held at a time: what decoding needs and what an update needs are never there together."""
    decoding = parts.get("kv cache", 0) + parts.get("sampler logits", 0)
    updating = sum(parts.get(name, 0) for name in ("gradients", "activations", "logits"))
    return sum(parts.values()) - min(decoding, updating)


def host_parts(work: Work, chip: Chip) -> dict[str, int]:
    """Return the bytes of the host by part."""
    weights = work.width * work.architecture.parameters
    read = weights if chip.kind == "cpu" else weights + _FILE_BYTES * work.architecture.parameters
    parts = {"weights while they are read": read}
    if work.phase == "grpo":
        parts["copy of the policy"] = weights + (4 * work.trained if work.method == "lora" else 0)
    if chip.kind != "cpu":
        parts["runtime"] = _HOST_RUNTIME
    return parts


def memory_of(work: Work, chip: Chip, *, asked: Work | None = None) -> MemoryPlan:
    """Return where the memory of some work goes, as it stands; `asked` is the work as the configuration has it."""
    device, host = device_parts(work, chip), host_parts(work, chip)
    on_device, on_host = peak(device), sum(host.values())
    if chip.kind == "cpu":  # one memory for both; what is read comes before what is trained, but pages stay
        on_host += on_device
    fits = on_device <= chip.device_limit and on_host <= chip.host_limit
    changes = _changes(asked or work, work)
    return MemoryPlan(
        phase=work.phase,
        chip=chip.name,
        base_model=work.base_model,
        method=None if work.phase == "evaluation" else work.method,
        dtype=work.dtype,
        fsdp=chip.devices // work.tensor_parallel,
        tensor_parallel=work.tensor_parallel,
        remat=work.remat,
        rows=work.rows or work.decoded,
        accumulation=work.accumulation,
        length=work.length,
        device=device,
        device_bytes=on_device,
        device_limit=chip.device_limit,
        host=host,
        host_bytes=on_host,
        host_limit=chip.host_limit,
        fits=fits,
        changes=changes,
        words=_fitting_words(on_host if chip.kind == "cpu" else on_device, chip, changes) if fits else "",
    )


def plan_memory(work: Work, chip: Chip) -> MemoryPlan:
    """Return the plan of the settings nearest to those asked for that fit; if none do, of the smallest, with advice."""
    last = None
    for candidate in candidates(work, chip):
        last = memory_of(candidate, chip, asked=work)
        if last.fits:
            return last
    assert last is not None  # there is always the work itself
    return last.model_copy(update={"words": _advice(work, chip, last)})


def candidates(work: Work, chip: Chip) -> Iterator[Work]:
    """Yield settings, those first that cost least: fewer rows at a time, remat, LoRA, bfloat16, a second mesh axis.

    Weights and sequences are divided over all devices (`fsdp`): below 3B weights tensor parallelism alone is slower
    (Gemma 3 270M on four v5e chips: 5.4 s a step, 0.21 with `fsdp`), so that a second axis comes last and has two
    devices. The rows of one update stay the same, unless one row a device is more.
    """
    methods: tuple[Literal["lora", "full"], ...] = ("full", "lora") if work.method == "full" else ("lora",)
    for tensor_parallel in _axes(work, chip):
        choices = _row_choices(work, chip.devices // tensor_parallel)
        for method in methods:
            full = method == "full"  # every weight is trained in float32 only
            other: DType = "float32" if full else "bfloat16"
            for dtype in dict.fromkeys((work.dtype, other)):
                for remat in (work.remat, True) if not work.remat and work.rows else (work.remat,):
                    for rows in choices:
                        yield replace(
                            work,
                            method=method,
                            dtype=dtype,
                            remat=remat,
                            rows=rows,
                            accumulation=max(1, work.rows * work.accumulation // rows) if rows else 1,
                            tensor_parallel=tensor_parallel,
                        )
        for decoded in _halves(work.decoded // 2, 1) if work.phase == "evaluation" and work.decoded > 1 else ():
            yield replace(work, decoded=decoded, tensor_parallel=tensor_parallel)


def _axes(work: Work, chip: Chip) -> list[int]:
    own = work.tensor_parallel if chip.devices % work.tensor_parallel == 0 else 1
    more = own == 1 and chip.devices >= 4 and work.architecture.num_heads % 2 == 0
    return [own, 2] if more else [own]


def _row_choices(work: Work, data: int) -> list[int]:
    """Return how many sequences a micro-batch may have: divided over the devices, and in whole groups that divide."""
    if not work.rows:
        return [0]
    unit = math.lcm(data, work.group)
    if work.group == 1:
        return _halves(max(unit, work.rows - work.rows % unit), unit)
    prompts = work.rows * work.accumulation // work.group
    found = [part * work.group for part in range(work.rows // work.group, 0, -1) if prompts % part == 0]
    return [rows for rows in found if rows % data == 0] or [unit]


def _halves(most: int, unit: int) -> list[int]:
    rows, found = most, []
    while rows >= unit:
        found.append(rows)
        rows = max(unit, rows // 2 // unit * unit) if rows > unit else 0
    return found


def _changes(asked: Work, work: Work) -> dict[str, str | int | bool]:
    """Return the keys of a session's configuration that would have to be set; a model is loaded as `sft` says."""
    rows, part = {"sft": ("sft.batch_size", 1), "grpo": ("grpo.prompts_per_batch", work.group)}.get(
        work.phase, ("eval.batch_size", 1)
    )
    shared = ("method", "dtype", "remat", "tensor_parallel")
    changes = {f"sft.{name}": getattr(work, name) for name in shared if getattr(work, name) != getattr(asked, name)}
    if work.rows != asked.rows:
        changes[rows] = work.rows // part
    if work.phase == "sft" and work.accumulation != asked.accumulation:
        changes["sft.accumulation"] = work.accumulation
    if work.decoded != asked.decoded:
        changes["eval.batch_size"] = work.decoded
    return changes


def _fitting_words(size: int, chip: Chip, changes: dict[str, str | int | bool]) -> str:
    place = "the device" if chip.devices == 1 else "each device"
    if chip.kind == "cpu":
        used = f"{_gib(size)} of {_gib(chip.host_limit)} GiB of memory"
    else:
        used = f"{_gib(size)} of {_gib(chip.device_limit)} GiB of {place}"
    return f"fits: {used}, " + (f"with {_settings(changes)}" if changes else "as configured")


def _advice(work: Work, chip: Chip, smallest: MemoryPlan) -> str:
    """Return what does not fit and what would: a shorter row, or another chip."""
    part, size = max(smallest.device.items(), key=lambda item: item[1])
    if smallest.device_bytes > smallest.device_limit:
        needs = f"{_gib(smallest.device_bytes)} GiB of a device, which gives {_gib(smallest.device_limit)}"
    else:
        needs = f"{_gib(smallest.host_bytes)} GiB of the host, which gives {_gib(smallest.host_limit)}"
        part, size = max(smallest.host.items(), key=lambda item: item[1])
    words = (
        f"does not fit: with {_settings(smallest.changes) or 'these settings'} it needs {needs}; the largest part is"
    )
    words += f" {part}, {_gib(size)} GiB"
    would = []
    for length in _halves(work.length // 2, 1):
        if length >= 64 and any(memory_of(one, chip).fits for one in candidates(replace(work, length=length), chip)):
            would.append(f"sequences of {length} tokens")
            break
    others = [other.name for other in CHIPS if other.name != chip.name and _fits(work, other)]
    if others:
        would.append(f"the chip {' or '.join(others)}")
    return f"{words}; what would fit: {', or '.join(would) if would else 'a smaller base model'}"


def _fits(work: Work, chip: Chip) -> bool:
    return any(memory_of(candidate, chip).fits for candidate in candidates(work, chip))


def _settings(changes: dict[str, str | int | bool]) -> str:
    return ", ".join(f"{name} {str(value).lower()}" for name, value in changes.items())


def _gib(size: float) -> str:
    return f"{size / GIB:.1f}"
