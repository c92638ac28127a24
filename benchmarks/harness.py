"""How much of a robust run on the primary route is harness, by adapter.

python benchmarks/harness.py numpy_reference torch_reference
"""

from __future__ import annotations

import sys
from time import process_time

from clock import clocked
from measure import save, table

from conformance.adapters.load import read_declaration
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.selection import Selection


def measured(name: str) -> dict[str, float]:
    """Run an adapter's robust level in this process, its framework imported before."""
    primary = read_declaration(name).primary
    selection = Selection(level="robust", routes=(primary,))
    session = Session(Settings(reference=name, selection=selection))
    _ = session.runner.framework
    with clocked() as clock:
        started = process_time()
        for check in session.planned:
            session.run(check)
        whole = process_time() - started
    return {
        "checks": len(session.planned),
        "whole": whole,
        "adapter": clock.seconds,
        "ratio": (whole - clock.seconds) / clock.seconds,
    }


def main(names: list[str]) -> int:
    """Print a table and write the figures as JSON."""
    found = {name: measured(name) for name in names or ["numpy_reference"]}
    head = ("adapter", "checks", "whole s", "adapter s", "harness / adapter")
    table(head, [(name, *each.values()) for name, each in found.items()])
    for name, each in found.items():
        save(f"harness-{name}", each)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
