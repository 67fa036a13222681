"""The sampler against Tunix: its model's forward pass and its own sampler. Models are tiny, windows 8 tokens."""

from __future__ import annotations

import time
from dataclasses import replace
from functools import cache
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax import nnx
from hypothesis import given
from hypothesis import strategies as st
from jax.sharding import Mesh
from tunix.generate.sampler import CacheConfig
from tunix.generate.sampler import Sampler as TunixSampler
from tunix.models.gemma import model as gemma2
from tunix.models.gemma3 import model as gemma3

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import UsageError
from tunix_rt.sampling import Completion, Sampler, SamplingConfig
from tunix_rt.train.drawing import DrawRule, draw_tokens, nucleus
from tunix_rt.train.generation import pack
from tunix_rt.train.model import add_lora
from tunix_rt.train.sampler import TunixRtSampler
from tunix_rt.train.scanning import best_tokens, make_scan
from tunix_rt.train.tokenizer import CharTokenizer, TunixTokenizer, contract_vocabulary

TOKENIZER = CharTokenizer(contract_vocabulary())
PROMPTS = ["a", "How many?", "2+2=", "Say it again, and then once more, please.", "zebra " * 7, "x y"]
GREEDY = SamplingConfig(max_new_tokens=12)
SIZES = {"num_embed": TOKENIZER.vocab_size, "embed_dim": 32, "hidden_dim": 48, "num_heads": 4, "head_dim": 16}


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
        rng.normal(0, 0.05, (SIZES["num_embed"], 32)).astype("f4"), place
    )
    return model


@cache
def tiny(kind: str = "one_kv", seed: int = 0) -> Any:
    """Return a model of two layers, the second of which is global; each layer is compiled some fifty times."""
    if kind == "gemma2":
        config = gemma2.ModelConfig(
            **SIZES, num_layers=2, num_kv_heads=2, sliding_window_size=8, final_logit_softcap=5.0,
            attn_logits_soft_cap=3.0, use_post_attn_norm=True, use_post_ffw_norm=True,
            attention_types=(gemma2.AttentionType.LOCAL_SLIDING, gemma2.AttentionType.GLOBAL),
        )  # fmt: skip
        return _randomised(nnx.eval_shape(lambda: gemma2.Gemma(config, rngs=nnx.Rngs(0))), seed)
    kv = {"one_kv": 1, "two_kv": 2, "all_kv": 4}[kind]
    config = gemma3.ModelConfig(
        **SIZES, num_layers=6, num_kv_heads=kv, sliding_window_size=8, local_base_frequency=100,
        global_base_frequency=10_000, global_scale_factor=2.0, param_dtype=jnp.float32,
    )  # fmt: skip
    model = nnx.eval_shape(lambda: gemma3.Gemma3(config, rngs=nnx.Rngs(0)))
    model.layers = nnx.List(model.layers[4:6])  # of Gemma 3 every sixth is global
    model.config = replace(config, num_layers=2)
    return _randomised(model, seed)


@cache
def ours(kind: str = "one_kv", **options: Any) -> TunixRtSampler:
    return TunixRtSampler(tiny(kind), TOKENIZER, **{"max_rows": 4, "chunk": 16, "with_logps": True, **options})


def full_logits(model: Any, tokens: list[int]) -> np.ndarray:
    """Return the logits `[L, V]` of a plain forward pass of Tunix's model, padded to one length."""
    length = 96
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
    reference = TunixSampler(
        tiny(), TunixTokenizer(TOKENIZER), CacheConfig(128, config.num_layers, config.num_kv_heads, config.head_dim)
    )
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


def tokens_of(completions: list[Completion]) -> list[list[int]]:
    return [completion.token_ids for completion in completions]


@pytest.mark.parametrize("config", [GREEDY, SamplingConfig(max_new_tokens=12, temperature=1.0, top_p=0.8, seed=3)])
def test_results_do_not_depend_on_the_batch(config: SamplingConfig) -> None:
    prompts = [*PROMPTS, "b", "b", "Say it again, and then twice.", "c" * 30, "12+34="]  # more than there are rows
    expected = tokens_of(ours().generate(prompts, config))
    assert len({tuple(tokens) for tokens in expected}) > len(PROMPTS)
    for options in ({"max_rows": 1}, {"chunk": 64}):
        assert tokens_of(ours(**options).generate(prompts, config)) == expected
    assert tokens_of(ours().generate(prompts[::-1], config))[::-1][:6] == expected[:6]
    for prompt, tokens in zip(prompts[:3], expected, strict=False):
        assert tokens_of(ours().generate([prompt], config)) == [tokens]


