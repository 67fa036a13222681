"""Check: whether what an evaluation says follows from its samples; it does not know where the folder came from.

Three things are made again and compared, by the functions that made them:

    completion, target   ->  verdicts    of every sample that the shared grading library decides
    samples              ->  figures     all of them, with their intervals
    task, num_samples    ->  samples     each item so many times, none twice

Nothing in a folder proves the rest: that this model wrote the completions, that prompts and targets are those of the
task, and how many tokens there were. Verdicts stay as they are where others decided: on tasks with a scorer of their
own (reasoning-gym), on formulas (`latex`, whose comparison takes its time), and under another prompt contract.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

from tunix_rt.errors import DataError
from tunix_rt.evaluation.folder import Evaluation
from tunix_rt.evaluation.metric import figures
from tunix_rt.evaluation.sample import Sample, regrade_sample
from tunix_rt.tasks import reasoning_gym
from tunix_rt.trace import CONTRACT_DIGEST

_NOISE = 1e-9
"""Relative difference of two figures that are one: what another machine's arithmetic may change."""


def check_evaluation(evaluation: Evaluation) -> None:
    """Raise DataError naming the first verdict or figure that an evaluation's samples do not give."""
    manifest, samples = evaluation.manifest, evaluation.samples
    try:
        found = next(_asked_wrongly(evaluation), None) or next(_graded_wrongly(evaluation), None)
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


def _asked_wrongly(evaluation: Evaluation) -> Iterator[str]:
    """Yield what is wrong with the number of samples."""
    items, times = evaluation.manifest.task.items, evaluation.manifest.num_samples
    asked = {(sample.id, sample.index) for sample in evaluation.samples if sample.index < times}
    ids = {name for name, _ in asked}
    if not len(evaluation.samples) == len(asked) == items * times or len(ids) != items:
        yield f"it asked {items} items {times} times each, and holds {len(evaluation.samples)} samples of {len(ids)}"


def _graded_wrongly(evaluation: Evaluation) -> Iterator[str]:
    """Yield what is wrong with the verdict on each sample."""
    manifest = evaluation.manifest
    for sample in evaluation.samples:
        for score in (sample.strict, sample.lenient):
            if score.value is not None and not 0 <= score.value <= 1:
                yield f"a score of sample {sample.id} is {score.value}, where one is from 0 to 1"
    if manifest.contract_digest != CONTRACT_DIGEST or manifest.task.name.startswith(reasoning_gym.PREFIX):
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
