"""The page's parts that look at whole runs: agreement, facts, declarations, knowns."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.results import SCHEMA

if TYPE_CHECKING:
    from conformance.report.view import Column, View


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How one operation's questions were answered by those that were asked.

    Attributes:
        counts: Questions that nobody, one, several and every adapter got wrong.
        alone: Questions that only one adapter was asked.
    """

    operation: str
    counts: tuple[int, int, int, int]
    alone: int

    @property
    def total(self) -> int:
        """Questions that two adapters or more were asked."""
        return sum(self.counts)


def diagnoses(view: View) -> list[tuple[str, str, list[tuple[Column, int]]]]:
    """Return the mistakes that were recognised, by operation, with the runs."""
    found: dict[tuple[str, str], Counter[str]] = {}
    for each in view.differences:
        named = each.result.failure.diagnosis if each.result.failure else ""
        if named:
            place = (each.check.operation, named)
            found.setdefault(place, Counter())[each.column.key] += 1
    return [
        (
            operation,
            named,
            [(one, counts[one.key]) for one in view.columns if counts[one.key]],
        )
        for (operation, named), counts in found.items()
    ]


def agreement(view: View) -> list[Agreement]:
    """Return where adapters disagree: one alone, several, or all of them.

    All in the same place speaks of the specification, one alone of that adapter.
    """
    made = []
    for operation in view.operations:
        counts, alone = [0, 0, 0, 0], 0
        for (wrong, asked), count in view.agreement[operation].items():
            if asked == 1:
                alone += count
            else:
                counts[3 if wrong == asked else min(wrong, 2)] += count
        found = (counts[0], counts[1], counts[2], counts[3])
        made.append(Agreement(operation=operation, counts=found, alone=alone))
    return made


def facts(view: View) -> list[tuple[str, str]]:
    """Return what the runs were asked for; several values where they differ."""
    every: dict[str, dict[str, None]] = {}
    for column in view.columns:
        header = column.run.header
        told = {
            "suite": header.suite,
            "specification": header.specification,
            "commit": header.commit,
            "level": header.level,
            "seed": str(header.seed),
            "examples": str(header.examples),
            "explored": str(header.explore or ""),
            "cases": f"{header.cases} ({header.cases_digest[:19]})",
        }
        for name, text in told.items():
            if text:
                every.setdefault(name, {})[text] = None
    return [(name, ", ".join(texts)) for name, texts in every.items()]


def declared(view: View) -> list[tuple[str, list[str]]]:
    """Return each implementation-defined behaviour and what every adapter states."""
    names = dict.fromkeys(
        name for column in view.columns for name in column.run.header.declared
    )
    return [
        (
            name,
            [c.run.header.declared.get(name) or "not declared" for c in view.columns],
        )
        for name in names
    ]


def observed(view: View) -> list[tuple[str, list[str]]]:
    """Return what adapters do where they declare nothing, by behaviour and variant."""
    footers = [column.run.footer for column in view.columns]
    seen = [{} if footer is None else footer.observed for footer in footers]
    names = dict.fromkeys(name for each in seen for name in each)
    behaviours = list(dict.fromkeys(name.partition(":")[0] for name in names))
    ordered = sorted(names, key=lambda name: behaviours.index(name.partition(":")[0]))
    return [(name, [each.get(name, "") for each in seen]) for name in ordered]


def data(view: View) -> dict[str, Any]:
    """Return the page's figures for programs."""
    return {
        "schema": SCHEMA,
        "generated": view.generated,
        "runs": [
            {
                "adapter": column.label,
                "versions": column.run.header.versions,
                "complete": not column.judged.incomplete,
                "counts": column.run.counts,
                "new": len(column.judged.new),
                "known": len(column.judged.known),
                "stale": len(column.judged.stale),
                "operations": {
                    operation: dict(view.tallies[operation, column.key].outcomes)
                    for operation in view.operations
                    if (operation, column.key) in view.tallies
                },
            }
            for column in view.columns
        ],
    }


def known(view: View) -> list[tuple[Column, str, str, str, int]]:
    """Return the known differences: run, reason, url, since, how many checks."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    by_key = {column.key: column for column in view.columns}
    for each in view.differences:
        why = each.result.known
        if why is not None:
            counts[each.column.key, why.reason, why.url, why.since] += 1
    return [
        (by_key[key], reason, url, since, count)
        for (key, reason, url, since), count in sorted(counts.items())
    ]
