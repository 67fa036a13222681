"""One look at the machine, as `tunix-rt doctor` shows it; it does not know what is looked at."""

from __future__ import annotations

from typing import Literal, NamedTuple

State = Literal["ok", "note", "fail"]


class Check(NamedTuple):
    """One look at the machine: `note` is worth knowing, `fail` stops the work."""

    name: str
    state: State
    found: str
    fix: str = ""
