"""What a clause or a check means: what it asks for, why, and what it catches."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import click

from conformance.commands.mistakes import find_mistakes
from conformance.commands.options import tell
from conformance.errors import UnknownNameError
from conformance.operations import load_operations
from conformance.probe.words import WORDS
from conformance.records import parse_check
from conformance.records.show import show
from conformance.run import catalogue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from conformance.cases import Case
    from conformance.specification import Clause

LISTED = 12
"""Mistakes and cases that are listed; the pages have the others."""

LONG = 500
"""Characters of an array; the case file has the rest."""


def explain_clause(name: str) -> str:
    """Return what a clause asks for, why, what it catches, a case, and links.

    Args:
        name: A clause such as ``masked_mean.value``, a check's id, an operation, or a
            probe's question such as ``probe.more-padding``.

    Raises:
        UnknownNameError: There is no such clause, case or law.
    """
    if name.partition("/")[0].partition(".")[0] == "probe":
        return "\n".join(_question(name))
    found = catalogue.all_clauses()
    if name in load_operations():
        return "\n".join(_operation(name, found))
    case: Case | None = None
    if "/" in name:
        check = parse_check(name)
        every = catalogue.cases().get(check.operation, ())
        case = next((each for each in every if each.slug == check.item), None)
        name = case.clause if case else f"{check.operation}.{check.item}"
    if name not in found:
        raise UnknownNameError("clause", name, found)
    clause = found[name]
    parts = (
        _clause(clause),
        _mistake_lines(clause),
        _cases(clause, case),
        _links(clause),
    )
    return "\n\n".join("\n".join(lines) for part in parts if (lines := list(part)))


def _question(name: str) -> Iterator[str]:
    """Yield what a probe's question asks for, or all of them.

    Args:
        name: ``probe``, ``probe.more-padding``, or the id of a probe's check.
    """
    _, _, rest = name.partition("/")[0].partition(".")
    question = rest.partition(".")[0]
    if not question:
        yield "what a probe asks; `mask-conformance explain probe.QUESTION` says why:"
        yield from (f"  probe.{each.name}  {each.law}" for each in WORDS.values())
        return
    if question not in WORDS:
        raise UnknownNameError("question", question, WORDS)
    words = WORDS[question]
    yield f"probe.{words.name}: {words.title}"
    yield ""
    yield from _wrap(f"It must hold that {words.law}.")
    yield from _wrap(f"Why it is asked: {words.why}.")
    yield ""
    yield "The model is its own oracle: it is compared with itself, in two calls that"
    yield "should give the same. Rounding is told from a leak by float64."
    yield ""
    yield "read on:"
    yield "  docs/probe.md, what is asked, and where a leak comes in"
    yield "  docs/noise.md, how noise is told from a leak"
    yield f"  mask-conformance probe TARGET --question {words.name}"


def _operation(name: str, clauses: Mapping[str, Clause]) -> Iterator[str]:
    """Yield what an operation is, and its clauses."""
    operation = load_operations()[name]
    yield f"{operation.title} ({operation.number}):"
    yield f"  {operation.signature}"
    yield from _wrap(f"exact answer: {operation.formula}")
    yield from _wrap(f"error bound: {operation.bound}")
    yield ""
    yield "clauses, which `mask-conformance explain CLAUSE` explains:"
    for clause in clauses.values():
        if clause.operation == name:
            yield f"  {clause.id}  level {clause.level}"


def _clause(clause: Clause) -> Iterator[str]:
    operation = load_operations()[clause.operation]
    yield f"{clause.id} ({operation.number}.{clause.number}, level {clause.level})"
    yield ""
    yield from _wrap(clause.text)
    yield from _wrap(f"It catches {clause.why}.")
    yield ""
    yield f"{operation.title}:"
    yield f"  {operation.signature}"
    yield from _wrap(f"exact answer: {operation.formula}")
    yield from _wrap(f"error bound: {operation.bound}")


def _mistake_lines(clause: Clause) -> Iterator[str]:
    mistakes = find_mistakes(clause.operation, clause.id.partition(".")[2])
    if not mistakes:
        yield "mistakes that its law catches: no published one of this operation"
        return
    much = f", {LISTED} of {len(mistakes)}" if len(mistakes) > LISTED else ""
    yield f"mistakes that its law catches{much}:"
    for each in mistakes[:LISTED]:
        yield f"  {each.text}"
        if each.url:
            yield f"    {each.url}"


def _cases(clause: Clause, asked: Case | None) -> Iterator[str]:
    every = catalogue.cases().get(clause.operation, ())
    held = [each for each in every if each.clause == clause.id]
    shown = asked or min(held, key=_size, default=None)
    if shown is None:
        return
    yield f"{'this' if asked else 'a'} case: {shown.id}"
    yield f"  {shown.title}"
    yield f"  ({shown.source})"
    arrays = {**shown.inputs, "mask": shown.mask, "want": shown.want}
    for name, array in arrays.items():
        text = show([array], "float64")
        yield f"  {name} = {text if len(text) <= LONG else text[:LONG] + ' ...'}"
    if shown.weights:
        yield f"  and weights: {', '.join(shown.weights)}"
    others = [each for each in held if each is not shown]
    if others and not asked:
        yield ""
        yield "other cases:"
        yield from (f"  {each.id}  {each.title}" for each in others[:LISTED])
        if len(others) > LISTED:
            yield f"  and {len(others) - LISTED} more in cases/{clause.operation}.json"


def _links(clause: Clause) -> Iterator[str]:
    number = f"{load_operations()[clause.operation].number}.{clause.number}"
    law = clause.id.partition(".")[2]
    yield "read on:"
    yield f"  docs/specification.md, {number}"
    yield f"  docs/mutants.md, {clause.operation}"
    yield f"  mask-conformance run ADAPTER --check '{clause.operation}*/{law}:*'"


def _wrap(text: str) -> list[str]:
    return textwrap.wrap(text, 80, subsequent_indent="  ", break_long_words=False)


def _size(case: Case) -> int:
    return len(str((case.inputs, case.weights)))


@click.command("explain")
@click.argument("clause_or_check")
def command(clause_or_check: str) -> None:
    """Explain a clause, with a case and the mistakes it catches.

    CLAUSE_OR_CHECK is a clause such as masked_mean.value, a probe's question such as
    probe.more-padding, or a check's id.
    """
    tell(explain_clause(clause_or_check))
