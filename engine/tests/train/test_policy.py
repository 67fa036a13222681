"""The algorithms, with Tunix's log-probabilities and with ours, against numbers worked by hand for one small group."""

from __future__ import annotations

import math
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from tunix.rl import function_registry
from tunix.rl.common import TrainExample

from tunix_rt.config import GRPOConfig, LoRAConfig
from tunix_rt.errors import ConfigError
from tunix_rt.rewards import advantages
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.model import add_lora, load_model, make_mesh
from tunix_rt.train.policy import check_division, make_algorithm, make_cluster, make_models
from tunix_rt.train.policy_loss import POLICY_LOSS, completions_a_row, sliding_window
from tunix_rt.train.trained import Trained

HALF, QUARTER, EIGHTH = math.log(1 / 2), math.log(1 / 4), math.log(1 / 8)
A = 0.5 / (math.sqrt(0.5) + 1e-6)
"""Advantage of reward 1 beside reward 0: mean 1/2, standard deviation sqrt(1/2) with one in the denominator."""
HIGH_KL, LOW_KL = 0.5 + math.log(2) - 1, 2 - math.log(2) - 1
"""exp(d) - d - 1 where the reference is half, or twice, as likely as the policy."""


class Head(nnx.Module):  # type: ignore[misc]
    """An embedding with a logit for each number of a hidden state."""

    def __init__(self) -> None:
        self.input_embedding = nnx.Param(jnp.eye(4))

    def decode(self, hidden: Any) -> Any:
        """Return the logits."""
        return hidden @ self.input_embedding[...].T


class Bigram(nnx.Module):  # type: ignore[misc]
    """Four tokens, 0 is filler: after any of them 1 has probability 1/2, 2 has 1/4, 3 and 0 have 1/8."""

    def __init__(self) -> None:
        self.table = nnx.Param(jnp.tile(jnp.array([EIGHTH, HALF, QUARTER, EIGHTH]), (4, 1)))
        self.embedder = Head()

    def __call__(self, tokens: Any, positions: Any, cache: Any, attention_mask: Any) -> tuple[Any, None]:
        """Return the logits of the next token."""
        return self.embedder.decode(self.table[...][tokens]), None


def loss_of(config: GRPOConfig) -> tuple[float, dict[str, float]]:
    """Return the loss of two completions, ours and Tunix's own: `1 2` earned 1, `1` earned 0.

    Probabilities when they were drawn: 1/4 and 1/4 in the first completion, 1/4 in the second; the policy has doubled
    its first tokens since, so that the ratios are 2, 1 and 2. The reference has 1/4, 1/2 and 1/4.
    """
    estimator = make_algorithm(config).advantage_estimator
    found = function_registry.get_advantage_estimator(estimator)(rewards=np.array([1.0, 0.0]), num_generations=2)
    ids = jnp.array([[1, 2], [1, 0]])
    example = TrainExample(
        prompt_ids=jnp.array([[3], [3]]),
        prompt_mask=jnp.ones((2, 1), bool),
        completion_ids=ids,
        completion_mask=ids != 0,
        advantages=jnp.asarray(found),
        ref_per_token_logps=jnp.array([[QUARTER, HALF], [QUARTER, 0.0]]),
        old_per_token_logps=jnp.array([[QUARTER, QUARTER], [QUARTER, 0.0]]),
    )
    algorithm = make_algorithm(config)
    algorithm.temperature = config.temperature
    assert algorithm.policy_loss_fn == POLICY_LOSS
    (loss, aux), (other, others) = (
        function_registry.get_policy_loss_fn(name)(Bigram(), example, algo_config=algorithm, pad_id=0, eos_id=1)
        for name in (POLICY_LOSS, "grpo")
    )
    assert float(loss) == pytest.approx(float(other), abs=1e-6)
    for name, value in others.items():
        assert float(aux[name]) == pytest.approx(float(value), abs=1e-6), name
    return float(loss), {name: float(value) for name, value in aux.items()}


def config(**changes: Any) -> GRPOConfig:
    return GRPOConfig(num_generations=2, num_iterations=2, epsilon=0.2, beta=0.1, **changes)


