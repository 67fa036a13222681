"""Submission: everything that a competition receives of a run, made from what the run measured, and checked again.

    plan     forecast, kernel and dataset metadata, wheels      before a session
    bundle   figures, write-up, video, checklist, the archive   after it
    verify   the archive hashed, its samples graded again       by anybody, at any time

It does not know where a submission is sent.
"""

from tunix_rt.submission.bundle import BUNDLE, PAPERS, SUBMISSIONS, SubmissionManifest, bundle, measurements, verify
from tunix_rt.submission.checklist import Check, checklist
from tunix_rt.submission.figures import Figures, figures_of, results_table
from tunix_rt.submission.forecast import Forecast, forecast
from tunix_rt.submission.kernel import write_kernel
from tunix_rt.submission.papers import submit
from tunix_rt.submission.recheck import Rechecked, recheck
from tunix_rt.submission.video import video_script
from tunix_rt.submission.wheels import Wheel, read_lock
from tunix_rt.submission.writeup import check_length, writeup

__all__ = [
    "BUNDLE",
    "PAPERS",
    "SUBMISSIONS",
    "Check",
    "Figures",
    "Forecast",
    "Rechecked",
    "SubmissionManifest",
    "Wheel",
    "bundle",
    "check_length",
    "checklist",
    "figures_of",
    "forecast",
    "measurements",
    "read_lock",
    "recheck",
    "results_table",
    "submit",
    "verify",
    "video_script",
    "write_kernel",
    "writeup",
]
