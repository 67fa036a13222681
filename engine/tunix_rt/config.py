"""Configurations: what a person may choose, checked in full before any work; `config_file` reads it.

It does not know how a choice is carried out. A file looks like this; its first comment is the command that runs it:

    # tunix-rt train sft configs/sft-gemma3-270m.yaml
    kind: sft
    base_model: gemma3-270m
    dataset: dev-reasoning-v1
    learning_rate: 5e-4

An unknown key is an error that names the nearest known one. Later sources win: defaults < file < `--set a.b=c` < flags.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, model_validator

from tunix_rt.config_file import load_config, parse_yaml, read_mapping
from tunix_rt.errors import ConfigError
from tunix_rt.formats import Format
from tunix_rt.rewards import Estimator, RewardsConfig

__all__ = [
    "CONFIGS",
    "LORA_MODULES",
    "DatasetConfig",
    "EvalConfig",
    "GRPOConfig",
    "LoRAConfig",
    "PhaseShares",
    "RewardsConfig",
    "SFTConfig",
    "SessionConfig",
    "load_config",
    "parse_yaml",
    "read_config",
]

LORA_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")
"""Names of the projections that an adapter may attach to, as Hugging Face spells them."""


class LoRAConfig(Format):
    """A low-rank adapter (arXiv 2106.09685): each chosen weight W becomes W + alpha/rank · A·B."""

    rank: int = Field(16, ge=1, le=1024)
    """Rank of A·B."""
    alpha: float = Field(32.0, gt=0)
    """Scale; the adapter is multiplied by alpha / rank."""
    modules: tuple[str, ...] = LORA_MODULES
    """Projections that get an adapter; any of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj."""

    @model_validator(mode="after")
    def _modules_are_known(self) -> LoRAConfig:
        unknown = [name for name in self.modules if name not in LORA_MODULES]
        if unknown or not self.modules:
            raise ValueError(f"modules must be one or more of {', '.join(LORA_MODULES)}; got {unknown or 'none'}")
        return self


class SFTConfig(Format):
    """Supervised fine-tuning: imitate the traces of a dataset."""

    kind: Literal["sft"] = "sft"
    """What this file configures."""
    base_model: str = "gemma3-270m"
    """Name of the base model: gemma3-270m, gemma3-1b-it, gemma2-2b-it or nano (`tunix-rt models list`)."""
    model_path: Path | None = None
    """Local Hugging Face or Kaggle folder of the base model; None: the model's own way to be fetched."""
    dataset: str | None = None
    """Key `<name>-<version>` under the home folder, or a dataset folder; in a session, the session's own."""
    method: Literal["lora", "full"] = "lora"
    """Train a low-rank adapter, or every weight."""
    lora: LoRAConfig = LoRAConfig()
    """The adapter; not used by method `full`."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Type of weights and activations; loss, adapter and optimiser state are float32 always."""
    max_length: int = Field(512, ge=8, le=32_768)
    """Tokens of one packed row, L."""
    overlong: Literal["refuse", "drop"] = "refuse"
    """A trace that is longer than a row stops the run before it starts, or is left out and counted; it is never cut."""
    batch_size: int = Field(1, ge=1, le=4096)
    """Packed rows of one micro-batch, B."""
    accumulation: int = Field(4, ge=1, le=4096)
    """Micro-batches of one optimiser update; their gradients are weighted by trained tokens."""
    remat: bool = False
    """Compute a layer's activations again in the backward pass: a third more work, a fraction of the memory."""
    tensor_parallel: int = Field(1, ge=1, le=64)
    """Devices that share one row; rows and weights are divided over the others. 1 is fastest below 3B weights."""
    learning_rate: float = Field(5e-4, gt=0, le=1)
    """Peak learning rate."""
    final_learning_rate_fraction: float = Field(0.05, ge=0, le=1)
    """Where the cosine ends, as a fraction of the peak."""
    schedule: Literal["cosine", "constant"] = "cosine"
    """Course of the learning rate after the warm-up."""
    warmup_fraction: float = Field(0.05, ge=0, lt=1)
    """Share of the updates with a linearly rising learning rate."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled weight decay of AdamW (arXiv 1711.05101)."""
    beta2: float = Field(0.98, gt=0, lt=1)
    """Decay of AdamW's second moment."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest global norm of a gradient; larger ones are scaled down."""
    max_steps: int | None = Field(None, ge=1)
    """Optimiser updates; None: `epochs` decides."""
    epochs: float = Field(1.0, gt=0)
    """Passes over the training split where `max_steps` is None."""
    max_examples: int | None = Field(None, ge=1)
    """Use only the first so many examples of the training split; None: all."""
    time_budget_minutes: float | None = Field(None, gt=0)
    """Stop cleanly, with a checkpoint, before so many minutes have passed; None: no limit."""
    eval_every_steps: int = Field(50, ge=1)
    """Updates between two measurements of the validation loss."""
    sample_prompts: int = Field(0, ge=0, le=64)
    """Validation prompts answered greedily at each measurement, to be read; a dry run leaves their time out."""
    checkpoint_every_steps: int = Field(50, ge=1)
    """Updates between two checkpoints; one is always written at the end."""
    keep_checkpoints: int = Field(2, ge=1)
    """How many of the newest checkpoints are kept."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of the data order and of the adapter's start."""


