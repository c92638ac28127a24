"""Whether a row keeps its bits, as people read it: by operation, then by question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.operations import load_operations
from conformance.records.bits import QUESTIONS
from conformance.report.signs import SIGNS
from conformance.specification.device import kind_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.records.bits import BitsAnswer, BitsRow, BitsTable
    from conformance.report.signs import Sign

KEPT = frozenset(("bits", "other"))
"""Answers by which nothing has changed; one that is not asked says nothing."""

APART = frozenset(("rounding", "beyond"))
"""Answers by which bits have changed; the others are none."""

WORDS = {
    "right": "the same bits in every question",
    "digits": "apart by no more than rounding explains",
    "raises": "raises, or is not done in time",
    "wrong": "apart by more: a leak, or digits lost",
    "": "not asked",
}
"""The page's signs, as they are meant here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BitsCell:
    """One operation in one table.

    Attributes:
        sign: The worst of it.
        changed: The questions that change bits in some dtype.
        failed: The dtypes in which some question has no answer.
    """

    sign: Sign
    changed: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()

    @property
    def why(self) -> str:
        """What changes bits, and where there is no answer."""
        failed = f"no answer in {', '.join(self.failed)}" if self.failed else ""
        return "; ".join(filter(None, [", ".join(self.changed), failed]))

    @property
    def said(self) -> str:
        """The cell in words."""
        word = WORDS[self.sign.name]
        return f"{word}: {self.why}" if self.why else word


@dataclass(frozen=True, slots=True, kw_only=True)
class BitsSection:
    """One table in full, rows that say the same put together.

    Attributes:
        head: The adapter and where it ran.
        versions: What it ran on.
        kept: What keeps its bits in all that was asked: dtypes, and operations.
        rows: The rest: the operation, and what changes its bits by how much.
        notes: What was raised, or not done in time.
    """

    head: str
    versions: str
    kept: tuple[tuple[str, tuple[str, ...]], ...]
    rows: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BitsLine:
    """One operation in all tables.

    Attributes:
        operation: Its name.
        cells: A cell for each table.
    """

    operation: str
    cells: tuple[BitsCell, ...]

    @property
    def kept(self) -> int:
        """In how many tables it keeps its bits."""
        return sum(cell.sign.name == "right" for cell in self.cells)

    @property
    def changed(self) -> str:
        """The questions that change bits in some table."""
        found = {name for cell in self.cells for name in cell.changed}
        return ", ".join(name for name in QUESTIONS if name in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class BitsGrid:
    """All tables beside each other.

    Attributes:
        heads: A name for each table.
        rows: Each operation.
        sections: The tables in full.
    """

    heads: tuple[str, ...]
    rows: tuple[BitsLine, ...]
    sections: tuple[BitsSection, ...]


def lay_out(tables: Sequence[BitsTable]) -> BitsGrid | None:
    """Return some tables as the page has them; None where there is none."""
    if not tables:
        return None
    asked = {row.operation for table in tables for row in table.rows}
    known = [name for name in load_operations() if name in asked]
    names = [*known, *sorted(asked.difference(known))]
    return BitsGrid(
        heads=tuple(_name(table) for table in tables),
        rows=tuple(
            BitsLine(
                operation=name,
                cells=tuple(_cell(table, name) for table in tables),
            )
            for name in names
        ),
        sections=tuple(_section(table) for table in tables),
    )


def say_answer(answer: BitsAnswer) -> str:
    """Return an answer in a word, rounding as a share of the bounds."""
    if answer.kind == "rounding":
        return f"{answer.share:.1g}"
    return "-" if answer.kind == "other" else answer.kind


def _name(table: BitsTable) -> str:
    # Short, since it stands in a slanted head; the sections have it in full.
    adapter, kind = table.adapter.replace("_builtin", ""), kind_of(table.device)
    if kind == "cpu":
        return adapter
    return f"{kind}{', strict' if table.promised else ''}: {adapter}"


def _cell(table: BitsTable, operation: str) -> BitsCell:
    answers = [
        (name, row.dtype, answer.kind)
        for row in table.rows
        if row.operation == operation
        for name, answer in row.answers.items()
    ]
    if not answers:
        return BitsCell(sign=SIGNS[""])
    changed = {name for name, _, kind in answers if kind in APART}
    failed = {dtype: None for _, dtype, kind in answers if kind not in KEPT | APART}
    if any(kind == "beyond" for _, _, kind in answers):
        sign = "wrong"
    elif failed:
        sign = "raises"
    else:
        sign = "digits" if changed else "right"
    return BitsCell(
        sign=SIGNS[sign],
        changed=tuple(name for name in QUESTIONS if name in changed),
        failed=tuple(failed),
    )


def _section(table: BitsTable) -> BitsSection:
    same: dict[tuple[str, str], list[str]] = {}
    for row in table.rows:
        same.setdefault((row.operation, _changes(row)), []).append(row.dtype)
    alike: dict[str, list[str]] = {}
    apart: dict[str, list[str]] = {}
    for (operation, changes), dtypes in same.items():
        if changes:
            said = f"{', '.join(dtypes)}: {changes}"
            apart.setdefault(operation, []).append(said)
        else:
            alike.setdefault(", ".join(dtypes), []).append(operation)
    there = table.environment.get("device", table.device)
    versions = [f"{name} {text}" for name, text in table.versions.items()]
    return BitsSection(
        head=f"{table.adapter} on {there}",
        versions=", ".join([*versions, f"route {table.route}", table.day])
        + ("" if table.promised else ", without deterministic mode"),
        kept=tuple((dtypes, tuple(names)) for dtypes, names in alike.items()),
        rows=tuple((name, "; ".join(said)) for name, said in apart.items()),
        notes=tuple(_notes(table)),
    )


def _notes(table: BitsTable) -> Iterator[str]:
    # Operations that share a cause raise the same: it is said once for all of them.
    found: dict[tuple[str, str], dict[str, dict[str, None]]] = {}
    for row in table.rows:
        for name, answer in row.answers.items():
            if answer.note:
                asked = found.setdefault((row.dtype, answer.note), {})
                asked.setdefault(row.operation, {})[name] = None
    for (dtype, note), operations in found.items():
        alike: dict[str, list[str]] = {}
        for operation, names in operations.items():
            which = "" if len(names) == len(QUESTIONS) else f", {', '.join(names)}"
            alike.setdefault(which, []).append(operation)
        for which, group in alike.items():
            yield f"{', '.join(group)} in {dtype}{which}: {note}"


def _changes(row: BitsRow) -> str:
    """Return the questions whose answer is none of the kept ones, with how far."""
    found: dict[str, list[str]] = {}
    for name in QUESTIONS:
        answer = row.answers.get(name)
        if answer is not None and answer.kind not in KEPT:
            found.setdefault(say_answer(answer), []).append(name)
    return ", ".join(
        word if len(names) == len(row.answers) else f"{' and '.join(names)} {word}"
        for word, names in found.items()
    )
