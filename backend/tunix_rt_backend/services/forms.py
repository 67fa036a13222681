"""Forms: what a training can be asked for with, from the engine's own configurations; it checks no request.

Which keys come first is said here, since it is a matter of who asks; what a key means and may be is the engine's.
"""

from __future__ import annotations

import functools
from typing import Literal

from tunix_rt.base_models import BASE_MODELS
from tunix_rt.config import CONFIGS
from tunix_rt_backend.schemas.tunix import BaseModelRow, TrainingForm, TrainingForms

_KINDS: tuple[Literal["sft", "grpo"], ...] = ("sft", "grpo")
_BASIC = {
    "sft": ["learning_rate", "epochs", "max_steps", "max_length", "method", "lora.rank", "time_budget_minutes"],
    "grpo": [
        "learning_rate", "max_steps", "num_generations", "prompts_per_step", "max_new_tokens", "algorithm",
        "time_budget_minutes",
    ],
}  # fmt: skip
_ADVANCED = {
    "sft": [
        "batch_size", "accumulation", "overlong", "lora.alpha", "schedule", "warmup_fraction", "weight_decay", "dtype",
        "remat", "max_examples", "sample_prompts", "eval_every_steps", "checkpoint_every_steps", "seed",
    ],
    "grpo": [
        "beta", "temperature", "method", "lora.rank", "lora.alpha", "rewards.terms", "num_iterations",
        "max_prompt_tokens", "warmup_steps", "weight_decay", "max_examples", "probe_prompts", "force", "eval_items",
        "eval_every_steps", "checkpoint_every_steps", "seed",
    ],
}  # fmt: skip
_ELSEWHERE = ["kind", "base_model", "model_path", "dataset", "start", "rewards.kind"]


@functools.cache
def training_forms() -> TrainingForms:
    """Return the form of each kind of training, and the base models."""
    return TrainingForms(
        kinds={
            kind: TrainingForm(
                json_schema=CONFIGS[kind].model_json_schema(),
                defaults=CONFIGS[kind]().model_dump(mode="json"),
                basic=_BASIC[kind],
                advanced=_ADVANCED[kind],
                elsewhere=_ELSEWHERE,
            )
            for kind in _KINDS
        },
        base_models=[BaseModelRow.model_validate(model) for model in BASE_MODELS.values()],
    )
