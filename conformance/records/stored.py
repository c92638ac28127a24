"""Records that stay in their files: judged once, then read again as often as needed.

A report of a million results needs no more memory than what it shows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import ResultError
from conformance.records.compare import merge
from conformance.records.files import Reader, Run, lines
from conformance.records.name_table import Names
from conformance.records.record import OUTCOMES, Footer, Header, Result

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_LINE = msgspec.json.Decoder(Header | Result | Footer)


@dataclass(frozen=True, slots=True, kw_only=True)
class Results:
    """The results in some files, read from there each time they are asked for.

    Attributes:
        ends: The files, and how many lines of each belong to the record. A run that
            goes on meanwhile adds lines that nobody has judged.
        count: How many results that are.
    """

    ends: tuple[tuple[Path, int], ...]
    count: int

    def __len__(self) -> int:
        return self.count

    def __iter__(self) -> Iterator[Result]:
        for path, end in self.ends:
            for _, line in zip(range(end), lines(path), strict=False):
                parsed = _LINE.decode(line)
                if isinstance(parsed, Result):
                    yield parsed

    def __contains__(self, result: object) -> bool:
        return any(each == result for each in self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One record whose results are not in memory.

    Attributes:
        refused: Why the rest of the file was not read; empty when all of it was.
    """

    path: Path
    header: Header
    results: Results
    footer: Footer | None
    problems: tuple[str, ...]
    outcomes: Counter[str]
    refused: str = ""

    @property
    def complete(self) -> bool:
        """Whether every planned check was run."""
        return not self.problems and self.footer is not None and self.footer.complete

    @property
    def counts(self) -> dict[str, int]:
        """Checks by outcome, every outcome present."""
        return {outcome: self.outcomes[outcome] for outcome in OUTCOMES}


def scan(path: Path) -> Stored:
    """Judge a record as ``read`` does, and leave its results where they are.

    A file that goes wrong after its header gives what stands above the fault, as an
    incomplete run, with the reason in ``refused``.

    Raises:
        ResultError: The file has no header of this schema, or cannot be read.
    """
    reader = Reader(path, lambda _: None)
    refused, good = "", 0
    try:
        for line in lines(path):
            reader.take(line)
            # A line that was cut off is told among the problems and holds no result.
            good += line.endswith(b"\n") or not reader.problems
        reader.end()
    except ResultError as error:
        if reader.header is None:
            raise
        refused = str(error)
        reader.problems.append(f"{refused}; shown is what stands above")
    if reader.header is None:  # end() has seen to it
        raise ResultError(path)
    return Stored(
        path=path,
        header=reader.header,
        results=Results(ends=((path, good),), count=reader.counts.total()),
        footer=None if refused else reader.footer,
        problems=tuple(reader.problems),
        outcomes=reader.counts,
        refused=refused,
    )


def join(shards: Sequence[Stored]) -> Stored:
    """Put the shards of one run together, as ``merge`` does, in their files.

    Raises:
        ResultError: They are not shards of one run, or overlap.
    """
    ordered = sorted(shards, key=lambda run: (run.header.shard, str(run.path)))
    _check_disjoint(ordered)
    # All but the results, which merge would hold in memory.
    bare = [
        Run(
            path=run.path,
            header=run.header,
            results=(),
            footer=run.footer,
            problems=run.problems,
        )
        for run in ordered
    ]
    whole = merge(bare)
    outcomes: Counter[str] = Counter()
    for run in ordered:
        outcomes.update(run.outcomes)
    return Stored(
        path=whole.path,
        header=whole.header,
        results=Results(
            ends=tuple(end for run in ordered for end in run.results.ends),
            count=outcomes.total(),
        ),
        footer=whole.footer,
        problems=whole.problems,
        outcomes=outcomes,
        refused="; ".join(run.refused for run in ordered if run.refused),
    )


def _check_disjoint(shards: Sequence[Stored]) -> None:
    seen = Names()
    for run in shards:
        for result in run.results:
            if not seen.add(result.check):
                msg = (
                    f"{result.check} of {run.path} is in another shard too; "
                    "give each shard of the run once"
                )
                raise ResultError(msg)
