"""Report: one self-contained HTML page for a session or a run.

It does not train, measure or compare; it shows ReportData, and a part that is not there says why.
"""

from tunix_rt.report.data import (
    Command,
    DatasetCard,
    FamilyRow,
    Link,
    Measurement,
    Missing,
    Point,
    Preview,
    PreviewToken,
    ReportData,
    Result,
    TracePair,
    Training,
    curve,
    family_rows,
    measurement,
    preview_tokens,
    trace_pairs,
)
from tunix_rt.report.page import page, write_report

__all__ = [
    "Command",
    "DatasetCard",
    "FamilyRow",
    "Link",
    "Measurement",
    "Missing",
    "Point",
    "Preview",
    "PreviewToken",
    "ReportData",
    "Result",
    "TracePair",
    "Training",
    "curve",
    "family_rows",
    "measurement",
    "page",
    "preview_tokens",
    "trace_pairs",
    "write_report",
]
