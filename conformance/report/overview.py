"""The page's parts that look at whole runs: agreement, facts, declarations, knowns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.records import SCHEMA

if TYPE_CHECKING:
    from conformance.records import Header
    from conformance.report.columns import Column
    from conformance.report.count import Tally
    from conformance.report.view import View


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One run of an adapter that has several: what another version changed."""

    column: Column
    tally: Tally

    @property
    def counts(self) -> tuple[int, int, int, int]:
        """Checks that passed, differ as known, are new, and were not run."""
        known = self.tally.bad - self.tally.new
        outcomes = self.tally.outcomes
        return outcomes["passed"], known, self.tally.new, outcomes["not_run"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement:
    """How one operation's questions were answered by those that were asked.

    Attributes:
        counts: Questions that nobody, one, several and every adapter got wrong.
        alone: Questions that only one adapter was asked.
        rights: Right in how many, of how many that were asked, how many questions.
    """

    operation: str
    counts: tuple[int, int, int, int]
    alone: int
    rights: tuple[tuple[int, int, int], ...]

    @property
    def total(self) -> int:
        """Questions that two adapters or more were asked."""
        return sum(self.counts)


def diagnoses(view: View) -> list[tuple[str, str, list[tuple[Column, int]]]]:
    """Return the mistakes that were recognised, by operation, with the runs."""
    counts = view.count.diagnoses
    rank = {operation: at for at, operation in enumerate(view.operations)}
    named = dict.fromkeys((operation, text) for operation, text, _ in counts)
    return [
        (
            operation,
            text,
            [
                (one, counts[operation, text, one.key])
                for one in view.columns
                if counts[operation, text, one.key]
            ],
        )
        for operation, text in sorted(named, key=lambda each: (rank[each[0]], each[1]))
    ]


def agreement(view: View) -> list[Agreement]:
    """Return where adapters disagree: one alone, several, or all of them.

    All in the same place speaks of the specification, one alone of that adapter.
    """
    made = []
    for operation in view.operations:
        counts, alone, rights = [0, 0, 0, 0], 0, []
        for (wrong, asked), count in view.count.agreement[operation].items():
            if asked == 1:
                alone += count
            else:
                counts[3 if wrong == asked else min(wrong, 2)] += count
                rights.append((asked - wrong, asked, count))
        rights.sort(key=lambda one: (one[0] / one[1], one))
        made.append(
            Agreement(
                operation=operation,
                counts=(counts[0], counts[1], counts[2], counts[3]),
                alone=alone,
                rights=tuple(rights),
            )
        )
    return made


def clauses(view: View) -> dict[str, list[tuple[str, str]]]:
    """Return the specification's sentences by operation, for those on the page."""
    found: dict[str, list[tuple[str, str]]] = {}
    for name, text in view.clauses.items():
        operation = name.partition(".")[0]
        if operation in view.operations:
            found.setdefault(operation, []).append((name, text))
    return found


def history(view: View) -> list[tuple[str, list[Version]]]:
    """Return the adapters that ran more than once, each run in the order of time."""
    runs: dict[str, list[Version]] = {}
    for column in view.columns:
        version = Version(column=column, tally=view.whole(column))
        runs.setdefault(column.run.header.adapter, []).append(version)
    return [
        (name, sorted(several, key=lambda one: one.column.run.header.started))
        for name, several in runs.items()
        if len(several) > 1
    ]


def offers(view: View) -> list[tuple[Column, list[str], list[str]]]:
    """Return each run with the operations that its system offers and those it lacks."""
    made = []
    for column in view.columns:
        named = column.run.header.operations
        tallies = {name: view.tallies.get((name, column.key)) for name in named}
        ran = [name for name, tally in tallies.items() if tally and tally.ran]
        lacking = [name for name, tally in tallies.items() if tally and not tally.ran]
        made.append((column, ran, lacking))
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
            **_questions(header),
        }
        for name, text in told.items():
            if text:
                every.setdefault(name, {})[text] = None
    return [(name, ", ".join(texts)) for name, texts in every.items()]


def _questions(header: Header) -> dict[str, str]:
    """Return how many cases there were; a probe has questions."""
    if header.operations == ["probe"]:
        return {"questions": str(header.cases)}
    return {"cases": f"{header.cases} ({header.cases_digest[:19]})"}


def declared_behaviours(view: View) -> list[tuple[str, list[str]]]:
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


def observed_behaviours(view: View) -> list[tuple[str, list[str]]]:
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
                "complete": not column.incomplete,
                "counts": column.run.counts,
                "new": whole.new,
                "known": whole.bad - whole.new,
                "stale": len(column.stale),
                "operations": {
                    operation: dict(view.tallies[operation, column.key].outcomes)
                    for operation in view.operations
                    if (operation, column.key) in view.tallies
                },
            }
            for column, whole in ((one, view.whole(one)) for one in view.columns)
        ],
    }


def known(view: View) -> list[tuple[Column, str, str, str, int]]:
    """Return the known differences: run, reason, url, since, how many checks."""
    by_key = {column.key: column for column in view.columns}
    rows = [
        (by_key[key], why.reason, why.url, why.since, count)
        for (key, why), count in view.count.known.items()
    ]
    return sorted(rows, key=lambda row: (row[0].key, *row[1:]))
