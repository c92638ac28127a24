"""How large, how slow and how hungry the page is, by the number of results.

    python benchmarks/report.py 100000 1000000

Writes synthetic records, builds the page of each number of results in a process of its
own, and prints size, seconds and peak memory as a table, then as JSON on one line. With
Playwright and a Chromium installed it also opens the page and says when it had loaded.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from time import perf_counter

ADAPTERS = 8
EVERY = 33
"""One result of so many differs, half of those are known."""

HEADER = {
    "type": "run",
    "schema": 1,
    "suite": "0.1.0",
    "specification": "1",
    "framework": "made",
    "file": "adapters/made.py",
    "versions": {"made": "1.0"},
    "environment": {"device": "cpu"},
    "level": "robust",
    "seed": 0,
    "examples": 32,
    "cases": 100,
    "cases_digest": "sha256:00",
    "started": "2026-01-01T00:00:00Z",
}
OPERATIONS = ("masked_mean", "masked_max", "masked_softmax", "masked_loss", "birnn")


def main() -> None:
    if sys.argv[1:2] == ["build"]:
        sys.stdout.write(json.dumps(build(Path(sys.argv[2]))) + "\n")
        return
    rows = [measure(int(text)) for text in sys.argv[1:] or ["100000"]]
    print("   results   records     page   build      peak     load")
    for row in rows:
        load = f"{row['load_s']:>6.2f} s" if "load_s" in row else "not run"
        print(
            f"{row['results']:>10,} {row['records_mb']:>6.1f} MB "
            f"{row['page_mb']:>5.2f} MB {row['build_s']:>5.1f} s "
            f"{row['peak_mb']:>6.0f} MB {load:>8}"
        )
    print(json.dumps(rows))


def measure(results: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        size = write(Path(folder), results)
        command = [sys.executable, __file__, "build", folder]
        ended = subprocess.run(command, check=True, capture_output=True, text=True)
        built: dict[str, float] = json.loads(ended.stdout)
        built |= load(Path(folder) / "page" / "index.html")
    return {"results": results, "records_mb": size / 1e6, **built}


def load(page: Path) -> dict[str, float]:
    """Return the median time to the end of the load event, of five visits."""
    browser = os.environ.get("MASK_BROWSER") or shutil.which("chromium")
    if not browser or not find_spec("playwright"):
        return {}
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
    seconds = []
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=browser, args=flags)
        for _ in range(5):
            tab = started.new_page()
            tab.goto(page.as_uri(), wait_until="load")
            took = tab.evaluate(
                "performance.getEntriesByType('navigation')[0].loadEventEnd"
            )
            seconds.append(took / 1000)
            tab.close()
        started.close()
    return {"load_s": median(seconds)}


def build(folder: Path) -> dict[str, float]:
    from conformance.commands.report import report

    begin = perf_counter()
    report([folder], folder / "page")
    seconds = perf_counter() - begin
    # Kilobytes on Linux, bytes on macOS.
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    page = (folder / "page" / "index.html").stat().st_size
    return {"build_s": seconds, "page_mb": page / 1e6, "peak_mb": peak / 1e6}


def write(folder: Path, results: int) -> int:
    """Write the records of some adapters; return their size in bytes."""
    each, size = results // ADAPTERS, 0
    for adapter in range(ADAPTERS):
        path = folder / f"made{adapter}.jsonl"
        with path.open("w", encoding="utf-8") as file:
            head = {"adapter": f"made{adapter}", "planned": each}
            file.write(json.dumps({**HEADER, **head, "operations": OPERATIONS}) + "\n")
            bad = 0
            for number in range(each):
                differs = (number * 7 + adapter) % EVERY == 0
                bad += differs
                file.write(json.dumps(result(number, differs=differs)) + "\n")
            counts = {"passed": each - bad, "failed": bad}
            file.write(json.dumps({"type": "end", "counts": counts}) + "\n")
        size += path.stat().st_size
    return size


def result(number: int, *, differs: bool) -> dict[str, object]:
    operation = OPERATIONS[number % len(OPERATIONS)]
    check = f"{operation}.v{number // 1000}/case-{number % 1000}:float32:eager"
    line: dict[str, object] = {"type": "result", "check": check, "ms": 0.4}
    if not differs:
        return {**line, "outcome": "passed", "share": 0.25}
    row = [number / 7 + at for at in range(8)]
    line |= {"known": {"reason": "made"}} if number % 2 else {}
    return line | {
        "outcome": "failed",
        "clause": f"{operation}.value",
        "level": "core",
        "message": f"out[0] = nan, expected {number}; " * 9,
        "share": "inf",
        "failure": {
            "inputs": {"x": [row, row]},
            "mask": [[True] * 6 + [False] * 2] * 2,
            "got": row,
            "want": row,
            "allowed": row,
            "mismatched": 1,
            "of": 8,
            "worst": {"index": [0], "got": "nan", "want": 0.0, "error": "nan"},
            "diagnosis": "divides by T, not by the number of valid positions",
            "command": f"mask-conformance run made --check {check}",
            "snippet": f"print({number})\n" * 10,
            "shrunk": True,
        },
    }


if __name__ == "__main__":
    main()
