"""Qwix's LoRA with the same numbers and a faster backward pass. It does not make or place any weight.

The gradients of A and B are products over all tokens of a thin matrix `[T, r]` with a wide one `[T, K]`, and a compiler
for CPUs transposes one of the two. Left to itself XLA takes the wide one, and computes it again element by element, in
the wrong order, while it does so: more than half of a training step. Here the thin one is transposed.
"""

from __future__ import annotations

from typing import Any

import jax
import qwix
from jax import lax
from qwix._src.providers import ptq
from qwix._src.utils import flax_util

from tunix_rt.errors import ConfigError


class LoraProvider(qwix.LoraProvider):  # type: ignore[misc]
    """Adds `alpha / rank * x A B` to what a weight gives; A and B are there already, float32 whatever `x` is.

    The sum has the type of `x`: a float32 adapter on a bfloat16 model must not make every later activation float32.
    """

    def dot_general(self, lhs: jax.Array, rhs: Any, *args: Any, **kwargs: Any) -> jax.Array:
        """Multiply `[…, K]` with a weight `[K, N]` and its adapter."""
        out: jax.Array = super(qwix.LoraProvider, self).dot_general(lhs, rhs, *args, **kwargs)
        return self._with_lora("dot_general", lhs, rhs, out)

    def einsum(self, einsum_str: str, *operands: Any, **kwargs: Any) -> jax.Array:
        """Multiply activations with a weight of several dimensions and its adapter."""
        out: jax.Array = super(qwix.LoraProvider, self).einsum(einsum_str, *operands, **kwargs)
        return self._with_lora("einsum", operands[0], operands[-1], out, einsum_str)

    def _with_lora(self, operation: str, lhs: jax.Array, rhs: Any, out: jax.Array, einsum_str: str = "") -> jax.Array:
        rule, _ = self._get_current_rule_and_op_id(operation, repeated_call=True)
        name = flax_util.find_param(rhs, ptq.WithAux)
        if name is None or not isinstance(rule, qwix.LoraRule):
            return out
        module = flax_util.get_current_module()
        lora_a, lora_b = (flax_util.unbox(getattr(module, f"{name}_lora_{part}")) for part in "ab")
        rank = lora_a.shape[-1]
        wide = lora_a.size // rank
        change = lora_product(lhs.reshape(-1, wide), lora_a.reshape(wide, rank), lora_b.reshape(rank, -1))
        change = change.reshape(*lhs.shape[: 1 - lora_a.ndim], *lora_b.shape[1:])
        if einsum_str:
            change = change.transpose(output_places(einsum_str))
        return (out + change * (rule.alpha / rule.rank)).astype(lhs.dtype)


def output_places(einsum_str: str) -> tuple[int, ...]:
    """Return where each output dimension stands among the free ones of the activations, then of the weight."""
    inputs, _, output = einsum_str.replace(" ", "").partition("->")
    left, right = inputs.split(",")
    shared = [letter for letter in right if letter in left]
    if left[-len(shared) :] != "".join(shared) or set(shared) & set(output):
        raise ConfigError(f"LoRA cannot change the weight of {einsum_str}; its inputs must be the last dimensions")
    free = left[: -len(shared)] + "".join(letter for letter in right if letter not in left)
    return tuple(free.index(letter) for letter in output)


@jax.custom_vjp
def lora_product(x: jax.Array, lora_a: jax.Array, lora_b: jax.Array) -> jax.Array:
    """Return `x A B` of `[T, K]`, `[K, r]` and `[r, N]`."""
    return (x @ lora_a) @ lora_b


def _forward(x: jax.Array, lora_a: jax.Array, lora_b: jax.Array) -> tuple[jax.Array, tuple[jax.Array, ...]]:
    inner = x @ lora_a
    return inner @ lora_b, (x, lora_a, lora_b, inner)


def _backward(saved: tuple[jax.Array, ...], cotangent: jax.Array) -> tuple[jax.Array, jax.Array, jax.Array]:
    x, lora_a, lora_b, inner = saved
    by_inner = cotangent @ lora_b.T
    # The barriers keep XLA from turning each product round again.
    thin, inner_thin = lax.optimization_barrier((by_inner.T, inner.T))
    by_a = lax.optimization_barrier(thin @ x)
    return (by_inner @ lora_a.T).astype(x.dtype), by_a.T, inner_thin @ cotangent


lora_product.defvjp(_forward, _backward)
