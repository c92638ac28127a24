"""Where a run's record goes: never into the place of one that was asked for more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from conformance.errors import ResultError
from conformance.records import read_header
from conformance.specification.disk import is_there

if TYPE_CHECKING:
    from pathlib import Path

    from conformance.records import Record
    from conformance.specification.selection import Selection


def place(path: Path, selected: Selection) -> Path:
    """Return where the record of a run goes.

    The command that shows one failure again must not leave a green record where a red
    one was. So a run of some checks goes to ``NAME.partial.jsonl`` where ``NAME.jsonl``
    is that of another selection.

    Args:
        path: The record of a run of the whole plan, ``NAME.jsonl``.
        selected: Which checks are asked for.
    """
    if not selected.partial or not is_there(path):
        return path
    try:
        header = read_header(path)
    except ResultError:
        return part_of(path)  # what it was nobody knows
    same = header.selection and header.selected == selected.options
    return path if same else part_of(path)


def part_of(path: Path) -> Path:
    """Return the record that lies beside another when only some checks are asked."""
    return path.with_name(f"{path.name.removesuffix('.jsonl')}.partial.jsonl")


def forget_part(run: Record) -> None:
    """Remove the record of some checks once a run of all of them is complete."""
    if not run.header.selection and run.complete:
        part = part_of(run.path)
        for path in (part, part.with_name(f"{part.name.removesuffix('.jsonl')}.log")):
            path.unlink(missing_ok=True)
