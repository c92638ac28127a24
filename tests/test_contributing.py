"""The price of one more reduction: CONTRIBUTING shows what stands in the source."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from textwrap import dedent

ROOT = Path(__file__).parents[1]
NAME = "masked_std"
FOLDER = ROOT / "conformance" / "operations" / NAME
FRAMEWORK = r'^# environment = "(numpy|torch|tensorflow|jax)"$'
MOST = 110
"""Lines by hand beside the cases, blank ones included."""


def recipe() -> str:
    """Return CONTRIBUTING's section on reductions."""
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    return text.split("## How to add a reduction\n")[1].split("\n## ")[0]


def price() -> dict[str, int]:
    """Return how many lines of each file are the example's.

    An adapter of another library is written for that library, not for a reduction.
    """
    found = {
        path.name: len(path.read_text(encoding="utf-8").splitlines())
        for path in FOLDER.glob("*.py")
    }
    for path in (ROOT / "adapters").glob("*.py"):
        text = path.read_text(encoding="utf-8")
        if not re.search(FRAMEWORK, text, re.MULTILINE):
            continue
        head = sum(NAME in line for line in text.splitlines() if line.startswith("# "))
        for node in ast.parse(text).body:
            if isinstance(node, ast.FunctionDef) and node.name == NAME:
                first = min([node.lineno, *(one.lineno for one in node.decorator_list)])
                # Two blank lines part it from its neighbour.
                found[path.name] = (node.end_lineno or 0) - first + 3 + head
    return found


def test_one_more_reduction_costs_what_contributing_says() -> None:
    counted = price()
    said = re.search(r"(\d+) lines in (\d+) files", recipe())

    assert said
    assert (int(said[1]), int(said[2])) == (sum(counted.values()), len(counted))
    assert sum(counted.values()) <= MOST


def test_contributing_shows_lines_of_the_source() -> None:
    sources = [
        path.read_text(encoding="utf-8")
        for folder in (FOLDER, ROOT / "adapters")
        for path in folder.glob("*.py")
    ]
    blocks = re.findall(r"```python\n(.*?)\n *```", recipe(), re.DOTALL)

    assert len(blocks) > 1
    for block in blocks:
        assert any(dedent(block) in source for source in sources), block
