"""Groups: the completions of a step rewarded for Tunix's learner, written down as it trains on them, and summed up.

It does not know how completions are drawn, nor how an update is made of them.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from tunix_rt.grading import trace_target
from tunix_rt.prompt import trace_name
from tunix_rt.rewards import Reward, Rewards, has_signal
from tunix_rt.rollouts import Rollout, RolloutGroup, append_rollouts
from tunix_rt.run_folder import RunDir
from tunix_rt.sampling import Completion
from tunix_rt.train.prompts import Prompts
from tunix_rt.train.rollout import PolicyRollout

logger = logging.getLogger(__name__)


class Groups:
    """What Tunix's GRPOLearner calls for each step: `reward`, then `record` with the advantages that it made.

    Args:
        prompts: The prompts, by the number in the column `row`.
        rewards: The reward; its state goes on from step to step.
        rollout: What drew the completions.
        run: Where rollouts.jsonl is.
        num_generations: G, completions of one prompt.
    """

    def __init__(
        self, prompts: Prompts, rewards: Rewards, rollout: PolicyRollout, run: RunDir, num_generations: int
    ) -> None:
        self._prompts, self._rewards, self._rollout, self._run = prompts, rewards, rollout, run
        self._size = num_generations
        self._scored: list[Reward] = []
        self._seconds = 0.0
        self.metrics: dict[int, dict[str, float]] = {}
        """Figures of the groups by the update that is trained on them first, until somebody takes them."""
        self.counts = dict.fromkeys(("groups", "without_signal", "all_wrong", "all_right", "tokens"), 0)
        """Groups so far; those whose rewards are all equal; those with no right answer, or no wrong one; tokens."""

    def reward(
        self, prompts: Sequence[str], completions: Sequence[str], *, row: Sequence[int], **_: Any
    ) -> list[float]:
        """Return the reward of each completion; Tunix sums the reward functions, and this is the only one."""
        began = time.monotonic()
        traces = [self._prompts.traces[int(index)] for index in row]
        self._scored = self._rewards.score(traces, self._rollout.completions)
        self._seconds = time.monotonic() - began
        return [reward.total for reward in self._scored]

    def record(
        self, prompts: Sequence[str], completions: Sequence[str], advantages: Any, *, row: Sequence[int], **_: Any
    ) -> dict[str, Any]:
        """Write the groups of a step with the advantages that the update is about to use; tell Tunix nothing."""
        policy_step = self._rollout.step or 0
        drawn, values = self._rollout.completions, np.asarray(advantages, np.float64)
        groups = []
        for begin in range(0, len(drawn), self._size):
            trace, part = self._prompts.traces[int(row[begin])], slice(begin, begin + self._size)
            groups.append(
                RolloutGroup(
                    step=policy_step + 1,
                    policy_step=policy_step,
                    trace_id=trace_name(trace),
                    prompt=trace.prompt,
                    target=trace_target(trace),
                    completions=[
                        _rollout(*one) for one in zip(drawn[part], self._scored[part], values[part], strict=True)
                    ],
                )
            )
        append_rollouts(self._run.rollouts, groups)
        self._count(groups)
        self.metrics[policy_step + 1] = figures(groups) | {
            "num_tokens": self.counts["tokens"],
            "time/rollout": round(self._rollout.seconds, 4),
            "time/reward": round(self._seconds, 4),
        }
        return {}

    def _count(self, groups: Sequence[RolloutGroup]) -> None:
        for group in groups:
            right = {one.terms.get("correctness") for one in group.completions}
            self.counts["groups"] += 1
            self.counts["without_signal"] += not _has_signal(group)
            self.counts["all_wrong"] += right == {0.0}
            self.counts["all_right"] += right == {1.0}
            self.counts["tokens"] += sum(one.tokens for one in group.completions)
        if not any(map(_has_signal, groups)):
            earned = ", ".join(sorted({f"{one.reward:.4g}" for group in groups for one in group.completions}))
            logger.warning("update %d learns nothing: in no group do the rewards differ (%s)", groups[0].step, earned)

    def state(self) -> dict[str, Any]:
        """Return as JSON values what the next step depends on, for a checkpoint."""
        return {"rewards": self._rewards.state(), "counts": dict(self.counts)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` returned."""
        self._rewards.restore(state["rewards"])
        self.counts = dict(state["counts"])


def _rollout(completion: Completion, reward: Reward, advantage: float) -> Rollout:
    return Rollout(
        text=completion.text,
        tokens=len(completion.token_ids),
        finish=completion.finish,
        reward=reward.total,
        terms=reward.terms,
        faults=reward.faults,
        advantage=float(advantage),
    )


def _has_signal(group: RolloutGroup) -> bool:
    return has_signal([one.reward for one in group.completions])


def figures(groups: Sequence[RolloutGroup]) -> dict[str, float]:
    """Return what TRL's GRPOTrainer logs of a step's rollouts, under its names.

    `reward_std` is the mean of the groups' standard deviations (n - 1 in the denominator), `frac_reward_zero_std` the
    share of groups without any, `completions/clipped_ratio` the share of completions that did not end themselves.
    """
    everyone = [one for group in groups for one in group.completions]
    rewards = np.array([[one.reward for one in group.completions] for group in groups])
    lengths = np.array([one.tokens for one in everyone])
    found: dict[str, float] = {
        "reward": float(rewards.mean()),
        "reward_std": float(rewards.std(axis=1, ddof=1).mean()),
        "frac_reward_zero_std": float(np.mean([not _has_signal(group) for group in groups])),
        "completions/mean_length": float(lengths.mean()),
        "completions/min_length": float(lengths.min()),
        "completions/max_length": float(lengths.max()),
        "completions/clipped_ratio": float(np.mean([one.finish == "length" for one in everyone])),
        "rewards/faults": float(sum(len(one.faults) for one in everyone)),
    }
    for name in everyone[0].terms:
        values = np.array([value for one in everyone if (value := one.terms[name]) is not None])
        if len(values):
            found |= {f"rewards/{name}/mean": float(values.mean()), f"rewards/{name}/std": float(values.std())}
    return found
