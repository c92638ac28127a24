"""What the page says, computed from the runs; no markup here.

One pass over the results; those that passed are counted and then forgotten, so that a
hundred thousand of them cost a second.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from conformance.gate import KINDS, Judgement, judge
from conformance.results import Check, Result, Run, parse_check

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

CORE = ("masked_mean", "masked_max", "masked_softmax", "masked_loss", "birnn")
"""The operations that come first, in this order."""

NAMED = 6
"""Adapters that the verdict still calls by their names."""

GLYPHS = {
    "passed": "✓",
    "failed": "✗",
    "errored": "!",
    "unsupported": "○",
    "not_run": "·",
}
"""A sign for each outcome; it always stands beside the word or a count."""

WORDS = {
    "passed": "passed",
    "failed": "failed",
    "errored": "errored",
    "unsupported": "unsupported",
    "not_run": "not run",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One run as a column.

    Attributes:
        label: The adapter's name; with its version where two runs share it.
        key: The label as it stands in links and filters; of safe characters.
        file: The label as a file name.
        run: The run.
        judged: What the gate says of it.
    """

    label: str
    key: str
    file: str
    run: Run
    judged: Judgement

    @property
    def system(self) -> str:
        """Adapter and version of its framework, as the verdict names it."""
        header = self.run.header
        version = header.versions.get(header.framework, "")
        if self.label == header.framework:
            return f"{self.label} {version}".strip()
        return f"{self.label} on {header.framework} {version}".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A result that failed or errored, with the adapter that it belongs to."""

    column: Column
    result: Result
    check: Check

    @property
    def id(self) -> str:
        """The anchor of its card."""
        return f"f-{anchor(self.result.check)}--{self.column.key}"

    @property
    def new(self) -> bool:
        """Whether nobody expected it."""
        return self.result.known is None


@dataclass(slots=True, kw_only=True)
class Tally:
    """Counts of one operation in one run."""

    outcomes: Counter[str] = field(default_factory=Counter)
    new: int = 0
    share: float = -1.0
    tightest: str = ""

    def add(self, result: Result) -> None:
        """Count one result."""
        self.outcomes[result.outcome] += 1
        self.new += result.outcome in KINDS and result.known is None
        share = result.share
        if result.outcome == "passed" and isinstance(share, int | float):
            if share > self.share:
                self.tightest = result.check
            self.share = max(self.share, share)

    @property
    def ran(self) -> int:
        """Checks that count: not those that the adapter does not support."""
        return self.outcomes.total() - self.outcomes["unsupported"]

    @property
    def state(self) -> str:
        """The cell's kind, for its tint."""
        if not self.ran:
            return "unsupported"
        if self.outcomes["not_run"]:
            return "not_run"
        if self.new:
            return "new"
        return "known" if any(self.outcomes[kind] for kind in KINDS) else "passed"

    @property
    def signs(self) -> list[tuple[int, str, str]]:
        """Count, sign and word of every outcome but passed that occurred."""
        return [
            (self.outcomes[name], GLYPHS[name], WORDS[name])
            for name in ("failed", "errored", "unsupported", "not_run")
            if self.outcomes[name]
        ]

    @property
    def text(self) -> str:
        """The cell in one line, such as ``412/430 · 18 ✗``."""
        parts = [f"{self.outcomes['passed']}/{self.ran}"] if self.ran else []
        parts += [f"{count} {sign}" for count, sign, _ in self.signs]
        return " · ".join(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """Everything that the outputs draw on.

    Attributes:
        columns: The runs, by label.
        operations: Every operation, the core ones first.
        tallies: Counts by operation and column key.
        differences: What failed or errored, by operation, check and column.
        outcomes: Outcomes by check that somebody failed, by column key.
        agreement: By operation, how many questions (checks by whatever route) so many
            adapters got wrong, of so many that were asked.
        generated: When.
        clauses: The specification's sentences.
    """

    columns: tuple[Column, ...]
    operations: tuple[str, ...]
    tallies: Mapping[tuple[str, str], Tally]
    differences: tuple[Difference, ...]
    outcomes: Mapping[str, Mapping[str, str]]
    agreement: Mapping[str, Counter[tuple[int, int]]]
    generated: str
    clauses: Mapping[str, str]

    @property
    def new(self) -> tuple[Difference, ...]:
        """The differences that nobody expected."""
        return tuple(each for each in self.differences if each.new)

    @property
    def stale(self) -> tuple[tuple[Column, str], ...]:
        """Complaints about known differences that no longer hold."""
        return tuple((one, line) for one in self.columns for line in one.judged.stale)

    @property
    def incomplete(self) -> tuple[Column, ...]:
        """The runs from which something is missing."""
        return tuple(one for one in self.columns if one.judged.incomplete)

    def cell(self, operation: str, column: Column) -> tuple[str, str]:
        """Return one place of the matrix as its state and text."""
        tally = self.tallies.get((operation, column.key))
        if tally is not None:
            return tally.state, tally.text
        if column.judged.incomplete:
            return "not_run", "· not run"
        return "unsupported", "no checks"

    def verdict(self) -> str:
        """Return the page's first sentence: counts with their denominator."""
        total = sum(tally.ran for tally in self.tallies.values())
        new, stale = len(self.new), len(self.stale)
        known = len(self.differences) - new
        declined = sum(t.outcomes["unsupported"] for t in self.tallies.values())
        names = _listed([column.system for column in self.columns])
        if len(self.columns) > NAMED:
            names = f"{len(self.columns)} adapters"
        text = (
            f"{names}: {len(self.differences):,} of {total:,} checks differ from the "
            f"specification; {known:,} known, {new:,} new, {stale:,} fixed or stale."
        )
        return text + (f" Unsupported: {declined:,} more." if declined else "")


def anchor(text: str) -> str:
    """Return ``text`` as an id that needs no escaping in a link.

    >>> anchor("masked_mean/value:float32:eager")
    'masked_mean/value:float32:eager'
    """
    return re.sub(r"[^A-Za-z0-9_.:/-]", "_", text) or "_"


def columns(runs: Sequence[Run]) -> tuple[Column, ...]:
    """Return the runs in alphabetical order, each with a label of its own."""
    names = Counter(run.header.adapter for run in runs)
    labelled = []
    for run in runs:
        header = run.header
        version = header.versions.get(header.framework, header.suite)
        twice = names[header.adapter] > 1
        label = f"{header.adapter} ({version})" if twice else header.adapter
        labelled.append((label, str(run.path), run))
    labels, keys, files = set[str](), set[str](), set[str]()
    made = []
    for name, _, run in sorted(labelled, key=lambda each: each[:2]):
        label = _free(name, labels, " #")
        key = _free(anchor(label).replace("/", "_"), keys)
        file = _free(re.sub(r"[^A-Za-z0-9_-]+", "-", key), files)
        column = Column(label=label, key=key, file=file, run=run, judged=judge(run))
        made.append(column)
    return tuple(made)


def view(seen: Sequence[Column], *, generated: str, clauses: Mapping[str, str]) -> View:
    """Return everything that the outputs draw on."""
    tallies: dict[tuple[str, str], Tally] = {}
    bad: list[Difference] = []
    answered: dict[str, dict[str, bool]] = {}
    for column in seen:
        for result in column.run.results:
            check = parse_check(result.check)
            place = (check.operation, column.key)
            tallies.setdefault(place, Tally()).add(result)
            if result.outcome in KINDS:
                bad.append(Difference(column=column, result=result, check=check))
            if result.outcome in ("passed", *KINDS):
                # Frameworks differ in their primary route, never in the question.
                asked = answered.setdefault(result.check.rpartition(":")[0], {})
                wrong = asked.get(column.key, False) or result.outcome in KINDS
                asked[column.key] = wrong
    order = _operations(seen, (operation for operation, _ in tallies))
    rank = {operation: at for at, operation in enumerate(order)}
    bad.sort(key=lambda d: (rank[d.check.operation], d.result.check, d.column.key))
    agreement: dict[str, Counter[tuple[int, int]]] = {name: Counter() for name in order}
    for question, asked in answered.items():
        operation = re.split(r"[./]", question, maxsplit=1)[0]
        agreement[operation][sum(asked.values()), len(asked)] += 1
    return View(
        columns=tuple(seen),
        operations=order,
        tallies=tallies,
        differences=tuple(bad),
        outcomes=_outcomes(seen, (each.result.check for each in bad)),
        agreement=agreement,
        generated=generated,
        clauses=clauses,
    )


def _operations(seen: Iterable[Column], found: Iterable[str]) -> tuple[str, ...]:
    named = [name for column in seen for name in column.run.header.operations]
    every = dict.fromkeys((*named, *found))
    first = [name for name in CORE if name in every]
    return (*first, *(name for name in every if name not in CORE))


def _outcomes(
    seen: Iterable[Column], wanted: Iterable[str]
) -> dict[str, dict[str, str]]:
    every: dict[str, dict[str, str]] = {check: {} for check in wanted}
    for column in seen:
        for result in column.run.results:
            if result.check in every:
                every[result.check][column.key] = result.outcome
    return every


def _free(name: str, taken: set[str], joint: str = "-") -> str:
    """Return ``name``, numbered if it is taken, and take it."""
    free, number = name, 2
    while free.lower() in taken:
        free, number = f"{name}{joint}{number}", number + 1
    taken.add(free.lower())
    return free


def _listed(names: Sequence[str]) -> str:
    if len(names) < 2:  # noqa: PLR2004 - one name needs no "and"
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"
