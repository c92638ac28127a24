"""Which seeds a search has spent, kept in a file so that it goes on another day."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from conformance.errors import UsageError
from conformance.specification.disk import read_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SPENT = "soak.{}.json"
"""The file's name, by the adapter and what is asked of it."""


class Spent(msgspec.Struct, kw_only=True):
    """What a search has done.

    Attributes:
        upto: Chunks from the first one on that are all done.
        beyond: Further chunks that are.
        found: The checks that something was found for, with its seed.
    """

    upto: int = 0
    beyond: set[int] = set()
    found: dict[str, int] = {}

    def left(self, chunks: int | None) -> Iterator[int]:
        """Yield the chunks that are not done; without end where there is none."""
        number = self.upto
        while chunks is None or number < chunks:
            if number not in self.beyond:
                yield number
            number += 1

    def take(self, number: int) -> None:
        """Add a chunk that is done."""
        self.beyond.add(number)
        while self.upto in self.beyond:
            self.beyond.remove(self.upto)
            self.upto += 1


def name_search(*parts: Any) -> str:
    """Return a name for what is searched: another adapter or option, another name."""
    return sha256(msgspec.json.encode([str(part) for part in parts])).hexdigest()[:16]


def load_spent(folder: Path, name: str) -> Spent:
    """Read what a search has done; nothing where there is no such file.

    Raises:
        UsageError: The file is not one of ours.
    """
    path = folder / SPENT.format(name)
    try:
        return msgspec.json.decode(read_bytes(path), type=Spent)
    except FileNotFoundError:
        return Spent()
    except (OSError, ValueError, msgspec.DecodeError) as error:
        msg = f"{path}: is not what a search has spent: {error}; remove it"
        raise UsageError(msg) from error


def save_spent(folder: Path, name: str, spent: Spent) -> None:
    """Write down what a search has done.

    Raises:
        IncompleteRunError: There is no room on the disk.
        UsageError: The file cannot be written for another reason.
    """
    text = msgspec.json.encode(spent).decode() + "\n"
    write_text(folder / SPENT.format(name), text)
