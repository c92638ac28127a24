"""What is new, one card for each mistake: what a red gate is read for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.records import clean, parse_check
from conformance.records.show import show
from conformance.report.arrays import Table, tables
from conformance.report.probes import PROBE
from conformance.report.signs import SIGNS, Mark, worst
from conformance.report.strands import Strand, sorted_strands

if TYPE_CHECKING:
    from conformance.records import Array, Result
    from conformance.report.view import View

SHOWN = 40
"""Mistakes that have a card; the rest is among the causes."""

NAMED = 5
"""Cases and laws that a card names."""

NUMBERS = 160
"""Characters of an answer that stand on a card."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MistakeCard:
    """One mistake of one run.

    Attributes:
        label: The run.
        variant: Whose answer is shown.
        operation: The operation.
        title: What was recognised, or what is wrong.
        mark: The worst that it does.
        where: On which input.
        checks: The checks that fail, the first ones.
        total: How many fail.
        items: Cases and laws, the most frequent first.
        more: How many further ones there are.
        joined: How many checks were not recognised by themselves and are counted here.
        inputs: The smallest input, by name.
        got: The answer.
        want: The exact one.
        command: Runs it again.
        href: The same in full.
        url: Where others have the same mistake.
    """

    label: str
    variant: str
    operation: str
    title: str
    mark: Mark
    where: str
    checks: list[str]
    total: int
    items: list[str]
    more: int
    joined: int
    inputs: list[Table]
    got: str
    want: str
    command: str
    href: str
    url: str


def mistakes(view: View) -> list[MistakeCard]:
    """Return what is new, one entry for each mistake of each run, the worst first."""
    whole = {each.id: each.result for each in view.picked}
    return [
        _mistake(strand, whole.get(strand.first.id) if strand.first else None)
        for strand in new_strands(view)
    ]


def new_strands(view: View) -> list[Strand]:
    """Return what is new by cause.

    What was not recognised joins the operation's only recognised mistake: it is most
    likely the same, seen through a law that names nothing.
    """
    by_place: dict[tuple[str, str], list[Strand]] = {}
    for strand in view.count.strands.values():
        if strand.new and strand.operation != PROBE:
            place = strand.column.key, strand.operation
            by_place.setdefault(place, []).append(strand)
    found = []
    for strands in by_place.values():
        named = [each for each in strands if each.recognised]
        if len(named) == 1:
            one = _copy(named[0])
            for other in strands:
                if other is not named[0]:
                    one.join(other)
            found.append(one)
        else:
            found += strands
    return sorted_strands(found)


def _copy(strand: Strand) -> Strand:
    copied = Strand(
        cause=strand.cause,
        operation=strand.operation,
        column=strand.column,
        title=strand.title,
        known=strand.known,
        first=strand.first,
    )
    copied.join(strand)
    copied.joined = 0
    return copied


def _mistake(strand: Strand, whole: Result | None) -> MistakeCard:
    usual, every = worst(strand.usual), worst(strand.kinds)
    sign = SIGNS.get(usual or every, SIGNS["wrong"])
    first = strand.first
    result = whole if whole is not None else (first.result if first else None)
    failure = result.failure if result is not None else None
    check = parse_check(result.check) if result is not None else None
    items = [name.rpartition(".")[2] for name, _ in strand.clauses.most_common()]
    message = result.message if result is not None else ""
    diagnosis = failure.diagnosis if failure else ""
    shown = tables(failure, check.dtype) if failure and check else []
    worst_of = failure.worst if failure else None
    dtype = check.dtype if check else "float32"
    return MistakeCard(
        label=strand.column.label,
        variant=check.variant if check else strand.operation,
        operation=strand.operation,
        title=strand.title or clean(message, 300) or sign.word,
        mark=Mark(sign=sign, unusual=not usual),
        where="on ordinary input" if usual else "on unusual input only",
        checks=strand.checks,
        total=strand.total,
        items=items[:NAMED],
        more=len(items[NAMED:]),
        joined=strand.joined,
        inputs=[table for table in shown if table.name not in {"mask", "got", "want"}],
        got=_numbers(failure.got, worst_of.got if worst_of else [], dtype)
        if failure
        else "",
        want=_numbers(failure.want, worst_of.want if worst_of else [], dtype)
        if failure
        else "",
        command=failure.command if failure else "",
        href=f"#{first.id}" if first is not None and whole is not None else "",
        url=_link(diagnosis),
    )


def _numbers(whole: Array, worst_of: Array, dtype: str) -> str:
    """Return an answer if it is short, else its worst element."""
    if whole == []:
        return ""
    text = show([whole], dtype)
    return text if len(text) <= NUMBERS or worst_of == [] else show([worst_of], dtype)


def _link(diagnosis: str) -> str:
    return diagnosis.rpartition("; see ")[2] if "; see http" in diagnosis else ""