def test_grpo_loss_is_the_one_worked_by_hand() -> None:
    # Ratio 2 is clipped to 1.2 where the advantage is positive, and not where it is negative.
    policy = ((-1.2 * A + -1.0 * A) / 2 + 2 * A) / 2
    divergence = ((HIGH_KL + LOW_KL) / 2 + HIGH_KL) / 2
    loss, aux = loss_of(config())
    assert aux["pg_loss"] == pytest.approx(policy, abs=1e-6)
    assert aux["kl_loss"] == pytest.approx(divergence, abs=1e-6)
    assert loss == pytest.approx(policy + 0.1 * divergence, abs=1e-6)
    assert aux["kl"] == pytest.approx((2 * HIGH_KL + LOW_KL) / 3, abs=1e-6)
    assert aux["pg_clipfrac"] == pytest.approx(1 / 3, abs=1e-6)


def test_dapo_clips_higher_and_averages_over_all_tokens() -> None:
    policy = (-1.28 * A + -1.0 * A + 2 * A) / 3
    assert loss_of(config(algorithm="dapo"))[1]["pg_loss"] == pytest.approx(policy, abs=1e-6)
    policy = (-1.5 * A + -1.0 * A + 2 * A) / 3
    assert loss_of(config(algorithm="dapo", epsilon_high=0.5))[1]["pg_loss"] == pytest.approx(policy, abs=1e-6)


def test_dr_grpo_divides_by_neither_spread_nor_length() -> None:
    policy = ((-1.2 * 0.5 + -1.0 * 0.5) / 2 + 2 * 0.5 / 2) / 2
    assert loss_of(config(algorithm="drgrpo"))[1]["pg_loss"] == pytest.approx(policy, abs=1e-6)


def test_gspo_has_one_ratio_for_a_completion() -> None:
    ratio = math.sqrt(2)  # the geometric mean of 2 and 1, clipped to 1.2
    assert ratio > 1.2
    policy = (-1.2 * A + 2 * A) / 2
    assert loss_of(config(algorithm="gspo-token"))[1]["pg_loss"] == pytest.approx(policy, abs=1e-6)


@pytest.mark.parametrize("estimator", ["grpo", "drgrpo", "rloo"])
def test_advantages_of_the_rewards_package_are_those_of_tunix(estimator: Any) -> None:
    totals = np.random.default_rng(0).normal(size=(5, 6))
    theirs = function_registry.get_advantage_estimator(estimator)(rewards=totals.reshape(-1), num_generations=6)
    np.testing.assert_allclose(advantages(totals.tolist(), estimator), np.asarray(theirs).reshape(5, 6), atol=1e-6)


def padded(rows: list[list[int]], width: int, *, left: bool) -> Any:
    return jnp.array([[0] * (width - len(row)) * left + row + [0] * (width - len(row)) * (not left) for row in rows])


