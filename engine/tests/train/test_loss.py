"""The loss: equal to the dense one, in value and gradients, without ever holding logits of every position."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from flax import nnx
from jax.sharding import Mesh, NamedSharding, PartitionSpec
from tunix.models.gemma import model as gemma2

from tunix_rt.config import LoRAConfig
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.batches import Example, fill
from tunix_rt.train.loss import block_diagonal, hidden_states, packed_loss, summed_cross_entropy, token_logps
from tunix_rt.train.model import add_lora, load_model

VOCABULARY, WIDTH, POSITIONS = 300, 16, 20


def dense(hidden: Any, embedding: Any, targets: Any, count: Any, softcap: float | None) -> Any:
    logits = jnp.dot(hidden, embedding.T, precision="highest")
    if softcap is not None:
        logits = softcap * jnp.tanh(logits / softcap)
    losses = jax.nn.logsumexp(logits, axis=-1) - jnp.take_along_axis(logits, targets[:, None], 1)[:, 0]
    return jnp.sum(losses * (jnp.arange(len(targets)) < count))


@pytest.mark.parametrize("softcap", [None, 3.0])
def test_value_and_both_gradients_equal_the_dense_loss(softcap: float | None) -> None:
    rng = np.random.default_rng(0)
    hidden = rng.normal(size=(POSITIONS, WIDTH)).astype(np.float32)
    embedding = rng.normal(size=(VOCABULARY, WIDTH)).astype(np.float32)
    targets = rng.integers(0, VOCABULARY, POSITIONS)

    def ours(hidden: Any, embedding: Any, count: Any, frozen: bool) -> Any:
        return summed_cross_entropy(hidden, embedding, targets, count, softcap=softcap, frozen=frozen, tile=64)

    def theirs(hidden: Any, embedding: Any, count: Any) -> Any:
        return dense(hidden, embedding, targets, count, softcap)

    reference = jax.jit(jax.value_and_grad(theirs, (0, 1)))
    trained = jax.jit(jax.value_and_grad(partial(ours, frozen=False), (0, 1)))
    frozen = jax.jit(jax.value_and_grad(partial(ours, frozen=True), (0, 1)))
    measured = jax.jit(partial(ours, frozen=True))
    for count in (0, 1, 10, 11, 19, 20):
        expected, (by_hidden, by_embedding) = reference(hidden, embedding, jnp.int32(count))
        for value, gradients in (f(hidden, embedding, jnp.int32(count)) for f in (trained, frozen)):
            np.testing.assert_allclose(value, expected, rtol=1e-5, atol=1e-5)
            np.testing.assert_allclose(gradients[0], by_hidden, rtol=1e-5, atol=1e-5)
        _, (_, of_trained) = trained(hidden, embedding, jnp.int32(count))
        np.testing.assert_allclose(of_trained, by_embedding, rtol=1e-5, atol=1e-5)
        _, (_, of_frozen) = frozen(hidden, embedding, jnp.int32(count))
        assert not np.any(of_frozen)
        np.testing.assert_allclose(measured(hidden, embedding, jnp.int32(count)), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("softcap", [None, 3.0])
def test_log_probability_and_entropy_of_each_token_equal_the_dense_ones(softcap: float | None) -> None:
    keys = jax.random.split(jax.random.key(1), 4)
    hidden, embedding = (
        jax.random.normal(key, (n, WIDTH)) for key, n in zip(keys, (POSITIONS, VOCABULARY), strict=False)
    )
    targets = jax.random.randint(keys[2], (POSITIONS,), 0, VOCABULARY)
    weights, heat, count = jax.random.normal(keys[3], (POSITIONS,)), 1.3, jnp.int32(13)

    def theirs(hidden: Any, embedding: Any) -> Any:
        logits = jnp.dot(hidden, embedding.T, precision="highest")
        logits = (logits if softcap is None else softcap * jnp.tanh(logits / softcap)) / heat
        logps = jax.nn.log_softmax(logits)
        counted = jnp.arange(POSITIONS) < count
        chosen = jnp.where(counted, jnp.take_along_axis(logps, targets[:, None], 1)[:, 0], 0)
        return jnp.sum(weights * chosen), (chosen, jnp.where(counted, -jnp.sum(jnp.exp(logps) * logps, axis=-1), 0))

    def ours(hidden: Any, embedding: Any, frozen: bool) -> Any:
        found = token_logps(
            hidden, embedding, targets, count,
            softcap=softcap, temperature=heat, frozen=frozen, with_entropy=True, tile=64,
        )  # fmt: skip
        return jnp.sum(weights * found[0]), found

    (_, expected), wanted = jax.jit(jax.value_and_grad(theirs, (0, 1), has_aux=True))(hidden, embedding)
    for frozen in (True, False):
        compute = jax.jit(jax.value_and_grad(partial(ours, frozen=frozen), (0, 1), has_aux=True))
        (_, found), gradients = compute(hidden, embedding)
        for mine, other in zip((*found, gradients[0]), (*expected, wanted[0]), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(gradients[1], 0 if frozen else wanted[1], rtol=1e-5, atol=1e-5)


def rows_of(count: int, vocabulary: int, seed: int = 0) -> list[Example]:
    rng = np.random.default_rng(seed)
    lengths = rng.integers(6, 14, count)
    return [
        Example(str(n), rng.integers(4, vocabulary, length).astype(np.int32), 3) for n, length in enumerate(lengths)
    ]


def dense_packed_loss(model: Any, batch: dict[str, Any]) -> Any:
    """Return the same loss from all logits, as Tunix's own recipe with a float32 cross-entropy would."""
    logits, _ = model(batch["tokens"], batch["positions"], None, block_diagonal(batch["segments"]))
    losses = optax.softmax_cross_entropy_with_integer_labels(logits[:, :-1], batch["tokens"][:, 1:])
    return jnp.sum(losses * batch["trained"][:, 1:]) / batch["normaliser"]


