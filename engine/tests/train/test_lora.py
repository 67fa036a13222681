"""LoRA's product: the numbers that Qwix gives, forward and backward, for every shape of weight that Gemma has."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import qwix
from flax import nnx

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import ConfigError
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.lora import lora_product, output_places
from tunix_rt.train.model import add_lora, load_model


def gradients(model: Any) -> dict[tuple[Any, ...], Any]:
    tokens = jnp.arange(12, dtype=jnp.int32).reshape(2, 6) + 20
    positions = jnp.tile(jnp.arange(6), (2, 1))
    mask = jnp.tril(jnp.ones((2, 6, 6), jnp.bool_))

    def loss(model: Any) -> Any:
        logits, _ = model(tokens, positions, None, mask)
        return jnp.sum(jnp.sin(logits))

    return dict(nnx.jit(nnx.grad(loss, argnums=nnx.DiffState(0, nnx.LoRAParam)))(model).flat_state())


def test_gradients_equal_those_of_qwix(nano_files: ModelFiles) -> None:
    base = load_model(nano_files).model
    ours = add_lora(base, LoRAConfig(rank=4, alpha=12.0))
    modules = ".*q_einsum|.*kv_einsum|.*attn_vec_einsum|.*gate_proj|.*up_proj|.*down_proj"
    provider = qwix.LoraProvider(module_path=modules, rank=4, alpha=12.0)
    theirs = qwix.apply_lora_to_model(base, provider, rngs=nnx.Rngs(0), **base.get_model_input())
    rng = np.random.default_rng(0)
    weights = jax.tree.map(
        lambda leaf: jnp.asarray(rng.normal(0, 0.1, leaf.shape), jnp.float32), nnx.state(ours, nnx.LoRAParam)
    )
    nnx.update(ours, weights)
    nnx.update(theirs, weights)
    expected = gradients(theirs)
    for path, gradient in gradients(ours).items():
        wanted = expected[path][...]
        np.testing.assert_allclose(gradient[...], wanted, atol=1e-5 * float(jnp.abs(wanted).max()), err_msg=str(path))


def test_product_keeps_the_type_of_its_input_and_float32_inside() -> None:
    x = jnp.ones((3, 8), jnp.bfloat16)
    a, b = jnp.full((8, 2), 0.1, jnp.float32), jnp.full((2, 5), 0.3, jnp.float32)
    gradient = jax.grad(lambda x: jnp.sum(lora_product(x, a, b)))(x)
    assert gradient.dtype == jnp.bfloat16
    assert lora_product(x, a, b).dtype == jnp.float32


def test_wide_activations_are_not_transposed() -> None:
    tokens, wide, rank = 24, 40, 3
    x, a, b = jnp.ones((tokens, wide)), jnp.ones((wide, rank)), jnp.ones((rank, wide))
    made = jax.jit(jax.grad(lambda a, b: jnp.sum(jnp.tanh(lora_product(jnp.tanh(x), a, b))), (0, 1))).lower(a, b)
    assert f"f32[{wide},{tokens}]" not in (made.compile().as_text() or "")


@pytest.mark.parametrize(
    ("einsum_str", "places"),
    [("BTD,NDH->BTNH", (0, 1, 2, 3)), ("BSD,CKDH->CBSKH", (2, 0, 1, 3, 4)), ("BTNH,NHD->BTD", (0, 1, 2))],
)
def test_output_dimensions_are_put_where_the_model_has_them(einsum_str: str, places: tuple[int, ...]) -> None:
    assert output_places(einsum_str) == places


@pytest.mark.parametrize("einsum_str", ["bdt,dh->bth", "btd,bdh->bth"])
def test_einsum_whose_inputs_are_not_last_is_refused(einsum_str: str) -> None:
    with pytest.raises(ConfigError, match="last dimensions"):
        output_places(einsum_str)
