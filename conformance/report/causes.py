"""Causes instead of checks: what fails for one reason, in whatever systems."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import SORTS
from conformance.report.history import find_since
from conformance.report.marks import cause_id
from conformance.report.signs import SIGNS, Mark, worst
from conformance.report.strands import sorted_strands
from conformance.specification.topics import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from conformance.records import Known
    from conformance.report.history import Timeline
    from conformance.report.strands import Strand
    from conformance.report.systems import System
    from conformance.report.view import View

CAUSES = 1_000
"""Causes that the page lists; of more it has the worst."""

URLS = 3
"""Links of one cause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Affected:
    """A system that has a cause.

    Attributes:
        system: The system.
        total: In how many checks.
        new: In how many that nobody expected.
        href: A failure in full, where the page has one.
        since: Since which release it has it, where several were tried.
    """

    system: System
    total: int
    new: int
    href: str
    since: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """One cause.

    Attributes:
        id: Its anchor.
        operation: The operation.
        title: What it is, in words.
        mark: The worst that it does.
        affected: The systems that have it.
        topics: What it is about, in words.
        clauses: The clauses that it breaks.
        reasons: Why it is expected: each distinct reason once.
        urls: Where upstream discusses it.
        since: Versions on which it was recorded.
        total: Checks that fail for it.
        new: How many of them nobody expected.
        tokens: What the filter finds it by.
    """

    id: str
    operation: str
    title: str
    mark: Mark
    affected: list[Affected]
    topics: list[str]
    clauses: list[str]
    reasons: list[str]
    urls: list[str]
    since: list[str]
    total: int
    new: int
    tokens: str


def causes(
    view: View, rows: Sequence[System], told: Sequence[Timeline] = ()
) -> list[tuple[str, list[Cause]]]:
    """Return the causes by operation, the worst of each first.

    Args:
        view: Everything that was counted.
        rows: The systems.
        told: What earlier releases do, for those that were tried.
    """
    found: dict[str, list[Strand]] = {}
    for strand in sorted_strands(view.count.strands.values())[:CAUSES]:
        found.setdefault(strand.cause, []).append(strand)
    shown = {each.id for each in view.picked}
    made = [_cause(strands, rows, shown, told) for strands in found.values()]
    groups = []
    for operation in view.operations:
        own = [cause for cause in made if cause.operation == operation]
        if own:
            groups.append((operation, sorted(own, key=_order)))
    return groups


def _order(cause: Cause) -> tuple[object, ...]:
    return not cause.new, cause.mark.rank, -len(cause.affected), cause.id


def _cause(
    strands: Sequence[Strand],
    rows: Sequence[System],
    shown: set[str],
    told: Sequence[Timeline],
) -> Cause:
    first = strands[0]
    known = [each.known for each in strands if each.known is not None]
    titles = [each.title for each in strands if each.title]
    kind = worst(kind for each in strands for kind in each.usual)
    every = worst(kind for each in strands for kind in each.kinds)
    mark = Mark(sign=SIGNS.get(kind or every, SIGNS["wrong"]), unusual=not kind)
    affected = []
    for row in rows:
        keys = {column.key for column in row.columns}
        own = [each for each in strands if each.column.key in keys]
        if own:
            whole = [each.first.id for each in own if each.first is not None]
            affected.append(
                Affected(
                    system=row,
                    total=sum(each.total for each in own),
                    new=sum(each.new for each in own),
                    href=next((f"#{one}" for one in whole if one in shown), ""),
                    since=find_since(told, row.adapters, first.cause),
                )
            )
    clauses = sorted({name for each in strands for name in each.clauses})
    topics = [name for name in BY_NAME if any(name in s.topics for s in strands)]
    new = sum(each.new for each in strands)
    return Cause(
        id=cause_id(first.cause),
        operation=first.operation,
        title=titles[0] if titles else "not recognised",
        mark=mark,
        affected=affected,
        topics=[BY_NAME[name].title for name in topics],
        clauses=clauses,
        reasons=[text for text in _distinct(known, "reason") if text not in titles],
        urls=_distinct(known, "url")[:URLS],
        since=_distinct(known, "since")[:URLS],
        total=sum(each.total for each in strands),
        new=new,
        tokens=_tokens(strands, clauses, mark),
    )


def _distinct(known: Iterable[Known], field: str) -> list[str]:
    texts = (str(getattr(each, field)) for each in known)
    return list(dict.fromkeys(text for text in texts if text))


def _tokens(strands: Sequence[Strand], clauses: Iterable[str], mark: Mark) -> str:
    new = any(each.new for each in strands)
    known = any(each.total > each.new for each in strands)
    words = [
        f"op:{strands[0].operation}",
        *(f"clause:{name}" for name in clauses),
        *(f"adapter:{each.column.key}" for each in strands),
        *(f"kind:{name}" for name in SORTS if any(name in s.kinds for s in strands)),
        *(
            f"topic:{name}"
            for name in BY_NAME
            if any(name in s.topics for s in strands)
        ),
        *(["known:no"] if new else []),
        *(["known:yes"] if known else []),
        f"input:{'unusual' if mark.unusual else 'ordinary'}",
    ]
    return " ".join("".join(word.split()) for word in dict.fromkeys(words))
