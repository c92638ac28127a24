"""The page's parts that look at whole runs: agreement, facts, what was observed."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from conformance.gate import KINDS
from conformance.records import SCHEMA
from conformance.report.marks import observed_word
from conformance.report.signs import SIGNS, Mark
from conformance.report.systems import cut

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.records import Header
    from conformance.report.columns import Column
    from conformance.report.count import Tally
    from conformance.report.systems import System
    from conformance.report.view import View


RIGHTS = 5
"""Shares of the adapters that are right, the smallest, of one operation."""

OF_ANSWERS = ("padding of the answer", "subnormals")
"""What is observed of answers; the rest is of inputs, which a system takes or not."""

SAID = 3
"""Answers that one cell of what was observed names."""


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
                rights=tuple(rights[:RIGHTS]),
            )
        )
    return made


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentences:
    """The specification's sentences that a run on the page breaks.

    Attributes:
        shared: Those that several operations have in common, by the law's name.
        own: Those of one operation alone, by clause id, and the names of its shared
            ones, by operation.
    """

    shared: list[tuple[str, str]]
    own: dict[str, tuple[list[tuple[str, str]], list[str]]]


def clauses(view: View) -> Sentences:
    """Return the specification's sentences that a run on the page breaks."""
    broken = {
        result.clause
        for column in view.columns
        for result in column.run.results
        if result.outcome in KINDS
    }
    held = [
        (*name.partition(".")[::2], text)
        for name, text in view.clauses.items()
        if name in broken
    ]
    often = Counter((law, text) for _, law, text in held)
    own: dict[str, tuple[list[tuple[str, str]], list[str]]] = {}
    for operation, law, text in held:
        alone, names = own.setdefault(operation, ([], []))
        if often[law, text] > 1:
            names.append(law)
        else:
            alone.append((f"{operation}.{law}", text))
    shared = [each for each, count in often.items() if count > 1]
    return Sentences(shared=shared, own=own)


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
    found = [(name, ", ".join(texts)) for name, texts in every.items()]
    return found + list(shared(view).items())


def shared(view: View) -> dict[str, str]:
    """Return the versions and the machine's facts that are the same in all runs."""
    told = [
        column.run.header.versions | column.run.header.environment
        for column in view.columns
    ]
    alike = told[0] if len(told) > 1 else {}
    return {
        name: text
        for name, text in alike.items()
        if all(each.get(name) == text for each in told)
    }


def _questions(header: Header) -> dict[str, str]:
    """Return how many cases there were; a probe has questions."""
    if header.operations == ["probe"]:
        return {"questions": str(header.cases)}
    return {"cases": f"{header.cases} ({header.cases_digest[:19]})"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What one system does with what its adapter does not declare.

    Attributes:
        system: The system.
        marks: A mark for each behaviour; none where it is declared or not offered.
    """

    system: System
    marks: list[Mark | None]


def observed(view: View, rows: Sequence[System]) -> tuple[list[str], list[Seen]]:
    """Return the behaviours that were observed, and what each system does."""
    names: dict[str, None] = {}
    told: dict[str, dict[str, list[str]]] = {}
    for column in view.columns:
        footer = column.run.footer
        for name, text in footer.observed.items() if footer else ():
            behaviour = name.partition(":")[0]
            if behaviour in OF_ANSWERS:
                continue
            names[behaviour] = None
            told.setdefault(column.key, {}).setdefault(behaviour, []).append(text)
    made = []
    for row in rows:
        marks = [
            _seen_mark(
                [
                    text
                    for column in row.columns
                    for text in told.get(column.key, {}).get(name, ())
                ]
            )
            for name in names
        ]
        if any(marks):
            made.append(Seen(system=row, marks=marks))
    return list(names), made


def _seen_mark(texts: list[str]) -> Mark | None:
    if not texts:
        return None
    words = [observed_word(text) for text in texts]
    name = next(word for word in ("misread", "taken", "refused") if word in words)
    mine = (t for t, word in zip(texts, words, strict=True) if word == name)
    distinct = list(dict.fromkeys(mine))
    plain = {"right", "another answer, and no error"}
    note = ", ".join(text for text in distinct[:SAID] if text not in plain)
    return Mark(
        sign=SIGNS[name], failing=words.count(name), of=len(words), note=cut(note, 40)
    )


def fold_declared(declared: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return what an adapter declares, the variants that have the same together.

    >>> fold_declared({"routes": "eager", "T = 0: a": "error", "T = 0: b": "error"})
    [('routes', 'eager'), ('T = 0', 'error: a, b')]
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name, text in declared.items():
        what, _, glob = name.partition(": ")
        found.setdefault(what, {}).setdefault(text, []).extend([glob] if glob else [])
    return [
        (
            what,
            "; ".join(
                f"{text}: {', '.join(globs)}" if globs else text
                for text, globs in texts.items()
            ),
        )
        for what, texts in found.items()
    ]


def observed_answers(column: Column) -> list[tuple[str, str]]:
    """Return what was observed of a run's answers, by behaviour and variant."""
    footer = column.run.footer
    found = footer.observed.items() if footer else ()
    return [each for each in found if each[0].partition(":")[0] in OF_ANSWERS]


def shares(view: View) -> list[tuple[str, Column, Tally]]:
    """Return by operation the run whose passing checks used most of a bound."""
    found = []
    for operation in view.operations:
        tallies = [
            (column, tally)
            for column in view.columns
            if (tally := view.tallies.get((operation, column.key))) is not None
            and tally.share >= 0
        ]
        if tallies:
            column, tally = max(tallies, key=lambda each: each[1].share)
            found.append((operation, column, tally))
    return found


def data(view: View) -> dict[str, Any]:
    """Return the page's figures for programs.

    An operation that a system does not offer is left out: with 50 adapters that is most
    of them.
    """
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
                    and view.tallies[operation, column.key].ran
                },
            }
            for column, whole in ((one, view.whole(one)) for one in view.columns)
        ],
    }
