"""Runs as people read them: one page, a summary, a picture and badges.

Everything is computed from the run records alone, on any machine: no NumPy, no
framework, no clock and no network. The page is one file that opens from a disk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import UsageError
from conformance.specification.disk import write_text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from conformance.gate import KnownEntry
    from conformance.records import Record
    from conformance.records.bits import BitsTable
    from conformance.report.history import Release

__all__ = ["compatibility", "write"]


def write(
    runs: Sequence[Record],
    directory: Path,
    *,
    generated: str,
    clauses: Mapping[str, str] | None = None,
    refused: Sequence[str] = (),
    releases: Sequence[Release] = (),
    bits: Sequence[BitsTable] = (),
) -> list[Path]:
    """Write the report of some runs.

    Args:
        runs: One for each adapter; shards are merged before.
        directory: Where the files go; it is made where it is missing.
        generated: When, as the page says it.
        clauses: The specification's sentences by clause id, quoted beside failures.
        refused: Why files could not be read; told at the top of the page.
        releases: What earlier releases do; the page tells since when a cause is there.
        bits: Whether rows keep their bits, one table for each adapter and device.

    Returns:
        What was written: index.html, summary.md, matrix.svg and a badge for each run.

    Raises:
        UsageError: There is nothing to report.
    """
    if not runs:
        msg = "no records to report; give those that `mask-conformance run` wrote"
        raise UsageError(msg)
    # Here, since every run counts its results with a part of this room, and the page
    # and its templates would be a third of that command's start.
    from conformance.report.badge import badge
    from conformance.report.columns import columns
    from conformance.report.history import timelines
    from conformance.report.html import page
    from conformance.report.picture import matrix_svg
    from conformance.report.summary import summary
    from conformance.report.view import view

    seen = view(
        columns(runs), generated=generated, clauses=clauses or {}, refused=refused
    )
    files = {
        "index.html": page(seen, timelines(releases), bits),
        "summary.md": summary(seen),
        "matrix.svg": matrix_svg(seen),
    }
    for column in seen.columns:
        files[f"badges/{column.file}.json"] = badge(column, seen.whole(column))
    written = []
    for name, text in files.items():
        path = directory / name
        write_text(path, text)
        written.append(path)
    return written


def compatibility(
    runs: Sequence[Record], known: Mapping[str, Sequence[KnownEntry]], path: Path
) -> None:
    """Put the compatibility table of some runs between the marks of a Markdown file.

    Args:
        runs: One for each adapter.
        known: The entries of each adapter's file of known differences, by its name.
        path: The file, with the marks of ``conformance.report.table``.

    Raises:
        UsageError: The file or its marks are not there.
    """
    from conformance.report.columns import columns
    from conformance.report.table import publish, table
    from conformance.report.view import view

    publish(path, table(view(columns(runs), generated="", clauses={}), known))
