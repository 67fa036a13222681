"""Check: whether what an evaluation says follows from its samples; it does not know where the folder came from.

Three things are made again and compared, by the functions that made them:

    completion, target   ->  verdicts    of every sample that the shared grading library decides
    samples              ->  figures     all of them, with their intervals
    task, num_samples    ->  samples     each item so many times, none twice; if the task is here, its very items

Nothing in a folder proves the rest: that this model wrote the completions, and how many tokens there were. Verdicts
stay as they are where others decided: on tasks with a scorer of their own (reasoning-gym), on formulas (`latex`, whose
comparison takes its time), and under another prompt contract. Such an evaluation is sound, but not verified; nor is one
whose task is not here, for nothing says then that prompts and targets are those of the task.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from tunix_rt.errors import DataError
from tunix_rt.evaluation.folder import Evaluation
from tunix_rt.evaluation.metric import figures
from tunix_rt.evaluation.sample import Sample, regrade_sample
from tunix_rt.tasks import Task, reasoning_gym
from tunix_rt.trace import CONTRACT_DIGEST

_NOISE = 1e-9
"""Relative difference of two figures that are one: what another machine's arithmetic may change."""
MOST_SAMPLES = 200_000
"""Samples of an evaluation that are graded again, at most."""
MOST_TEXT = 32 * 2**20
"""Characters of their completions at most: some are graded at no more than 200,000 a second."""
MOST_GROUPS = 1_000
"""Families, domains or difficulties that are added up again, at most."""


def check_evaluation(evaluation: Evaluation, task: Task | None = None) -> bool:
    """Return whether an evaluation is verified: made again in full, from the items of its task to its figures.

    Raises DataError naming the first item, verdict or figure that is not so, or what is too much to be made again.
    `task`: what the evaluation says that it asked; None: it is not here.
    """
    manifest, samples = evaluation.manifest, evaluation.samples
    try:
        found = next(_too_much(evaluation), None) or next(_asked_wrongly(evaluation, task), None)
        found = found or next(_graded_wrongly(evaluation), None)
        if found is None:
            given = {name: _plain(value) for name, value in figures(samples).items()}
            said = manifest.model_dump(mode="json", include=set(given))
            found = next(_differences(said, given), None)
    except ValueError as error:
        raise DataError(f"the samples of evaluation {evaluation.id} cannot be measured again: {error}") from error
    if found is not None:
        version = manifest.provenance.tunix_rt
        raise DataError(
            f"evaluation {evaluation.id} does not follow from its samples: {found}; it was made by tunix-rt {version}: "
            "measure the model again"
        )
    return task is not None and _decides(evaluation) and all(sample.target.kind != "latex" for sample in samples)


def _too_much(evaluation: Evaluation) -> Iterator[str]:
    """Yield what is more than can be made again in a bounded time."""
    samples = evaluation.samples
    if len(samples) > MOST_SAMPLES:
        yield f"it holds {len(samples):,} samples, where at most {MOST_SAMPLES:,} are graded again"
    text = sum(len(sample.completion) for sample in samples)
    if text > MOST_TEXT:
        yield f"its completions hold {text:,} characters, where at most {MOST_TEXT:,} are graded again"
    for name in ("family", "domain", "difficulty"):
        groups = len({getattr(sample, name) for sample in samples})
        if groups > MOST_GROUPS:
            yield f"its samples are of {groups:,} kinds by {name}, where at most {MOST_GROUPS:,} are added up again"


def _asked_wrongly(evaluation: Evaluation, task: Task | None) -> Iterator[str]:
    """Yield what is wrong with the number of samples, or with what they ask."""
    items, times = evaluation.manifest.task.items, evaluation.manifest.num_samples
    asked = {(sample.id, sample.index) for sample in evaluation.samples if sample.index < times}
    ids = {name for name, _ in asked}
    if not len(evaluation.samples) == len(asked) == items * times or len(ids) != items:
        yield f"it asked {items} items {times} times each, and holds {len(evaluation.samples)} samples of {len(ids)}"
    if task is None:
        return
    known = {item.id: item for item in task.items}
    for sample in evaluation.samples:
        item = known.get(sample.id)
        if item is None or any(getattr(sample, name) != getattr(item, name) for name in _ASKED):
            yield f"sample {sample.id} does not ask what task {task.name} with this digest does"
    if list(dict.fromkeys(sample.id for sample in evaluation.samples)) != list(known):
        yield f"its samples are not in the order of task {task.name}"


_ASKED = ("prompt", "target", "family", "domain", "difficulty")


def _decides(evaluation: Evaluation) -> bool:
    """Return whether the shared grading library, as it is here, decided the verdicts."""
    manifest = evaluation.manifest
    return manifest.contract_digest == CONTRACT_DIGEST and not manifest.task.name.startswith(reasoning_gym.PREFIX)


def _graded_wrongly(evaluation: Evaluation) -> Iterator[str]:
    """Yield what is wrong with the verdict on each sample."""
    manifest = evaluation.manifest
    for sample in evaluation.samples:
        for score in (sample.strict, sample.lenient):
            if score.value is not None and not 0 <= score.value <= 1:
                yield f"a score of sample {sample.id} is {score.value}, where one is from 0 to 1"
    if not _decides(evaluation):
        return
    for sample in evaluation.samples:
        if sample.target.kind == "latex":
            continue
        again = regrade_sample(sample, manifest.prompt, manifest.sampling.max_new_tokens)
        for name, said, given in zip(_JUDGED, _judged(sample), _judged(again), strict=True):
            if said != given:
                yield f"{name} of sample {sample.id} is {said}, and its completion gives {given}"


_JUDGED = ("strict", "lenient", "well_formed", "arithmetic")


def _judged(sample: Sample) -> Sequence[float | bool | None]:
    """Return what the figures are made of."""
    return sample.strict.value, sample.lenient.value, sample.well_formed, sample.arithmetic


def _plain(value: Any) -> Any:
    return {key: _plain(one) for key, one in value.items()} if isinstance(value, dict) else value.model_dump()


def _differences(said: Any, given: Any, path: str = "") -> Iterator[str]:
    """Yield the figures that differ, each with its path."""
    if isinstance(said, dict) and isinstance(given, dict):
        for name in [*given, *(said.keys() - given.keys())]:
            yield from _differences(said.get(name), given.get(name), f"{path}.{name}" if path else name)
    elif said != given and not (_is_number(said) and _is_number(given) and math.isclose(said, given, rel_tol=_NOISE)):
        yield f"{path} is {said}, and they give {given}"


def _is_number(value: Any) -> bool:
    return isinstance(value, float | int)
