"""Replays: stored rollouts read with bounds and scored again; done apart, since neither they nor their size is trusted.

It knows no database.
"""

from __future__ import annotations

from pathlib import Path

from tunix_rt.config import GRPOConfig
from tunix_rt.errors import UsageError
from tunix_rt.prompt import contract_form
from tunix_rt.rewards import RewardsConfig
from tunix_rt.rewards.replay import Replay, checked, replay
from tunix_rt.rollouts import find_step, read_groups
from tunix_rt.run import read_run_config
from tunix_rt.run_folder import RunDir
from tunix_rt.session import rollouts_path
from tunix_rt_backend.services.files import opening_beneath

FILE = "rollouts.jsonl"
MOST_READ = 32 * 2**20
"""Bytes of groups that are looked through for one answer."""


def score_again(home: Path, run_id: str, rewards: RewardsConfig, first: int, last: int | None) -> Replay:
    """Score the groups of the updates from `first` to `last` again, as the run would have with other rewards.

    The relevance term compares with the prompts of these groups. Raises UsageError if the run has none, or
    more than can be read at once, DataError for a line that is no group.
    """
    run = RunDir(home / "runs" / run_id)
    if not run.manifest.is_file():
        raise UsageError(f"run {run_id} has not begun yet, and has no rollouts")
    whole = read_run_config(run)
    config = whole if isinstance(whole, GRPOConfig) else getattr(whole, "grpo", None)
    if config is None:
        raise UsageError(f"run {run_id} is no reinforcement learning, and has no rollouts")
    name = rollouts_path(run).relative_to(run.path).as_posix()
    with opening_beneath(run.path, name) as file, open(file.descriptor, "rb", closefd=False) as stream:
        size = (file.size if last is None else find_step(stream, last + 1)) - find_step(stream, first)
        if size > MOST_READ:
            raise UsageError(
                f"these updates have {size:,} bytes of rollouts, and {MOST_READ:,} are scored at once; choose fewer by "
                "first_step and last_step"
            )
        corpus = sorted({group.prompt for group in read_groups(stream, first=first, last=last)})
        groups = checked(read_groups(stream, first=first, last=last), config.rewards)
        return replay(groups, rewards, contract_form(), config.max_new_tokens, config.estimator, corpus=corpus)
