"""Forecast: whether a session fits into what Kaggle gives: hours of a session and of a week, and disk. It runs nothing.

The limits are Kaggle's own and may change: the editor and the profile page show the ones in force.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import prod

from tunix_rt.architecture import ARCHITECTURES, Architecture
from tunix_rt.config import SessionConfig, SFTConfig
from tunix_rt.formats import Format

SESSION_HOURS = 9.0
"""Longest TPU session (Google Tunix Hack, discussion 651560: one Kaggle TPU session of at most 9 hours)."""
WEEK_HOURS = 20.0
"""TPU hours a week (the same discussion: 20 hours a week)."""
OUTPUT_BYTES = 20 * 10**9
"""What /kaggle/working keeps (Kaggle's documentation of notebooks, technical specifications: 20 GB)."""
SETUP_MINUTES = 20.0
"""Installing and downloading before the session's clock starts: 15 minutes in others' notebooks, and 5 of slack."""
_SAMPLE_BYTES = 3_000
"""What a stored sample takes beside its completion: 1.5 to 2.5 kB in the evaluations of dev-reasoning-v1."""
_TOKEN_BYTES = 5
"""Characters of a token of Gemma's vocabulary in English text, rounded up."""
_ROLLOUT_BYTES = 300
"""What a stored rollout takes beside its completion: rewards by term, advantage, its share of the prompt."""
_CACHE_BYTES = 500 * 10**6
"""Allowance for compiled programs, logs, the dataset and the report."""

SOURCES = {
    "session_hours": "Google Tunix Hack on Kaggle, discussion 651560: a TPU session lasts at most 9 hours",
    "week_hours": "the same discussion: 20 TPU hours a week; your profile shows what is left",
    "output_bytes": "Kaggle's documentation of notebooks, technical specifications: 20 GB under /kaggle/working",
    "setup_minutes": "15 minutes of installing and downloading in contestants' notebooks, 5 of slack",
}
"""Where each limit comes from."""


class Forecast(Format):
    """What a session will take of each limit."""

    minutes: float
    """Minutes from the start of the notebook to its end: the set-up and the whole budget."""
    session_hours: float
    """Hours that one session may take."""
    sessions_a_week: int
    """Such sessions that fit into a week's hours."""
    week_hours: float
    """Hours that a week gives."""
    disk: dict[str, int]
    """Bytes by what takes them, once the session has ended."""
    disk_bytes: int
    """Their sum."""
    output_bytes: int
    """Bytes that the output may take."""
    sources: dict[str, str]
    """Where each limit comes from."""
    problems: list[str]
    """What does not fit, with what to change; empty if everything does."""

    @property
    def fits(self) -> bool:
        """Whether the session stays within every limit."""
        return not self.problems


def trained_weights(sft: SFTConfig, architecture: Architecture) -> int:
    """Return how many weights a fine-tuning changes: those of the adapter, or all."""
    if sft.method == "full":
        return architecture.parameters
    chosen = {
        name: shape
        for name, shape in architecture.shapes().items()
        if name.removesuffix(".weight").rsplit(".", 1)[-1] in sft.lora.modules
    }
    # An adapter on W [out, in] is A [in, r] and B [r, out] (arXiv 2106.09685).
    return sum(sft.lora.rank * sum(shape) for shape in chosen.values() if prod(shape))


def forecast(config: SessionConfig, *, owned_hours: float = WEEK_HOURS) -> Forecast:
    """Return what a session will take; `owned_hours` is what is left of the week's hours."""
    architecture = ARCHITECTURES[config.sft.base_model]
    minutes = SETUP_MINUTES + config.budget_minutes
    disk = _disk(config, architecture)
    total = sum(disk.values())
    return Forecast(
        minutes=minutes,
        session_hours=SESSION_HOURS,
        sessions_a_week=int(WEEK_HOURS // (minutes / 60)),
        week_hours=WEEK_HOURS,
        disk=disk,
        disk_bytes=total,
        output_bytes=OUTPUT_BYTES,
        sources=SOURCES,
        problems=_problems(config, minutes, owned_hours, disk),
    )


def _disk(config: SessionConfig, architecture: Architecture) -> dict[str, int]:
    """Return the bytes that a session leaves behind, by what takes them."""
    sft = config.sft
    weights = architecture.parameters * (2 if sft.dtype == "bfloat16" else 4)
    trained = 4 * trained_weights(sft, architecture)
    samples = (4 if config.grpo else 3) * (config.eval.limit or 1_000) * config.eval.num_samples
    sizes = {"merged": weights, "orbax": weights, "peft": trained}
    evaluations = samples * (_SAMPLE_BYTES + _TOKEN_BYTES * config.eval.max_new_tokens)
    grpo = config.grpo
    learned = {}
    if grpo:
        drawn = grpo.max_steps * grpo.prompts_per_step * grpo.num_generations
        learned = {
            "checkpoints of reinforcement learning": (grpo.keep_checkpoints + 1) * 3 * trained,
            "adapter before reinforcement learning": trained,
            "rollouts": drawn * (_ROLLOUT_BYTES + _TOKEN_BYTES * grpo.max_new_tokens),
        }
    return {
        # Converted weights are kept as they came: two bytes each, four for the model made here.
        "base model": architecture.parameters * (4 if sft.base_model == "nano" else 2),
        # AdamW keeps two moments of each trained weight; while one checkpoint is written, those to be kept are there.
        "checkpoints": (sft.keep_checkpoints + 1) * 3 * trained,
        "adapter": trained,
        **learned,
        **{f"export {name}": sizes[name] for name in config.exports},
        "evaluations": evaluations,
        "submission": trained + evaluations,
        "compiled programs, logs, data": _CACHE_BYTES,
    }


def _problems(config: SessionConfig, minutes: float, owned_hours: float, disk: Mapping[str, int]) -> list[str]:
    found = []
    if minutes > 60 * SESSION_HOURS:
        most = 60 * SESSION_HOURS - SETUP_MINUTES
        found.append(
            f"the notebook takes {minutes:.0f} minutes with its set-up, a session lasts {60 * SESSION_HOURS:.0f}: set "
            f"budget_minutes to at most {most:.0f}"
        )
    if not minutes <= 60 * owned_hours:  # of NaN hours nothing is left
        found.append(f"the notebook takes {minutes / 60:.1f} hours, and {owned_hours:g} are left of this week's")
    total = sum(disk.values())
    if total > OUTPUT_BYTES:
        largest = max(disk, key=lambda name: disk[name])
        found.append(
            f"the output takes {total / 1e9:.1f} GB, Kaggle keeps {OUTPUT_BYTES / 1e9:.0f}: the largest part is "
            f"{largest} with {disk[largest] / 1e9:.1f} GB; leave out exports or keep fewer checkpoints"
        )
    if "orbax" not in config.exports:
        found.append("exports does not name orbax, the checkpoint that plain Tunix code loads: add it")
    return found
