"""How long a sweep took: models/times.jsonl, a line for each library.

A sweep of all of a library's targets writes its own line beside their records. One of
a part, or one that goes on with an earlier one, writes none: its time says nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from conformance.commands.models.library import FOLDER
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from conformance.commands.models.library import Library

FILE = FOLDER / "times.jsonl"

_NAME = "time.json"
_NAMED = 20.0
"""Seconds of computing from which on a library is named in the table."""


class SweepTime(msgspec.Struct, frozen=True, kw_only=True):
    """The time of one library.

    Attributes:
        library: Its name, as in `models/`.
        date: The day, in UTC, such as ``2026-11-27``.
        workers: Targets that were probed at once.
        wall: Seconds by the clock, its imports among them.
        computed: Seconds that its targets' processes computed.
    """

    library: str
    date: str
    workers: int
    wall: float
    computed: float


def note_time(folder: Path, time: SweepTime) -> None:
    """Write a library's time into the folder of its records."""
    folder.mkdir(parents=True, exist_ok=True)
    write_text(folder / _NAME, msgspec.json.encode(time).decode() + "\n")


def find_time(folder: Path) -> SweepTime | None:
    """Return the time in a folder of records; None where no whole sweep wrote one."""
    path = folder / _NAME
    if not path.exists():
        return None
    return msgspec.json.decode(read_text(path), type=SweepTime)


def write_times(times: Iterable[SweepTime]) -> None:
    """Write the times of a sweep, a library a line."""
    texts = [msgspec.json.encode(each).decode() for each in times]
    write_text(FILE, "".join(f"{text}\n" for text in texts))


def read_times() -> list[SweepTime]:
    """Return the times of the last sweep."""
    lines = read_text(FILE).splitlines() if FILE.exists() else []
    return [msgspec.json.decode(line, type=SweepTime) for line in lines]


def tabulate(times: Sequence[SweepTime], libraries: Mapping[str, Library]) -> str:
    """Return a table of what each environment took, as Markdown."""
    mine: dict[str, list[SweepTime]] = {}
    for each in times:
        if each.library in libraries:
            mine.setdefault(libraries[each.library].environment, []).append(each)
    ordered = sorted(mine.items(), key=lambda item: -_sum(item[1], "wall"))
    rows = [_row(f"`{name}`", found, libraries) for name, found in ordered]
    every = [each for found in mine.values() for each in found]
    return "\n".join(
        (
            "| environment | by the clock | computing | of it |",
            "| --- | --- | --- | --- |",
            *rows,
            _row("all", every, {}),
            "",
        )
    )


def _row(
    name: str, times: Sequence[SweepTime], libraries: Mapping[str, Library]
) -> str:
    wall, computed = _sum(times, "wall"), _sum(times, "computed")
    return f"| {name} | {wall:.0f} s | {computed:.0f} s | {_parts(times, libraries)} |"


def _parts(times: Sequence[SweepTime], libraries: Mapping[str, Library]) -> str:
    """Name the libraries that computed longest, and count the others."""
    named = [each for each in times if each.library in libraries]
    named.sort(key=lambda each: -each.computed)
    long = [each for each in named if each.computed >= _NAMED]
    if len(named) - len(long) == 1:
        long = named
    parts = [f"`{each.library}` {each.computed:.0f} s" for each in long]
    if rest := named[len(long) :]:
        parts.append(f"{len(rest)} others {_sum(rest, 'computed'):.0f} s")
    return ", ".join(parts)


def _sum(times: Iterable[SweepTime], name: str) -> float:
    return float(sum(getattr(each, name) for each in times))
