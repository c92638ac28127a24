"""A search from its chunks to its findings, which do not depend on the workers."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.adapters.installed import suite_version
from conformance.commands.run import need_extra
from conformance.commands.soak.chunk import Chunk
from conformance.commands.soak.progress import (
    Spent,
    load_spent,
    name_search,
    save_spent,
)
from conformance.commands.soak.spread import spread_here, spread_on
from conformance.commands.terminal import Progress, complaint
from conformance.errors import IncompleteRunError, UsageError, describe
from conformance.run import catalogue
from conformance.run.declare import declare
from conformance.run.settings import Settings
from conformance.specification.device import Placement
from conformance.specification.shard import Shard

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from conformance.commands.soak.spread import Asked, Chunks
    from conformance.records import Result
    from conformance.run.process import Limits
    from conformance.specification.selection import Check, Selection

    Say = Callable[[str], Any]

SHOWN = 20
"""Chunks without result that are named; the others are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """What a search is asked for.

    Attributes:
        reference: The adapter, as the command line names it.
        rows: Rows for each law, rounded up to whole chunks.
        chunk: Rows of a chunk, for each law; a quarter as many further batches, of
            any shape, are drawn by Hypothesis.
        seed: The first chunk's; each has its own.
        minutes: How long to go on instead, whatever the rows; 0 is for the rows.
        resume: Whether to go on behind the seeds that are spent.
        shard: Which part of the chunks.
        workers: Processes on this machine; as many as it has cores when it is None.
        scheduler: Address of a Dask scheduler to use instead.
        output: Where what is found goes, and which seeds are spent.
        placement: Where tensors, layers and weights are.
    """

    reference: str
    rows: int
    chunk: int
    seed: int = 0
    minutes: float = 0.0
    resume: bool = False
    shard: Shard = field(default_factory=Shard)
    workers: int | None = None
    scheduler: str | None = None
    output: Path
    placement: Placement = field(default_factory=Placement)

    @property
    def chunks(self) -> int | None:
        """How many chunks this shard has; None where time decides."""
        if self.minutes:
            return None
        every = ceil(self.rows / self.chunk)
        return len(range(self.shard.number - 1, every, self.shard.of))

    def seed_of(self, number: int) -> int:
        """Return the seed of one of this shard's chunks, counted from 0."""
        return self.seed + self.shard.number - 1 + number * self.shard.of


@dataclass(slots=True, kw_only=True)
class Findings:
    """What a search has found, in as much room as there are laws.

    Attributes:
        first: Each check's finding of the lowest seed.
        done: How many chunks ended.
        problems: Why others did not; the first few.
        more: How many further ones.
        searched: How many chunks ended in this search and in those it goes on with.
    """

    first: dict[str, tuple[int, Result]] = field(default_factory=dict)
    done: int = 0
    problems: list[str] = field(default_factory=list)
    more: int = 0
    searched: int = 0
    _ran: Chunk | None = None

    def take(self, chunk: Chunk) -> None:
        """Add what came of a chunk.

        Raises:
            UsageError: It was made with other versions or cases.
        """
        for problem in chunk.problems:
            self.complain(f"seed {chunk.seed}: {problem}")
        if chunk.versions:
            self._ran = self._ran or chunk
            _check_same(self._ran, chunk)
        self.done += 1
        for result in chunk.found:
            known = self.first.get(result.check)
            if known is None or chunk.seed < known[0]:
                self.first[result.check] = (chunk.seed, result)

    def complain(self, problem: str) -> None:
        """Add why a chunk has no result."""
        if len(self.problems) < SHOWN:
            self.problems.append(problem)
        else:
            self.more += 1


