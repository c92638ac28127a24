"""Compare a run with an older one: report only what is new or fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import ResultError
from conformance.gate.known import KINDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Record, Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The changes from an older run to a newer one.

    Attributes:
        run: The newer run.
        new: Failed or errored and not known; another outcome in the old run.
        fixed: Passed; failed or errored in the old run.
        unjudged: Failed or errored; not in the old run.
        gone: Checks of the old run that the new one lacks.
    """

    run: Record
    new: tuple[Result, ...] = ()
    fixed: tuple[Result, ...] = ()
    unjudged: tuple[Result, ...] = ()
    gone: tuple[str, ...] = ()

    @property
    def status(self) -> int:
        """Return 0 if nothing is new, 1 if something is, 3 for an incomplete run."""
        return 3 if not self.run.complete else int(bool(self.new))

    def __str__(self) -> str:
        """Return the changes, one check per line."""
        lines = [f"new      {each.check}: {each.message}" for each in self.new]
        lines += [f"fixed    {each.check}" for each in self.fixed]
        lines += [
            f"unjudged {each.check}: {each.message}; the old run had no such check"
            for each in self.unjudged
        ]
        lines += [f"gone     {check}" for check in self.gone]
        lines += [f"INCOMPLETE: {problem}" for problem in self.run.problems]
        return "\n".join(lines) or "nothing new, nothing fixed"


def against(runs: Sequence[Record], old: Sequence[Record]) -> list[Comparison]:
    """Compare each run with the older one of the same adapter.

    Raises:
        ResultError: An adapter has no older run, or more than one.
    """
    found = []
    for run in runs:
        name = run.header.adapter
        same = [each for each in old if each.header.adapter == name]
        if len(same) != 1:
            files = ", ".join(str(each.path) for each in same) or "none"
            msg = (
                f"{name}: got {files} to compare with, expected the record of one "
                "run; give --against the file or folder of that run"
            )
            raise ResultError(msg)
        found.append(_compared(run, same[0]))
    return found


def _compared(run: Record, old: Record) -> Comparison:
    before = {result.check: result.outcome for result in old.results}
    after = {result.check for result in run.results}
    bad = [each for each in run.results if each.outcome in KINDS and each.known is None]
    return Comparison(
        run=run,
        new=tuple(
            each for each in bad if before.get(each.check, "failed") not in KINDS
        ),
        fixed=tuple(
            each
            for each in run.results
            if each.outcome == "passed" and before.get(each.check) in KINDS
        ),
        unjudged=tuple(each for each in bad if each.check not in before),
        gone=tuple(check for check in before if check not in after),
    )
