"""Rewards: what a completion earns in reinforcement learning, and whether it deserves it.

`config` what is paid · `terms` each value · `scoring` the sum · `advantages` the comparison in a group · `reachability`
whether a start policy can learn from it · `mutations` and `checking` whether it pays the wrong thing · `replay` stored
rollouts scored again. It grades with the library that evaluates; it does not know policies.
"""

from tunix_rt.rewards.advantages import Estimator, advantages, has_signal
from tunix_rt.rewards.config import RewardsConfig, RewardTerm, TermKind
from tunix_rt.rewards.scoring import Reward, Rewards

__all__ = [
    "Estimator",
    "Reward",
    "RewardTerm",
    "Rewards",
    "RewardsConfig",
    "TermKind",
    "advantages",
    "has_signal",
]
