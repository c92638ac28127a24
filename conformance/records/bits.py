"""Whether a row keeps its bits: what was asked of one adapter on one device.

A line of `reports/bits.jsonl` is one adapter on one device, in one mode. The page and
docs/devices.md are made of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, get_args

import msgspec
from msgspec import Meta

from conformance.errors import ResultError
from conformance.records.text import tidy
from conformance.specification.device import kind_of
from conformance.specification.disk import read_text, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

Kind = Literal["bits", "rounding", "beyond", "other", "slow", "raises"]
"""The same bits; apart by no more than both error bounds allow; by more, which is a
leak or digits lost; not asked, since the exact answer is another one; not answered in
time; raised, or ended its process."""

KINDS: tuple[Kind, ...] = get_args(Kind)

QUESTIONS = {
    "twice": "nothing changes",
    "beside": "half of the rows are other rows",
    "order": "the rows are in another order",
    "larger": "48 more rows",
    "alone": "the row has no others beside it",
    "padding": "157 positions instead of 128",
}
"""What is asked, and what changes between the two calls."""

NOTE = 300
"""Characters of a note."""

_SHARE = Annotated[float, Meta(ge=0)]


class BitsAnswer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer to one question.

    Attributes:
        kind: One of ``KINDS``.
        share: Of ``rounding``, the largest difference as a share of what the error
            bounds of both calls allow together; 0 otherwise.
        note: Of ``raises`` and ``slow``, what was raised, or how the process ended.
    """

    kind: Kind
    share: _SHARE = 0.0
    note: str = ""


class BitsRow(msgspec.Struct, frozen=True, kw_only=True):
    """The answers of one operation in one dtype.

    Attributes:
        variant: The variant that was asked, such as ``masked_mean``.
        dtype: The dtype of its inputs.
        answers: By question; one that is missing was not asked.
    """

    variant: str
    dtype: str
    answers: dict[str, BitsAnswer]

    @property
    def operation(self) -> str:
        """The operation that the variant belongs to."""
        return self.variant.partition(".")[0]


class BitsTable(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One adapter on one device.

    Attributes:
        adapter: The adapter.
        system: The system that it drives, as people call it.
        device: Such as ``cpu`` or ``cuda:0``.
        route: How its functions were called.
        versions: Versions that matter for a result, by distribution.
        environment: The device's name, threads and modes as text.
        promised: Whether the framework promises the same bits there.
        day: The day it was asked.
        rows: What was asked, in the specification's order.
    """

    adapter: str
    system: str
    device: str
    route: str
    versions: dict[str, str]
    environment: dict[str, str]
    promised: bool
    day: str
    rows: list[BitsRow]

    @property
    def key(self) -> tuple[str, str, bool]:
        """What a later table of the same replaces."""
        return self.adapter, kind_of(self.device), self.promised


def read_bits(path: Path) -> list[BitsTable]:
    """Return the tables of a file; none where there is no file.

    Raises:
        ResultError: The file cannot be read, or a line is no table.
    """
    try:
        lines = read_text(path).splitlines()
    except FileNotFoundError:
        return []
    except (OSError, ValueError) as error:
        msg = f"{path}: cannot be read: {error}; give a file that `bits` wrote"
        raise ResultError(msg) from None
    found = []
    for number, line in enumerate(lines, 1):
        try:
            # Somebody else's line: what no reader can see is stripped.
            plain = tidy(msgspec.json.decode(line))
            found.append(msgspec.convert(plain, BitsTable))
        except (msgspec.DecodeError, RecursionError) as error:
            msg = (
                f"{path}: line {number} is no table of bits: {error}; remove that line "
                "or write it again with `mask-conformance bits`"
            )
            raise ResultError(msg) from None
    return found


def write_bits(path: Path, tables: Iterable[BitsTable]) -> None:
    """Write tables by adapter and device; the last of those with one key stays."""
    last = {each.key: each for each in tables}
    lines = [msgspec.json.encode(last[key]).decode() for key in sorted(last)]
    write_text(path, "".join(f"{line}\n" for line in lines))