def soak(search: Search, selected: Selection, limits: Limits, say: Say) -> int:
    """Search, print and save what is found, and return the exit status.

    Args:
        search: What to search.
        selected: Which checks; laws alone are searched.
        limits: How far a check may go.
        say: Prints a line.

    Raises:
        UsageError: There is nothing to search, or with nothing.
    """
    need_extra(memory=bool(limits.memory), soak=search.scheduler is not None)
    declaration = declare(search.reference)
    planned = catalogue.plan_checks(declaration, selected)
    drawn = [check for check in planned if not (check.case or check.unsupported)]
    if not drawn:
        msg = f"{search.reference}: no law is selected; nothing would be searched"
        raise UsageError(msg)
    reference = search.reference
    path = reference if reference.endswith(".py") else reference.rpartition(":")[0]
    if path.endswith(".py"):
        reference = str(Path.cwd() / reference)
    settings = Settings(
        reference=reference,
        selection=selected,
        examples=search.chunk,
        explore=search.chunk // 4,
        placement=search.placement,
        drawn=True,
    )
    asked = (settings.encode(), limits.seconds, limits.memory)
    name = name_search(declaration.name, *asked[:1], search.seed, search.shard)
    spent = load_spent(search.output, name) if search.resume else Spent()
    earlier = dict(spent.found)
    with Progress(declaration.name, "chunks") as progress:
        found = _collect(search, asked, name, spent, progress)
    return _report(search, drawn, found, earlier, say)


def _collect(
    search: Search,
    asked: Asked,
    name: str,
    spent: Spent,
    follow: Callable[[int, int], None],
) -> Findings:
    """Run every chunk, and return what came of them."""
    found = Findings()
    numbers = {}

    def draw() -> Iterator[int]:
        end = monotonic() + 60 * search.minutes
        for number in spent.left(search.chunks):
            if search.minutes and monotonic() > end:
                return
            numbers[search.seed_of(number)] = number
            yield search.seed_of(number)

    try:
        for seed, made in _spread(search, asked, draw()):
            number = numbers.pop(seed)
            if isinstance(made, BaseException):
                found.complain(f"seed {seed}: {describe(made)}")
                continue
            chunk = msgspec.json.decode(made, type=Chunk)
            found.take(chunk)
            if not chunk.problems:
                spent.take(number)
                for result in chunk.found:
                    spent.found.setdefault(result.check, seed)
                save_spent(search.output, name, spent)
            follow(spent.upto + len(spent.beyond), search.chunks or 0)
    except KeyboardInterrupt:
        found.complain("stopped; go on with --continue")
    found.searched = spent.upto + len(spent.beyond)
    return found


def _spread(search: Search, asked: Asked, seeds: Iterator[int]) -> Chunks:
    if search.scheduler is None:
        return spread_here(seeds, asked, search.workers)
    # On a cluster that others use, a key must mean the same work.
    key = f"mask-conformance-{name_search(*asked, suite_version())}"
    return spread_on(search.scheduler, key, seeds, asked)


def _report(
    search: Search,
    drawn: Sequence[Check],
    found: Findings,
    earlier: Mapping[str, int],
    say: Say,
) -> int:
    """Print and save the findings, the lowest seed's of each check."""
    for check in drawn:
        if check.id in found.first:
            say("\n".join(_finding(search, check, *found.first[check.id])))
    for check_id, seed in earlier.items():
        if check_id not in found.first:
            say(f"found before, seed {seed}: {check_id}")
    rows = found.done * search.chunk
    findings = len({*found.first, *earlier})
    say(f"{rows} rows for each of {len(drawn)} laws: {findings} findings")
    for problem in found.problems:
        say(f"INCOMPLETE: {problem}")
    if found.more:
        say(f"INCOMPLETE: and {found.more} more chunks")
    if found.problems or not found.searched:
        return IncompleteRunError.exit_status
    return int(bool(findings))


def _finding(search: Search, check: Check, seed: int, result: Result) -> list[str]:
    from conformance.check.explore import find_vacuous_cases, save

    lines = [f"seed {seed}: {line}" for line in complaint(result)[:1]]
    lines += complaint(result)[1:]
    if result.failure is not None:
        path = save(check, result.failure, search.output, found=seed)
        if path is not None:
            lines += [
                f"  saved: {path}",
                *(f"  {line}" for line in find_vacuous_cases(path)),
            ]
    return [*lines, ""]


def _check_same(first: Chunk, other: Chunk) -> None:
    """Refuse findings of workers that differ in what they run."""
    for name in ("versions", "cases"):
        was, is_ = getattr(first, name), getattr(other, name)
        if was != is_:
            msg = (
                f"workers differ in {name}: {was} for seed {first.seed}, "
                f"{is_} for seed {other.seed}; install the same versions on all"
            )
            raise UsageError(msg)
