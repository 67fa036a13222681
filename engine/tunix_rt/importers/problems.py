"""What is wrong with a row: where it is, which field, why, and what to do.

It does not know how rows are read or what a good row means. Reasons are generic (no values of one row in them), so that
a million errors are counted under a handful of reasons; what was found stands apart in `found`.
"""

from __future__ import annotations

from collections import Counter

from tunix_rt.errors import DataError
from tunix_rt.formats import Format

SHOWN = 50
"""How many errors a report shows in full."""
REASONS = 200
"""How many different reasons a report counts one by one; the rest are counted together."""
_EXCERPT = 160


class RowError(Format):
    """One row that cannot be used."""

    file: str
    """Name of the file, relative to the source that was given."""
    row: int
    """Row number from 1. Lines for JSONL (blank ones count), elements for JSON, sheet rows (header = 1) for CSV."""
    field: str
    """Field or column at fault; `row` if it is the row as a whole, `file` if the rest of the file is lost."""
    reason: str
    """What is wrong, without values of this row."""
    fix: str
    """What to do about it."""
    found: str = ""
    """What stood there, shortened to 160 characters."""

    def __str__(self) -> str:
        """Return the error on one line."""
        found = f" (found: {self.found})" if self.found else ""
        return f"{self.file}, row {self.row}, {self.field}: {self.reason}{found}; {self.fix}"


class RowProblem(DataError):
    """A problem before it is known in which file and row it is."""

    def __init__(self, field: str, reason: str, fix: str, found: object = "") -> None:
        """Keep the four parts; `found` is shortened."""
        super().__init__(reason)
        self.field, self.reason, self.fix = field, reason, fix
        self.found = excerpt(found)

    def at(self, file: str, row: int) -> RowError:
        """Return the problem with its place."""
        return RowError(file=file, row=row, field=self.field, reason=self.reason, fix=self.fix, found=self.found)


class ErrorLog:
    """The first errors in full and a count by reason: constant memory for any number of errors."""

    def __init__(self, shown: int = SHOWN) -> None:
        """Start empty."""
        self.total = 0
        self._shown = shown
        self.first: list[RowError] = []
        self._counts: Counter[str] = Counter()

    def add(self, error: RowError) -> None:
        """Count one error."""
        self.total += 1
        if len(self.first) < self._shown:
            self.first.append(error)
        key = f"{error.field}: {error.reason}"
        if key not in self._counts and len(self._counts) >= REASONS:
            key = "other reasons"
        self._counts[key] += 1

    @property
    def reasons(self) -> dict[str, int]:
        """Rows by reason, the most frequent first."""
        return dict(sorted(self._counts.items(), key=lambda item: (-item[1], item[0])))


def excerpt(value: object) -> str:
    """Return a value as one short printable line."""
    if isinstance(value, bytes):
        value = value[: _EXCERPT + 1].decode(errors="replace")
    text = value if isinstance(value, str) else repr(value)
    text = text[: _EXCERPT + 1].encode("utf-8", "backslashreplace").decode()
    text = "".join(letter if letter.isprintable() else " " if letter.isspace() else "\ufffd" for letter in text)
    return text if len(text) <= _EXCERPT else text[: _EXCERPT - 1] + "…"


def describe_errors(first: list[RowError], reasons: dict[str, int], total: int) -> str:
    """Return the text of a report: the first errors in full, then the counts by reason."""
    lines = [str(error) for error in first]
    if total > len(first):
        lines.append(f"… and {total - len(first):,} more")
    lines += [f"{rows:>9,} × {reason}" for reason, rows in reasons.items()]
    return "\n".join(lines)
