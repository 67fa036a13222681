"""What was promised and what was reached, for the last line of a benchmark; it does not know what is measured."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Report:
    """What was found, and how it stands to what was promised."""

    parts: dict[str, Any] = field(default_factory=dict)
    """Figures of each part."""
    targets: list[dict[str, Any]] = field(default_factory=list)
    """What was promised and what was reached."""
    skipped: dict[str, str] = field(default_factory=dict)
    """Parts that were left out, and why."""

    def target(self, name: str, found: float, limit: str, met: bool) -> None:
        """Note one target."""
        self.targets.append({"name": name, "found": round(found, 3), "target": limit, "met": met})

    def skip(self, part: str, why: str) -> None:
        """Note, and say loudly, that a part was left out."""
        self.skipped[part] = why
        print(f"\n!!! {part.upper()} WAS NOT MEASURED: {why}")

    def record(self) -> dict[str, Any]:
        """Return all of it, for the last line."""
        missed = [one["name"] for one in self.targets if not one["met"]]
        return {
            "cores": os.cpu_count(), **self.parts, "skipped": self.skipped, "targets": self.targets,
            "missed": missed, "targets_met": not missed and not self.skipped,
        }  # fmt: skip
