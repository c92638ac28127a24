"""How soon each mutant is caught, and how long its failing batch takes to shrink.

In CPU time, which other work on the machine does not change.

python benchmarks/catch.py numpy               # or torch, jax; --operation NAME
"""

from __future__ import annotations

import sys
import warnings
from statistics import median, quantiles
from time import process_time
from typing import TYPE_CHECKING, Any

from clock import clocked
from measure import save, table

from conformance.check.mutants import adapter
from conformance.check.runner import Runner
from conformance.operations import load_operations
from conformance.operations._common.mutant import mutants
from conformance.run import catalogue
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.frameworks import load_framework

if TYPE_CHECKING:
    from clock import Clock

    from conformance.operations._common.mutant import Mutant
    from conformance.trial.attempt import Finding


class Probe(Runner):
    """A runner that says when the first check failed, and times the shrinking."""

    clock: Clock
    found: tuple[float, float] | None = None
    shrinking = 0.0

    def _shrunk(self, *given: Any) -> tuple[Finding, bool]:
        started = process_time()
        self.found = self.clock.seconds, started
        try:
            return super()._shrunk(*given)
        finally:
            self.shrinking = process_time() - started


def first_catch(mutant: Mutant, framework: str) -> dict[str, float] | None:
    """Run a mutant's checks in the order of a run until one fails."""
    wrong, cases = adapter(mutant, framework), catalogue.cases()
    selection = Selection(level="extended", operations=(mutant.operation,))
    planned = plan(wrong.declaration, load_operations(), cases, selection)
    with clocked() as clock:
        probe = Probe(wrong, cases)
        probe.clock, started = clock, process_time()
        for number, check in enumerate(planned):
            finding, _ = probe_once(probe, check)
            if finding is not None and not finding.passed:
                # A failing case is not shrunk: it is found when it has failed.
                own, at = probe.found or (clock.seconds, process_time())
                return {
                    "adapter": own,
                    "whole": at - started,
                    "shrinking": probe.shrinking,
                    "checks": number + 1,
                }
    return None


def probe_once(probe: Probe, check: Any) -> tuple[Finding | None, bool]:
    """Return what one check finds; nothing where it is not supported."""
    if check.unsupported:
        return None, False
    return probe._case(check) if check.case else probe._law(check)  # noqa: SLF001 - timed apart


def main(arguments: list[str]) -> int:
    """Print medians and the slowest, and write every mutant's figures as JSON."""
    warnings.simplefilter("ignore")
    framework, *operations = arguments or ["numpy"]
    _ = load_framework(framework)
    found = {}
    for name in operations or load_operations():
        for mutant in mutants(name):
            if mutant.kind == "forward":
                caught = first_catch(mutant, framework)
                if caught is not None:
                    found[mutant.id] = caught
    rows = []
    for what in ("adapter", "whole", "shrinking"):
        times = sorted(1000 * each[what] for each in found.values())
        cuts = quantiles(times, n=20)
        rows.append((what, median(times), cuts[-1], times[-1]))
    print(f"{len(found)} mutants caught on {framework}")
    table(("milliseconds", "median", "95 %", "most"), rows)
    save(f"catch-{framework}", found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
