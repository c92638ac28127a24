"""What the benchmarks share: commands in turns, a table, a JSON file, an exponent.

Wall time is noisy where a machine is shared, so CPU time is told beside it; ratios are
medians of the ratios of interleaved runs.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from statistics import linear_regression, median
from time import perf_counter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OUTPUT = Path("reports")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """What one run of a command took: seconds, and the most memory in MiB."""

    wall: float
    cpu: float
    peak: float


def script(name: str = "mask-conformance") -> str:
    """Return a command that is installed beside this interpreter."""
    return str(Path(sys.executable).with_name(name))


def cost(command: Sequence[str], *, accepts: Sequence[int] = (0,)) -> Cost:
    """Run a command and return what it and its children took."""
    started = perf_counter()
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in accepts:
        msg = f"{' '.join(command)}: exit status {process.returncode}"
        raise RuntimeError(msg)
    cpu = usage.ru_utime + usage.ru_stime
    return Cost(wall=perf_counter() - started, cpu=cpu, peak=usage.ru_maxrss / 1024)


def interleaved(
    commands: Mapping[str, Sequence[str]],
    runs: int,
    *,
    accepts: Sequence[int] = (0,),
) -> dict[str, list[Cost]]:
    """Run the commands in turns, so that a drift of the machine meets all alike."""
    for command in commands.values():
        cost(command, accepts=accepts)
    found: dict[str, list[Cost]] = {name: [] for name in commands}
    for _ in range(runs):
        for name, command in commands.items():
            found[name].append(cost(command, accepts=accepts))
    return found


def shown(kind: str, found: Mapping[str, Sequence[Cost]]) -> None:
    """Print medians beside the first command's, and write every run down."""
    first = next(iter(found.values()))
    rows = [
        (
            name,
            median(each.wall for each in runs),
            median(each.cpu for each in runs),
            median(each.peak for each in runs),
            median(a.cpu / b.cpu for a, b in zip(runs, first, strict=True)),
        )
        for name, runs in found.items()
    ]
    table(("command", "wall s", "CPU s", "peak MiB", "CPU ratio"), rows)
    save(
        kind,
        {
            name: [{"wall": c.wall, "cpu": c.cpu, "peak": c.peak} for c in runs]
            for name, runs in found.items()
        },
    )


def table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Print rows below their head, numbers to three digits."""
    texts = [[_text(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(head, *texts, strict=True)]
    for row in (head, *texts):
        first, *rest = [
            cell.ljust(width) if number == 0 else cell.rjust(width)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        print("  ".join((first, *rest)), flush=True)


def save(kind: str, content: Any) -> None:
    """Write a benchmark's figures as JSON beside the reports."""
    OUTPUT.mkdir(exist_ok=True)
    path = OUTPUT / f"benchmark-{kind}.json"
    path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def exponent(sizes: Sequence[float], costs: Sequence[float]) -> float:
    """Return the power with which a cost grows: the slope of its logarithms."""
    logs = [math.log(size) for size in sizes], [math.log(each) for each in costs]
    return linear_regression(*logs).slope


def _text(cell: Any) -> str:
    if not isinstance(cell, float):
        return str(cell)
    return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"  # noqa: PLR2004 - digits
