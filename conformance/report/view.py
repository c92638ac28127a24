"""What the page says, computed from the runs; no markup here."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from conformance.report.count import (
    GLYPHS,
    WORDS,
    Count,
    Difference,
    Tally,
    collect,
    count,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from conformance.report.columns import Column

__all__ = ["GLYPHS", "WORDS", "Count", "Difference", "Tally", "View", "view"]

CORE = ("masked_mean", "masked_max", "masked_softmax", "masked_loss", "birnn")
"""The operations that come first, in this order."""

NAMED = 3
"""Adapters that the verdict still calls by their names."""

CARDS = 160
CARD_BYTES = 600_000
KNOWN_BYTES = 32_000
"""Differences that the page shows in full, and bytes of them up to which a new and a
known one is shown; all are counted, and in the record."""


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that the outputs draw on.

    Attributes:
        columns: The runs, by label.
        operations: Every operation, the core ones first.
        count: The results, counted.
        differences: What failed or errored, by operation, check and column; as many as
            can be listed.
        picked: Those that are shown in full.
        generated: When.
        clauses: The specification's sentences.
        refused: Why files could not be read, one sentence each.
    """

    columns: tuple[Column, ...]
    operations: tuple[str, ...]
    count: Count
    differences: tuple[Difference, ...]
    picked: tuple[Difference, ...]
    generated: str
    clauses: Mapping[str, str]
    refused: tuple[str, ...] = ()

    @property
    def tallies(self) -> Mapping[tuple[str, str], Tally]:
        """Counts by operation and column key."""
        return self.count.tallies

    @property
    def total(self) -> int:
        """How many results failed or errored."""
        return sum(tally.bad for tally in self.tallies.values())

    @property
    def total_new(self) -> int:
        """How many of them nobody expected."""
        return sum(tally.new for tally in self.tallies.values())

    @property
    def new(self) -> tuple[Difference, ...]:
        """The differences that nobody expected, as many as can be listed."""
        return tuple(each for each in self.differences if each.new)

    @property
    def stale(self) -> tuple[tuple[Column, str], ...]:
        """Complaints about known differences that no longer hold."""
        return tuple((one, line) for one in self.columns for line in one.stale)

    @property
    def incomplete(self) -> tuple[Column, ...]:
        """The runs from which something is missing."""
        return tuple(one for one in self.columns if one.incomplete)

    @property
    def partial(self) -> tuple[Column, ...]:
        """The runs that were asked for a part of the plan."""
        return tuple(one for one in self.columns if one.part)

    def cell(self, operation: str, column: Column) -> tuple[str, str]:
        """Return one place of the matrix as its state and text."""
        tally = self.tallies.get((operation, column.key))
        if tally is not None:
            # What is missing may be a failure: nothing of such a run looks passed.
            open_ = column.incomplete and tally.state == "passed"
            return "not_run" if open_ else tally.state, tally.text
        if column.incomplete:
            return "not_run", "· not run"
        return "unsupported", "no checks"

    def whole(self, column: Column) -> Tally:
        """Return the counts of one run."""
        found = Tally()
        for (_, key), tally in self.tallies.items():
            if key == column.key:
                found.outcomes.update(tally.outcomes)
                found.new += tally.new
        return found

    def verdict(self) -> str:
        """Return the page's first sentence: counts with their denominator."""
        total = sum(tally.ran for tally in self.tallies.values())
        new, stale = self.total_new, len(self.stale)
        known = self.total - new
        declined = sum(t.outcomes["unsupported"] for t in self.tallies.values())
        names = _join_names([column.system for column in self.columns])
        if len(self.columns) > NAMED:
            adapters = {column.run.header.adapter for column in self.columns}
            several = len(adapters) < len(self.columns)
            names = f"{len(self.columns)} runs of " if several else ""
            names += f"{len(adapters)} adapter{'s' * (len(adapters) > 1)}"
        text = (
            f"{names}: {self.total:,} of {total:,} checks differ from the "
            f"specification; {known:,} known, {new:,} new, {stale:,} fixed or stale."
        )
        text += f" Unsupported: {declined:,} more." if declined else ""
        cut = len(self.incomplete)
        text += f" Incomplete: {cut} run{'s' * (cut > 1)}." if cut else ""
        part = len(self.partial)
        text += f" Partial: {part} run{'s' * (part > 1)}." if part else ""
        bad = len(self.refused)
        return text + (f" Unreadable: {bad} file{'s' * (bad > 1)}." if bad else "")


def view(
    seen: Sequence[Column],
    *,
    generated: str,
    clauses: Mapping[str, str],
    refused: Sequence[str] = (),
) -> View:
    """Return everything that the outputs draw on."""
    found = count(seen)
    order = _operations(seen, (operation for operation, _ in found.tallies))
    rank = {operation: at for at, operation in enumerate(order)}
    listed = sorted(
        found.differences,
        key=lambda d: (rank[d.check.operation], d.result.check, d.column.key),
    )
    picked = _choose(found, listed)
    whole = collect(seen, picked)
    return View(
        columns=tuple(seen),
        operations=order,
        count=found,
        differences=tuple(listed),
        picked=tuple(
            replace(each, result=whole[each.column.key, each.result.check])
            for each in picked
        ),
        generated=generated,
        clauses=clauses,
        refused=tuple(refused),
    )


def _choose(found: Count, differences: Iterable[Difference]) -> list[Difference]:
    """Return the differences that get a card, the same cause not twice first.

    New ones come before known ones, what shows its cause best before the others, and
    the first of each cause and run before its second, so that a flood of equal failures
    leaves room for the others.
    """
    best = {strand.first.id for strand in found.strands.values() if strand.first}
    seen: Counter[tuple[str, str, bool]] = Counter()
    causes: Counter[tuple[str, bool]] = Counter()
    ranked = []
    for place, each in enumerate(differences):
        cause = each.cause, each.new
        own = each.column.key, *cause
        turn = 0 if each.id in best else 1 + seen[own]
        # One run shows a known cause of many.
        shared = causes[cause] if each.id in best and not each.new else 0
        ranked.append(((turn, not each.new, shared, place), each))
        seen[own] += 1
        causes[cause] += each.id in best
    ranked.sort(key=lambda one: one[0])
    size, picked = 0, []
    for (_, known, _, place), each in ranked[:CARDS]:
        size += each.size
        if size > (KNOWN_BYTES if known else CARD_BYTES):
            break
        picked.append((place, each))
    return [each for _, each in sorted(picked, key=lambda one: one[0])]


def _operations(seen: Iterable[Column], found: Iterable[str]) -> tuple[str, ...]:
    named = [name for column in seen for name in column.run.header.operations]
    every = dict.fromkeys((*named, *found))
    first = [name for name in CORE if name in every]
    return (*first, *(name for name in every if name not in CORE))


def _join_names(names: Sequence[str]) -> str:
    if len(names) < 2:  # noqa: PLR2004 - one name needs no "and"
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