@pytest.mark.parametrize("method", ["lora", "full"])
def test_loss_metrics_and_gradients_of_a_model_are_those_of_all_its_logits(nano_files: ModelFiles, method: str) -> None:
    model = load_model(nano_files).model
    if method == "lora":
        model = add_lora(model, LoRAConfig(rank=4))
        for _, value in nnx.iter_graph(model):
            if isinstance(value, nnx.LoRAParam):
                value[...] = value[...] + 0.02
    draw = np.random.default_rng(0)
    lengths = [6, 1, 4, 6, 2, 5, 6, 3]
    prompts = [draw.integers(4, 260, size).tolist() for size in (9, 5)]
    completions = padded([draw.integers(4, 260, length).tolist() for length in lengths], 6, left=False)
    matrix = padded([prompt for prompt in prompts for _ in range(4)], 9, left=True)
    logps = draw.uniform(-7, -4, (2, 8, 6)).astype(np.float32)
    example = TrainExample(
        prompt_ids=matrix,
        prompt_mask=matrix != 0,
        completion_ids=completions,
        completion_mask=completions != 0,
        advantages=jnp.asarray(draw.normal(size=8)),
        ref_per_token_logps=jnp.asarray(logps[0]),
        old_per_token_logps=jnp.asarray(logps[1]),
    )
    algorithm = make_algorithm(GRPOConfig(num_generations=4, num_iterations=2, beta=0.1))
    algorithm.temperature = 1.3
    assert completions_a_row(4, 9, 6, sliding_window(model)) == 4, "a row must hold several completions here"
    kind = nnx.DiffState(0, nnx.LoRAParam if method == "lora" else nnx.Param)

    def computed(name: str) -> Any:
        loss = function_registry.get_policy_loss_fn(name)

        @nnx.jit  # type: ignore[untyped-decorator]
        def compute(model: Any) -> Any:
            ask = partial(loss, train_example=example, algo_config=algorithm, pad_id=0, eos_id=1)
            return nnx.value_and_grad(lambda model: ask(model), argnums=kind, has_aux=True)(model)

        return compute(model)

    ((loss, aux), gradients), ((expected, others), wanted) = computed(POLICY_LOSS), computed("grpo")
    np.testing.assert_allclose(loss, expected, rtol=1e-5)
    for name, value in others.items():
        np.testing.assert_allclose(aux[name], value, rtol=1e-5, atol=1e-5, err_msg=name)
    for (path, mine), (_, other) in zip(gradients.flat_state(), wanted.flat_state(), strict=True):
        scale = max(float(jnp.abs(other[...]).max()), 1e-3)
        # float32 sums differ by their order: on a CPU with AVX-512 by up to 1.3e-5 of it, with AVX2 by less than 1e-5
        np.testing.assert_allclose(mine[...], other[...], atol=2e-5 * scale, err_msg=str(path))


def test_a_row_holds_as_many_completions_as_the_sliding_window_and_the_group_allow() -> None:
    assert completions_a_row(8, 128, 96, 512) == 4
    assert completions_a_row(8, 128, 96, None) == 8
    assert completions_a_row(6, 100, 100, 512) == 3
    assert completions_a_row(8, 400, 96, 512) == 1


def test_lora_policy_shares_every_base_array_with_its_reference(nano_files: ModelFiles) -> None:
    base = load_model(nano_files)
    lora = LoRAConfig(rank=4)
    settings = GRPOConfig(base_model="nano", lora=lora, beta=0.1, max_new_tokens=8, max_prompt_tokens=16)
    actor, reference = make_models(settings, Trained(base.model, base, None, None))
    assert reference is not None
    own, others = (nnx.state(model, nnx.Not(nnx.LoRAParam)).flat_state() for model in (actor, reference))
    assert all(a[1][...] is b[1][...] for a, b in zip(own, others, strict=True))
    own, others = (nnx.state(model, nnx.LoRAParam).flat_state() for model in (actor, reference))
    assert all(a[1][...] is not b[1][...] for a, b in zip(own, others, strict=True))
    cluster = make_cluster(settings, actor, reference, base, lora, prompt_tokens=16)
    assert cluster.get_rollout_config("train").eos_tokens == list(base.tokenizer.eos_ids)
    assert cluster.rollout.model() is cluster.actor_trainer.model


def test_full_policy_has_a_reference_of_its_own_or_none(nano_files: ModelFiles) -> None:
    base = load_model(nano_files)
    settings = GRPOConfig(base_model="nano", method="full", beta=0.0)
    start = Trained(base.model, base, None, None)
    assert make_models(settings, start)[1] is None
    actor, reference = make_models(settings.model_copy(update={"beta": 0.1}), start)
    own, others = (nnx.state(model).flat_state() for model in (actor, reference))
    assert not any(a[1][...] is b[1][...] for a, b in zip(own, others, strict=True))


def test_micro_batch_that_devices_cannot_share_is_refused() -> None:
    mesh = make_mesh()
    check_division(GRPOConfig(), mesh)
    wide = type(mesh)(np.array([*mesh.devices.flat] * 3).reshape(3, 1), ("fsdp", "tp"))
    with pytest.raises(ConfigError, match=r"64 completions .* which 3 devices cannot share"):
        check_division(GRPOConfig(), wide)
