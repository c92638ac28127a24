"""Runs beside each other: shards put together, an old run held against a new one."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import ResultError
from conformance.records.files import Run
from conformance.records.name_table import Names
from conformance.records.record import OUTCOMES, Footer, Header

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.records.protocol import Record
    from conformance.records.record import Result

_BAD = ("failed", "errored")
_WAS = ("", *OUTCOMES)
_BOTH = 255
"""Marks a check that both runs have."""

SAME = (
    "adapter",
    "framework",
    "suite",
    "specification",
    "commit",
    "versions",
    "level",
    "seed",
    "examples",
    "explore",
    "cases_digest",
    "operations",
    "declared",
    "selection",
    "selected",
    "whole",
    "device",
)
"""Header fields that shards of one run have in common."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A check whose outcome is another; empty where the check did not exist."""

    check: str
    before: str
    after: str
    message: str = ""

    def __str__(self) -> str:
        was, now = self.before or "absent", self.after or "absent"
        return f"{self.check}: {was} -> {now}" + (self.message and f"; {self.message}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What changed between two runs, by check id and never by totals.

    Attributes:
        new: Passed before, failed or errored now.
        fixed: Failed or errored before, passed now.
        changed: Any other change of the outcome.
        added: Not in the old run.
        removed: Not in the new run.
    """

    new: tuple[Change, ...] = ()
    fixed: tuple[Change, ...] = ()
    changed: tuple[Change, ...] = ()
    added: tuple[Change, ...] = ()
    removed: tuple[Change, ...] = ()

    def __bool__(self) -> bool:
        return bool(
            self.new or self.fixed or self.changed or self.added or self.removed
        )


def diff(old: Record, new: Record) -> Changes:
    """Return the checks whose outcome differs between two runs.

    A check that only one run has is added or removed, whatever its outcome: a new
    test that fails is no regression.
    """
    before = Names()
    for result in old.results:
        before.put(result.check, 1 + OUTCOMES.index(result.outcome))
    changes = []
    for result in new.results:
        was = _WAS[before.get(result.check)]
        before.put(result.check, _BOTH)
        if was != result.outcome:
            changes.append(_change(result, was, result.outcome))
    # Only what differs is kept: the rest of a million checks stays in its file.
    gone = (each for each in old.results if before.get(each.check) != _BOTH)
    changes += [_change(each, each.outcome, "") for each in gone]
    kinds: dict[str, list[Change]] = {}
    for change in sorted(changes, key=lambda each: each.check):
        kinds.setdefault(_kind(change), []).append(change)
    return Changes(**{kind: tuple(changes) for kind, changes in kinds.items()})


def merge(runs: Sequence[Run]) -> Run:
    """Put the shards of one run together; their order does not matter.

    Raises:
        ResultError: They are not shards of one run, or overlap.
    """
    if not runs:
        msg = "no runs to merge; give the shards of one run"
        raise ResultError(msg)
    ordered = sorted(runs, key=lambda run: (run.header.shard, str(run.path)))
    for run in ordered[1:]:
        _check_same(ordered[0], run)
    _check_disjoint(ordered)
    results = (result for run in ordered for result in run.results)
    problems = [
        f"{run.path.name}: {problem}" for run in ordered for problem in run.problems
    ]
    missing = _missing_shards(run.header.shard for run in ordered)
    footer = _merged_footer([run.footer for run in ordered])
    if footer is not None and missing:
        footer = msgspec.structs.replace(footer, complete=False)
    return Run(
        path=ordered[0].path,
        header=_merged_header([run.header for run in ordered]),
        results=tuple(sorted(results, key=lambda result: result.check)),
        footer=footer,
        problems=(*problems, *missing),
    )


def _change(result: Result, before: str, after: str) -> Change:
    message = result.message if after else ""
    return Change(check=result.check, before=before, after=after, message=message)


def _kind(change: Change) -> str:
    if not change.before:
        return "added"
    if not change.after:
        return "removed"
    if change.before == "passed" and change.after in _BAD:
        return "new"
    if change.before in _BAD and change.after == "passed":
        return "fixed"
    return "changed"


def _check_same(first: Run, other: Run) -> None:
    for field in SAME:
        want, got = getattr(first.header, field), getattr(other.header, field)
        if got != want:
            msg = (
                f"{field} is {got!r} in {other.path} and {want!r} in {first.path}; "
                "merge only the shards of one run of one adapter"
            )
            raise ResultError(msg)


def _check_disjoint(runs: Iterable[Run]) -> None:
    owner: dict[str, Run] = {}
    for run in runs:
        for result in run.results:
            if result.check in owner:
                first = owner[result.check].path
                msg = (
                    f"{result.check} is in {first} and in {run.path}; "
                    "give each shard of the run once"
                )
                raise ResultError(msg)
            owner[result.check] = run


def _missing_shards(shards: Iterable[str]) -> list[str]:
    """Name the shards that were announced but not given."""
    given = set(shards) - {""}
    totals = {int(shard.partition("/")[2]) for shard in given}
    if len(totals) > 1:
        listed = ", ".join(sorted(given))
        msg = f"shards {listed} divide the run differently; merge one division"
        raise ResultError(msg)
    wanted = (f"{k}/{total}" for total in totals for k in range(1, total + 1))
    return [f"shard {shard} is missing" for shard in wanted if shard not in given]


def _merged_header(headers: Sequence[Header]) -> Header:
    commands = {header.command for header in headers}
    environment: dict[str, list[str]] = {}
    for header in headers:
        for key, value in header.environment.items():
            seen = environment.setdefault(key, [])
            if value not in seen:
                seen.append(value)
    return msgspec.structs.replace(
        headers[0],
        shard="",
        planned=headers[0].whole or sum(header.planned for header in headers),
        whole=0,
        started=min(header.started for header in headers),
        command=commands.pop() if len(commands) == 1 else "",
        environment={key: " | ".join(seen) for key, seen in environment.items()},
    )


def _merged_footer(footers: Sequence[Footer | None]) -> Footer | None:
    present = [footer for footer in footers if footer is not None]
    if len(present) < len(footers):
        return None
    counts: Counter[str] = Counter()
    for footer in present:
        counts.update(footer.counts)
    return Footer(
        counts={each: counts[each] for each in OUTCOMES if each in counts},
        stale=sorted({line for footer in present for line in footer.stale}),
        observed=dict(
            sorted(item for footer in present for item in footer.observed.items())
        ),
        ended=max(footer.ended for footer in present),
        complete=all(footer.complete for footer in present),
    )