def test_copies_of_a_prompt_have_streams_of_their_own() -> None:
    config = SamplingConfig(max_new_tokens=12, temperature=1.0)
    copies = tokens_of(ours().generate(["zebra " * 5] * 6, config))
    assert len({tuple(tokens) for tokens in copies}) == 6
    greedy = tokens_of(ours().generate(["zebra " * 5] * 6, GREEDY))
    assert greedy == tokens_of(ours().generate(["zebra " * 5], GREEDY)) * 6


def test_shared_prefix_changes_nothing() -> None:
    prefix = "Question: what comes next? "  # longer than the window and than a chunk
    prompts = [prefix + prompt for prompt in PROMPTS]
    alone = [completion for prompt in prompts for completion in ours("two_kv").generate([prompt], GREEDY)]
    for options in ({"shared_prefix": prefix}, {"shared_prefix": None}, {"shared_prefix": "unrelated"}):
        together = ours("two_kv").generate(prompts, GREEDY, **options)
        for prompt, one, other in zip(prompts, alone, together, strict=True):
            check_greedy(tiny("two_kv"), prompt, other)
            assert one.token_ids == other.token_ids


def test_a_prompt_that_is_the_shared_prefix() -> None:
    prefix = "Question: what comes next? "
    completion = ours().generate([prefix], GREEDY, shared_prefix=prefix)[0]
    check_greedy(tiny(), prefix, completion)


class EndingTokenizer(CharTokenizer):
    """A tokenizer for which further tokens end a text."""

    ends: tuple[int, ...] = ()

    @property
    def eos_ids(self) -> tuple[int, ...]:
        return (*super().eos_ids, *self.ends)


def test_every_end_token_ends_a_completion_and_its_row_is_used_again() -> None:
    free = tokens_of(ours().generate(PROMPTS, GREEDY))
    tokenizer = EndingTokenizer(contract_vocabulary())
    first, second, *_ = (tokens for tokens in free if len(tokens) == 12)
    tokenizer.ends = (first[3], second[5])
    sampler = TunixRtSampler(tiny(), tokenizer, max_rows=2, chunk=16)
    ended = 0
    for tokens, completion in zip(free, sampler.generate(PROMPTS, GREEDY), strict=True):
        stops = [at for at, token in enumerate(tokens) if token in tokenizer.eos_ids]
        length = stops[0] + 1 if stops else len(tokens)
        assert completion.token_ids == tokens[:length]
        assert completion.finish == ("stop" if stops else "length")
        assert completion.text == tokenizer.decode(tokens[: length - bool(stops)])
        assert completion.logps is None
        ended += bool(stops)
    assert ended >= 2


def test_the_last_long_completions_move_to_a_smaller_batch() -> None:
    config = SamplingConfig(max_new_tokens=96)
    free, *others = tokens_of(ours().generate(PROMPTS, config))
    tokenizer = EndingTokenizer(contract_vocabulary())
    tokenizer.ends = tuple(set(range(TOKENIZER.vocab_size)) - set(free))  # only the first prompt goes on for long
    ending = [at for at, tokens in enumerate(others, 1) if set(tokens[:31]) - set(free)]
    assert len(ending) >= 3
    sampler = TunixRtSampler(tiny(), tokenizer, max_rows=8, chunk=16)
    found = tokens_of(sampler.generate([PROMPTS[at] for at in (0, *ending)], config))
    assert found[0] == free
    assert sorted(map(len, found))[-2] < 32
    assert sampler.stats.row_steps < 8 * sampler.stats.decode_steps


def test_stop_text_is_cut_off() -> None:
    whole = ours().generate(PROMPTS, GREEDY)[0]
    stop = whole.text[3:5]
    cut = ours().generate(PROMPTS, GREEDY.model_copy(update={"stop": ["never there", stop]}))[0]
    assert cut.text == whole.text[: whole.text.index(stop)]
    assert cut.finish == "stop"
    assert stop in TOKENIZER.decode(cut.token_ids)
    assert stop not in TOKENIZER.decode(cut.token_ids[:-1])
    assert cut.logps is not None
    assert len(cut.logps) == len(cut.token_ids) < len(whole.token_ids)


