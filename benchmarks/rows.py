"""Rows checked a second, beside the examples a second of array-api-tests.

python benchmarks/rows.py numpy                # or torch, jax
python benchmarks/rows.py torch --device cuda
python benchmarks/rows.py numpy --array-api-tests PATH/TO/array-api-tests

Values, masks and padding garbage are generated and answers compared with the oracle's.
Without a checkout of array-api-tests its figures of the issue stand in, marked so.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from statistics import median
from time import perf_counter, process_time

from measure import save, table

from conformance.adapters.load import load_adapter
from conformance.check.runner import Runner
from conformance.operations import load_operations
from conformance.specification.device import Placement
from conformance.specification.plan import plan
from conformance.specification.selection import Selection

ROWS = 2**17
RUNS = 5
QUOTED = {"numpy": 570.0, "torch": 570.0, "jax": 70.0}
"""Examples a second of test_mean and test_max, imports aside, as measured before; no
figure of torch's own was taken, NumPy's stands for it."""

ASKED = {
    "numpy": {"ARRAY_API_TESTS_MODULE": "numpy"},
    "torch": {
        "ARRAY_API_TESTS_MODULE": "array_api_compat.torch",
        "ARRAY_API_TESTS_SKIP_DTYPES": "uint16,uint32,uint64",
    },
    "jax": {"ARRAY_API_TESTS_MODULE": "jax.numpy", "JAX_ENABLE_X64": "1"},
}
"""What array-api-tests takes from the environment: without it, what a framework lacks
fails there."""

PASSING = re.compile(r"- (\d+) passing")
TESTS = {"masked_mean": "test_mean", "masked_max": "test_max"}


def rows_per_second(
    framework: str, operation: str, placement: Placement, rows: int
) -> dict[str, list[float]]:
    """Run the value law over many rows, several times, and return the rates."""
    adapter = load_adapter(f"{framework}_reference", placement)
    selection = Selection(
        operations=(operation,),
        dtypes=("float32",),
        routes=(adapter.declaration.primary,),
        checks=("*/value:*",),
    )
    (check,) = plan(adapter.declaration, load_operations(), {}, selection)
    runner = Runner(adapter, {}, examples=rows)
    found: dict[str, list[float]] = {"wall": [], "cpu": []}
    for _ in range(RUNS + 1):
        wall, cpu = perf_counter(), process_time()
        result = runner.run(check)
        if result.outcome != "passed":
            raise RuntimeError(result.message)
        found["wall"].append(rows / (perf_counter() - wall))
        found["cpu"].append(rows / (process_time() - cpu))
    return {name: rates[1:] for name, rates in found.items()}


def examples_per_second(folder: Path, framework: str, test: str) -> float:
    """Return array-api-tests' rate: what further examples take, imports aside.

    Examples are counted, not those that were asked for: of some tests only a tenth run.
    """
    file = "array_api_tests/test_statistical_functions.py"
    times, examples = [], []
    for count in (100, 1100):
        command = [sys.executable, "-m", "pytest", "-q", f"{file}::{test}"]
        command += ["--max-examples", str(count), "--disable-deadline"]
        command += ["--hypothesis-show-statistics", "-p", "no:cacheprovider"]
        started = perf_counter()
        done = subprocess.run(
            command,
            cwd=folder,
            env=os.environ | ASKED[framework],
            check=True,
            capture_output=True,
            text=True,
        )
        times.append(perf_counter() - started)
        examples.append(passing(done.stdout))
    return (examples[1] - examples[0]) / (times[1] - times[0])


def passing(statistics: str) -> int:
    """Return how many examples Hypothesis says that a test has passed."""
    return sum(map(int, PASSING.findall(statistics)))


def main(arguments: list[str]) -> int:
    """Print a table and write the figures as JSON."""
    framework = arguments[0] if arguments else "numpy"
    folder = None
    if "--array-api-tests" in arguments:
        folder = Path(arguments[arguments.index("--array-api-tests") + 1])
    device = "cpu"
    if "--device" in arguments:
        device = arguments[arguments.index("--device") + 1]
    asked = 2**12 if "--quick" in arguments else ROWS
    rows, figures = [], {}
    for operation, test in TESTS.items():
        rates = rows_per_second(framework, operation, Placement(device=device), asked)
        theirs = (
            examples_per_second(folder, framework, test)
            if folder
            else QUOTED[framework]
        )
        ratio = median(rates["cpu"]) / theirs
        name = test if folder else f"{test} (quoted)"
        rows.append(
            (
                operation,
                median(rates["wall"]),
                median(rates["cpu"]),
                name,
                theirs,
                ratio,
            )
        )
        figures[operation] = {**rates, name: theirs, "ratio": ratio}
    head = ("operation", "rows / wall s", "rows / CPU s", "beside", "examples / s")
    table((*head, "ratio"), rows)
    apart = "" if device == "cpu" else f"-{device.replace(':', '-')}"
    save(f"rows-{framework}{apart}", figures)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
