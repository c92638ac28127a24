"""Each quick start of docs/probe.md works as it is printed, where its library is."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "probe.md").read_text(encoding="utf-8")
NEEDS = {
    "torch": "torch",
    "JAX": "flax",
    "transformers": "transformers",
    "Keras": "tensorflow",
}
MAIN = "from conformance.commands.cli import main; main()"
FILE = re.compile(r"```python\n# (\S+\.py)\n(.*?)```", re.DOTALL)
COMMAND = re.compile(r"```console\n\$ mask-conformance (probe \S+)\n([^`]*)```")
NUMBER = r"\d[\d.]*(?:e[-+]\d+)?"
SCREEN = 50
"""Lines of a quick start at most: one screen."""


def section(name: str) -> str:
    _, _, rest = PAGE.partition(f"\n## {name}\n")
    return rest.partition("\n## ")[0]


def pattern(printed: str) -> str:
    """Return what is printed as a pattern; ``...`` and numbers may be any."""
    made = ""
    for line in printed.splitlines():
        if line == "...":
            made += r"(?:.*\n)*"
        else:
            parts = re.split(NUMBER, line)
            made += NUMBER.join(map(re.escape, parts)) + r"\n"
    return made


@pytest.mark.parametrize("name", NEEDS)
def test_a_quick_start_works_as_printed(name: str, tmp_path: Path) -> None:
    if find_spec(NEEDS[name]) is None or find_spec(name.lower()) is None:
        pytest.skip(f"{name} is not installed")
    text = section(name)
    for file, body in FILE.findall(text):
        (tmp_path / file).write_text(body, encoding="utf-8")
    found = COMMAND.search(text)
    assert found is not None
    shown = subprocess.run(
        [sys.executable, "-P", "-c", MAIN, *found[1].split()],
        check=False,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "KERAS_BACKEND": "tensorflow"},
    )
    assert shown.returncode == 1, shown.stderr
    assert re.fullmatch(pattern(found[2]), shown.stdout), shown.stdout


@pytest.mark.parametrize("name", NEEDS)
def test_a_quick_start_is_one_screen(name: str) -> None:
    start, _, rest = section(name).partition("$ mask-conformance probe")
    shown = (start + rest.partition("```")[0]).splitlines()
    assert 10 < len(shown) <= SCREEN
