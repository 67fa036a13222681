"""The exception tree. A message says what was expected, what came, and what to do next.

    TunixRtError                 exit code 1: the work failed
    ├── UsageError               exit code 2: the request was wrong; nothing was started
    │   └── ConfigError          unknown key, wrong type, impossible combination
    ├── DataError                rows that cannot be used; carries a report
    │   ├── RenderError          a trace that would lose a part under the prompt contract
    │   └── ContaminationError   a dataset that overlaps an evaluation task
    ├── DigestError              bytes on disk are not the bytes that were recorded
    ├── MissingError             a named dataset, run, model, task or device is not on this machine
    ├── BusyError                another process holds the folder
    ├── GradingError             a grader that broke (not a wrong answer, which is a score)
    ├── BudgetError              the work does not fit into the time or memory it was given
    └── ExportError              an exported model that does not reproduce its source

This module knows nothing about files, models or the command line.
"""

from __future__ import annotations


class TunixRtError(Exception):
    """Root of every error that a user is meant to read."""

    exit_code = 1


class UsageError(TunixRtError):
    """The request itself is wrong; nothing was started."""

    exit_code = 2


class ConfigError(UsageError):
    """A configuration with an unknown key, a wrong type or an impossible combination."""


class DataError(TunixRtError):
    """Rows that cannot be used."""


class RenderError(DataError):
    """A trace that would lose a part when rendered under the prompt contract."""


class ContaminationError(DataError):
    """A dataset that overlaps an evaluation task more than allowed."""


class DigestError(TunixRtError):
    """Bytes on disk differ from the digest that was recorded for them."""


class MissingError(TunixRtError):
    """A dataset, run, model, task or device that is named but not on this machine."""


class BusyError(TunixRtError):
    """Another process holds the folder."""


class GradingError(TunixRtError):
    """A grader that broke; a wrong answer is a score, never this error."""


class BudgetError(TunixRtError):
    """Work that does not fit into its wall-clock or memory budget."""

    def __init__(self, message: str, *, missing: float | None = None, minutes: float | None = None) -> None:
        """Say what does not fit; `missing` seconds would let it begin, and a budget of `minutes` would do."""
        super().__init__(message)
        self.missing = missing
        self.minutes = minutes


class ExportError(TunixRtError):
    """An export that does not reproduce the model it was made from."""
