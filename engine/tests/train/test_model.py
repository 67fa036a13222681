"""Loading and LoRA: Tunix's own loader and Qwix's own LoRA are the reference."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import qwix
from flax import nnx
from jax.sharding import AxisType

from compiling import on_devices
from tunix_rt.config import LoRAConfig
from tunix_rt.errors import ConfigError
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.model import add_lora, load_model, make_mesh, model_mesh

TOKENS = jnp.array([[2, 10, 40, 41, 42, 11]])


def logits(model: Any) -> jax.Array:
    length = TOKENS.shape[1]
    mask = jnp.tril(jnp.ones((1, length, length), bool))
    found: jax.Array = model(TOKENS, jnp.arange(length)[None], None, mask)[0]
    return found


def fill(model: nnx.Module, seed: int = 0) -> None:
    """Give the LoRA weights values, since B starts at zero."""
    rng = np.random.default_rng(seed)
    state = nnx.state(model, nnx.LoRAParam)
    nnx.update(model, jax.tree.map(lambda x: jnp.asarray(rng.normal(0, 0.1, x.shape), x.dtype), state))


def lora_gradients(model: nnx.Module) -> Any:
    return nnx.grad(lambda m: (logits(m) ** 2).mean(), argnums=nnx.DiffState(0, nnx.LoRAParam))(model)


def test_the_mesh_has_the_axes_that_tunix_needs() -> None:
    mesh = make_mesh()
    assert mesh.axis_names == ("fsdp", "tp")
    assert mesh.axis_types == (AxisType.Auto, AxisType.Auto)
    with pytest.raises(ConfigError, match="tensor_parallel"):
        make_mesh(tensor_parallel=len(jax.devices()) + 1)


def test_weights_lie_on_the_mesh_in_the_dtype_asked_for(nano_files: ModelFiles) -> None:
    for dtype in ("float32", "bfloat16"):
        loaded = load_model(nano_files, dtype=dtype)  # type: ignore[arg-type]
        for _, weight in nnx.state(loaded.model, nnx.Param).flat_state():
            assert weight.dtype == jnp.dtype(dtype)
            assert weight[...].sharding.mesh == loaded.mesh
        assert model_mesh(loaded.model) == loaded.mesh


def test_no_feed_forward_weight_of_nano_is_zero(nano_files: ModelFiles) -> None:
    loaded = load_model(nano_files)
    for path, weight in nnx.state(loaded.model, nnx.Param).flat_state():
        if "mlp" in path:
            assert float(jnp.abs(weight[...]).mean()) > 0.01


def test_lora_equals_the_one_that_qwix_makes(nano_files: ModelFiles) -> None:
    base = load_model(nano_files).model
    ours = add_lora(base, LoRAConfig(rank=4, alpha=12.0))
    modules = ".*q_einsum|.*kv_einsum|.*attn_vec_einsum|.*gate_proj|.*up_proj|.*down_proj"
    provider = qwix.LoraProvider(module_path=modules, rank=4, alpha=12.0)
    theirs = qwix.apply_lora_to_model(base, provider, rngs=nnx.Rngs(0), **base.get_model_input())  # type: ignore[attr-defined]
    pairs = zip(nnx.state(ours).flat_state(), nnx.state(theirs).flat_state(), strict=True)
    for (path, weight), (their_path, their_weight) in pairs:
        assert (path, type(weight), weight.shape) == (their_path, type(their_weight), their_weight.shape)
        assert weight[...].sharding == their_weight[...].sharding
    assert np.array_equal(logits(ours), logits(base)), "LoRA starts as no change"
    fill(ours)
    nnx.update(theirs, nnx.state(ours, nnx.LoRAParam))
    np.testing.assert_allclose(logits(ours), logits(theirs), atol=1e-5)
    for grads in zip(*(jax.tree.leaves(lora_gradients(model)) for model in (ours, theirs)), strict=True):
        np.testing.assert_allclose(*grads, rtol=1e-4, atol=1e-6)
    assert float(jnp.abs(logits(ours) - logits(base)).max()) > 0.01


def test_lora_shares_the_base_and_follows_its_seed(nano_files: ModelFiles) -> None:
    base = load_model(nano_files).model
    first, same, other = (add_lora(base, LoRAConfig(), seed=seed) for seed in (1, 1, 2))
    originals = dict(nnx.state(base).flat_state())
    for path, weight in nnx.state(first, nnx.Param).flat_state():
        if path in originals:
            assert weight[...] is originals[path][...], path
    name = ("layers", 0, "attn", "q_einsum", "w_lora_a")
    a = [dict(nnx.state(model).flat_state())[name][...] for model in (first, same, other)]
    assert np.array_equal(a[0], a[1])
    assert not np.array_equal(a[0], a[2])


def test_lora_only_where_it_was_asked_for(nano_files: ModelFiles) -> None:
    base = load_model(nano_files).model
    model = add_lora(base, LoRAConfig(modules=("k_proj", "v_proj", "down_proj")))
    found = {path[-2] for path, _ in nnx.state(model, nnx.LoRAParam).flat_state()}
    assert found == {"kv_einsum", "down_proj"}
    with pytest.raises(ConfigError, match="k_proj and v_proj"):
        add_lora(base, LoRAConfig(modules=("k_proj", "q_proj")))


def test_the_adapter_of_a_bfloat16_model_is_float32(nano_files: ModelFiles) -> None:
    model = add_lora(load_model(nano_files, dtype="bfloat16").model, LoRAConfig())
    fill(model)
    assert {weight.dtype for _, weight in nnx.state(model, nnx.LoRAParam).flat_state()} == {jnp.dtype("float32")}
    assert logits(model).dtype == jnp.bfloat16


def test_gradients_reach_every_lora_weight(nano_files: ModelFiles) -> None:
    model = add_lora(load_model(nano_files).model, LoRAConfig())
    fill(model)
    for path, grad in lora_gradients(model).flat_state():
        assert float(jnp.abs(grad[...]).max()) > 0, path


def test_a_model_spread_over_four_devices_computes_the_same(nano_files: ModelFiles) -> None:
    code = """
import sys, pathlib, jax, numpy as np
from test_model import fill, logits
from tunix_rt.config import LoRAConfig
from tunix_rt.train.base_models import verify_model
from tunix_rt.train.model import add_lora, load_model, make_mesh
files = verify_model(pathlib.Path(sys.argv[1]))
results = []
for mesh in (make_mesh(jax.devices()[:1]), make_mesh(tensor_parallel=2)):
    loaded = load_model(files, mesh=mesh)
    model = add_lora(loaded.model, LoRAConfig())
    assert len(model.layers[0].mlp.gate_proj.kernel[...].sharding.device_set) == mesh.size
    fill(model)
    with jax.set_mesh(mesh):
        results.append(np.asarray(logits(model)))
assert np.abs(results[0] - results[1]).max() < 1e-4, np.abs(results[0] - results[1]).max()
"""
    here, engine = __file__.rpartition("/")[0], __file__.rpartition("/tests/")[0]
    done = subprocess.run(
        [sys.executable, "-c", code, str(nano_files.folder)],
        env=on_devices(4) | {"PYTHONPATH": f"{here}:{engine}:{engine}/tests"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