def as_arrays(batch: dict[str, Any]) -> dict[str, Any]:
    return {name: jnp.asarray(value) for name, value in batch.items()}


@nnx.jit  # type: ignore[untyped-decorator]
def loss_of(model: Any, batch: dict[str, Any]) -> Any:
    return packed_loss(model, **batch)


@pytest.mark.parametrize("method", ["lora", "full"])
def test_loss_and_gradients_of_a_model_equal_the_dense_ones(nano_files: ModelFiles, method: str) -> None:
    model = load_model(nano_files).model
    if method == "lora":
        model = add_lora(model, LoRAConfig(rank=4))
        for path, weight in nnx.state(model, nnx.LoRAParam).flat_state():
            rng = np.random.default_rng(len(str(path)))
            weight[...] = jnp.asarray(rng.normal(0, 0.05, weight.shape), jnp.float32)
    examples = rows_of(6, 260)
    batch = as_arrays(fill([examples[:3], examples[3:]], 48, normaliser=30.0))
    kind = nnx.DiffState(0, nnx.LoRAParam if method == "lora" else nnx.Param)
    ours = nnx.jit(nnx.value_and_grad(lambda model: packed_loss(model, **batch), argnums=kind))
    theirs = nnx.jit(nnx.value_and_grad(lambda model: dense_packed_loss(model, batch), argnums=kind))
    (value, gradients), (expected, wanted) = ours(model), theirs(model)
    np.testing.assert_allclose(value, expected, rtol=1e-5)
    for (path, gradient), (_, other) in zip(gradients.flat_state(), wanted.flat_state(), strict=True):
        scale = float(jnp.abs(other[...]).max())
        np.testing.assert_allclose(gradient[...], other[...], atol=1e-5 * max(scale, 1e-3), err_msg=str(path))


def test_packed_examples_give_the_hidden_states_and_the_loss_of_separate_ones(nano_files: ModelFiles) -> None:
    model = load_model(nano_files).model
    examples = rows_of(4, 260)

    @nnx.jit  # type: ignore[untyped-decorator]
    def hidden(model: Any, batch: dict[str, Any]) -> Any:
        with hidden_states(model):
            return model(batch["tokens"], batch["positions"], None, block_diagonal(batch["segments"]))[0]

    packed = as_arrays(fill([examples], 60, normaliser=1.0))
    separate = [as_arrays(fill([[example]], 60, normaliser=1.0)) for example in examples]
    together, start = hidden(model, packed), 0
    for example, batch in zip(examples, separate, strict=True):
        length = len(example.tokens)
        alone = hidden(model, batch)[0, :length]
        np.testing.assert_allclose(together[0, start : start + length], alone, rtol=1e-4, atol=1e-5)
        start += length
    losses = [float(loss_of(model, batch)) for batch in separate]
    np.testing.assert_allclose(loss_of(model, packed), sum(losses), rtol=1e-5)


