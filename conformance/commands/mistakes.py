"""The published kill matrix as data: which law catches which wrong implementation.

Mutants are made of NumPy and frameworks; what they have shown is in ``mistakes.json``,
which can be read without either. `python -m conformance.commands.pages.mutants --write`
writes it together with docs/mutants.md, from one run of all mutants.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

FILE = Path(__file__).with_name("mistakes.json")


class Mistake(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A wrong implementation, and what catches it.

    Attributes:
        name: Its slug inside the operation.
        text: What is wrong.
        url: Where somebody made it, if that is known.
        first: The law that it breaks first.
        laws: Every law that catches it, by number.
    """

    name: str
    text: str
    url: str = ""
    first: str
    laws: tuple[str, ...]


def find_mistakes(operation: str, law: str) -> list[Mistake]:
    """Return what a law catches: first what no other is made for."""
    found = [each for each in read_mistakes().get(operation, ()) if law in each.laws]
    return sorted(found, key=lambda each: each.first != law)


@cache
def read_mistakes(file: Path = FILE) -> dict[str, tuple[Mistake, ...]]:
    """Return every published mistake, by operation.

    Raises:
        UsageError: The file is not there, or is not what this version writes.
    """
    try:
        return msgspec.json.decode(
            file.read_bytes(), type=dict[str, tuple[Mistake, ...]]
        )
    except (OSError, msgspec.DecodeError) as error:
        what = error.strerror if isinstance(error, OSError) else str(error)
        msg = (
            f"{file}: cannot be read: {what}; write it with "
            "`python -m conformance.commands.pages.mutants --write`"
        )
        raise UsageError(msg) from None


def format_mistakes(found: Mapping[str, Sequence[Mistake]]) -> str:
    """Return mistakes as the file's text, one a line, so that a diff can be read."""
    groups = []
    for operation, mistakes in found.items():
        lines = [
            json.dumps(msgspec.to_builtins(each), ensure_ascii=False)
            for each in mistakes
        ]
        groups.append(f"{json.dumps(operation)}: [\n" + ",\n".join(lines) + "\n]")
    return "{\n" + ",\n".join(groups) + "\n}\n"
