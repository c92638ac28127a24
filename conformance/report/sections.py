"""The page's parts that need choosing: which differences get a card, a row, a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import clean
from conformance.report.arrays import Table, tables, weights
from conformance.report.count import GLYPHS, ROWS, WORDS, Difference
from conformance.report.markdown import issue
from conformance.report.ulp import ulp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.report.columns import Column
    from conformance.report.view import View

ROW_CELLS = 20_000
ITEMS = 2_000
"""Cells of the differences' tables, and cases and laws that have one; the rest is
counted, and stands in the record."""

LISTED = 40
"""Checks that are listed under a kind of difference."""

TRACE = 4_000
CODE = 6_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """New differences of one mistake or item in one run.

    Attributes:
        first: The first of them.
        count: How many there are.
        href: Where the first is shown.
        others: The further ones, as far as they are listed: check and place.
    """

    first: Difference
    count: int
    href: str
    others: list[tuple[str, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """One difference in full."""

    difference: Difference
    tables: list[Table]
    weights: list[Table]
    clause: str
    issue: str
    snippet: str
    trace: str
    tokens: str
    ulp: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The cards of one operation in one run."""

    id: str
    operation: str
    column: Column
    cards: list[Card]
    total: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """One check in one run: sign, word, and the card if there is one."""

    sign: str
    word: str
    href: str = ""
    known: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One check that somebody failed."""

    name: str
    marks: list[Mark]
    tokens: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """The differences of one case or law of one operation."""

    id: str
    name: str
    rows: list[Row]
    hidden: int
    new: int
    total: int
    clauses: list[str]
    scope: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """The differences of one operation."""

    id: str
    operation: str
    items: list[Item]
    hidden: int
    new: int
    total: int


def kinds(view: View) -> list[Kind]:
    """Return what is new, what says the same in one run together."""
    cards = {each.id: each for each in view.picked}
    found: dict[tuple[str, str, str], list[Difference]] = {}
    for each in view.new:
        found.setdefault(each.kind, []).append(each)
    made = []
    for (operation, item, key), differences in found.items():
        whole = (cards[each.id] for each in differences if each.id in cards)
        first = next(whole, differences[0])
        href = f"#{first.id}" if first.id in cards else f"#d-{operation}"
        count = view.count.kinds[operation, item, key]
        others = [
            (each.result.check, f"#{each.id}" if each.id in cards else "")
            for each in differences
            if each is not first and each.id != first.id
        ]
        made.append(Kind(first=first, count=count, href=href, others=others[:LISTED]))
    return made


def shelves(view: View) -> list[Shelf]:
    """Return the cards by operation and run."""
    made: dict[tuple[str, str], Shelf] = {}
    for each in view.picked:
        place = (each.check.operation, each.column.key)
        if place not in made:
            made[place] = Shelf(
                id=f"c-{place[0]}--{place[1]}",
                operation=place[0],
                column=each.column,
                cards=[],
                total=view.tallies[place].bad,
            )
        made[place].cards.append(_card(view, each))
    rank = {operation: at for at, operation in enumerate(view.operations)}
    return sorted(made.values(), key=lambda shelf: (rank[shelf.operation], shelf.id))


def groups(view: View) -> list[Group]:
    """Return every difference by operation and item, what is new first."""
    cards = {each.id for each in view.picked}
    by_item: dict[str, dict[str, dict[str, list[Difference]]]] = {}
    for each in view.differences:
        items = by_item.setdefault(each.check.operation, {})
        checks = items.setdefault(each.check.item, {})
        checks.setdefault(each.result.check, []).append(each)
    width = max(1, len(view.columns))
    cells, left = ROW_CELLS, min(ITEMS, 2 * ROW_CELLS // width)
    made = []
    for operation, found in by_item.items():
        gists = {name: view.count.gists[operation, name] for name in found}
        named = sorted(found, key=lambda n: (-gists[n].new, -gists[n].total, n))
        listed = []
        for name in named[: max(1, left)]:
            room = max(1, min(3, 60 // width), cells // width)
            listed.append(_item(view, cards, (operation, name), found[name], room))
            cells -= width * len(listed[-1].rows)
        left -= len(listed)
        every = [gist for (of, _), gist in view.count.gists.items() if of == operation]
        made.append(
            Group(
                id=f"d-{operation}",
                operation=operation,
                items=listed,
                hidden=len(every) - len(listed),
                new=sum(gist.new for gist in every),
                total=sum(gist.total for gist in every),
            )
        )
    return made


def _card(view: View, each: Difference) -> Card:
    result, failure = each.result, each.result.failure
    clause = view.clauses.get(result.clause, "")
    return Card(
        difference=each,
        tables=tables(failure, each.check.dtype) if failure else [],
        weights=weights(failure, each.check.dtype) if failure else [],
        clause=clause,
        ulp=ulp(failure.worst, each.check.dtype) if failure and failure.worst else "",
        issue=clean(issue(each, clause), CODE),
        snippet=clean(failure.snippet, CODE) if failure else "",
        trace=clean(failure.trace, TRACE) if failure else "",
        tokens=" ".join(
            (
                f"op:{each.check.operation}",
                f"item:{each.check.item}",
                f"clause:{''.join(result.clause.split()) or 'none'}",
                *_tokens([each]),
            )
        ),
    )


def _tokens(differences: Iterable[Difference]) -> list[str]:
    tokens: dict[str, None] = {}
    for each in differences:
        tokens[f"adapter:{each.column.key}"] = None
        tokens[f"dtype:{each.check.dtype}"] = None
        tokens[f"route:{each.check.route}"] = None
        tokens[f"status:{each.result.outcome}"] = None
        tokens[f"known:{'no' if each.new else 'yes'}"] = None
    return list(tokens)


def _item(
    view: View,
    cards: set[str],
    place: tuple[str, str],
    checks: dict[str, list[Difference]],
    room: int,
) -> Item:
    newest = sorted(checks.items(), key=lambda one: not any(d.new for d in one[1]))
    shown = newest[: min(room, ROWS)]
    gist = view.count.gists[place]
    clauses = sorted(gist.clauses - {""})
    named = (
        f"op:{place[0]}",
        f"item:{place[1]}",
        *(f"clause:{one}" for one in clauses),
    )
    return Item(
        id=f"d-{place[0]}-{place[1]}",
        name=place[1],
        rows=[_row(view, cards, check, found) for check, found in shown],
        hidden=len(gist.checks) - len(shown),
        new=gist.new,
        total=gist.total,
        clauses=clauses,
        scope=" ".join("".join(word.split()) for word in named),
    )


def _row(view: View, cards: set[str], check: str, differences: list[Difference]) -> Row:
    by_key = {each.column.key: each for each in differences}
    marks = []
    for column in view.columns:
        outcome = view.outcomes[check].get(column.key, "")
        each = by_key.get(column.key)
        marks.append(
            Mark(
                sign=GLYPHS.get(outcome, "-"),
                word=WORDS.get(outcome, "no check"),
                href=f"#{each.id}" if each and each.id in cards else "",
                known=each is not None and not each.new,
            )
        )
    first = differences[0].check
    return Row(
        name=f"{first.variant}:{first.dtype}:{first.route}",
        marks=marks,
        tokens=" ".join(_tokens(differences)),
    )
