"""How soon each mutant is caught, and how long its failing batch takes to shrink.

In CPU time, which other work on the machine does not change.

python benchmarks/catch.py numpy               # or torch, jax; --operation NAME
"""

from __future__ import annotations

import sys
import warnings
from statistics import median, quantiles
from time import process_time
from typing import TYPE_CHECKING

from clock import clocked
from measure import save, table

from conformance.check.case import judge_case
from conformance.check.fixtures import Fixtures
from conformance.check.law import Effort, find_failure, find_law, shrink_failure
from conformance.check.mutants import adapter
from conformance.operations import load_operations
from conformance.operations._common.mutant import mutants
from conformance.run import catalogue
from conformance.specification.plan import plan
from conformance.specification.selection import Selection
from conformance.trial.frameworks import load_framework

if TYPE_CHECKING:
    from clock import Clock

    from conformance.cases import Case
    from conformance.operations._common.mutant import Mutant
    from conformance.specification.selection import Check


def first_catch(mutant: Mutant, framework: str) -> dict[str, float] | None:
    """Run a mutant's checks in the order of a run until one fails."""
    wrong, cases = adapter(mutant, framework), catalogue.cases()
    selection = Selection(level="extended", operations=(mutant.operation,))
    planned = plan(wrong.declaration, load_operations(), cases, selection)
    by_id = {case.id: case for group in cases.values() for case in group}
    with clocked() as clock:
        fixtures, started = Fixtures(wrong, seed=0), process_time()
        for number, check in enumerate(planned):
            if check.unsupported:
                continue
            case = by_id.get(f"{check.variant.name}/{check.item}")
            shrinking = run_check(fixtures, check, case, clock)
            if shrinking is not None:
                adapter_seconds, found, seconds = shrinking
                return {
                    "adapter": adapter_seconds,
                    "whole": found - started,
                    "shrinking": seconds,
                    "checks": number + 1,
                }
    return None


def run_check(
    fixtures: Fixtures, check: Check, case: Case | None, clock: Clock
) -> tuple[float, float, float] | None:
    """Return a failing check's adapter time, when it was found, and its shrinking."""
    if check.case and case is not None:
        # A failing case is not shrunk: it is found when it has failed.
        failed = not judge_case(fixtures, check, case).passed
        return (clock.seconds, process_time(), 0.0) if failed else None
    law = find_law(check)
    sample, finding = find_failure(law, fixtures, check, Effort())
    if sample is None:
        return None
    own, found = clock.seconds, process_time()
    shrink_failure(law, fixtures.subject(check), sample, finding, 10.0)
    return own, found, process_time() - found


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
