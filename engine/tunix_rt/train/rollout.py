"""Rollouts for Tunix's learners by our own sampler: the prompt of a group is prefilled once for its G completions.

What Tunix's own rollout leaves out is done here: every step draws anew (its seed is a function of the step), the filler
is never drawn, the end token is part of a completion, so that stopping is trained. It does not know rewards or updates.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import jax
import numpy as np
from flax import nnx
from tunix.rl.rollout.base_rollout import BaseRollout, RolloutConfig, RolloutOutput

from tunix_rt.config import LoRAConfig
from tunix_rt.errors import UsageError
from tunix_rt.prompt import contract_form
from tunix_rt.sampling import Completion, SamplingConfig
from tunix_rt.train.policy_loss import compiled_logps
from tunix_rt.train.sampler import TunixRtSampler
from tunix_rt.train.tokenizer import Tokenizer

_STEPS = 2**32
"""More than a run has steps: seed and step together give one number that no other pair gives."""


def rollout_seed(seed: int, step: int) -> int:
    """Return the seed of the rollouts after update `step` of a run with `seed`; step -1 is the check before the run."""
    return seed * _STEPS + step + 1


class PolicyRollout(BaseRollout):  # type: ignore[misc]
    """Completes prompts with the policy that is being trained; Tunix's RLCluster makes it.

    Args:
        rollout_actor: The policy; its weights are read again by `at`.
        tokenizer: Tunix's wrapper of a tokenizer; not used.
        mesh: Where the policy lies; not used.
        rollout_config: Lengths and temperature, as Tunix keeps them.
        own_tokenizer: Our tokenizer.
        lora: Shape of the policy's adapter; None if it has none.
        seed: Seed of the run.
        max_rows: Completions that are decoded at once.
        max_context: Tokens of a prompt and its completion together, in a measurement as well.
        group: Completions of one prompt, which follow each other.
    """

    def __init__(
        self,
        *,
        rollout_actor: Any,
        tokenizer: Any,
        mesh: Any,
        rollout_config: RolloutConfig,
        own_tokenizer: Tokenizer,
        lora: LoRAConfig | None,
        seed: int,
        max_rows: int,
        max_context: int,
        group: int,
    ) -> None:
        self._model, self._tokenizer, self._seed = rollout_actor, own_tokenizer, seed
        self._temperature, self._group = rollout_config.temperature, group
        self.sampler = TunixRtSampler(
            rollout_actor,
            own_tokenizer,
            lora=lora,
            max_rows=max_rows,
            max_context=max_context,
        )
        """Reads the policy as it was at `step`."""
        self.step: int | None = None
        """Updates that the sampler's weights have seen; None until `at` was called."""
        self.completions: list[Completion] = []
        """What the newest call of `generate` drew, in the order of its prompts."""
        self.seconds = 0.0
        """How long that took, the reading of new weights not counted."""
        self._prefix = [own_tokenizer.bos_id, *own_tokenizer.encode(contract_form().prefix)]

    def at(self, step: int) -> TunixRtSampler:
        """Return the sampler of the policy as it is now, after update `step`; read its weights if they are new."""
        if step != self.step:
            self.sampler.refresh()
            self.step = step
        return self.sampler

    def generate(self, prompts: Sequence[str], rollout_config: RolloutConfig, **_: Any) -> RolloutOutput:
        """Complete rendered prompts; G equal ones in a row are a group, with a random stream for each completion.

        Raises UsageError for a prompt that is longer than Tunix's matrix of prompts is wide.
        """
        if self.step is None:
            raise UsageError("the rollout does not know how far the policy is; call at(step) before generate()")
        began = time.monotonic()
        texts = [str(prompt) for prompt in prompts]
        unique = list(dict.fromkeys(texts))
        tokens = dict(zip(unique, self._tokenizer.encode_batch(unique), strict=True))
        encoded = [[self._tokenizer.bos_id, *tokens[text]] for text in texts]
        self.completions = self.sampler.generate_tokens(
            encoded,
            SamplingConfig(
                max_new_tokens=rollout_config.max_tokens_to_generate,
                temperature=rollout_config.temperature,
                top_p=1.0 if rollout_config.top_p is None else rollout_config.top_p,
                seed=rollout_seed(self._seed, self.step),
            ),
            prefix=self._prefix,
        )
        self.seconds = time.monotonic() - began
        logps = [completion.logps for completion in self.completions]
        return RolloutOutput(
            text=[completion.text for completion in self.completions],
            logits=[],
            tokens=[np.asarray(completion.token_ids, np.int32) for completion in self.completions],
            left_padded_prompt_tokens=left_padded(encoded, rollout_config.max_prompt_length, self._tokenizer.pad_id),
            logprobs=[np.asarray(row, np.float32) for row in logps if row is not None] or None,
        )

    def get_per_token_logps(self, prompt_tokens: jax.Array, completion_tokens: jax.Array) -> jax.Array:
        """Return the log-probabilities `[B, C]` of completions `[B, C]` under the present policy, at its temperature.

        Tunix's own rollout leaves the temperature out here, while its loss divides by it: the ratio would be wrong.
        """
        graph, state = nnx.split(self._model)
        return compiled_logps(
            graph,
            state,
            prompt_tokens,
            completion_tokens,
            pad_id=self.pad_id(),
            temperature=self._temperature,
            group=self._group,
        )

    def update_params(self, params: Any, filter_types: tuple[Any, ...] | None = None) -> None:
        """Put new weights into the policy; needed only where trainer and rollout do not share one model."""
        nnx.update(self._model, params)
        self.step = None

    def pad_id(self) -> int:
        """Return the filler id."""
        return self._tokenizer.pad_id

    def eos_id(self) -> int:
        """Return the end-of-text id."""
        return self._tokenizer.eos_id

    def model(self) -> Any:
        """Return the policy."""
        return self._model


def left_padded(prompts: Sequence[Sequence[int]], width: int, pad_id: int) -> np.ndarray:
    """Return prompts as a matrix `[B, width]` with filler on the left, as Tunix's loss expects them."""
    padded = np.full((len(prompts), width), pad_id, np.int32)
    for row, ids in zip(padded, prompts, strict=True):
        if len(ids) > width:
            raise UsageError(f"a prompt has {len(ids)} tokens, max_prompt_tokens is {width}; leave it out")
        row[width - len(ids) :] = ids
    return padded