class GRPOConfig(Format):
    """Reinforcement learning with verifiable rewards: GRPO (arXiv 2402.03300) and its variants."""

    kind: Literal["grpo"] = "grpo"
    """What this file configures."""
    base_model: str = "gemma3-270m"
    """Name of the base model; with `start`, that of the run, which need not be named."""
    model_path: Path | None = None
    """Local Hugging Face or Kaggle folder of the base model; None: the model's own way to be fetched."""
    start: str | None = None
    """Run whose trained model is where the policy starts, usually a fine-tuning; None: the base model itself."""
    dataset: str | None = None
    """Key `<name>-<version>` under the home folder, or a dataset folder; its prompts are asked, its answers graded."""
    rewards: RewardsConfig = RewardsConfig()
    """What a completion earns."""
    algorithm: Literal["grpo", "drgrpo", "gspo-token", "dapo"] = "grpo"
    """GRPO; Dr. GRPO (no division by length or spread); GSPO-token (one ratio a completion); DAPO (clip higher)."""
    method: Literal["lora", "full"] = "lora"
    """Train a low-rank adapter, or every weight; with `start`, the method of the run."""
    lora: LoRAConfig = LoRAConfig()
    """The adapter; not used by method `full`, nor with `start`, whose adapter is trained further."""
    dtype: Literal["float32", "bfloat16"] = "float32"
    """Type of weights and activations; loss, adapter and optimiser state are float32 always."""
    num_generations: int = Field(8, ge=1, le=1024)
    """Completions of one prompt, G: a group."""
    prompts_per_step: int = Field(8, ge=1, le=4096)
    """Prompts of one step."""
    prompts_per_batch: int | None = Field(None, ge=1)
    """Prompts whose groups go through the backward pass at a time; must divide `prompts_per_step`. None: all."""
    num_iterations: int = Field(1, ge=1, le=16)
    """Optimiser updates made of one step's completions; with 1 no ratio is ever clipped."""
    max_rows: int = Field(256, ge=1, le=4096)
    """Completions that are decoded at once, at most."""
    max_prompt_tokens: int = Field(256, ge=2, le=32_768)
    """Longest prompt, begin-of-text included; longer ones are left out and counted."""
    max_new_tokens: int = Field(256, ge=1, le=32_768)
    """Longest completion, in tokens."""
    temperature: float = Field(1.0, gt=0, le=10)
    """The distribution is divided by it before drawing, and in the loss."""
    beta: float = Field(0.02, ge=0, le=10)
    """Weight of the divergence from the start policy; 0 saves the reference and its forward pass."""
    epsilon: float = Field(0.2, gt=0, lt=1)
    """How far a probability ratio may go below 1, and above it, before it is clipped."""
    epsilon_high: float | None = Field(None, gt=0, le=10)
    """How far it may go above 1; None: `epsilon`, or 0.28 with algorithm `dapo`."""
    learning_rate: float = Field(1e-5, gt=0, le=1)
    """Learning rate after the warm-up."""
    warmup_steps: int = Field(5, ge=0)
    """Updates with a linearly rising learning rate."""
    weight_decay: float = Field(0.0, ge=0)
    """Decoupled weight decay of AdamW (arXiv 1711.05101)."""
    beta2: float = Field(0.95, gt=0, lt=1)
    """Decay of AdamW's second moment."""
    clip_norm: float = Field(1.0, gt=0)
    """Largest global norm of a gradient; larger ones are scaled down."""
    max_steps: int = Field(100, ge=1)
    """Optimiser updates."""
    max_examples: int | None = Field(None, ge=1)
    """Use only the first so many traces of the training split; None: all."""
    probe_prompts: int = Field(64, ge=0, le=4096)
    """Prompts that the start policy answers before the first update, to see what it can learn from; 0: none."""
    force: bool = False
    """Train although hardly any group of the start policy carries signal."""
    eval_task: str | None = None
    """Task that the policy is measured on; None: the validation split of the dataset, if it has one."""
    eval_items: int = Field(64, ge=0, le=10_000)
    """Items of one measurement, greedy, under the prompt contract; 0: no measurement."""
    eval_every_steps: int = Field(20, ge=1)
    """Updates between two measurements; one is made before the first and after the last."""
    checkpoint_every_steps: int = Field(20, ge=1)
    """Updates between two checkpoints; one is always written at the end."""
    keep_checkpoints: int = Field(2, ge=1)
    """How many of the newest checkpoints are kept."""
    time_budget_minutes: float | None = Field(None, gt=0)
    """Stop cleanly, with a checkpoint, before so many minutes have passed; None: no limit."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of the order of prompts, of every completion and of a new adapter's start."""

    @model_validator(mode="after")
    def _can_learn(self) -> GRPOConfig:
        if self.num_generations < 2:
            raise ValueError(
                "num_generations 1 leaves a completion nothing to be compared with: every advantage is 0; set 2 or more"
            )
        if self.prompts_per_step % (self.prompts_per_batch or self.prompts_per_step):
            raise ValueError(
                f"prompts_per_batch {self.prompts_per_batch} does not divide prompts_per_step {self.prompts_per_step}"
            )
        for name in ("max_steps", "checkpoint_every_steps", "eval_every_steps"):
            if getattr(self, name) % self.num_iterations:
                raise ValueError(
                    f"num_iterations {self.num_iterations} does not divide {name} {getattr(self, name)}; a step makes "
                    "so many updates and ends whole"
                )
        if self.method == "full" and self.dtype != "float32":
            raise ValueError("method full needs dtype float32: in bfloat16 most updates are lost to rounding")
        return self

    @property
    def estimator(self) -> Estimator:
        """How the advantages of a group are made of its rewards."""
        return "drgrpo" if self.algorithm == "drgrpo" else "grpo"


