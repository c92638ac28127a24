"""The process that probes a target: what it does to itself harms nobody else.

Started by `launch` beside it, with one argument: its order as JSON.
"""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import replace
from fnmatch import fnmatchcase
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from conformance.errors import ConformanceError
from conformance.probe.settings import ProbeSettings  # noqa: TC001 - msgspec reads it
from conformance.records.writing import Writer
from conformance.run.child import become_child

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.gate import KnownEntry

TOLD = 65
"""Exit status where the target cannot be probed; the reason is in the side file."""


class ProbeOrder(msgspec.Struct, frozen=True, kw_only=True):
    """What to probe.

    Attributes:
        target: Its name.
        record: Where the record goes.
        settings: What the user said.
        framework: The framework, where it was said.
        known: A file of known differences; empty is none.
        distributions: Distributions whose versions count beside the framework's.
    """

    target: str
    record: str
    settings: ProbeSettings
    framework: str = ""
    known: str = ""
    distributions: list[str] = []


def reason_file(record: Path) -> Path:
    """Return where a child says why it cannot probe."""
    return record.with_name(record.name + ".reason")


def select_known(entries: Sequence[KnownEntry], target: str) -> list[KnownEntry]:
    """Return what a file says of one target: it may speak of many.

    Args:
        entries: What the file says.
        target: The target's slug, as it stands in check ids.
    """
    found = []
    for entry in entries:
        mine = tuple(
            glob
            for glob in entry.checks
            if fnmatchcase(target, glob.partition("/")[2].partition(":")[0])
        )
        if mine:
            found.append(replace(entry, checks=mine))
    return found


def run(order: ProbeOrder) -> None:
    """Probe the target and write its record.

    Raises:
        ConformanceError: It cannot be probed.
    """
    from conformance.gate import find_stale, load_known, select_device
    from conformance.probe import record as records
    from conformance.probe.devices import name_current, place, settle
    from conformance.probe.examine import examine
    from conformance.probe.reproducer import issue, script
    from conformance.probe.target import find, slug

    path = Path(order.record)
    entries = load_known(Path(order.known)) if order.known else ()
    mine = select_known(entries, slug(order.target))
    with Writer(path) as writer:
        writer.announce("load the target")
        device = order.settings.device
        if device:
            place(order.target, device)
        target = find(order.target, order.framework)
        if device:
            settle(target, device)
        known = select_device(mine, name_current(target.framework.name))
        besides = {name: version(name) for name in order.distributions}
        target = replace(target, besides={**target.besides, **besides})
        report = examine(target, order.settings, writer.announce)
        found = records.results(report, known)
        outcomes = {each.check: each.outcome for each in found}
        versions = target.versions
        complaints = find_stale(known, list(outcomes), outcomes, versions)
        writer.header(records.header(report, order.settings))
        for each in found:
            writer.result(each)
        partial = bool(order.settings.questions)
        writer.footer(records.footer(found, () if partial else complaints))
    for answer in report.leaks:
        if code := script(report, answer):
            path.with_suffix(".py").write_text(code, encoding="utf-8")
            path.with_suffix(".md").write_text(issue(report, answer), encoding="utf-8")
            break


def main(text: str) -> int:
    """Do what an order says; return the exit status."""
    become_child()
    warnings.simplefilter("ignore")
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    order = msgspec.json.decode(text, type=ProbeOrder)
    try:
        run(order)
    except ConformanceError as error:
        reason_file(Path(order.record)).write_text(str(error), encoding="utf-8")
        return TOLD
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
