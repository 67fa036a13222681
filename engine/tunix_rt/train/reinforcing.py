"""The reinforcement phase of a session: it starts from the fine-tuned weights and leaves its own as the run's.

It does not know how a policy is trained, nor what the other phases do.
"""

from __future__ import annotations

import shutil

from tunix_rt.config import GRPOConfig, SessionConfig
from tunix_rt.errors import BudgetError, ConfigError, UsageError
from tunix_rt.formats import MANIFEST, staged_folder
from tunix_rt.progress import Reporter
from tunix_rt.run_folder import RunDir
from tunix_rt.session import ReinforcementOutcome, phase_dir
from tunix_rt.train.adapter import load_adapter, read_adapter, save_adapter
from tunix_rt.train.grpo import train_grpo
from tunix_rt.train.model import LoadedModel
from tunix_rt.train.trained import Trained


def reinforcement_config(config: SessionConfig, dataset: str) -> GRPOConfig:
    """Return what is trained: the session's model, adapter and dataset with the settings of `grpo`."""
    assert config.grpo is not None
    shared = config.sft.model_dump(include={"base_model", "model_path", "method", "lora", "dtype"})
    changes = shared | {"dataset": dataset, "start": None, "time_budget_minutes": None}
    return GRPOConfig.model_validate(config.grpo.model_dump() | changes)


def reinforce(
    config: GRPOConfig, run: RunDir, base: LoadedModel, *, deadline: float, progress: Reporter
) -> ReinforcementOutcome:
    """Train the run's policy further; its weights before are kept as `sft/adapter`, so that a cut phase goes on.

    Without time for a step, or without a prompt that the policy sometimes solves, it is left out and says so: a session
    has something to show already.
    """
    kept, part = phase_dir(run, "sft"), phase_dir(run, "grpo")
    if not (kept.adapter / MANIFEST).is_file():
        with staged_folder(kept.adapter) as stage:
            shutil.copytree(run.adapter, stage, dirs_exist_ok=True)
    part.path.mkdir(parents=True, exist_ok=True)
    before = read_adapter(kept.adapter)
    start = Trained(load_adapter(kept.adapter, base), base, before, run.id)
    try:
        done = train_grpo(config, part, deadline=deadline, progress=progress, start=start)
    except (BudgetError, UsageError) as error:
        if isinstance(error, ConfigError):
            raise
        progress.say(f"reinforcement learning is left out: {error}")
        return ReinforcementOutcome(steps=0, finish="left out", note=str(error))
    trained = load_adapter(part.adapter, base)
    save_adapter(trained, run.adapter, base=base.files, lora=before.lora, step=before.step + done.steps)
    return ReinforcementOutcome(
        steps=done.steps,
        finish="planned" if done.finish == "planned" else "deadline",
        reward=done.reward,
        groups=done.groups,
        groups_without_signal=done.groups_without_signal,
    )
