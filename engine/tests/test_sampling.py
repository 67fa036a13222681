"""Sampling settings, and what any sampler must do."""

import pytest
from pydantic import ValidationError

from evaluated import TableSampler, completion
from tunix_rt.sampling import Sampler, SamplingConfig


def test_defaults_are_greedy():
    config = SamplingConfig()
    assert (config.temperature, config.top_p, config.stop) == (0.0, 1.0, [])


@pytest.mark.parametrize(
    "wrong", [{"max_new_tokens": 0}, {"temperature": -0.1}, {"top_p": 0.0}, {"top_p": 1.5}, {"top_k": 3}]
)
def test_impossible_or_unknown_values_are_refused(wrong):
    with pytest.raises(ValidationError):
        SamplingConfig(**wrong)


def test_anything_with_generate_is_a_sampler():
    assert isinstance(TableSampler(lambda prompt, position: completion("x")), Sampler)
    assert not isinstance(object(), Sampler)


def test_a_completion_knows_only_two_ends():
    with pytest.raises(ValidationError):
        completion("x", finish="error")
