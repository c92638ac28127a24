"""Results counted by what they mean: by topic, and by cause.

Old records say neither kind nor topic nor cause; what they do say is enough for a guess
that is never better than the truth.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from conformance.records import SORTS, gist, name_cause
from conformance.report.signs import worst
from conformance.specification.declaration import FRAMEWORKS
from conformance.specification.topics import BY_NAME, find_topic

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.records import CheckId, Known, Result
    from conformance.report.columns import Column

CHECKS = 40
"""Checks of one cause in one run that are named."""

STRANDS = 5_000
"""Causes by run that are told apart; what comes after is counted by operation."""

ROOM = 200
"""Differences of one cause in one run that can have a card, new ones and known ones."""

UNNAMED = "not-recognised"
"""How the causes begin that nobody named."""

MISSING = "the adapter has no "
"""How the reason begins where a system does not offer an operation at all."""


@dataclass(slots=True, kw_only=True)
class TopicTally:
    """The checks of one run about one topic of one operation.

    Attributes:
        kinds: What failed, by kind.
        new: The same of what nobody expected.
        passed: How many passed.
        impossible: How many are declared impossible.
        missing: How many are of an operation that is not offered.
        idle: How many were not run.
    """

    kinds: Counter[str] = field(default_factory=Counter)
    new: Counter[str] = field(default_factory=Counter)
    passed: int = 0
    impossible: int = 0
    missing: int = 0
    idle: int = 0

    def add(self, result: Result) -> None:
        """Count one result."""
        outcome = result.outcome
        if outcome == "passed":
            self.passed += 1
        elif outcome == "not_run":
            self.idle += 1
        elif outcome != "unsupported":
            kind = guess_kind(result)
            self.kinds[kind] += 1
            self.new[kind] += not result.accepted
        elif result.message.startswith(MISSING):
            self.missing += 1
        else:
            self.impossible += 1


@dataclass(slots=True, kw_only=True)
class Strand:
    """What fails for one cause in one run.

    Attributes:
        cause: The cause's id.
        operation: The operation.
        column: The run.
        total: How many checks.
        new: How many of them nobody expected.
        kinds: What they look like.
        usual: The same on ordinary input.
        topics: What they are about.
        clauses: What they break, as often as they do.
        checks: Their ids, the first ones.
        title: What they have in common, in words.
        known: Why it is expected, if it is.
        first: The one that shows it best.
        joined: How many were not recognised by themselves and are counted here.
    """

    cause: str
    operation: str
    column: Column
    total: int = 0
    new: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    usual: Counter[str] = field(default_factory=Counter)
    topics: Counter[str] = field(default_factory=Counter)
    clauses: Counter[str] = field(default_factory=Counter)
    checks: list[str] = field(default_factory=list)
    title: str = ""
    known: Known | None = None
    first: Any = None
    joined: int = 0
    _room: Counter[bool] = field(default_factory=Counter)

    @property
    def recognised(self) -> bool:
        """Whether somebody, or the diagnosis, has said what it is."""
        return bool(self.title)

    def take(self, result: Result, check: CheckId, kind: str, topic: str) -> bool:
        """Count a difference, and tell whether there is room to show it."""
        new = not result.accepted
        self.total += 1
        self.new += new
        self.kinds[kind] += 1
        self.topics[topic] += 1
        if topic in BY_NAME and BY_NAME[topic].ordinary:
            self.usual[kind] += 1
        self.clauses[result.clause or check.item] += 1
        if len(self.checks) < CHECKS:
            self.checks.append(result.check)
        if not self.title and self.cause.partition(".")[2][: len(UNNAMED)] != UNNAMED:
            self.title = title_of(result)
        if self.known is None and result.accepted:
            self.known = result.known
        self._room[new] += 1
        return self._room[new] <= ROOM

    def join(self, other: Strand) -> None:
        """Count another strand of the same operation here."""
        self.total += other.total
        self.new += other.new
        self.joined += other.total
        for mine, theirs in (
            (self.kinds, other.kinds),
            (self.usual, other.usual),
            (self.topics, other.topics),
            (self.clauses, other.clauses),
        ):
            mine.update(theirs)
        self.checks += other.checks[: max(0, CHECKS - len(self.checks))]


def title_of(result: Result) -> str:
    """Return a cause in words: the finding, the reason, or what was recognised."""
    if result.known is not None and result.accepted:
        return result.known.finding or result.known.reason
    return gist(result)


def find_cause(result: Result, operation: str, kind: str) -> str:
    """Return the id of a difference's cause; what is not recognised goes by kind."""
    named = result.cause or name_cause(operation, title_of(result))
    return named or f"{operation}.{UNNAMED}-{kind}"


def guess_kind(result: Result) -> str:
    """Return a difference's kind; of an old record what its evidence tells."""
    if result.kind:
        return result.kind
    if result.outcome == "errored":
        return "raises"
    worst = None if result.failure is None else result.failure.worst
    if worst is None:
        return "shape" if " returned shape " in result.message else "wrong"
    return "nan" if not _is_finite(worst.got) and _is_finite(worst.want) else "wrong"


def guess_topic(result: Result, check: CheckId, primary: str) -> str:
    """Return a check's topic; of an old or a foreign record what its id tells."""
    if result.topic in BY_NAME:
        return result.topic
    # A case that passed does not say its clause: it counts as one about the value.
    return find_topic(result.clause or check.item, check.dtype, check.route, primary)


def primary_route(framework: str) -> str:
    """Return the route that checks of a framework have where they need no other."""
    traits = FRAMEWORKS.get(framework)
    return traits.primary if traits else ""


def _is_finite(value: object) -> bool:
    return isinstance(value, int | float) and math.isfinite(value)


def sorted_strands(strands: Iterable[Strand]) -> list[Strand]:
    """Return causes, the worst first: on ordinary input, then by kind, then new."""

    def order(strand: Strand) -> tuple[object, ...]:
        usual = worst(strand.usual)
        kind = usual or worst(strand.kinds)
        place = SORTS.index(kind) if kind in SORTS else len(SORTS)
        size = -sum(strand.usual.values()), -strand.total
        return not usual, place, not strand.title, *size, strand.cause

    return sorted(strands, key=order)
