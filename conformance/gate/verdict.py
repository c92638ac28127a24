"""Judge a run: new and known failures, stale entries, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate.known import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Record, Result

KEPT = 1000
"""New and known failures that a judgement holds; it counts all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on a run.

    Attributes:
        adapter: The adapter's name.
        new: Failed or errored, and not known; the first :data:`KEPT`.
        known: Failed or errored as recorded; the first :data:`KEPT`.
        stale: Entries of known differences that no longer hold, one line each.
        problems: Why the run is incomplete; empty when it is complete.
        more: How many further new failures there are.
        more_known: How many further known ones.
    """

    adapter: str
    new: tuple[Result, ...] = ()
    known: tuple[Result, ...] = ()
    stale: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    more: int = 0
    more_known: int = 0

    @property
    def incomplete(self) -> bool:
        """Whether planned checks were not run."""
        return bool(self.problems)


def problems(run: Record) -> tuple[str, ...]:
    """Return why a run is incomplete; nothing if it is complete."""
    if run.complete:
        return ()
    return tuple(run.problems) or ("planned checks were not run",)


def describe_part(run: Record) -> str:
    """Return how much of the plan a run was asked for; nothing when that is all."""
    header = run.header
    if not header.selection:
        return ""
    planned = header.whole or header.planned
    of = f"{header.of:,}" if header.of else "more"
    return f"partial: {planned:,} of {of} checks"


def judge(run: Record, *, complete: bool = False) -> Judgement:
    """Return what a run means: new failures, known ones, stale entries.

    Args:
        run: The run.
        complete: Whether the whole plan is asked for, so that a run of a part of it
            is incomplete.
    """
    new: list[Result] = []
    known: list[Result] = []
    counts = [0, 0]
    for result in run.results:
        if result.outcome not in KINDS:
            continue
        kept = known if result.accepted else new
        counts[result.accepted] += 1
        if len(kept) < KEPT:
            kept.append(result)
    part = describe_part(run) if complete else ""
    return Judgement(
        adapter=run.header.adapter,
        new=tuple(new),
        known=tuple(known),
        stale=tuple(run.footer.stale) if run.footer else (),
        problems=(*problems(run), part) if part else problems(run),
        more=counts[False] - len(new),
        more_known=counts[True] - len(known),
    )


def exit_status(judgements: Sequence[Judgement]) -> int:
    """Return 0 if all passed or is known, 1 for new or stale, 3 for incomplete.

    Incomplete comes first, since what is missing may be worse than what is new; and no
    run at all is incomplete.
    """
    if not judgements or any(judgement.incomplete for judgement in judgements):
        return 3
    return int(any(judgement.new or judgement.stale for judgement in judgements))
