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
from conformance.records import CheckId, Known, Result, gist, parse_check
from conformance.report.columns import Column, anchor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROWS = 200
LISTED = 10_000
"""Checks of one item, and differences in all, that can be listed; of new ones as many
again."""

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
    """

    column: Column
    result: Result
    check: CheckId
    size: int = 0
    gist: str = ""

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
class Gist:
    """The differences of one item of one operation, counted.

    Attributes:
        total: How many there are, in all runs.
        new: How many of them nobody expected.
        clauses: What they break.
        checks: Hashes of the checks that somebody failed.
        listed: Hashes of those that can be listed.
    """

    total: int = 0
    new: int = 0
    clauses: set[str] = field(default_factory=set)
    checks: set[int] = field(default_factory=set)
    listed: set[int] = field(default_factory=set)
    _full: Counter[bool] = field(default_factory=Counter)

    def take(self, each: Difference) -> bool:
        """Count a difference and tell whether there is room to list it.

        What is new has room of its own: no flood of known ones hides it.
        """
        check = hash(each.result.check)
        self.total += 1
        self.new += each.new
        self.clauses.add(each.result.clause)
        self.checks.add(check)
        if check not in self.listed and self._full[each.new] < ROWS:
            self._full[each.new] += 1
            self.listed.add(check)
        return check in self.listed


@dataclass(slots=True, kw_only=True)
class Count:
    """Everything that the first reading of the results finds.

    Attributes:
        tallies: Counts by operation and column key.
        gists: Differences by operation and item.
        kinds: How many new differences each kind has.
        diagnoses: Recognised mistakes by operation, mistake and column key.
        known: Known differences by column key and why they are expected.
        differences: Those that can be listed, without their evidence.
        agreement: By operation, how many questions (checks by whatever route) so many
            adapters got wrong, of so many that were asked.
    """

    tallies: dict[tuple[str, str], Tally] = field(
        default_factory=lambda: defaultdict(Tally)
    )
    gists: dict[tuple[str, str], Gist] = field(
        default_factory=lambda: defaultdict(Gist)
    )
    kinds: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    diagnoses: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    known: Counter[tuple[str, Known]] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)
    agreement: dict[str, Counter[tuple[int, int]]] = field(
        default_factory=lambda: defaultdict(Counter)
    )
    _full: Counter[bool] = field(default_factory=Counter)

    def take(self, column: Column, result: Result, check: CheckId) -> None:
        """Count one difference, and keep its outline while there is room."""
        named = gist(result)[:MESSAGE]
        each = Difference(column=column, result=result, check=check, gist=named)
        self.kinds[each.kind] += each.new
        if named:
            self.diagnoses[check.operation, named, column.key] += 1
        if result.known is not None and result.accepted:
            self.known[column.key, result.known] += 1
        room = self.gists[check.operation, check.item].take(each)
        if room and self._full[each.new] < LISTED:
            self._full[each.new] += 1
            brief = msgspec.structs.replace(
                result, failure=None, message=result.message[: MESSAGE + 1]
            )
            size = len(msgspec.json.encode(result))
            self.differences.append(replace(each, result=brief, size=size))


def count(seen: Sequence[Column]) -> Count:
    """Read every result once."""
    found = Count()
    questions: dict[str, dict[int, int]] = defaultdict(dict)
    for column in seen:
        asked: dict[str, dict[int, bool]] = defaultdict(dict)
        for result in column.run.results:
            operation = _OPERATION.split(result.check, maxsplit=1)[0]
            found.tallies[operation, column.key].add(result)
            bad = result.outcome in KINDS
            if bad:
                found.take(column, result, parse_check(result.check))
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
    seen: Sequence[Column], listed: Iterable[Difference], picked: Iterable[Difference]
) -> tuple[dict[str, dict[str, str]], dict[tuple[str, str], Result]]:
    """Read every result once more, for what the page shows of it.

    Args:
        seen: The runs.
        listed: Differences whose checks are shown with the outcome of every run.
        picked: Differences that get a card.

    Returns:
        Outcomes by check and column key, and whole results by column key and check.
    """
    outcomes: dict[str, dict[str, str]] = {each.result.check: {} for each in listed}
    wanted = {(each.column.key, each.result.check) for each in picked}
    whole = {}
    for column in seen:
        for result in column.run.results:
            if result.check in outcomes:
                outcomes[result.check][column.key] = result.outcome
                if (column.key, result.check) in wanted:
                    whole[column.key, result.check] = result
    return outcomes, whole