def test_forbidden_tokens_are_never_generated() -> None:
    first = ours().generate(PROMPTS[:1], GREEDY)[0].token_ids[0]
    best = full_logits(tiny(), prompt_ids(PROMPTS[0]))[-1]
    second = next(token for token in np.argsort(-best) if token not in (first, TOKENIZER.pad_id, TOKENIZER.bos_id))
    assert ours(forbidden=(first,)).generate(PROMPTS[:1], GREEDY)[0].token_ids[0] == second
    everything_else = [token for token in range(TOKENIZER.vocab_size) if token not in (40, 41)]
    drawn = ours(forbidden=tuple(everything_else)).generate(["a"], SamplingConfig(max_new_tokens=40, temperature=1.0))
    assert set(drawn[0].token_ids) <= {40, 41, *TOKENIZER.eos_ids}


@pytest.mark.parametrize(("temperature", "top_p"), [(1.0, 1.0), (0.7, 1.0), (1.3, 0.6)])
def test_drawn_tokens_follow_the_distribution(temperature: float, top_p: float) -> None:
    count = 1600
    config = SamplingConfig(max_new_tokens=1, temperature=temperature, top_p=top_p, seed=11)
    completions = ours(max_rows=64).generate(["How many?"] * count, config)
    logits = full_logits(tiny(), prompt_ids("How many?"))[-1] / temperature
    logps = np.asarray(jax.nn.log_softmax(logits))
    probabilities = np.exp(logps)
    probabilities[[TOKENIZER.pad_id, TOKENIZER.bos_id]] = 0
    order = np.argsort(-probabilities)
    before = np.cumsum(probabilities[order]) - probabilities[order]
    probabilities[order[before >= top_p * probabilities.sum()]] = 0
    probabilities /= probabilities.sum()
    drawn = np.bincount([completion.token_ids[0] for completion in completions], minlength=len(probabilities))
    assert drawn[probabilities == 0].sum() == 0
    likely = np.argsort(-probabilities)[:12]
    spread = np.sqrt(count * probabilities[likely] * (1 - probabilities[likely])) + 1e-9
    assert np.abs((drawn[likely] - count * probabilities[likely]) / spread).max() < 4
    for completion in completions[:20]:
        assert completion.logps == pytest.approx([logps[completion.token_ids[0]]], abs=2e-4)


@pytest.mark.parametrize("spread", [0.1, 1.0, 3.0])
def test_most_probable_mass_in_a_large_vocabulary(spread: float) -> None:
    rng = np.random.default_rng(0)
    weight = np.exp(rng.normal(0, spread, (70, 256, 3))).astype(np.float32)
    weight /= weight.max(axis=(0, 1))
    threshold = np.asarray(jax.jit(nucleus)(jnp.asarray(weight), jnp.float32(0.9)))
    for row in range(3):
        mass = np.sort(weight[:, :, row].ravel())[::-1].astype(np.float64)
        before = np.cumsum(mass) - mass
        expected = int((before < 0.9 * mass.sum()).sum())
        assert abs(int((weight[:, :, row] >= threshold[row]).sum()) - expected) <= 1 + expected // 10_000


def test_a_scan_finds_the_best_token_or_says_that_it_may_not() -> None:
    rng = np.random.default_rng(0)
    embed = rng.normal(size=(16_384, 64)).astype(np.float32)
    hidden = rng.normal(size=(32, 64)).astype(np.float32)
    forbidden = tuple(np.unique((embed @ hidden.T).argmax(axis=0)[:8]).tolist())
    twins = np.arange(200, 260)
    embed[twins] = 0.7 * hidden[0] + rng.normal(0, 1e-4, (60, 64))  # more near ties than candidates
    expected = embed @ hidden.T
    expected[list(forbidden)] = -np.inf
    tokens, proven = jax.jit(best_tokens)(embed, make_scan(jnp.asarray(embed), forbidden=forbidden), hidden)
    assert list(proven) == [False] + [True] * 31
    assert list(tokens[1:]) == list(expected.argmax(axis=0)[1:])
    rule = DrawRule(greedy=True, with_top_p=False, with_logps=False, eos_ids=(1,), forbidden=forbidden)
    one, none = jnp.float32(1), jnp.zeros((32, 2), jnp.uint32)
    for scan in (make_scan(jnp.asarray(embed), forbidden=forbidden), None):
        drawn, _ = draw_tokens(
            jnp.asarray(embed), jnp.asarray(hidden), scan=scan, keys=none, drawn=none[:, 0], temperature=one, top_p=one,
            rule=rule, softcap=None,
        )  # fmt: skip
        assert np.abs(expected[np.asarray(drawn), np.arange(32)] - expected.max(axis=0)).max() < 1e-4
        assert list(drawn[1:]) == list(tokens[1:])


