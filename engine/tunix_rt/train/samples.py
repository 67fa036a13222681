"""What a model writes while it is trained: the same few validation prompts, answered greedily again and again."""

from __future__ import annotations

import time
from typing import Any

from tunix_rt import dataset
from tunix_rt.config import SFTConfig
from tunix_rt.grading import grade, trace_target
from tunix_rt.prompt import contract_form, trace_name
from tunix_rt.run_folder import RunDir
from tunix_rt.samples import StepSamples, TrainingSample, append_samples, last_sampled
from tunix_rt.sampling import Completion, SamplingConfig
from tunix_rt.trace import ReasoningTrace
from tunix_rt.train.batches import Example
from tunix_rt.train.feed import StopRequest
from tunix_rt.train.model import LoadedModel
from tunix_rt.train.sampler import TunixRtSampler


class _AskedToStop(Exception):
    """Leaves a drawing in the middle."""


class Samples:
    """Draws and writes; the model is read and never changed, so that a training with samples ends as one without.

    Args:
        config: `sample_prompts` says how many prompts, of those that fit into a row.
        run: Where samples.jsonl is.
        base: The base model, for its tokenizer.
        model: The model in training.
        valid: The validation examples; no completion is drawn longer than the longest of theirs.
        stop: Whether the training was asked to end, which ends a drawing as well.
        deadline: A `time.monotonic()` by which the training ends.
    """

    def __init__(
        self,
        config: SFTConfig,
        run: RunDir,
        base: LoadedModel,
        model: Any,
        valid: list[Example],
        *,
        stop: StopRequest,
        deadline: float | None = None,
    ) -> None:
        asked = {example.name for example in valid[: config.sample_prompts]}
        split = dataset.load(run.home, config.dataset or "").traces("valid")
        self._traces = [trace for trace in split if trace_name(trace) in asked][: config.sample_prompts]
        self._stop, self._deadline = stop, deadline
        self._run, self._newest, self._form = run, last_sampled(run.samples), contract_form()
        longest = max(example.trained for example in valid)
        self._drawn = SamplingConfig(max_new_tokens=longest)
        self._sampler = TunixRtSampler(
            model,
            base.tokenizer,
            lora=config.lora if config.method == "lora" else None,
            max_rows=len(self._traces),
            max_context=config.max_length + longest,
        )

    def draw(self, step: int) -> None:
        """Write what the model answers after update `step`.

        A resumed run goes through steps again that were written before it was cut; they would be the same. Nothing is
        written where the time was over, or somebody asked for an end.
        """
        if step <= self._newest or (answers := self._answers()) is None:
            return
        drawn = [_sample(trace, completion) for trace, completion in zip(self._traces, answers, strict=True)]
        append_samples(self._run.samples, StepSamples(step=step, samples=drawn))
        self._newest = step

    def seconds(self) -> float:
        """Return how long one drawing takes, compiled; nothing is written."""
        self._answers()
        began = time.monotonic()
        self._answers()
        return time.monotonic() - began

    def _answers(self) -> list[Completion] | None:
        self._sampler.refresh()
        prompts = [self._form.render(trace.prompt) for trace in self._traces]
        try:
            drawn = self._sampler.generate(
                prompts, self._drawn, shared_prefix=self._form.prefix, progress=self._look, deadline=self._deadline
            )
        except _AskedToStop:
            return None
        return None if self._sampler.stats.cut_off else drawn

    def _look(self, done: int, total: int, tokens: int) -> None:
        if self._stop.signal is not None:
            raise _AskedToStop


def _sample(trace: ReasoningTrace, completion: Completion) -> TrainingSample:
    target = trace_target(trace)
    return TrainingSample(
        trace_id=trace_name(trace),
        prompt=trace.prompt,
        target=target,
        text=completion.text,
        tokens=len(completion.token_ids),
        finish=completion.finish,
        score=grade(completion.text, target, mode="strict"),
    )