def test_no_token_of_another_segment_changes_a_loss(nano_files: ModelFiles) -> None:
    model = load_model(nano_files).model
    first, second, third = rows_of(3, 260)
    one = fill([[first, second]], 60, normaliser=1.0)
    other = fill([[third, second]], 60, normaliser=1.0)
    for batch in (one, other):
        batch["trained"] = batch["trained"] & (batch["segments"] == 2)
    values = [float(loss_of(model, as_arrays(batch))) for batch in (one, other)]
    assert values[0] == pytest.approx(values[1], rel=1e-5)


def test_first_token_of_a_segment_is_never_a_target(nano_files: ModelFiles) -> None:
    model = load_model(nano_files).model
    batch = as_arrays(fill([rows_of(3, 260)], 60, normaliser=1.0))
    every = batch | {"trained": batch["segments"] > 0}
    without_first = batch | {"trained": (batch["segments"] > 0) & (batch["positions"] > 0)}
    assert float(loss_of(model, every)) == float(loss_of(model, without_first)) > 0


def small_gemma2(vocabulary: int) -> gemma2.Gemma:
    config = gemma2.ModelConfig(
        num_embed=vocabulary, embed_dim=32, hidden_dim=48, num_heads=2, head_dim=16, num_kv_heads=1, num_layers=2,
        sliding_window_size=16, final_logit_softcap=2.0, attn_logits_soft_cap=5.0,
        use_post_attn_norm=True, use_post_ffw_norm=True,
        attention_types=(gemma2.AttentionType.LOCAL_SLIDING, gemma2.AttentionType.GLOBAL),
    )  # fmt: skip
    model = gemma2.Gemma(config, rngs=nnx.Rngs(0))
    mesh = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), ("fsdp", "tp"))
    nnx.update(model, jax.device_put(nnx.state(model), NamedSharding(mesh, PartitionSpec())))
    return model


@pytest.mark.parametrize("method", ["lora", "full"])
def test_compiled_step_never_holds_logits_of_all_positions(method: str) -> None:
    model = small_gemma2(vocabulary=2048)
    if method == "lora":
        model = add_lora(model, LoRAConfig(rank=4))
    vocabulary, rows, length = model.embedder.num_embed, 2, 96
    batch = as_arrays(fill([rows_of(4, 260, seed) for seed in range(rows)], length, normaliser=1.0))
    kind = nnx.DiffState(0, nnx.LoRAParam if method == "lora" else nnx.Param)
    graph, state = nnx.split(model)

    def step(loss_of_model: Any) -> Any:
        def compute(state: Any) -> Any:
            return nnx.value_and_grad(lambda model: loss_of_model(model), argnums=kind)(nnx.merge(graph, state))

        return jax.jit(compute).lower(state).compile().as_text()

    def largest(text: str) -> int:
        """Return the largest number of positions that any array has logits for."""
        shapes = [[int(size) for size in found.split(",")] for found in re.findall(r"f32\[([\d,]+)\]", text)]
        held = [shape for shape in shapes if vocabulary in shape and model.config.embed_dim not in shape]
        return max((int(np.prod(shape)) // vocabulary for shape in held), default=0)

    assert largest(step(lambda model: dense_packed_loss(model, batch))) >= rows * (length - 1)
    assert largest(step(lambda model: packed_loss(model, **batch))) == 0


def test_work_is_proportional_to_the_trained_positions() -> None:
    hidden, embedding = jnp.ones((64, 8)), jnp.ones((256, 8))
    text = jax.jit(lambda count: summed_cross_entropy(hidden, embedding, jnp.zeros(64, jnp.int32), count, tile=16))
    shapes = set(re.findall(r"f32\[(\d+),16\]", text.lower(jnp.int32(3)).compile().as_text() or ""))
    assert {str(size) for size in range(4, 65, 4)} <= shapes


def test_soft_cap_of_gemma_2_meets_the_logits_and_not_the_hidden_states() -> None:
    model = small_gemma2(vocabulary=300)
    model.embedder.input_embedding[...] = 10 * model.embedder.input_embedding[...]
    batch = as_arrays(fill([rows_of(3, 300)], 48, normaliser=20.0))
    expected = float(nnx.jit(dense_packed_loss)(model, batch))
    assert float(loss_of(model, batch)) == pytest.approx(expected, rel=1e-5)
    assert model.final_logits_softcap == 2.0