def test_seed_names_the_draw() -> None:
    config = SamplingConfig(max_new_tokens=12, temperature=1.0, seed=5)
    first = tokens_of(ours().generate(PROMPTS, config))
    assert tokens_of(ours().generate(PROMPTS, config)) == first
    assert tokens_of(ours().generate(PROMPTS, config.model_copy(update={"seed": 6}))) != first


def test_nothing_to_do_and_too_much_to_do() -> None:
    assert ours().generate([], GREEDY) == []
    assert isinstance(ours(), Sampler)
    with pytest.raises(UsageError, match="prompt 1 has 61 tokens, and 12 may follow; expected 1 to 64 together"):
        ours(max_context=64).generate(["a", "b" * 60], GREEDY)
    with pytest.raises(UsageError, match="Gemma3 and Gemma"):
        TunixRtSampler(_NoGemma(tiny()), TOKENIZER)


class _NoGemma:
    def __init__(self, model: Any) -> None:
        self.config, self.embedder = model.config, model.embedder


def test_deadline_cuts_off_and_progress_is_told() -> None:
    told: list[tuple[int, int, int]] = []
    completions = ours().generate(PROMPTS, GREEDY, deadline=time.monotonic() - 1)
    assert [(completion.token_ids, completion.finish) for completion in completions] == [([], "length")] * len(PROMPTS)
    assert ours().stats.cut_off == len(PROMPTS)
    completions = ours().generate(PROMPTS, GREEDY, progress=lambda *now: told.append(now))
    assert ours().stats.cut_off == 0
    assert told[-1] == (len(PROMPTS), len(PROMPTS), sum(len(completion.token_ids) for completion in completions))
    assert told == sorted(told)


@pytest.mark.parametrize("kind", ["one_kv", "two_kv"])
def test_lora_is_merged_without_touching_the_model(kind: str) -> None:
    lora = LoRAConfig(rank=3, alpha=6.0)
    model = add_lora(tiny(kind), lora, seed=1)
    before = jax.tree.map(np.asarray, nnx.state(model, nnx.Param))
    with pytest.raises(UsageError, match="LoRAConfig"):
        TunixRtSampler(model, TOKENIZER)
    sampler = TunixRtSampler(model, TOKENIZER, lora=lora, max_rows=4, chunk=16, with_logps=True)
    untrained = tokens_of(sampler.generate(PROMPTS, GREEDY))
    assert untrained == tokens_of(ours(kind).generate(PROMPTS, GREEDY))
    rng = np.random.default_rng(0)
    state = nnx.state(model, nnx.LoRAParam)
    nnx.update(model, jax.tree.map(lambda value: value + rng.normal(0, 0.1, value.shape).astype(np.float32), state))
    assert tokens_of(sampler.generate(PROMPTS, GREEDY)) == untrained
    sampler.refresh()
    trained = sampler.generate(PROMPTS, GREEDY)
    assert tokens_of(trained) != untrained
    for prompt, completion in zip(PROMPTS, trained, strict=True):
        check_greedy(model, prompt, completion)
    base = nnx.state(model, lambda path, value: isinstance(value, nnx.Param) and not isinstance(value, nnx.LoRAParam))
    for path, value in nnx.to_flat_state(base):
        assert np.array_equal(value[...], dict(nnx.to_flat_state(before))[path][...])


def test_bfloat16_is_close() -> None:
    half = ours(dtype="bfloat16").generate(PROMPTS, SamplingConfig(max_new_tokens=1))
    for prompt, completion in zip(PROMPTS, half, strict=True):
        logps = np.asarray(jax.nn.log_softmax(full_logits(tiny(), prompt_ids(prompt))[-1]))
        assert completion.logps == pytest.approx([logps[completion.token_ids[0]]], abs=0.15)


@given(st.lists(st.integers(0, 90), max_size=40), st.sampled_from([16, 32]))
def test_prompts_are_packed_in_order_and_almost_without_waste(lengths: list[int], size: int) -> None:
    chunks = pack(lengths, size)
    done = [0] * len(lengths)
    for chunk in chunks:
        assert 0 < sum(piece.end - piece.begin for piece in chunk) <= size
        for place, piece in enumerate(chunk):
            assert piece.begin == done[piece.prompt] < piece.end
            assert piece.begin == 0 or place == 0
            done[piece.prompt] = piece.end
    assert done == lengths
    assert len(chunks) <= 1.2 * -(-sum(lengths) // size)
