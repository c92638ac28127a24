"""Judge a run: new and known failures, stale entries, and the exit status."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate.known import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Record, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """The verdict on a run.

    Attributes:
        adapter: The adapter's name.
        new: Failed or errored, and not known.
        known: Failed or errored as recorded.
        stale: Known differences that no longer hold, one line each.
        problems: Why the run is incomplete; empty if it is complete.
    """

    adapter: str
    new: tuple[Result, ...] = ()
    known: tuple[Result, ...] = ()
    stale: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    @property
    def incomplete(self) -> bool:
        """Whether planned checks were not run."""
        return bool(self.problems)


def problems(run: Record) -> tuple[str, ...]:
    """Return why a run is incomplete; nothing if it is complete."""
    if run.complete:
        return ()
    return tuple(run.problems) or ("planned checks were not run",)


def judge(run: Record) -> Judgement:
    """Judge a run: new and known failures, and stale entries."""
    bad = [result for result in run.results if result.outcome in KINDS]
    return Judgement(
        adapter=run.header.adapter,
        new=tuple(result for result in bad if result.known is None),
        known=tuple(result for result in bad if result.known is not None),
        stale=tuple(run.footer.stale) if run.footer else (),
        problems=problems(run),
    )


def exit_status(judgements: Sequence[Judgement]) -> int:
    """Return 0 if all passed or is known, 1 for new or stale, 3 for incomplete.

    Incomplete comes first, since what is missing may be worse than what is new; and no
    run at all is incomplete.
    """
    if not judgements or any(judgement.incomplete for judgement in judgements):
        return 3
    return int(any(judgement.new or judgement.stale for judgement in judgements))