class EvalConfig(Format):
    """One measurement of a model on a task."""

    kind: Literal["eval"] = "eval"
    """What this file configures."""
    task: str = "dev-reasoning-v1:heldout"
    """Name of the task (`tunix-rt tasks list`)."""
    task_path: Path | None = None
    """File of a task that is not built in, such as gsm8k; None: built in or registered."""
    limit: int | None = Field(None, ge=1)
    """Measure only the first so many items; None: all."""
    prompt: Literal["contract", "few_shot", "few_shot_plain", "few_shot_turns"] = "contract"
    """Ask under the prompt contract, or after worked examples; `few_shot` means `few_shot_plain`."""
    shots: int = Field(4, ge=1, le=32)
    """Worked examples of the few-shot prompt."""
    max_new_tokens: int = Field(256, ge=1, le=8192)
    """Longest completion, in tokens."""
    temperature: float = Field(0.0, ge=0, le=10)
    """0: greedy; above: sampled."""
    top_p: float = Field(1.0, gt=0, le=1)
    """Keep the most likely tokens whose probabilities sum to this."""
    num_samples: int = Field(1, ge=1, le=256)
    """Completions per item; more than one needs a temperature above 0."""
    batch_size: int = Field(32, ge=1, le=4096)
    """Sequences decoded at a time."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of the sampling and of the choice of worked examples."""

    @model_validator(mode="after")
    def _samples_differ(self) -> EvalConfig:
        if self.num_samples > 1 and self.temperature == 0:
            raise ValueError("num_samples > 1 with temperature 0 repeats one completion; set temperature above 0")
        return self


class DatasetConfig(Format):
    """What a session builds its dataset from."""

    name: str = Field("dev-reasoning", pattern=r"^[a-z0-9][a-z0-9._-]*$")
    """Name of the dataset; its key is `<name>-<version>`."""
    version: str = Field("v1", pattern=r"^v[0-9][a-z0-9.]*$")
    """Version of the dataset."""
    sources: tuple[str, ...] = Field(("dev-reasoning-v1",), min_length=1)
    """Names of training tasks, or paths of files and folders of traces."""
    valid_fraction: float = Field(0.05, gt=0, lt=1)
    """Share of the families' rows kept for the validation loss."""
    near_duplicate: float = Field(0.85, gt=0, le=1)
    """Jaccard index from which two rows with the same numbers and the same answer count as near duplicates."""
    max_examples: int | None = Field(None, ge=1)
    """Use at most so many rows; None: all."""


