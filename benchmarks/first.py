"""The first verdict: docs/probe.md as a new user follows it, and the seconds of it.

    python benchmarks/first.py WHEEL
    python benchmarks/first.py WHEEL --only torch --pin torch==2.13.0

For each framework: an empty environment, the printed line of pip (the framework first,
then the suite from the wheel), the printed file, the printed command. What it prints
must be what the page shows, but for numbers. Nothing is taken from an earlier
environment, and pip keeps no cache, so that downloads count. The folder is removed
afterwards. Each step has its wall seconds and, in brackets, its CPU seconds: beside
other work wall time says little.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from itertools import pairwise
from pathlib import Path
from time import perf_counter

import click

ROOT = Path(__file__).parents[1]
FILE = re.compile(r"```python\n# (\S+\.py)\n(.*?)```", re.DOTALL)
INSTALL = re.compile(r'\$ pip install "mask-conformance\[run\]" (.+)')
COMMAND = re.compile(r"\$ (mask-conformance probe \S+)\n([^`]*)```")
STEPS = ("venv", "framework", "suite", "verdict")
SECTIONS = ("torch", "Keras", "JAX", "transformers")


def measure(
    section: str, wheel: Path, folder: Path, pins: tuple[str, ...]
) -> dict[str, tuple[float, float]]:
    """Follow a section of the page in an empty folder; return what each step took."""
    page = (ROOT / "docs" / "probe.md").read_text("utf-8")
    text = page.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
    install, command = INSTALL.search(text), COMMAND.search(text)
    if install is None or command is None:
        sys.exit(f"docs/probe.md, {section}: no pip line, or no command")
    scripts = folder / ".venv" / "bin"
    pip = [str(scripts / "pip"), "install", "--quiet", "--no-cache-dir"]
    if pins:
        (folder / "pins.txt").write_text("\n".join(pins), "utf-8")
        pip += ["--constraint", str(folder / "pins.txt")]
    seconds = [read_clocks()]

    def run(*command: str, status: int = 0) -> str:
        # As a login shell has it: nothing of the environment that runs this.
        kept = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
        kept["PATH"] = f"{scripts}{os.pathsep}{os.environ['PATH']}"
        done = subprocess.run(
            command, cwd=folder, env=kept, capture_output=True, text=True, check=False
        )
        seconds.append(read_clocks())
        if done.returncode != status:
            sys.exit(f"{' '.join(command)}: {done.returncode}\n{done.stderr}")
        return done.stdout

    run("python3", "-m", "venv", ".venv")
    run(*pip, *install[1].split())
    run(*pip, f"{wheel}[run]")
    for name, body in FILE.findall(text):
        (folder / name).write_text(body, "utf-8")
    # A leak is what each page shows, so its exit status is 1.
    printed = run(str(scripts / "mask-conformance"), *command[1].split()[1:], status=1)
    (folder / "printed.txt").write_text(printed, "utf-8")
    missing = [line for line in words(command[2]) if line not in words(printed)]
    if missing:
        sys.exit(f"{section}: not printed: {missing}; printed:\n{printed}")
    files = (each.lstat().st_size for each in folder.rglob("*") if each.is_file())
    size = sum(files) / 2**30
    steps = [
        (after[0] - before[0], after[1] - before[1])
        for before, after in pairwise(seconds)
    ]
    return {**dict(zip(STEPS, steps, strict=True)), "GiB": (size, size)}


def read_clocks() -> tuple[float, float]:
    """Return wall seconds, and CPU seconds of the commands that have ended."""
    used = os.times()
    return perf_counter(), used.children_user + used.children_system


def words(text: str) -> list[str]:
    """Return the lines but for their numbers, which a release may change."""
    lines = [line for line in text.splitlines() if line != "..."]
    return [re.sub(r"\d[\d.]*(?:e[-+]\d+)?", "0", line) for line in lines]


@click.command()
@click.argument("wheel", type=click.Path(exists=True, path_type=Path))
@click.option("--only", type=click.Choice(SECTIONS), multiple=True)
@click.option("--pin", "pins", multiple=True, help="A release, such as torch==2.13.0.")
def main(wheel: Path, only: tuple[str, ...], pins: tuple[str, ...]) -> None:
    """Print a table, and write it to reports/benchmark-first.json."""
    found = {}
    for section in only or SECTIONS:
        with tempfile.TemporaryDirectory(prefix="first-") as folder:
            found[section] = measure(section, wheel.resolve(), Path(folder), pins)
        *steps, (size, _) = found[section].values()
        steps.append((sum(wall for wall, _ in steps), sum(cpu for _, cpu in steps)))
        shown = " | ".join(f"{wall:.0f} ({cpu:.0f})" for wall, cpu in steps)
        print(f"| {section} | {shown} | {size:.1f} |")
        sys.stdout.flush()
    path = ROOT / "reports" / "benchmark-first.json"
    path.write_text(json.dumps(found, indent=2), "utf-8")


if __name__ == "__main__":
    main()
