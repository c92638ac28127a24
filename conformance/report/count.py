"""The results of all runs, counted; what is kept of one is what the page may show.

Results are read twice and never held: the first reading counts all of them and keeps
the outline of as many differences as there is room for, the second takes the evidence
of those that get a card. A million results need no more memory than ten thousand.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import msgspec

from conformance.gate import KINDS
from conformance.records import CheckId, Result, gist, parse_check
from conformance.report.columns import Column, anchor
from conformance.report.strands import (
    STRANDS,
    UNNAMED,
    Strand,
    TopicTally,
    find_cause,
    guess_kind,
    guess_topic,
    primary_route,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LISTED = 10_000
"""Differences that can be listed; of new ones as many again."""

MESSAGE = 300
"""Characters of a message where the difference has no card."""

_ASKED = 1 << 20
"""More runs than a page can have."""

_OPERATION = re.compile(r"[./]")

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
class Difference:
    """A result that failed or errored, with the adapter that it belongs to.

    Attributes:
        column: The run.
        result: The result; without its evidence unless the difference has a card.
        check: The parts of its id.
        size: Bytes of the whole result.
        gist: What it has in common with others, such as the mistake that was
            recognised; empty where nothing is known.
        cause: The id of its cause.
    """

    column: Column
    result: Result
    check: CheckId
    size: int = 0
    gist: str = ""
    cause: str = ""

    @property
    def id(self) -> str:
        """The anchor of its card."""
        return f"f-{anchor(self.result.check)}--{self.column.key}"

    @property
    def new(self) -> bool:
        """Whether nobody expected it."""
        return not self.result.accepted

    @property
    def kind(self) -> tuple[str, str, str]:
        """Operation, mistake or else item, and run: one kind is shown together."""
        return self.check.operation, self.gist or self.check.item, self.column.key


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
        self.new += result.outcome in KINDS and not result.accepted
        share = result.share
        if (
            result.outcome == "passed"
            and isinstance(share, int | float)
            and share > self.share
        ):
            self.share, self.tightest = share, result.check

    @property
    def bad(self) -> int:
        """Checks that failed or errored."""
        return sum(self.outcomes[kind] for kind in KINDS)

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
        return "known" if self.bad else "passed"

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


@dataclass(slots=True, kw_only=True)
class Count:
    """Everything that the first reading of the results finds.

    Attributes:
        tallies: Counts by operation and column key.
        grid: Counts by column key, operation and topic.
        strands: What fails for one cause in one run, by column key and cause.
        kinds: How many new differences each kind has.
        differences: Those that can be listed, without their evidence.
        agreement: By operation, how many questions (checks by whatever route) so many
            adapters got wrong, of so many that were asked.
    """

    tallies: dict[tuple[str, str], Tally] = field(
        default_factory=lambda: defaultdict(Tally)
    )
    grid: dict[tuple[str, str, str], TopicTally] = field(
        default_factory=lambda: defaultdict(TopicTally)
    )
    strands: dict[tuple[str, str], Strand] = field(default_factory=dict)
    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    agreement: dict[str, Counter[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _full: Counter[bool] = field(default_factory=Counter)

    def take(self, column: Column, result: Result, check: CheckId, topic: str) -> None:
        """Count one difference, and keep its outline while there is room."""
        named = gist(result)[:MESSAGE]
        kind = guess_kind(result)
        cause = self._cause(find_cause(result, check.operation, kind), column, check)
        each = Difference(
            column=column, result=result, check=check, gist=named, cause=cause
        )
        self.kinds[each.kind] += each.new
        strand = self.strands.get((column.key, cause))
        if strand is None:
            strand = Strand(cause=cause, operation=check.operation, column=column)
            self.strands[column.key, cause] = strand
        room = strand.take(result, check, kind, topic)
        if room and self._full[each.new] < LISTED:
            self._full[each.new] += 1
            brief = msgspec.structs.replace(
                result, failure=None, message=result.message[: MESSAGE + 1]
            )
            size = len(msgspec.json.encode(result))
            each = replace(each, result=brief, size=size)
            self.differences.append(each)
            if strand.first is None or smaller(each, strand.first):
                strand.first = each

    def _cause(self, cause: str, column: Column, check: CheckId) -> str:
        """Return a cause, or that of everything else where there are too many."""
        full = len(self.strands) >= STRANDS
        if full and (column.key, cause) not in self.strands:
            return f"{check.operation}.{UNNAMED}"
        return cause


def smaller(one: Difference, other: Difference) -> bool:
    """Tell whether a difference shows its cause better: shorter, in a plainer dtype."""
    return (one.check.dtype != "float32", one.size) < (
        other.check.dtype != "float32",
        other.size,
    )


def count(seen: Sequence[Column]) -> Count:
    """Read every result once."""
    found = Count()
    questions: dict[str, dict[int, int]] = defaultdict(dict)
    for column in seen:
        asked: dict[str, dict[int, bool]] = defaultdict(dict)
        primary = primary_route(column.run.header.framework)
        for result in column.run.results:
            operation = _OPERATION.split(result.check, maxsplit=1)[0]
            found.tallies[operation, column.key].add(result)
            bad = result.outcome in KINDS
            check = parse_check(result.check)
            topic = guess_topic(result, check, primary)
            found.grid[column.key, operation, topic].add(result)
            if bad:
                found.take(column, result, check, topic)
            if len(seen) > 1 and (bad or result.outcome == "passed"):
                # Frameworks differ in their primary route, never in the question.
                question = hash(result.check.rpartition(":")[0])
                bad = bad or asked[operation].get(question, False)
                asked[operation][question] = bad
        for operation, answers in asked.items():
            told = questions[operation]
            for question, wrong in answers.items():
                # How many were asked and how many were wrong, in one small number.
                told[question] = told.get(question, 0) + 1 + wrong * _ASKED
    for operation, told in questions.items():
        for packed, times in Counter(told.values()).items():
            found.agreement[operation][packed // _ASKED, packed % _ASKED] += times
    return found


def collect(
    seen: Sequence[Column], picked: Iterable[Difference]
) -> dict[tuple[str, str], Result]:
    """Read every result once more, for those that are shown in full.

    Args:
        seen: The runs.
        picked: Differences that get a card.

    Returns:
        Whole results by column key and check.
    """
    wanted = {(each.column.key, each.result.check) for each in picked}
    return {
        (column.key, result.check): result
        for column in seen
        for result in column.run.results
        if (column.key, result.check) in wanted
    }
