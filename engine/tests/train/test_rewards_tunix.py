"""Our advantages are Tunix's own numbers."""

import numpy as np
import pytest
from tunix.rl import algo_core  # noqa: F401  (it fills the registry)
from tunix.rl.function_registry import get_advantage_estimator

from tunix_rt.rewards import Estimator, advantages


@pytest.mark.parametrize("estimator", ["grpo", "drgrpo", "rloo"])
@pytest.mark.parametrize("size", [2, 3, 8])
def test_advantages_are_those_of_tunix(estimator: Estimator, size: int) -> None:
    random = np.random.default_rng(size)
    groups = np.concatenate([random.choice([0.0, 0.2, 1.2], (20, size)), random.normal(size=(20, size))])
    theirs = np.asarray(get_advantage_estimator(estimator)(groups.reshape(-1), num_generations=size))
    ours = np.array(advantages(groups.tolist(), estimator)).reshape(-1)
    np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)
