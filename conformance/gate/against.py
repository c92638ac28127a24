"""Compare a run with an older one: report only what is new or fixed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.errors import ResultError
from conformance.gate.known import KINDS
from conformance.gate.verdict import KEPT, Judgement, describe_part, problems
from conformance.records import OUTCOMES
from conformance.records.name_table import Names
from conformance.specification.disk import is_there

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.records import Record, Result

SHOWN = 20
"""Checks of one kind that are listed; all of them are counted."""

_SEEN = 100
"""Added to a check's number when the newer run has it too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """The changes from an older run to a newer one.

    Of each kind the first few are held; ``counts`` has how many there are.

    Attributes:
        run: The newer run.
        new: Failed or errored and not known, of checks that the old run had otherwise,
            or that it could have had: the suite was the same.
        fixed: Passed now, failed or errored then.
        unjudged: Failed or errored, of checks that the old run's suite did not have.
        gone: Checks that the old run had and that were asked then.
        stale: Entries of known differences that no longer hold, one line each.
        problems: Why nothing can be said, of either run; empty when all is well.
        counts: How many there are, by kind.
    """

    run: Record
    new: tuple[Result, ...] = ()
    fixed: tuple[Result, ...] = ()
    unjudged: tuple[Result, ...] = ()
    gone: tuple[str, ...] = ()
    stale: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    counts: dict[str, int]

    @property
    def judgement(self) -> Judgement:
        """The same as a judgement, for what annotates judgements."""
        return Judgement(
            adapter=self.run.header.adapter,
            new=self.new,
            stale=self.stale,
            problems=self.problems,
            more=self.counts["new"] - len(self.new),
        )

    @property
    def status(self) -> int:
        """Return 0 if nothing is new, 1 if something is, 3 for an incomplete run."""
        return 3 if self.problems else int(bool(self.new or self.stale))

    def __str__(self) -> str:
        """Return what changed, a check a line."""
        lines = [f"new      {each.check}: {each.message}" for each in self.new[:SHOWN]]
        lines += self._more("new")
        lines += [f"fixed    {each.check}" for each in self.fixed[:SHOWN]]
        lines += self._more("fixed")
        lines += [
            f"unjudged {each.check}: {each.message}; the old run had no such check"
            for each in self.unjudged[:SHOWN]
        ]
        lines += self._more("unjudged")
        lines += [f"gone     {check}" for check in self.gone[:SHOWN]]
        lines += self._more("gone")
        lines += [f"STALE {complaint}" for complaint in self.stale]
        lines += [f"INCOMPLETE: {problem}" for problem in self.problems]
        return "\n".join(lines) or "nothing new, nothing fixed"

    def _more(self, kind: str) -> list[str]:
        more = self.counts[kind] - SHOWN
        return [f"{kind:<8} and {more:,} more"] if more > 0 else []


def compare_runs(runs: Sequence[Record], old: Sequence[Record]) -> list[Comparison]:
    """Compare each run with the older one of the same adapter.

    Raises:
        ResultError: An adapter has no older run, or more than one, or that is the
            same file.
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
        there = is_there(run.path) and is_there(same[0].path)
        if there and run.path.samefile(same[0].path):
            msg = (
                f"{name}: {run.path} is held against itself, so nothing could be new; "
                "give --against the record of an older run"
            )
            raise ResultError(msg)
        found.append(_compare(run, same[0]))
    return found


def missing(runs: Sequence[Record], old: Sequence[Record]) -> list[str]:
    """Return the adapters that only the older runs have."""
    names = {run.header.adapter for run in runs}
    return sorted({each.header.adapter for each in old} - names)


def _compare(run: Record, old: Record) -> Comparison:
    before = Names()
    for result in old.results:
        before.put(result.check, 1 + OUTCOMES.index(result.outcome))
    # Only a suite that has grown excuses a failure that the old run cannot judge.
    excused = _suite(run) != _suite(old)
    kept: dict[str, list[Result]] = {"new": [], "fixed": [], "unjudged": [], "gone": []}
    counts = dict.fromkeys(kept, 0)

    def keep(kind: str, result: Result) -> None:
        counts[kind] += 1
        if len(kept[kind]) < KEPT:
            kept[kind].append(result)

    for result in run.results:
        was = before.get(result.check)
        kind = _kind(result, OUTCOMES[was - 1] if was else "", excused=excused)
        if kind:
            keep(kind, result)
        if was:
            before.put(result.check, was + _SEEN)
    for result in old.results:
        if before.get(result.check) < _SEEN and result.outcome != "unsupported":
            keep("gone", result)
    return Comparison(
        run=run,
        new=tuple(kept["new"]),
        fixed=tuple(kept["fixed"]),
        unjudged=tuple(kept["unjudged"]),
        gone=tuple(each.check for each in kept["gone"]),
        stale=tuple(run.footer.stale) if run.footer else (),
        problems=tuple(_problems(run, old)),
        counts=counts,
    )


def _kind(result: Result, was: str, *, excused: bool) -> str:
    """Return what a result is, held against its old outcome; empty for no change."""
    if result.outcome == "passed":
        return "fixed" if was in KINDS else ""
    if result.outcome not in KINDS or result.accepted or was in KINDS:
        return ""
    return "unjudged" if not was and excused else "new"


def _suite(run: Record) -> tuple[str, ...]:
    """Return what decides which checks there are."""
    header = run.header
    return header.suite, header.specification, header.cases_digest


def _problems(run: Record, old: Record) -> Iterator[str]:
    """Yield why the runs cannot be held against each other."""
    yield from problems(run)
    for problem in problems(old):
        yield f"the old run, {old.path}, cannot say what is new: {problem}"
    part, before = describe_part(run), describe_part(old)
    if part and (not before or run.header.selected != old.header.selected):
        yield f"{part}, which the old run was not; run it with the same options"
    elif before and not part:
        yield f"the old run, {old.path}, cannot say what is new: {before}"
    if run.header.level != old.header.level:
        yield (
            f"the run is of level {run.header.level}, the old one, {old.path}, of "
            f"{old.header.level}; run both with the same --level"
        )
