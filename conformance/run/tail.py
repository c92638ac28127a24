"""A record read while another process writes it: how far it is, and what it said."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from conformance.records import count_sound
from conformance.specification.disk import make_way, open_regular

if TYPE_CHECKING:
    from pathlib import Path

COPY = 2**28
"""Bytes of a record that are kept; of a longer one its beginning."""


_NOT_COUNTED = (b'"outcome":"unsupported"', b'{"type":"end"')
"""What stands in the line of a check that is not asked, and in the last line; in no
text of another, where quotes are escaped."""


class Tail:
    """How many checks a record holds, and a copy of what was read of it."""

    def __init__(self, record: Path) -> None:
        self._record = record
        self._file: int | None = None
        self._lines = self._planned = self._at = 0
        self._cut, self._rest = False, b""
        self._older, self._copy = bytearray(), bytearray()

    def count(self) -> tuple[int, int]:
        """Return the finished checks that the adapter offers, and all planned ones."""
        try:
            with open_regular(self._record) as file:
                status = os.fstat(file.fileno())
                if status.st_ino != self._file:
                    self._restart(status.st_ino)
                self._cut = status.st_size < self._at
                file.seek(self._at)
                fresh = file.read()
        except OSError:
            return 0, self._planned
        if not self._planned and b"\n" in fresh:
            self._planned = _read_planned(fresh.partition(b"\n")[0])
        self._at += len(fresh)
        whole, _, self._rest = (self._rest + fresh).rpartition(b"\n")
        self._lines += fresh.count(b"\n") - sum(map(whole.count, _NOT_COUNTED))
        self._copy += fresh[: max(0, COPY - len(self._copy))]
        return max(0, min(self._lines - 1, self._planned)), self._planned

    def _restart(self, file: int) -> None:
        """Begin with another file, which may be there by an adapter's doing."""
        self._older = max(self._older, self._copy, key=len)
        self._copy, self._rest = bytearray(), b""
        self._file, self._lines, self._planned, self._at = file, 0, 0, 0

    def rescue(self) -> bool:
        """Put back what was read of a record that is damaged; tell whether it was.

        Raises:
            OSError: It cannot be written.
        """
        if not self._cut and _is_sound(self._record):
            return False
        fresh = self._record.with_name(self._record.name + ".rescued")
        make_way(self._record)
        make_way(fresh)
        fresh.parent.mkdir(parents=True, exist_ok=True)
        best = b""
        for copy in (self._copy, self._older):
            fresh.write_bytes(copy)
            best = max(best, bytes(copy[: count_sound(fresh)]), key=len)
        if not best:
            # Nothing was read before it was spoilt. What is there is no record.
            for path in (fresh, self._record):
                path.unlink(missing_ok=True)
            return False
        fresh.write_bytes(best)
        fresh.replace(self._record)
        return True


def _is_sound(path: Path) -> bool:
    """Tell whether a record can be read, but for a last line that was cut off."""
    good = count_sound(path)
    try:
        with open_regular(path) as file:
            file.seek(good)
            return good > 0 and b"\n" not in file.read()
    except OSError:
        return False


def _read_planned(line: bytes) -> int:
    try:
        header = msgspec.json.decode(line)
        return int(header["planned"])
    except (msgspec.DecodeError, KeyError, TypeError, ValueError):
        return 0
