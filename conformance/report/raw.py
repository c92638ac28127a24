"""The records themselves, packed into the page, so that it can be sent on alone."""

from __future__ import annotations

import zlib
from base64 import b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from conformance.records import Record
    from conformance.report.columns import Column

LIMIT = 50_000
"""Bytes of packed records in one page; base64 makes four of three. A page of all
adapters stays below 1 MB with it, one of a single run has its record."""

_GZIP = 31
"""The window of 32 KiB in the form of a .gz file, without a name or a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Raw:
    """One run's record.

    Attributes:
        column: The run.
        packed: The JSON Lines, gzipped, as base64; empty where there is no room.
    """

    column: Column
    packed: str


def pack_runs(columns: Sequence[Column]) -> list[Raw]:
    """Pack the runs' records, those that fit; a small one follows a large one."""
    room, made = LIMIT, []
    for column in columns:
        packed = _pack(column.run, room)
        room -= len(packed)
        made.append(Raw(column=column, packed=b64encode(packed).decode()))
    return made


def _pack(run: Record, room: int) -> bytes:
    """Return a record packed, or nothing where that takes more than ``room``."""
    squeeze = zlib.compressobj(level=6, wbits=_GZIP)
    parts, size = [], 0
    for line in _lines(run):
        parts.append(squeeze.compress(line))
        size += len(parts[-1])
        if size > room:
            return b""
    whole = b"".join([*parts, squeeze.flush()])
    return whole if len(whole) <= room else b""


def _lines(run: Record) -> Iterator[bytes]:
    ends = [run.footer] if run.footer is not None else []
    for part in ([run.header], run.results, ends):
        for line in part:
            yield msgspec.json.encode(line) + b"\n"
