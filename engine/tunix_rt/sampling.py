"""Sampler: what turns rendered prompts into completions, described without any model.

It does not know JAX or grading. `train/sampler.py` implements the protocol for Tunix's models; anything else with the
same `generate` (a served model, a table of recorded answers) can be evaluated as well.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Literal, Protocol, runtime_checkable

from pydantic import Field

from tunix_rt.formats import Format

Finish = Literal["stop", "length"]
"""Why a completion ended: the model (or a stop text) ended it, or it reached `max_new_tokens` or the deadline."""

SamplingProgress = Callable[[int, int, int], None]
"""Called with prompts finished, prompts in all, tokens generated so far."""


class SamplingConfig(Format):
    """How completions are drawn; the same values and seed give the same completions."""

    max_new_tokens: int = Field(default=256, ge=1)
    """Upper limit of generated tokens for one completion."""
    temperature: float = Field(default=0.0, ge=0.0)
    """0 is greedy; above 0 the distribution is divided by it before drawing."""
    top_p: float = Field(default=1.0, gt=0.0, le=1.0)
    """Smallest probability mass that is kept for drawing; 1 keeps everything."""
    seed: int = Field(default=0, ge=0)
    """Seed of the draws; without effect when greedy."""
    stop: list[str] = Field(default_factory=list)
    """Texts that end a completion, beside the end tokens; the stop text itself is not part of the completion."""


class Completion(Format):
    """What a model wrote for one prompt."""

    text: str
    """The generated text, without end tokens and without the stop text."""
    token_ids: list[int]
    """The generated tokens, the end token included if there was one."""
    logps: list[float] | None = None
    """Log-probability of each generated token; None if the sampler was not asked for them."""
    finish: Finish
    """`stop`: the model ended it; `length`: it was cut off by `max_new_tokens` or by the deadline."""
    prompt_tokens: int = Field(ge=0)
    """Tokens of the prompt, begin-of-text token and shared prefix included."""


@runtime_checkable
class Sampler(Protocol):
    """Anything that completes rendered prompts."""

    def generate(
        self,
        prompts: Sequence[str],
        config: SamplingConfig,
        *,
        shared_prefix: str | None = None,
        progress: SamplingProgress | None = None,
        deadline: float | None = None,
    ) -> list[Completion]:
        """Complete every prompt; results are in the order of the prompts.

        Args:
            prompts: Whole rendered texts; the sampler adds the begin-of-text token.
            config: How to draw.
            shared_prefix: A text that every prompt starts with; prefilled once, it changes speed, not results.
            progress: Told now and then how far it is.
            deadline: A `time.monotonic()` after which unfinished completions are cut off and returned as `length`.
        """
        ...