class PhaseShares(Format):
    """How a session's budget is planned, as shares that sum to 1; the measured course replaces the plan."""

    dataset: float = Field(0.02, gt=0, lt=1)
    """Build the dataset."""
    model: float = Field(0.06, gt=0, lt=1)
    """Fetch, convert and load the base model."""
    base: float = Field(0.26, gt=0, lt=1)
    """Measure the base model, under the contract and few-shot."""
    sft: float = Field(0.44, gt=0, lt=1)
    """Fine-tune; gets what the other phases leave over."""
    grpo: float = Field(0.0, ge=0, lt=1)
    """Measure the fine-tuned model, then reinforcement learning; above 0 if, and only if, `grpo` is configured."""
    tuned: float = Field(0.12, gt=0, lt=1)
    """Measure the tuned model; never given away."""
    export: float = Field(0.07, gt=0, lt=1)
    """Export and reload; never given away."""
    report: float = Field(0.03, gt=0, lt=1)
    """Compare, write the report, leave a margin; never given away."""

    @model_validator(mode="after")
    def _sum_is_one(self) -> PhaseShares:
        total = sum(self.model_dump().values())
        if abs(total - 1) > 1e-6:
            raise ValueError(f"the shares must sum to 1; they sum to {total:.4f}")
        return self

    @property
    def planned(self) -> dict[str, float]:
        """The share of each phase that there is, in order."""
        return {name: share for name, share in self.model_dump().items() if share}


class SessionConfig(Format):
    """A whole session: dataset, base measured, SFT, GRPO, tuned measured, exports, report; inside one budget."""

    kind: Literal["session"] = "session"
    """What this file configures."""
    name: str = Field("demo", pattern=r"^[a-z0-9][a-z0-9._-]*$")
    """Short name; part of the run's id."""
    budget_minutes: float = Field(15.0, gt=0)
    """Wall-clock budget of the session, from the start of the process to its end."""
    phases: PhaseShares = PhaseShares()
    """How the budget is planned."""
    dataset: DatasetConfig = DatasetConfig()
    """What the dataset is built from."""
    sft: SFTConfig = SFTConfig()
    """The fine-tuning; its `dataset` and `time_budget_minutes` are the session's."""
    grpo: GRPOConfig | None = None
    """Reinforcement learning from the fine-tuned model; model, adapter, dataset and time are the session's."""
    eval: EvalConfig = EvalConfig()
    """The measurement; its `prompt` is the session's: both for the base, contract for the tuned model."""
    min_items: int = Field(120, ge=1)
    """Items that are measured at least, however slow the machine; more are taken if the time allows."""
    few_shot_pool: str = "dev-reasoning-v1"
    """Task that gives the worked examples of the few-shot prompt; never the evaluated one."""
    exports: tuple[Literal["merged", "peft", "orbax"], ...] = ("merged", "peft", "orbax")
    """Formats to export; each is reloaded and compared before it counts."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Seed of the split, and of `sft`, `grpo` and `eval` where these name none of their own."""

    @model_validator(mode="before")
    @classmethod
    def _one_seed_for_all(cls, values: Any) -> Any:
        if not isinstance(values, dict) or "seed" not in values:
            return values
        named = ("sft", "eval", "grpo") if values.get("grpo") else ("sft", "eval")
        parts = {part: values.get(part, {}) for part in named}
        seeded = {part: {"seed": values["seed"], **inner} for part, inner in parts.items() if isinstance(inner, dict)}
        return {**values, **seeded}

    @model_validator(mode="after")
    def _adapter_needs_lora(self) -> SessionConfig:
        if self.sft.method == "full" and "peft" in self.exports:
            raise ValueError("exports: peft needs sft.method lora; after full fine-tuning export merged or orbax")
        return self

    @model_validator(mode="after")
    def _reinforcement_has_time(self) -> SessionConfig:
        if (self.grpo is None) != (self.phases.grpo == 0):
            found = "grpo is configured" if self.grpo else "grpo is not configured"
            raise ValueError(
                f"{found} and phases.grpo is {self.phases.grpo:g}; expected a share above 0 with it, else 0"
            )
        return self

    @model_validator(mode="after")
    def _pool_is_not_the_task(self) -> SessionConfig:
        if self.few_shot_pool == self.eval.task:
            raise ValueError(f"few_shot_pool is the evaluated task {self.eval.task!r}; take another task")
        return self


CONFIGS: dict[str, type[Format]] = {
    "sft": SFTConfig,
    "rewards": RewardsConfig,
    "grpo": GRPOConfig,
    "eval": EvalConfig,
    "session": SessionConfig,
}
"""Configuration classes by the `kind` that a file names."""


def read_config(path: Path, overrides: Sequence[str] = ()) -> Format:
    """Return the configuration in a file, whatever its `kind` is."""
    kind = read_mapping(path).get("kind")
    if kind not in CONFIGS:
        raise ConfigError(f"{path}: kind is {kind!r}; expected one of {', '.join(CONFIGS)}")
    return load_config(CONFIGS[kind], path, overrides)
