"""Wall time of whole commands, in turns, as medians and ratios.

python benchmarks/wall.py startup              # `mask-conformance adapters` / click
python benchmarks/wall.py core ADAPTER ...     # the core level of installed adapters
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from time import perf_counter


def timed(command: list[str]) -> float:
    """Return one run's wall time in seconds."""
    started = perf_counter()
    subprocess.run(command, check=True, capture_output=True)
    return perf_counter() - started


def interleaved(commands: dict[str, list[str]], runs: int) -> dict[str, list[float]]:
    """Run the commands in turns, so that a drift of the machine meets all alike."""
    for command in commands.values():
        timed(command)
    found: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(timed(command))
    return found


def startup() -> dict[str, list[float]]:
    """Time listing the adapters beside the import of click alone."""
    script = Path(sys.executable).with_name("mask-conformance")
    commands = {
        "import click": [sys.executable, "-c", "import click"],
        "mask-conformance adapters": [str(script), "adapters"],
    }
    return interleaved(commands, runs=15)


def core(adapters: list[str]) -> dict[str, list[float]]:
    """Time the core level of each adapter, imports included."""
    script = Path(sys.executable).with_name("mask-conformance")
    with tempfile.TemporaryDirectory() as folder:
        commands = {
            name: [str(script), "run", name, "--level", "core", "-o", folder]
            for name in adapters
        }
        return {
            name: [timed(command) for _ in range(3)]
            for name, command in commands.items()
        }


def main(arguments: list[str]) -> int:
    """Print a table and write the figures as JSON beside it."""
    kind, *names = arguments or ["startup"]
    found = startup() if kind == "startup" else core(names)
    first = median(next(iter(found.values())))
    print(f"{'command':<28} {'median s':>9} {'ratio':>7}")
    for name, times in found.items():
        print(f"{name:<28} {median(times):>9.3f} {median(times) / first:>7.2f}")
    path = Path("reports") / f"benchmark-{kind}.json"
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
