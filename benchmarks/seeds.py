"""No right implementation fails in many seeds: the value law, one batch a seed.

python benchmarks/seeds.py numpy_reference 2000
python benchmarks/seeds.py torch_reference 2000 masked_mean birnn
python benchmarks/seeds.py tensorflow_reference 2000 birnn --route eager
"""

from __future__ import annotations

import sys
from dataclasses import replace
from time import perf_counter
from typing import TYPE_CHECKING

from measure import save, table

from conformance.adapters.load import load_adapter
from conformance.check.runner import Runner
from conformance.operations import load_operations
from conformance.specification.plan import plan
from conformance.specification.selection import Selection

if TYPE_CHECKING:
    from conformance.specification.selection import Check
    from conformance.trial.adapter import Adapter

FIVE = ("masked_mean", "masked_max", "masked_softmax", "masked_loss", "birnn")


def checks(adapter: Adapter, operations: tuple[str, ...], route: str) -> list[Check]:
    """Return the value law of every variant and dtype, asked by a route."""
    selection = Selection(
        level="extended",
        operations=operations,
        routes=(adapter.declaration.primary,),
        checks=("*/value:*",),
    )
    planned = plan(adapter.declaration, load_operations(), {}, selection)
    return [replace(check, route=route) for check in planned if not check.unsupported]


def main(arguments: list[str]) -> int:
    """Run the seeds, print the largest share of a bound, fail on the first failure."""
    name, seeds, *operations = arguments
    adapter = load_adapter(name)
    route = adapter.declaration.primary
    if "--route" in operations:
        *operations, _, route = operations
    shares: dict[tuple[str, str], float] = {}
    failed, started = [], perf_counter()
    for check in checks(adapter, tuple(operations) or FIVE, route):
        runner = Runner(adapter, {}, reference=name, examples=1)
        key = check.operation, check.dtype
        for seed in range(int(seeds)):
            # One subject, so that a function is compiled once for all seeds.
            runner.seed = runner.fixtures.seed = seed
            runner.fixtures.forget()
            result = runner.run(check, shrinks=False)
            if result.outcome != "passed":
                failed.append(f"seed {seed}: {result.check}: {result.message}")
            shares[key] = max(shares.get(key, 0.0), float(result.share or 0.0))
    rows = [(*key, share) for key, share in sorted(shares.items())]
    table(("operation", "dtype", "largest share"), rows)
    seconds = perf_counter() - started
    print(f"{name}: {seeds} seeds, {len(failed)} failures, {seconds:.0f} s")
    print("\n".join(failed[:20]))
    listed = {f"{operation}:{dtype}": share for operation, dtype, share in rows}
    save(
        f"seeds-{name}",
        {"route": route, "seeds": int(seeds), "failed": failed, "shares": listed},
    )
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
