"""What a person sees while checks run and when they have ended."""

from __future__ import annotations

import os
import sys
import textwrap
from collections import Counter, defaultdict
from time import monotonic
from typing import TYPE_CHECKING

from conformance.gate import describe_part, locate
from conformance.records import describe, fold, parse_check
from conformance.records.fold import UNSTABLE
from conformance.report.count import Tally
from conformance.specification.plain import disarm

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import TracebackType
    from typing import Self

    from conformance.gate import Judgement
    from conformance.records import Fold, Record, Result

SHOWN = 5
"""Kinds of new failure that are printed in full; the record and the page have all."""

LISTED = 8
"""Checks that are named under a failure that says the same."""

TRACED = 6
"""Lines of a traceback that are printed: its last ones."""

WIDTH = 80
"""Columns of a terminal that nobody has made wider, and of many CI logs."""

EVERY = 10.0
"""Seconds between lines of progress where there is no terminal."""


class Progress:
    """A bar on a terminal, a line now and then in a log.

    Args:
        name: Whose progress it is.
        unit: What is counted.
        count: Returns how many there are, where it is not what is planned. It is asked
            when something is shown first, since to count may take a moment.
    """

    def __init__(
        self,
        name: str,
        unit: str = "checks",
        count: Callable[[], int] | None = None,
    ) -> None:
        self.name = name
        self._count = count
        self._counted: int | None = None
        self.unit = unit
        self._last = monotonic()
        self._bar: object | None = None
        dumb = os.environ.get("TERM") == "dumb"  # as an editor's shell says
        self._live = sys.stderr.isatty() and not dumb

    def __enter__(self) -> Self:
        if self._live:
            from rich.console import Console
            from rich.markup import escape
            from rich.progress import Progress as Bar

            self._bar = Bar(console=Console(stderr=True), transient=True)
            self._bar.start()
            self._task = self._bar.add_task(escape(self.name), total=None)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()  # type: ignore[attr-defined]

    def __call__(self, finished: int, planned: int) -> None:
        """Show how far the run is."""
        if self._bar is not None:
            every = self._count_all(planned)
            self._bar.update(  # type: ignore[attr-defined]
                self._task, completed=finished, total=every or None
            )
        elif monotonic() - self._last > EVERY:
            self._last = monotonic()
            every = self._count_all(planned)
            far = f"{finished} of {every or '?'} {self.unit}" if finished else "begins"
            sys.stderr.write(disarm(f"{self.name}: {far}\n"))

    def _count_all(self, planned: int) -> int:
        if self._count is None or not planned:
            return planned
        if self._counted is None:
            self._counted = self._count()
        return self._counted


def summary(runs: Sequence[Record]) -> str:
    """Return the runs as a plain table, one line for each operation of each adapter.

    At most 80 columns where words allow it, and no colour: it goes to logs as well.
    """
    lines = []
    for run in runs:
        framework = run.header.versions.get(run.header.framework, "")
        lines.append(f"{run.header.adapter} ({run.header.framework} {framework})")
        tallies: dict[str, Tally] = defaultdict(Tally)
        known: Counter[tuple[str, str]] = Counter()
        unstable: Counter[tuple[str, str]] = Counter()
        for result in run.results:
            tallies[parse_check(result.check).operation].add(result)
            if result.known is not None and result.accepted:
                known[result.known.reason, result.known.url] += 1
            if result.unstable:
                operation = parse_check(result.check).operation
                unstable[operation, result.unstable] += 1
        absent = [name for name in run.header.operations if _is_absent(tallies[name])]
        offered = [name for name in run.header.operations if name not in absent]
        width = max(map(len, offered), default=0)
        lines += [
            f"  {name:<{width}}  {_tally_text(tallies[name])}" for name in offered
        ]
        lines += wrap(f"not offered: {', '.join(absent)}") if absent else []
        lines += [line for each in unstable.items() for line in _unstable(*each)]
        for (reason, url), count in known.most_common():
            lines += wrap(f"known, {count} check{'s' * (count > 1)}: {reason}")
            lines += [f"    {url}"] if url else []
        lines += _left_out(run)
        part = describe_part(run)
        lines += wrap(f"{part} were asked for") if part else []
        lines += [line for text in _missing(run) for line in wrap(text)]
    return "\n".join(lines)


