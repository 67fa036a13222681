"""Sizes of the base models that are known by name, before any of them is downloaded."""

import pytest

from tunix_rt.architecture import ARCHITECTURES
from tunix_rt.base_models import BASE_MODELS


@pytest.mark.parametrize("name", BASE_MODELS)
def test_sizes_give_the_published_number_of_weights(name: str) -> None:
    assert ARCHITECTURES[name].parameters == BASE_MODELS[name].parameters
    assert ARCHITECTURES[name].family == BASE_MODELS[name].family


def test_every_base_model_has_sizes() -> None:
    assert set(ARCHITECTURES) == set(BASE_MODELS)
