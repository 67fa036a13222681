"""A set of ids that costs 8 to 32 bytes an id, for files with millions of rows.

It does not know what the ids name. It keeps 64-bit hashes in one flat table: the chance that two ids of a million are
mistaken for each other is below 1e-7.
"""

from __future__ import annotations

from array import array

_START = 2**12


class Identities:
    """Ids seen so far."""

    def __init__(self) -> None:
        """Start empty."""
        self._slots = array("Q", bytes(8 * _START))
        self._used = 0

    def add(self, identity: object) -> bool:
        """Add an id; return False if it was there. A number and its text are the same id."""
        mark = hash(str(identity)) & 0xFFFFFFFFFFFFFFFF or 1
        if not self._put(mark):
            return False
        self._used += 1
        if 2 * self._used > len(self._slots):
            self._grow()
        return True

    def _put(self, mark: int) -> bool:
        slots, mask = self._slots, len(self._slots) - 1
        place = mark & mask
        while slots[place]:
            if slots[place] == mark:
                return False
            place = (place + 1) & mask
        slots[place] = mark
        return True

    def _grow(self) -> None:
        old, self._slots = self._slots, array("Q", bytes(16 * len(self._slots)))
        for mark in old:
            if mark:
                self._put(mark)
