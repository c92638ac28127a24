"""Checks by name in little memory.

Nine bytes for each of a table's slots, of which a third to two thirds are taken: 14 to
27 for a name, where a set of numbers takes some hundred.
"""

from __future__ import annotations

from array import array

_FULLEST = 2 / 3


class Names:
    """Small numbers by name, kept by the names' hashes in an open table.

    Python's hash of a text has 64 bits and differs from process to process, so nobody
    can write two names into a record that are one here.
    """

    def __init__(self) -> None:
        self._count = 0
        self._room(1024)

    def get(self, name: str) -> int:
        """Return a name's number; 0 where it has none."""
        return self._numbers[self._slot(hash(name) or 1)]

    def put(self, name: str, number: int) -> None:
        """Give a name a number from 1 to 255."""
        key = hash(name) or 1
        slot = self._slot(key)
        self._count += not self._keys[slot]
        self._keys[slot], self._numbers[slot] = key, number
        if self._count > _FULLEST * len(self._keys):
            self._grow()

    def add(self, name: str) -> bool:
        """Tell whether a name is new, and remember it."""
        new = not self.get(name)
        if new:
            self.put(name, 1)
        return new

    def _slot(self, key: int) -> int:
        keys, last = self._keys, len(self._keys) - 1
        slot = key & last
        while keys[slot] and keys[slot] != key:
            slot = (slot + 1) & last
        return slot

    def _room(self, size: int) -> None:
        self._keys, self._numbers = array("q", bytes(8 * size)), bytearray(size)

    def _grow(self) -> None:
        old = zip(self._keys, self._numbers, strict=True)
        self._room(2 * len(self._keys))
        for key, number in old:
            if key:
                slot = self._slot(key)
                self._keys[slot], self._numbers[slot] = key, number
