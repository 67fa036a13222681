"""Datasets: select, validate, remove duplicates, decontaminate, split by family, freeze; load, compare and export.

They know nothing of tokenizers, models or runs.
"""

from tunix_rt.dataset.building import build
from tunix_rt.dataset.checking import RejectedRowsError, Source, check, describe_check
from tunix_rt.dataset.comparing import DatasetDiff, diff
from tunix_rt.dataset.contamination import OverlapError, TaskOverlap, describe_overlap
from tunix_rt.dataset.exporting import FORMATS, ExportFormat, export, export_record
from tunix_rt.dataset.layout import dataset_key
from tunix_rt.dataset.loading import Dataset, dataset_keys, file_row, load
from tunix_rt.dataset.manifest import CheckReport, Counts, DatasetManifest, OnError, Quantiles, RowView, Statistics

__all__ = [
    "FORMATS",
    "CheckReport",
    "Counts",
    "Dataset",
    "DatasetDiff",
    "DatasetManifest",
    "ExportFormat",
    "OnError",
    "OverlapError",
    "Quantiles",
    "RejectedRowsError",
    "RowView",
    "Source",
    "Statistics",
    "TaskOverlap",
    "build",
    "check",
    "dataset_key",
    "dataset_keys",
    "describe_check",
    "describe_overlap",
    "diff",
    "export",
    "export_record",
    "file_row",
    "load",
]
