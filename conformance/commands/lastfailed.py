"""`run --lf`: select what failed in an adapter's last run."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from conformance.gate import KINDS
from conformance.records import scan
from conformance.run.place import part_of
from conformance.specification.disk import is_there

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conformance.specification.selection import Selection

MOST = 1000
"""Checks that are asked again: all of them go to the run's process in one argument."""


def select_failed(
    selected: Selection, record: Path, note: Callable[[str], object]
) -> Selection:
    """Return a selection of the new failures of an adapter's last run.

    Where some checks have been run again since, theirs are the newer outcomes. Without
    a record, and without a failure in it, all checks are selected, as pytest does.

    Args:
        selected: What is asked for besides.
        record: The record of the last run.
        note: Takes what a user should hear.

    Raises:
        ResultError: A record is there but cannot be read.
    """
    outcomes: dict[str, bool] = {}
    level = selected.level
    for path in (record, part_of(record)):
        if not is_there(path) or _is_older(path, record):
            continue
        run = scan(path)
        if path == record:
            level = run.header.level  # type: ignore[assignment]
        for result in run.results:
            outcomes[result.check] = result.outcome in KINDS and not result.accepted
    failed = [check for check, bad in outcomes.items() if bad]
    if not failed:
        why = "no new failure" if outcomes else "not there"
        note(f"--lf: {record}: {why}; all checks are run")
        return selected
    kept = failed[:MOST]
    of = f" of {len(failed):,}" if len(failed) > MOST else ""
    many = "check" if len(kept) == 1 else "checks"
    note(f"--lf: {len(kept):,}{of} {many} that failed in {record}")
    return replace(selected, checks=tuple(kept), level=level)


def _is_older(part: Path, record: Path) -> bool:
    """Tell whether a record of some checks is older than that of all."""
    if part == record or not is_there(record):
        return False
    return part.stat().st_mtime < record.stat().st_mtime
