"""More or less than a run's usual text: each check, the slowest ones, totals alone."""

from __future__ import annotations

from heapq import nlargest
from typing import TYPE_CHECKING

from conformance.gate import locate
from conformance.records import fold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.gate import Judgement
    from conformance.records import Record, Result


def list_checks(run: Record) -> Iterator[str]:
    """Yield a line for each check of a run: its outcome, id and time."""
    for result in run.results:
        word = "KNOWN" if result.accepted else result.outcome.upper()
        yield f"{word:<11} {result.check}  {result.ms:.0f} ms"


def list_slowest(runs: Sequence[Record], count: int) -> list[str]:
    """Return a line for each of the slowest checks."""
    every = (
        (each.ms, run.header.adapter, each) for run in runs for each in run.results
    )
    slowest = nlargest(count, every, key=lambda found: found[0])
    lines = [
        f"  {ms / 1000:8.2f} s  {name}: {each.check}" for ms, name, each in slowest
    ]
    many = f"{len(lines)} checks" if len(lines) > 1 else "check"
    return [f"slowest {many}:", *lines] if lines else []


def count_outcomes(run: Record, judgement: Judgement) -> str:
    """Return a run as one line."""
    counts = run.counts
    new = len(judgement.new) + judgement.more
    known = len(judgement.known) + judgement.more_known
    parts = [f"{counts.get('passed', 0)} passed"]
    parts += [f"{new} NEW"] if new else []
    parts += [f"{known} known"] if known else []
    unsupported = counts.get("unsupported", 0)
    parts += [f"{unsupported} unsupported"] if unsupported else []
    parts += [f"{len(judgement.stale)} STALE"] if judgement.stale else []
    parts += [f"INCOMPLETE: {text}" for text in judgement.problems]
    return f"{run.header.adapter}: {', '.join(parts)}"


def shorten(run: Record, judgement: Judgement, *, anywhere: bool = False) -> list[str]:
    """Return a line for each kind of new failure, and each stale entry."""
    lines = []
    for each in fold(judgement.new):
        more = f" (and {len(each.others)} more)" if each.others else ""
        where = _place(run, each.first, anywhere=anywhere)
        first = each.first.message.partition("\n")[0]
        word = each.first.outcome.upper()
        lines.append(f"{word} {each.first.check}: {where}{first}{more}")
    return [*lines, *(f"STALE {text}" for text in judgement.stale)]


def _place(run: Record, result: Result, *, anywhere: bool) -> str:
    found = locate(run.header.file, result.check, anywhere=anywhere)
    return f"{found}: " if found else ""
