"""The records that a command was given: those that can be read, and why others cannot.

One bad file keeps nobody off the page: it is named there, and in the exit status.
"""

from __future__ import annotations

import dataclasses
import os
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance import records
from conformance.errors import ResultError
from conformance.specification.disk import is_folder

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from conformance.records import Stored


@dataclass(frozen=True, slots=True, kw_only=True)
class Gathered:
    """What some files and folders hold.

    Attributes:
        runs: The records, shards of one run put together, by adapter.
        refused: Why files were not read, one sentence each.
        faults: What is wrong with those that were, or with a part of them.
    """

    runs: tuple[Stored, ...]
    refused: tuple[str, ...] = ()
    faults: tuple[str, ...] = ()

    @property
    def complaints(self) -> tuple[str, ...]:
        """Everything that makes the input bad."""
        return (*self.refused, *self.faults)

    @property
    def status(self) -> int:
        """Exit status as far as reading goes."""
        return ResultError.exit_status if self.complaints else 0


def gather(paths: Iterable[Path]) -> Gathered:
    """Read records; a folder stands for those in it.

    Runs of one adapter stay beside each other, shards of one run are put together.

    Raises:
        ResultError: There is no record, or none can be read.
    """
    files = _files(paths)
    refused, faults = list[str](), list[str]()
    runs: list[Stored] = []
    shards: dict[tuple[str, ...], list[Stored]] = defaultdict(list)
    for file in files:
        try:
            run = records.scan(file)
        except ResultError as error:
            refused.append(str(error))
            continue
        faults += [run.refused] if run.refused else []
        if run.header.shard:
            versions = sorted(run.header.versions.items())
            shards[run.header.adapter, *map("=".join, versions)].append(run)
        else:
            runs.append(run)
    for together in shards.values():
        try:
            runs.append(records.join(together))
        except ResultError as error:
            faults.append(str(error))
            runs += [_isolate(run, str(error)) for run in together]
    if not runs:
        raise ResultError("\nerror: ".join(refused))
    runs.sort(key=lambda run: (run.header.adapter, run.header.started, str(run.path)))
    return Gathered(runs=tuple(runs), refused=tuple(refused), faults=tuple(faults))


def _files(paths: Iterable[Path]) -> list[Path]:
    """Return the files, each once."""
    files: dict[str, Path] = {}
    given = list(paths)
    for path in given:
        for file in sorted(path.glob("*.jsonl")) if is_folder(path) else [path]:
            # Path.resolve() raises where links form a loop.
            files.setdefault(os.path.realpath(file), file)
    if not files:
        listed = ", ".join(map(str, given))
        msg = f"no records in {listed}; run `mask-conformance run` first"
        raise ResultError(msg)
    return list(files.values())


def _isolate(run: Stored, why: str) -> Stored:
    """Return a shard that stands alone, since the others do not fit."""
    text = f"shard {run.header.shard} stands alone: {why}"
    return dataclasses.replace(run, problems=(*run.problems, text))
