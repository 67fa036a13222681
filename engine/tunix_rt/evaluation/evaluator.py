"""evaluate: ask a sampler every item of a task and grade what it writes.

It does not know JAX: the sampler is given, and the tasks grade.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence

from tunix_rt.config import EvalConfig
from tunix_rt.errors import DataError, UsageError
from tunix_rt.evaluation.folder import Evaluation, ModelRef, TaskRef, Timings, make_evaluation
from tunix_rt.evaluation.sample import grade_sample
from tunix_rt.prompt import DEFAULT_FEW_SHOT, PromptForm, choose_shots, contract_form, few_shot_form
from tunix_rt.provenance import provenance
from tunix_rt.sampling import Completion, Sampler, SamplingConfig, SamplingProgress
from tunix_rt.tasks import Item, Task
from tunix_rt.trace import ReasoningTrace


def evaluate(
    sampler: Sampler,
    task: Task,
    config: EvalConfig,
    *,
    model: ModelRef,
    few_shot_pool: Iterable[ReasoningTrace] = (),
    device: str | None = None,
    dtype: str | None = None,
    progress: SamplingProgress | None = None,
    deadline: float | None = None,
) -> Evaluation:
    """Measure a model on a task.

    Args:
        sampler: What completes the prompts.
        task: What is asked; its digest is recorded, so that two evaluations can be paired.
        config: Prompt form, number of examples, sampling and number of completions per item.
        model: Which model the sampler holds.
        few_shot_pool: Gold traces of the training split, for the few-shot forms; evaluated items are never shown.
        device: Device the model runs on, for the record.
        dtype: Type of its arithmetic, for the record.
        progress: Told prompts done, prompts in all, tokens so far.
        deadline: A `time.monotonic()`; completions cut off by it are unscored with that reason, never wrong.
    """
    if not task.items:
        raise UsageError(f"the task {task.name} has no items; raise the limit or choose another split")
    form = build_form(config, task, few_shot_pool)
    sampling = SamplingConfig(
        max_new_tokens=config.max_new_tokens,
        temperature=config.temperature,
        top_p=config.top_p,
        seed=config.seed,
        stop=form.stop,
    )
    asked = [(item, index) for item in task.items for index in range(config.num_samples)]
    started = time.monotonic()
    completions = _complete(sampler, form, [item for item, _ in asked], sampling, progress=progress, deadline=deadline)
    generated = time.monotonic()
    samples = tuple(
        grade_sample(task, item, index, completion, form, cut_limit=sampling.max_new_tokens if deadline else None)
        for (item, index), completion in zip(asked, completions, strict=True)
    )
    graded = time.monotonic()
    tokens = sum(len(completion.token_ids) for completion in completions)
    timings = Timings(
        generate_seconds=generated - started,
        grade_seconds=graded - generated,
        generated_tokens=tokens,
        tokens_per_second=tokens / max(generated - started, 1e-9),
    )
    task_ref = TaskRef(
        name=task.name, version=task.version, split=task.split, digest=task.digest, items=len(task.items)
    )
    return make_evaluation(
        samples,
        task=task_ref,
        prompt=form,
        sampling=sampling,
        num_samples=config.num_samples,
        model=model,
        timings=timings,
        record=provenance(device=device, dtype=dtype),
    )


def build_form(config: EvalConfig, task: Task, pool: Iterable[ReasoningTrace]) -> PromptForm:
    """Return the prompt form that a configuration asks for, with worked examples from the pool where it needs them."""
    if config.prompt == "contract":
        return contract_form()
    forbidden = [item.prompt for item in task.items]
    shots = choose_shots(pool, config.shots, seed=config.seed, forbidden=forbidden)
    return few_shot_form(shots, DEFAULT_FEW_SHOT if config.prompt == "few_shot" else config.prompt)


def _complete(
    sampler: Sampler,
    form: PromptForm,
    items: Sequence[Item],
    sampling: SamplingConfig,
    *,
    progress: SamplingProgress | None,
    deadline: float | None,
) -> list[Completion]:
    """Return one completion for each item; the sampler sees the longest prompts first, so that batches are even."""
    prompts = [form.render(item.prompt) for item in items]
    order = sorted(range(len(prompts)), key=lambda position: (-len(prompts[position]), position))
    found = sampler.generate(
        [prompts[position] for position in order],
        sampling,
        shared_prefix=form.prefix,
        progress=progress,
        deadline=deadline,
    )
    if len(found) != len(prompts):
        raise DataError(
            f"the sampler returned {len(found)} completions for {len(prompts)} prompts; it must return one each"
        )
    return [completion for _, completion in sorted(zip(order, found, strict=True), key=lambda pair: pair[0])]
