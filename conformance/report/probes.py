"""What probes found, model by model: the questions, the answers, the places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import parse_check

if TYPE_CHECKING:
    from conformance.records import Result
    from conformance.report.columns import Column
    from conformance.report.view import View

PROBE = "probe"
"""The operation whose checks a probe's answers are."""

LISTED = 60
"""Models that are shown one by one; all are in the tables and in their records."""

SHOWN = {"same": "", "leak": "leak", "raises": "raises", "nan": "NaN"}
"""Kinds of answer as a reader sees them; the others are called what they are."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeRow:
    """One answer.

    Attributes:
        question: What was asked, with the output where there are several.
        route: How the model was called.
        outcome: The check's outcome.
        kind: The kind of answer; empty where there is nothing to say.
        text: The answer.
    """

    question: str
    route: str
    outcome: str
    kind: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbedTarget:
    """One model.

    Attributes:
        column: Its run.
        facts: What it takes and gives, and how long it took.
        notes: What a reader should know.
        rows: The answers to what was asked.
        unasked: Questions that do not apply, with the reason.
        places: Where leaks come in, a line for each sentence.
        command: How to ask again; empty where nothing leaks.
        script: A stand-alone script; empty where there is none.
        clean: Whether something was asked, and nothing failed.
    """

    column: Column
    facts: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    rows: tuple[ProbeRow, ...]
    unasked: tuple[tuple[str, str], ...]
    places: tuple[tuple[str, ...], ...]
    command: str
    script: str
    clean: bool


def is_probe_only(view: View) -> bool:
    """Tell whether there is nothing but probes."""
    return bool(view.operations) and set(view.operations) == {PROBE}


def list_probed(view: View) -> list[ProbedTarget]:
    """Return every model that was probed."""
    return [
        _target(column)
        for column in view.columns
        if PROBE in column.run.header.operations
    ][:LISTED]


def _target(column: Column) -> ProbedTarget:
    declared = column.run.header.declared
    asked = [(row, result) for result in column.run.results for row in (_row(result),)]
    failures = [each.failure for each in column.run.results if each.failure is not None]
    places = dict.fromkeys(each.diagnosis for each in failures if each.diagnosis)
    names = ("takes", "gives", "seconds")
    return ProbedTarget(
        column=column,
        facts=tuple((name, declared[name]) for name in names if name in declared),
        notes=tuple(each for each in declared.get("notes", "").split("; ") if each),
        rows=tuple(row for row, _ in asked if row.kind != "not asked"),
        unasked=tuple(
            (row.question, row.text) for row, _ in asked if row.kind == "not asked"
        ),
        places=tuple(tuple(each.splitlines()) for each in places),
        command=failures[0].command if failures else "",
        script=next((each.snippet for each in failures if each.snippet), ""),
        clean={row.outcome for row, _ in asked} - {"unsupported"} == {"passed"},
    )


def _row(result: Result) -> ProbeRow:
    check = parse_check(result.check)
    kind, _, text = result.message.partition(": ")
    question, _, output = check.variant.removeprefix(f"{PROBE}.").partition(".")
    name = question.replace("-", " ")
    return ProbeRow(
        question=f"{name} ({output})" if output else name,
        route=check.route,
        outcome=result.outcome,
        kind=SHOWN.get(kind, kind),
        text=text,
    )
