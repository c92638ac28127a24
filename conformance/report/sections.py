"""The page's parts that need choosing: which differences get a card, a row, a place."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from conformance.report.arrays import Table, tables, weights
from conformance.report.markdown import issue
from conformance.report.view import GLYPHS, WORDS, Column, Difference
from conformance.results import clean

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.report.view import View

CARDS = 200
CARD_BYTES = 1_500_000
ROW_CELLS = 20_000
"""What the page shows in full; the rest is counted, and stands in the run's record."""

TRACE = 4_000
CODE = 6_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """New differences of one item in one run: the first, and how many."""

    first: Difference
    count: int
    href: str


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
    new: int
    total: int


def chosen(view: View) -> list[Difference]:
    """Return the differences that get a card, the same kind of failure not twice first.

    New ones come before known ones, and the first of each operation, item and run
    before its second, so that a flood of equal failures leaves room for the others.
    """
    seen: Counter[tuple[str, str, str]] = Counter()
    ranked = []
    for place, each in enumerate(view.differences):
        kind = (each.check.operation, each.check.item, each.column.key)
        ranked.append((seen[kind], not each.new, place, each))
        seen[kind] += 1
    ranked.sort(key=lambda one: one[:3])
    size, picked = 0, []
    for _, _, place, each in ranked[:CARDS]:
        size += len(msgspec.json.encode(each.result))
        if size > CARD_BYTES:
            break
        picked.append((place, each))
    return [each for _, each in sorted(picked, key=lambda one: one[0])]


def kinds(view: View, picked: Iterable[Difference]) -> list[Kind]:
    """Return what is new by operation, item and run, one of each in full."""
    cards = {each.id for each in picked}
    found: dict[tuple[str, str, str], list[Difference]] = {}
    for each in view.new:
        kind = (each.check.operation, each.check.item, each.column.key)
        found.setdefault(kind, []).append(each)
    made = []
    for (operation, item, _), differences in found.items():
        first = next((each for each in differences if each.id in cards), differences[0])
        href = f"#{first.id}" if first.id in cards else f"#d-{operation}-{item}"
        made.append(Kind(first=first, count=len(differences), href=href))
    return made


def shelves(view: View, picked: Iterable[Difference]) -> list[Shelf]:
    """Return the cards by operation and run."""
    made: dict[tuple[str, str], Shelf] = {}
    totals = Counter((d.check.operation, d.column.key) for d in view.differences)
    for each in picked:
        place = (each.check.operation, each.column.key)
        if place not in made:
            made[place] = Shelf(
                id=f"c-{place[0]}--{place[1]}",
                operation=place[0],
                column=each.column,
                cards=[],
                total=totals[place],
            )
        made[place].cards.append(_card(view, each))
    rank = {operation: at for at, operation in enumerate(view.operations)}
    return sorted(made.values(), key=lambda shelf: (rank[shelf.operation], shelf.id))


def groups(view: View, picked: Iterable[Difference]) -> list[Group]:
    """Return every difference by operation and item, what is new first."""
    cards = {each.id for each in picked}
    by_item: dict[str, dict[str, dict[str, list[Difference]]]] = {}
    for each in view.differences:
        items = by_item.setdefault(each.check.operation, {})
        checks = items.setdefault(each.check.item, {})
        checks.setdefault(each.result.check, []).append(each)
    room = ROW_CELLS // max(1, len(view.columns))
    made = []
    for operation, found in by_item.items():
        listed = []
        for name, checks in found.items():
            listed.append(_item(view, cards, (operation, name), checks, room))
            room -= len(listed[-1].rows)
        listed.sort(key=lambda item: (-item.new, -item.total, item.name))
        made.append(
            Group(
                id=f"d-{operation}",
                operation=operation,
                items=listed,
                new=sum(item.new for item in listed),
                total=sum(item.total for item in listed),
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
    shown = list(checks.items())[: max(3, min(room, 200))]
    every = [each for differences in checks.values() for each in differences]
    clauses = sorted({each.result.clause for each in every} - {""})
    named = (
        f"op:{place[0]}",
        f"item:{place[1]}",
        *(f"clause:{one}" for one in clauses),
    )
    return Item(
        id=f"d-{place[0]}-{place[1]}",
        name=place[1],
        rows=[_row(view, cards, check, found) for check, found in shown],
        hidden=len(checks) - len(shown),
        new=sum(each.new for each in every),
        total=len(every),
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
