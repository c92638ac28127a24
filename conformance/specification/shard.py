"""Divide the checks of a run into parts.

The checks of one variant, dtype and route stay together, since they share generated
batches and compiled functions. The division is by the first
eight bytes of SHA-256 of `variant:dtype:route`, as a big-endian number, modulo the
number of parts: a check stays in its part whatever the machine, the version, the
selection, and however many checks are added.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Self

from conformance.errors import UsageError

if TYPE_CHECKING:
    from conformance.specification.selection import Check

_FORM = re.compile(r"([1-9]\d{0,5})/([1-9]\d{0,5})")


@dataclass(frozen=True, slots=True)
class Shard:
    """One of several parts of a run.

    Attributes:
        number: The number of the part, from 1.
        of: The number of parts.

    >>> str(Shard.parsed("2/4"))
    '2/4'
    """

    number: int = 1
    of: int = 1

    def __str__(self) -> str:
        return f"{self.number}/{self.of}"

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the shard that ``K/N`` means.

        Raises:
            UsageError: It is not of that form.
        """
        found = _FORM.fullmatch(text)
        number, of = map(int, found.groups()) if found else (0, 0)
        if not 1 <= number <= of:
            msg = (
                f"shard: got {text[:40]!r}, expected K/N with K from 1 to N; write for "
                "example 1/4"
            )
            raise UsageError(msg)
        return cls(number, of)

    @property
    def whole(self) -> bool:
        """Whether the run is not divided."""
        return self.of == 1

    def holds(self, check: Check) -> bool:
        """Tell whether a check belongs to this part."""
        key = f"{check.variant.name}:{check.dtype}:{check.route}"
        digest = sha256(key.encode()).digest()
        return int.from_bytes(digest[:8], "big") % self.of == self.number - 1

    def divide(self, parts: int) -> tuple[Self, ...]:
        """Divide this part again, and return the parts.

        >>> [str(part) for part in Shard(2, 3).divided(2)]
        ['2/6', '5/6']
        """
        numbers = range(self.number, self.number + self.of * parts, self.of)
        return tuple(type(self)(number, self.of * parts) for number in numbers)
