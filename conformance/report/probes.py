"""What probes found, model by model: the questions, the answers, the places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import parse_check
from conformance.report.signs import SIGNS, Mark

if TYPE_CHECKING:
    from conformance.records import Result
    from conformance.report.columns import Column
    from conformance.report.view import View

PROBE = "probe"
"""The operation whose checks a probe's answers are."""

LISTED = 60
"""Models that are shown one by one; all are in the tables and in their records."""

TEXT = 200
"""Characters of a leak and of its place in the table of models."""

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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProbeLine:
    """One model as a row of the table of models.

    Attributes:
        column: Its run.
        marks: A mark for each question.
        worst: The size of the largest leak, in words; empty where there is none.
        place: Where it comes in.
    """

    column: Column
    marks: tuple[Mark, ...]
    worst: str
    place: str


def grid(view: View) -> tuple[list[str], list[ProbeLine]]:
    """Return the questions, and every model that was probed as a row of marks."""
    columns = [
        column for column in view.columns if PROBE in column.run.header.operations
    ]
    named: dict[str, None] = {}
    found = []
    for column in columns:
        answers: dict[str, list[Result]] = {}
        for result in column.run.results:
            if result.check.startswith(f"{PROBE}."):
                variant = parse_check(result.check).variant
                name = variant.split(".")[1].replace("-", " ")
                answers.setdefault(name, []).append(result)
        named |= dict.fromkeys(answers)
        found.append((column, answers))
    questions = list(named)
    return questions, [_line(column, answers, questions) for column, answers in found]


def _line(
    column: Column, answers: dict[str, list[Result]], questions: list[str]
) -> ProbeLine:
    leaks = [
        each
        for name in questions
        for each in answers.get(name, ())
        if each.outcome == "failed"
    ]
    # The first question with a leak is the plainest; its size stands in its text.
    first = leaks[0] if leaks else None
    failure = first.failure if first is not None else None
    place = failure.diagnosis.partition("\n")[0] if failure is not None else ""
    return ProbeLine(
        column=column,
        marks=tuple(_mark(answers.get(name, [])) for name in questions),
        worst=first.message.partition(": ")[2][:TEXT] if first is not None else "",
        place=place[:TEXT],
    )


def _mark(found: list[Result]) -> Mark:
    words = {each.message.partition(": ")[0] for each in found}
    outcomes = {each.outcome for each in found}
    if "failed" in outcomes:
        return Mark(sign=SIGNS["wrong"])
    if "errored" in outcomes:
        return Mark(sign=SIGNS["raises"])
    if "passed" in outcomes:
        return Mark(sign=SIGNS["right"])
    # NaN at padding is no verdict on finite numbers: an outline.
    return Mark(sign=SIGNS["nan" if "nan" in words else "idle"], unusual="nan" in words)