def _unstable(place: tuple[str, str], count: int) -> list[str]:
    """Say that an operation gives two answers to one question, and where it shows."""
    operation, first = place
    checks = f"{count} check{'s' * (count > 1)}"
    text = f"NON-DETERMINISTIC {operation}: {UNSTABLE} in {checks}, first in {first}"
    return wrap(text)


def _left_out(run: Record) -> list[str]:
    """Say how many inputs an adapter was not given, as its head requires others."""
    counts = [each.left_out for each in run.results if each.left_out]
    if not counts:
        return []
    checks = f"{len(counts):,} check{'s' * (len(counts) > 1)}"
    text = f"{sum(counts):,} inputs of {checks} left out: they lack what it requires"
    return wrap(text)


def _missing(run: Record) -> list[str]:
    """Say what a run lacks; it must not be taken for one that passed."""
    missing = run.header.planned - len(run.results)
    texts = [f"{missing} planned checks were not run"] if missing > 0 else []
    return [f"INCOMPLETE: {text}" for text in run.problems or texts]


def wrap(text: str) -> list[str]:
    """Return a text as indented lines of at most :data:`WIDTH` columns."""
    return textwrap.wrap(
        text,
        width=WIDTH,
        initial_indent="  ",
        subsequent_indent="    ",
        break_long_words=False,
        break_on_hyphens=False,
    )


def _is_absent(tally: Tally) -> bool:
    """Tell whether every check of an operation is one that the adapter lacks."""
    return bool(tally.outcomes) and not tally.ran


def complaints(judgement: Judgement, file: str = "", *, anywhere: bool = False) -> str:
    """Return a run's new failures and stale entries, the first few in full.

    Failures that say the same are one, with the others' checks under it.

    Args:
        judgement: What the run means.
        file: The adapter's file, to say where a failure's function stands.
        anywhere: Whether that file may lie outside the working folder.
    """
    folds = fold(judgement.new)
    lines = []
    for each in folds[:SHOWN]:
        where = locate(file, each.first.check, anywhere=anywhere) if file else ""
        lines += ["", *complaint(each.first, where), *_folded(each)]
    rest = folds[SHOWN:]
    count = sum(len(each.checks) for each in rest) + judgement.more
    if count:
        kinds = f" of {len(rest)} kinds" if count > len(rest) > 1 else ""
        lines += ["", f"and {count:,} more new failures{kinds}; see the report"]
    lines += [""] if judgement.stale else []
    lines += [f"STALE {complaint}" for complaint in judgement.stale]
    return "\n".join(lines)


def complaint(result: Result, where: str = "") -> list[str]:
    """Return a failure in full, as lines."""
    said = describe(result, where=where)
    lines = said.lines(trace=TRACED)
    return [f"{said.outcome.upper()} {said.check}", *(f"  {line}" for line in lines)]


def _folded(each: Fold) -> list[str]:
    """Return how many checks say the same, and which."""
    if not each.others:
        return []
    more = len(each.others) - LISTED
    listed = ", ".join(each.others[:LISTED]) + (f" and {more} more" if more > 0 else "")
    return [*wrap(each.line), *(f"  {line}" for line in wrap(listed))]


def _tally_text(tally: Tally) -> str:
    if not tally.outcomes:
        return "NOT RUN"
    known = tally.bad - tally.new
    parts = [f"{tally.outcomes['passed']}/{tally.ran} passed"]
    parts += [f"{tally.new} NEW"] if tally.new else []
    parts += [f"{known} known"] if known else []
    for outcome, word in (("unsupported", "unsupported"), ("not_run", "NOT RUN")):
        if tally.outcomes[outcome]:
            parts.append(f"{tally.outcomes[outcome]} {word}")
    return ", ".join(parts)
