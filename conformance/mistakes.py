"""The published kill matrix: which law catches which wrong implementation.

Mutants are made of NumPy and frameworks; what they have shown is in docs/mutants.md,
written by ``python -m conformance.mutation --write``, and can be read without either.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from conformance import loading
from conformance.errors import UsageError

_LINKED = re.compile(r"\[(?P<text>.*)\]\((?P<url>https://[^)\s]+)\)")
_CELLS = re.compile(r"(?<!\\)\|")


@dataclass(frozen=True, slots=True, kw_only=True)
class Mistake:
    """A wrong implementation, and what catches it.

    Attributes:
        name: Its slug inside the operation.
        text: What is wrong.
        url: Where somebody made it, if that is known.
        first: The law that it breaks first.
        laws: Every law that catches it.
    """

    name: str
    text: str
    url: str
    first: str
    laws: tuple[str, ...]


def caught(operation: str, law: str) -> list[Mistake]:
    """Return what a law catches: first what no other is made for."""
    found = [each for each in mistakes().get(operation, ()) if law in each.laws]
    return sorted(found, key=lambda each: each.first != law)


@cache
def mistakes() -> dict[str, tuple[Mistake, ...]]:
    """Return every published mistake, by operation.

    Raises:
        UsageError: The page is not there, or is not what this version writes.
    """
    path = loading.shared("docs") / "mutants.md"
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = (
            f"{path}: cannot be read: {error.strerror}; write it with "
            "`python -m conformance.mutation --write`"
        )
        raise UsageError(msg) from None
    return read(text)


def read(page: str) -> dict[str, tuple[Mistake, ...]]:
    """Return the mistakes of a page.

    Args:
        page: docs/mutants.md.
    """
    found = {}
    for part in re.split(r"^## ", page, flags=re.MULTILINE)[1:]:
        name, _, body = part.partition("\n")
        listed, told, grid = body.partition(f"\nLaws of {name} by number")
        if told:
            found[name] = _mistakes(listed, grid)
    return found


def _mistakes(listed: str, grid: str) -> tuple[Mistake, ...]:
    head, _, marks = grid.partition("\n\n| mutant ")
    laws = dict(re.findall(r"\b(\d+) ([a-z0-9-]+)[,.]", head))
    rows = {cells[0]: cells[1:] for cells in _rows(marks)}
    made = []
    for name, text, _, first, *_ in _rows(listed):
        link = _LINKED.fullmatch(text)
        made.append(
            Mistake(
                name=name,
                text=link["text"] if link else text,
                url=link["url"] if link else "",
                first=first,
                laws=tuple(
                    laws[str(number)]
                    for number, mark in enumerate(rows.get(name, ()), 1)
                    if mark == "x"
                ),
            )
        )
    return tuple(made)


def _rows(table: str) -> list[list[str]]:
    """Return the cells of a table's rows, without its head and rule."""
    rows = [
        [cell.strip().replace("\\|", "|") for cell in _CELLS.split(line)[1:-1]]
        for line in table.splitlines()
        if line.startswith("| ")
    ]
    return [row for row in rows if row[0] not in {"mutant", "---"}]
