"""The sampler against Tunix: its model's full forward pass, and its own sampler. Models are tiny, windows are 8 tokens."""

from __future__ import annotations

import time
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from jax.sharding import Mesh
from tunix.generate.sampler import CacheConfig
from tunix.generate.sampler import Sampler as TunixSampler
from tunix.models.gemma import model as gemma2
from tunix.models.gemma3 import model as gemma3

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import UsageError
from tunix_rt.sampling import Completion, Sampler, SamplingConfig
from tunix_rt.train.model import add_lora
from tunix_rt.train.sampler import TunixRtSampler
from tunix_rt.train.tokenizer import CharTokenizer, TunixTokenizer, contract_vocabulary

TOKENIZER = CharTokenizer(contract_vocabulary())
PROMPTS = ["a", "How many?", "2+2=", "Say it again, and then once more, please.", "zebra " * 7, "x y"]
GREEDY = SamplingConfig(max_new_tokens=12)
SIZES = {"num_embed": TOKENIZER.vocab_size, "embed_dim": 32, "hidden_dim": 48, "num_heads": 4, "head_dim": 8}


def _randomised(model: Any, seed: int) -> Any:
    """Return the model with weights that make varied text: Tunix starts the MLP at zero and the embedding near it."""
    rng = np.random.default_rng(seed)
    state = nnx.state(model, nnx.Param)
    mesh = Mesh(np.array(jax.devices()[:1]).reshape(1, 1), ("fsdp", "tp"))
    place = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec())

    def fresh(value: jax.Array) -> jax.Array:
        spread = 0.3 if value.ndim == 1 else value.shape[-2] ** -0.5
        return jax.device_put(rng.normal(0, spread, value.shape).astype(np.float32), place)

    nnx.update(model, jax.tree.map(fresh, state))
    model.embedder.input_embedding[...] = jax.device_put(
        rng.normal(0, 0.5, (SIZES["num_embed"], 32)).astype("f4"), place
    )
    return model


@cache
def tiny(kind: str = "one_kv", seed: int = 0) -> Any:
    """Return a model of seven layers, the sixth of which is global (Gemma 2: every second)."""
    if kind == "gemma2":
        config = gemma2.ModelConfig(
            **SIZES, num_layers=4, num_kv_heads=2, sliding_window_size=8, final_logit_softcap=5.0,
            attn_logits_soft_cap=3.0, use_post_attn_norm=True, use_post_ffw_norm=True,
            attention_types=(gemma2.AttentionType.LOCAL_SLIDING, gemma2.AttentionType.GLOBAL) * 2,
        )  # fmt: skip
        return _randomised(gemma2.Gemma(config, rngs=nnx.Rngs(0)), seed)
    kv = {"one_kv": 1, "two_kv": 2, "all_kv": 4}[kind]
    config = gemma3.ModelConfig(
        **SIZES, num_layers=7, num_kv_heads=kv, sliding_window_size=8, local_base_frequency=100,
        global_base_frequency=10_000, global_scale_factor=2.0, param_dtype=jnp.float32,
    )  # fmt: skip
    return _randomised(gemma3.Gemma3(config, rngs=nnx.Rngs(0)), seed)


@cache
def ours(kind: str = "one_kv", **options: Any) -> TunixRtSampler:
    return TunixRtSampler(tiny(kind), TOKENIZER, **{"max_rows": 4, "chunk": 16, "with_logps": True, **options})


def full_logits(model: Any, tokens: list[int]) -> np.ndarray:
    """Return the logits `[L, V]` of a plain forward pass of Tunix's model, padded to few lengths."""
    length = -(-len(tokens) // 32) * 32
    padded = jnp.array([tokens + [0] * (length - len(tokens))])
    mask = jnp.tril(jnp.ones((1, length, length), bool))
    return np.asarray(_forward(model, padded, jnp.arange(length)[None], mask)[0, : len(tokens)], np.float32)


@nnx.jit
def _forward(model: Any, tokens: jax.Array, positions: jax.Array, mask: jax.Array) -> jax.Array:
    return model(tokens, positions, None, mask)[0]


def prompt_ids(text: str) -> list[int]:
    return [TOKENIZER.bos_id, *TOKENIZER.encode(text)]


def check_greedy(model: Any, prompt: str, completion: Completion, atol: float = 2e-4) -> None:
    """Every token is the best one that Tunix's model allows (up to ties), with its log-probability."""
    ids = prompt_ids(prompt)
    assert completion.prompt_tokens == len(ids)
    logits = full_logits(model, ids + completion.token_ids)[len(ids) - 1 : -1]
    logps = np.asarray(jax.nn.log_softmax(logits, axis=-1))
    allowed = logits.copy()
    allowed[:, [TOKENIZER.pad_id, TOKENIZER.bos_id]] = -np.inf
    for step, token in enumerate(completion.token_ids):
        assert allowed[step, token] >= allowed[step].max() - 1e-4
        assert completion.logps is not None
        assert completion.logps[step] == pytest.approx(logps[step, token], abs=atol)


@pytest.mark.parametrize("kind", ["one_kv", "two_kv", "all_kv", "gemma2"])
def test_greedy_tokens_and_logps_are_those_of_tunix_model(kind: str) -> None:
    for prompt, completion in zip(PROMPTS, ours(kind).generate(PROMPTS, GREEDY), strict=True):
        check_greedy(tiny(kind), prompt, completion)
        assert completion.text == TOKENIZER.decode([id for id in completion.token_ids if id not in TOKENIZER.eos_ids])
        assert (completion.finish == "stop") == (completion.token_ids[-1] in TOKENIZER.eos_ids)
        assert completion.finish == "stop" or len(completion.token_ids) == 12


def test_greedy_tokens_are_those_of_tunix_sampler() -> None:
    config = tiny().config
    reference = TunixSampler(tiny(), TunixTokenizer(TOKENIZER), CacheConfig(128, config.num_layers, 1, config.head_dim))
    eos = list(TOKENIZER.eos_ids)
    theirs = reference(
        PROMPTS, 12, max_prompt_length=64, eos_tokens=eos, forbidden_tokens=(TOKENIZER.pad_id, TOKENIZER.bos_id)
    )
    for prompt, tokens, completion in zip(PROMPTS, theirs.tokens, ours().generate(PROMPTS, GREEDY), strict=True):
        mine = [token for token in completion.token_ids if token not in eos]
        if list(tokens) != mine:  # a tie of the two best logits, or a defect
            at = next(at for at in range(min(len(tokens), len(mine))) if tokens[at] != mine[at])
            best = np.sort(full_logits(tiny(), prompt_ids(prompt) + mine[:at])[-1])
            assert best[-1] - best[-2] < 1e-4
