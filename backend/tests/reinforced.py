"""A run of reinforcement learning as the engine leaves it, without a policy: its groups, by the engine's writer."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tunix_rt.config import GRPOConfig
from tunix_rt.grading import Target
from tunix_rt.rewards import advantages
from tunix_rt.rollouts import Rollout, RolloutGroup, append_rollouts
from tunix_rt.run import attempt, new_run
from tunix_rt.run_folder import RunDir

RUN = "2026-01-05-grpo-few-v1-7f3a0002"
RIGHT = "<reasoning>\n3 * 4 = 12\n</reasoning>\n<answer>12</answer>"
SLOPPY = "<reasoning>\n3 * 4 = 13\n</reasoning>\n<answer>12</answer>"
WRONG = "<reasoning>\n3 * 4 = 13\n</reasoning>\n<answer>13</answer>"


def group(step: int, trace_id: str, **changes: Any) -> RolloutGroup:
    """Return three completions of one prompt: right, right by luck, and wrong."""
    rewards = (1.0, 1.0, 0.0)
    [moved] = advantages([rewards], "grpo")
    completions = [
        Rollout(text=text, tokens=9, finish="stop", reward=reward, terms={"correctness": reward}, advantage=advantage)
        for text, reward, advantage in zip((RIGHT, SLOPPY, WRONG), rewards, moved, strict=True)
    ]
    values = {"step": step, "policy_step": step - 1, "trace_id": trace_id, "prompt": f"{trace_id}: 3 bags of 4 pears?"}
    target = Target(kind="number", value="12")
    return RolloutGroup.model_validate(values | {"target": target, "completions": completions} | changes)


def make_run(home: Path, groups: Iterable[RolloutGroup], run_id: str = RUN) -> RunDir:
    """Write a run of kind grpo that ended, with these groups."""
    config = GRPOConfig(base_model="nano", dataset="few-v1", num_generations=3, max_new_tokens=40)
    run = new_run(home, "grpo", "few-v1", config=config, run_id=run_id)
    with attempt(run):
        append_rollouts(run.rollouts, groups)
    return run
