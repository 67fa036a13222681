"""Evaluation: a model measured on a task, with every sample kept in an immutable folder.

It does not know JAX or how a completion is made: a Sampler is given, and the tasks grade.
"""

from tunix_rt.evaluation.check import check_evaluation
from tunix_rt.evaluation.evaluator import build_form, evaluate
from tunix_rt.evaluation.folder import (
    Evaluation,
    EvaluationManifest,
    ModelRef,
    TaskRef,
    Timings,
    load_evaluation,
    read_samples,
    write_evaluation,
)
from tunix_rt.evaluation.forcing import ForcedStart, force_start
from tunix_rt.evaluation.metric import Estimate, Metrics, item_means, measure
from tunix_rt.evaluation.sample import Sample, grade_sample

__all__ = [
    "Estimate",
    "Evaluation",
    "EvaluationManifest",
    "ForcedStart",
    "Metrics",
    "ModelRef",
    "Sample",
    "TaskRef",
    "Timings",
    "build_form",
    "check_evaluation",
    "evaluate",
    "force_start",
    "grade_sample",
    "item_means",
    "load_evaluation",
    "measure",
    "read_samples",
    "write_evaluation",
]
