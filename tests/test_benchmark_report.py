"""The report's benchmark measures what it says, on records that are whole."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_benchmark_prints_a_table_and_its_figures_as_json() -> None:
    ended = subprocess.run(
        [sys.executable, "benchmarks/report.py", "80", "160"],
        check=True,
        capture_output=True,
        text=True,
        cwd=ROOT,
    )
    head, *table, figures = ended.stdout.splitlines()
    rows = json.loads(figures)

    assert head.split() == ["results", "records", "page", "build", "peak", "load"]
    assert len(table) == 2
    assert [row["results"] for row in rows] == [80, 160]
    assert rows[0]["records_mb"] < rows[1]["records_mb"]
    assert all(row["page_mb"] > 0 and row["peak_mb"] > 0 for row in rows)
