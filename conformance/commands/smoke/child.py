"""Functions of an adapter tried in a process of their own, as a run has them.

What an adapter does to its process, such as ending it with status 0, must not be taken
for an adapter that is ready.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from conformance import gate
from conformance.adapters.installed import find_versions
from conformance.adapters.load import known_file, load_adapter
from conformance.check.fixtures import Fixtures
from conformance.commands.smoke.offer import list_offer
from conformance.commands.smoke.probes import probe
from conformance.errors import ConformanceError
from conformance.records import clean
from conformance.records.text import is_reason
from conformance.records.writing import current_file
from conformance.run.child import become_child, refuse
from conformance.run.project import read_project
from conformance.specification.device import Placement

if TYPE_CHECKING:
    from conformance.specification.selection import Check


def main() -> int:
    """Try the functions that the command line names, and write down what was found."""
    word = become_child()
    reference, device, *names = (sys.argv[1], *sys.argv[3:])
    answer = Path(sys.argv[2])
    try:
        trial = _Trial(reference, Placement(device=device))
    except ConformanceError as error:
        refuse(word, error)
    for name in names:
        current_file(answer).write_text(f"{name}\n", encoding="utf-8")
        lines, wrong = trial.try_function(name)
        with answer.open("ab") as file:
            file.write(msgspec.json.encode([name, lines, wrong]) + b"\n")
    os._exit(0)  # whatever the adapter has left to be done at the end


class _Trial:
    """An adapter whose functions are tried one after the other."""

    def __init__(self, reference: str, placement: Placement) -> None:
        adapter = load_adapter(reference, placement)
        self.declaration = adapter.declaration
        self._offer = list_offer(adapter.declaration)
        self._prepared = Fixtures(adapter, seed=0)
        own = read_project().choose_known(reference)
        entries = gate.load_known(own or known_file(adapter.declaration))
        # What is not installed is told here, before a function is blamed for it.
        device = self._prepared.framework.device()
        here = gate.select_device(entries, device)
        self._entries = [each for each in here if is_reason(each.reason)]

    def try_function(self, name: str) -> tuple[list[str], int]:
        """Return what is seen of a function in its variants and dtypes.

        Returns:
            Lines for people, and how many things are wrong.
        """
        checks = self._offer[name]
        found: Counter[tuple[str, bool]] = Counter()
        first: dict[tuple[str, bool], str] = {}
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a row of nothing divides zero by zero
            for check in checks:
                recorded = self._is_recorded(check)
                for each in probe(self._prepared, check, first=check is checks[0]):
                    what = f"recorded as known: {each.what}" if recorded else each.what
                    key = (what, each.wrong and not recorded)
                    found[key] += 1
                    first.setdefault(key, f"{check.variant.name} in {check.dtype}")
        lines = []
        for (what, wrong), count in found.items():
            more = f" (and {count - 1} more)" if count > 1 else ""
            word = "WRONG" if wrong else "NOTE "
            lines.append(f"{word} {first[what, wrong]}{more}: {clean(what)}")
        return lines, sum(wrong for _, wrong in found)

    def _is_recorded(self, check: Check) -> bool:
        """Tell whether somebody looked at this answer and put it on record."""
        if not self._entries:
            return False
        versions = find_versions(self.declaration)
        return any(
            gate.find(self._entries, check.id, kind, versions) for kind in gate.KINDS
        )
