"""The loss: equal to the dense one, in value and gradients, without ever holding logits of every position."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx

from tunix_rt.config import LoRAConfig
from tunix_rt.train.batches import Example, fill
from tunix_rt.train.loss import block_diagonal, packed_loss, summed_cross_entropy
from tunix_rt.train.model import LoadedModel, add_lora

VOCABULARY, WIDTH, POSITIONS = 300, 16, 40


def dense(hidden: Any, embedding: Any, targets: Any, count: int, softcap: float | None) -> Any:
    logits = jnp.dot(hidden, embedding.T, precision="highest")
    if softcap is not None:
        logits = softcap * jnp.tanh(logits / softcap)
    losses = jax.nn.logsumexp(logits, axis=-1) - jnp.take_along_axis(logits, targets[:, None], 1)[:, 0]
    return jnp.sum(losses * (jnp.arange(len(targets)) < count))


@pytest.mark.parametrize("count", [0, 1, 5, 6, 39, 40])
@pytest.mark.parametrize("softcap", [None, 3.0])
def test_value_and_both_gradients_equal_the_dense_loss(count: int, softcap: float | None) -> None:
    keys = jax.random.split(jax.random.key(count), 3)
    hidden = jax.random.normal(keys[0], (POSITIONS, WIDTH))
    embedding = jax.random.normal(keys[1], (VOCABULARY, WIDTH))
    targets = jax.random.randint(keys[2], (POSITIONS,), 0, VOCABULARY)

    def ours(hidden: Any, embedding: Any, frozen: bool) -> Any:
        return summed_cross_entropy(
            hidden, embedding, targets, jnp.int32(count), softcap=softcap, frozen=frozen, tile=64
        )

    expected, (by_hidden, by_embedding) = jax.value_and_grad(dense, (0, 1))(hidden, embedding, targets, count, softcap)
    value, gradients = jax.value_and_grad(ours, (0, 1))(hidden, embedding, False)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(gradients[0], by_hidden, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(gradients[1], by_embedding, rtol=1e-5, atol=1e-5)
    value, gradients = jax.value_and_grad(ours, (0, 1))(hidden, embedding, True)
    np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
    np.testing.assert_allclose(gradients[0], by_hidden, rtol=1e-5, atol=1e-5)
    assert not np.any(gradients[1])
    np.testing.assert_allclose(ours(hidden, embedding, True), expected, rtol=1e-5, atol=1e-5)
