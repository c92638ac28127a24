"""The failures that are shown in full, each on a card."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import clean
from conformance.report.arrays import Table, tables, weights
from conformance.report.markdown import issue
from conformance.report.ulp import ulp

if TYPE_CHECKING:
    from collections.abc import Iterable

    from conformance.report.columns import Column
    from conformance.report.count import Difference
    from conformance.report.view import View

TRACE = 4_000
CODE = 6_000


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


def _card(view: View, each: Difference) -> Card:
    result, failure = each.result, each.result.failure
    clause = view.clauses.get(result.clause, "")
    return Card(
        difference=each,
        tables=tables(failure, each.check.dtype) if failure else [],
        weights=weights(failure, each.check.dtype) if failure else [],
        clause=clause,
        ulp=ulp(failure.worst, each.check.dtype) if failure and failure.worst else "",
        # A known difference has a link, or a finding whose text is ready to send.
        issue=clean(issue(each, clause), CODE) if each.new else "",
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
