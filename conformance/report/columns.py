"""Runs as the page's columns, each with a name, an anchor and a file of its own."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from conformance.gate import describe_part, problems
from conformance.specification.device import kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.records import Record


FILE = 100
"""Characters of a name that become a file's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One run as a column.

    Attributes:
        label: The adapter's name; with its version where two runs share it.
        key: The label as it stands in links and filters; of safe characters.
        file: The label as a file name.
        run: The run.
        stale: Complaints about known differences that no longer hold.
        problems: Why the run is incomplete; empty when it is complete.
        part: How much of the plan it was asked for; empty when that is all.
    """

    label: str
    key: str
    file: str
    run: Record
    stale: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    part: str = ""

    @property
    def incomplete(self) -> bool:
        """Whether planned checks were not run."""
        return bool(self.problems)

    @property
    def version(self) -> str:
        """Version of the framework; of this suite where it is not known."""
        header = self.run.header
        return header.versions.get(header.framework, header.suite)

    @property
    def system(self) -> str:
        """Adapter and version of its framework, as the verdict names it."""
        header = self.run.header
        version = header.versions.get(header.framework, "")
        if self.label != header.adapter:
            return self.label
        if self.label == header.framework:
            return f"{self.label} {version}".strip()
        return f"{self.label} on {header.framework} {version}".strip()


def anchor(text: str) -> str:
    """Return ``text`` as an id that needs no escaping in a link.

    >>> anchor("masked_mean/value:float32:eager")
    'masked_mean/value:float32:eager'
    """
    return re.sub(r"[^A-Za-z0-9_.:/-]", "_", text) or "_"


def name_place(run: Record) -> str:
    """Return a run's adapter, and the kind of its device where that is no CPU."""
    header = run.header
    return f"{header.adapter}{name_apart(run)}"


def name_apart(run: Record) -> str:
    """Return what tells a run on another device from one on a CPU, or nothing."""
    kind = kind_of(run.header.device)
    return "" if kind == "cpu" else f" on {kind}"


def columns(runs: Sequence[Record]) -> tuple[Column, ...]:
    """Return the runs in alphabetical order, each with a label of its own."""
    names = Counter(name_place(run) for run in runs)
    labelled = []
    for run in runs:
        header = run.header
        version = header.versions.get(header.framework, header.suite)
        place = name_place(run)
        label = f"{place} ({version})" if names[place] > 1 else place
        label += " (partial)" if header.selection else ""
        labelled.append((label, header.started, str(run.path), run))
    labels, keys, files = set[str](), set[str](), set[str]()
    made = []
    for name, _, _, run in sorted(labelled, key=lambda each: each[:3]):
        label = _free(name, labels, " #")
        key = _free(anchor(label).replace("/", "_"), keys)
        made.append(
            Column(
                label=label,
                key=key,
                file=_free(re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:FILE], files),
                run=run,
                stale=tuple(run.footer.stale) if run.footer else (),
                problems=problems(run),
                part=describe_part(run),
            )
        )
    return tuple(made)


def _free(name: str, taken: set[str], joint: str = "-") -> str:
    """Return ``name``, numbered if it is taken, and take it."""
    free, number = name, 2
    while free.lower() in taken:
        free, number = f"{name}{joint}{number}", number + 1
    taken.add(free.lower())
    return free
