"""Whole commands, in turns, as medians and ratios.

python benchmarks/wall.py startup              # listing, help, verdict, collection
python benchmarks/wall.py core ADAPTER ...     # the core level of installed adapters
python benchmarks/wall.py plain ADAPTER        # beside the same checks in a pytest file
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from measure import interleaved, script, shown

PLAIN = """\
import conformance


@conformance.parametrize_checks({adapter!r}, level="core")
def test_masking(check):
    check()
"""
PYTEST = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]


def startup(folder: Path) -> dict[str, list[str]]:
    """Return what a user waits for first, beside the import of click alone."""
    run = [script(), "run", "numpy_reference", "-o", str(folder)]
    suite = ["-p", "conformance.pytest_plugin", "--pyargs", "conformance.suite"]
    collect = [*PYTEST, *suite, "--collect-only", "--mask-adapter", "numpy_reference"]
    return {
        "import click": [sys.executable, "-c", "import click"],
        "mask-conformance adapters": [script(), "adapters"],
        "mask-conformance --help": [script(), "--help"],
        "one verdict on NumPy": [*run, "--check", "masked_mean/value:float32:*"],
        "collection of robust": collect,
    }


def core(names: list[str], folder: Path) -> dict[str, list[str]]:
    """Return the core level of each adapter, imports included."""
    return {
        name: [script(), "run", name, "--level", "core", "-o", str(folder)]
        for name in names
    }


def plain(name: str, folder: Path) -> dict[str, list[str]]:
    """Return the same checks in a parametrised pytest file, then as a run."""
    file = folder / "test_plain.py"
    file.write_text(PLAIN.format(adapter=name), encoding="utf-8")
    return {"pytest file": [*PYTEST, str(file)], **core([name], folder)}


def main(arguments: list[str]) -> int:
    """Print a table and write the figures as JSON."""
    kind, *names = arguments or ["startup"]
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        if kind == "startup":
            commands = startup(folder)
        elif kind == "plain":
            commands = plain(*names, folder)
        else:
            commands = core(names, folder)
        # A difference that is not known is no reason not to be timed.
        found = interleaved(
            commands, runs=5 if kind == "startup" else 3, accepts=(0, 1)
        )
    shown("-".join((kind, *names)), found)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
