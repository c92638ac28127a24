"""How soon each mutant is caught, and how long its failing batch takes to shrink.

python benchmarks/catch.py numpy               # or torch, jax; --operation NAME
"""

from __future__ import annotations

import sys
import warnings
from statistics import median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Any

from clock import clocked
from measure import save, table

from conformance import listing, loading
from conformance.mutation import adapter, mutants
from conformance.plan import plan
from conformance.runner import Runner
from conformance.selection import Selection

if TYPE_CHECKING:
    from conformance.attempt import Finding
    from conformance.mutation import Mutant


class Probe(Runner):
    """A runner that says when the first check failed, and times the shrinking."""

    shrinking = 0.0

    def _shrunk(self, *given: Any) -> tuple[Finding, bool]:
        started = perf_counter()
        self.caught = started
        try:
            return super()._shrunk(*given)
        finally:
            self.shrinking = perf_counter() - started


def first_catch(mutant: Mutant, framework: str) -> dict[str, float] | None:
    """Run a mutant's checks in their order until one fails."""
    wrong, cases = adapter(mutant, framework), listing.cases()
    selection = Selection(level="extended", operations=(mutant.operation,))
    planned = plan(wrong.declaration, loading.operations(), cases, selection)
    probe = Probe(wrong, cases)
    started = perf_counter()
    with clocked() as clock:
        for number, check in enumerate(
            sorted(planned, key=lambda each: each.level != "core")
        ):
            probe.caught, probe.shrinking = 0.0, 0.0
            before = clock.seconds
            finding, _ = probe_once(probe, check)
            if finding is not None and not finding.passed:
                whole = (probe.caught or perf_counter()) - started
                # What the adapter took while its failure was shrunk is no search.
                own = clock.seconds if not probe.shrinking else before
                return {
                    "adapter": own,
                    "whole": whole,
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
    _ = loading.framework(framework)
    found = {}
    for name in operations or loading.operations():
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
