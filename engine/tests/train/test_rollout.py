"""Rollouts of nano as Tunix's learner sees them: equal to the sampler, new at every step, with the end token."""

from __future__ import annotations

from typing import Any

import jax.numpy as jnp
import numpy as np
import pytest
from tunix.rl.rollout.base_rollout import RolloutConfig

from tunix_rt.errors import UsageError
from tunix_rt.prompt import contract_form
from tunix_rt.sampling import SamplingConfig
from tunix_rt.train.base_models import ModelFiles
from tunix_rt.train.model import LoadedModel, load_model
from tunix_rt.train.rollout import PolicyRollout, left_padded, rollout_seed
from tunix_rt.train.sampler import TunixRtSampler

NEW = 12
QUESTIONS = ["1+2=", "max 4 17 9=", "a in abca="]
PROMPTS = [contract_form().render(question) for question in QUESTIONS]
GROUPS = [prompt for prompt in PROMPTS for _ in range(4)]


@pytest.fixture(scope="module")
def nano(nano_files: ModelFiles) -> LoadedModel:
    return load_model(nano_files)


def settings(temperature: float = 1.3, **changes: Any) -> RolloutConfig:
    return RolloutConfig(
        max_prompt_length=32, max_tokens_to_generate=NEW, kv_cache_size=32 + NEW, temperature=temperature, **changes
    )


@pytest.fixture(scope="module")
def rollout(nano: LoadedModel) -> PolicyRollout:
    return PolicyRollout(
        rollout_actor=nano.model,
        tokenizer=None,
        mesh=nano.mesh,
        rollout_config=settings(),
        own_tokenizer=nano.tokenizer,
        lora=None,
        seed=3,
        max_rows=16,
        max_context=64,
        group=4,
    )


def drawn(rollout: PolicyRollout, step: int, temperature: float = 1.3) -> list[list[int]]:
    rollout.at(step)
    return [[int(token) for token in row] for row in rollout.generate(GROUPS, settings(temperature)).tokens]


def test_greedy_tokens_are_those_of_the_sampler(rollout: PolicyRollout, nano: LoadedModel) -> None:
    sampler = TunixRtSampler(nano.model, nano.tokenizer)
    expected = sampler.generate(PROMPTS, SamplingConfig(max_new_tokens=NEW))
    assert drawn(rollout, 0, temperature=0.0) == [one.token_ids for one in expected for _ in range(4)]


def test_every_step_and_every_copy_draws_anew_and_a_step_can_be_repeated(rollout: PolicyRollout) -> None:
    first, second = drawn(rollout, 0), drawn(rollout, 1)
    assert first != second
    assert len({tuple(row) for row in first[:4]}) == 4
    assert drawn(rollout, 0) == first
    assert len({rollout_seed(seed, step) for seed in range(20) for step in range(-1, 20)}) == 20 * 21


def test_prompt_of_a_group_is_prefilled_once(rollout: PolicyRollout, nano: LoadedModel) -> None:
    drawn(rollout, 2)
    lengths = [1 + len(nano.tokenizer.encode(prompt)) for prompt in PROMPTS]
    assert rollout.sampler.stats.prefill_tokens <= sum(length - 1 for length in lengths)


def test_filler_is_never_drawn_and_an_ended_completion_has_its_end_token(
    rollout: PolicyRollout, nano: LoadedModel
) -> None:
    ended = 0
    for step in range(8):
        for row, completion in zip(drawn(rollout, step, temperature=3.0), rollout.completions, strict=True):
            assert nano.tokenizer.pad_id not in row
            assert nano.tokenizer.bos_id not in row
            assert (row[-1] in nano.tokenizer.eos_ids) == (completion.finish == "stop")
            assert completion.finish == "stop" or len(row) == NEW
            ended += completion.finish == "stop"
    assert ended


def test_log_probabilities_are_those_that_tunix_computes_again_at_the_same_temperature(
    rollout: PolicyRollout, nano: LoadedModel
) -> None:
    rollout.at(0)
    found = rollout.generate(GROUPS, settings())
    assert found.logprobs is not None
    padded = np.array([np.pad(row, (0, NEW - len(row)), constant_values=rollout.pad_id()) for row in found.tokens])
    again = rollout.get_per_token_logps(jnp.asarray(found.left_padded_prompt_tokens), jnp.asarray(padded))
    for ours, theirs in zip(found.logprobs, np.asarray(again), strict=True):
        np.testing.assert_allclose(ours, theirs[: len(ours)], atol=2e-4)


def test_prompts_stand_to_the_right_with_begin_of_text(rollout: PolicyRollout, nano: LoadedModel) -> None:
    rollout.at(0)
    matrix = rollout.generate(GROUPS, settings()).left_padded_prompt_tokens
    assert matrix.shape == (len(GROUPS), 32)
    tokens = [nano.tokenizer.bos_id, *nano.tokenizer.encode(GROUPS[0])]
    assert matrix[0].tolist() == [nano.tokenizer.pad_id] * (32 - len(tokens)) + tokens
    with pytest.raises(UsageError, match="a prompt has 5 tokens, max_prompt_tokens is 4"):
        left_padded([[1] * 5], 4, 0)


def test_rollout_must_be_told_the_step(nano: LoadedModel) -> None:
    fresh = PolicyRollout(
        rollout_actor=nano.model,
        tokenizer=None,
        mesh=nano.mesh,
        rollout_config=settings(),
        own_tokenizer=nano.tokenizer,
        lora=None,
        seed=0,
        max_rows=16,
        max_context=64,
        group=4,
    )
    with pytest.raises(UsageError, match="call at"):
        fresh.generate(GROUPS, settings())
