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
import random
from collections.abc import Iterator, Sequence
from typing import Any

from tunix_rt.errors import DataError
from tunix_rt.evaluation.folder import Evaluation
from tunix_rt.evaluation.metric import figures
from tunix_rt.evaluation.sample import Sample, regrade_sample
from tunix_rt.prompt import contract_form
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


def check_evaluation(evaluation: Evaluation, task: Task | None = None, *, most: int | None = None) -> bool:
    """Return whether an evaluation is verified: made again in full, from the items of its task to its figures.

    Raises DataError naming the first item, verdict or figure that is not so, or what is too much to be made again.
    `task`: what the evaluation says that it asked; None: it is not here. `most`: of more samples so many are graded
    again, drawn anew at each call; the figures are added up from all of them in any case.
    """
    manifest, samples = evaluation.manifest, evaluation.samples
    chosen = regradable(evaluation)
    if most is not None and len(chosen) > most:
        chosen = random.SystemRandom().sample(chosen, most)
    try:
        found = next(_too_much(samples, chosen), None) or next(_asked_wrongly(evaluation, task), None)
        found = found or next(_graded_wrongly(evaluation, chosen), None)
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
    return task is not None and len(chosen) == len(samples)


def regradable(evaluation: Evaluation) -> list[Sample]:
    """Return the samples whose verdicts the shared grading library decides, as it is here."""
    manifest = evaluation.manifest
    if manifest.contract_digest != CONTRACT_DIGEST or manifest.task.name.startswith(reasoning_gym.PREFIX):
        return []
    return [sample for sample in evaluation.samples if sample.target.kind != "latex"]


def _too_much(samples: Sequence[Sample], chosen: Sequence[Sample]) -> Iterator[str]:
    """Yield what is more than can be made again in a bounded time; `chosen` are to be graded."""
    if len(samples) > MOST_SAMPLES:
        yield f"it holds {len(samples):,} samples, where at most {MOST_SAMPLES:,} are graded again"
    text = sum(len(sample.completion) for sample in chosen)
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
    manifest = evaluation.manifest
    if manifest.prompt_digest != manifest.prompt.digest and manifest.contract_digest == CONTRACT_DIGEST:
        yield f"its prompt form is not the one with digest {manifest.prompt_digest}"
    if manifest.prompt.name == "contract" and manifest.prompt != contract_form():
        yield "its prompt form says that it is the prompt contract, and is another"
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


def _graded_wrongly(evaluation: Evaluation, chosen: Sequence[Sample]) -> Iterator[str]:
    """Yield what is wrong with the verdicts on the samples; those on the chosen ones are made again."""
    manifest = evaluation.manifest
    for sample in evaluation.samples:
        for score in (sample.strict, sample.lenient):
            if score.value is not None and not 0 <= score.value <= 1:
                yield f"a score of sample {sample.id} is {score.value}, where one is from 0 to 1"
    for sample in chosen:
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
