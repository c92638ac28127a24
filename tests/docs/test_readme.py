"""README's first screen: short, and every command of it works."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FAILURES = (ROOT / "docs" / "failures.md").read_text(encoding="utf-8")
MAIN = "from conformance.commands.cli import main; main()"
SCREEN, _, REST = README.partition("\n## ")
FENCE = re.compile(r"(?ms)^```(\w+)\n(.*?)^```$")
WRONG = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# ///
import numpy as np


def masked_mean(x, mask):
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return (np.where(keep, x, 0).sum(axis=1) / x.shape[1]).astype(x.dtype)
"""


def command(folder: Path, line: str, status: int = 0) -> str:
    """Run a command of ours as it is printed, but for the framework."""
    words = line.partition("#")[0].replace("--framework torch", "--framework numpy")
    name, *arguments = words.split()
    assert name == "mask-conformance"
    ended = subprocess.run(
        [sys.executable, "-P", "-c", MAIN, *arguments],
        check=False,
        capture_output=True,
        text=True,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert ended.returncode == status, ended.stderr
    return ended.stdout


def test_the_first_screen_is_two_sentences_four_steps_and_a_picture() -> None:
    blocks = [body for _, body in FENCE.findall(SCREEN)]
    prose = FENCE.sub("", SCREEN)
    first = prose.partition("\n\n")[2].partition("\n\n")[0]

    assert len(re.findall(r"\.(?:\s|$)", first)) == 2
    assert len(blocks) == 4
    assert "pip install" in blocks[0]
    assert blocks[1].startswith("$ mask-conformance probe ")
    assert [line.split()[2] for line in blocks[2].splitlines()] == [
        *("new-adapter", "smoke", "run"),
    ]
    assert blocks[3].count("$ ") == 2
    assert SCREEN.index("docs/report.png") < SCREEN.index(blocks[3])
    assert len(SCREEN.splitlines()) <= 45
    assert "|" not in prose


def test_the_probe_that_is_printed_is_the_one_of_the_guide() -> None:
    guide = (ROOT / "docs" / "probe.md").read_text(encoding="utf-8")
    (shown,) = [body for _, body in FENCE.findall(SCREEN) if "probe " in body]
    for line in shown.splitlines():
        assert line in guide.splitlines()


def test_the_three_commands_for_an_adapter_follow_each_other(tmp_path: Path) -> None:
    (shown,) = [body for _, body in FENCE.findall(SCREEN) if "new-adapter" in body]
    new, smoke, run = (line.removeprefix("$ ") for line in shown.splitlines())
    command(tmp_path, new)
    path = tmp_path / "masking.py"
    assert "def masked_mean(" in path.read_text(encoding="utf-8")
    path.write_text(WRONG.replace("x.shape[1]", "keep.sum(axis=1)"), encoding="utf-8")
    assert "ready: 1 operation" in command(tmp_path, smoke)
    assert "passed" in command(tmp_path, run)


def test_a_failure_looks_as_it_is_shown(tmp_path: Path) -> None:
    (shown,) = [body for kind, body in FENCE.findall(FAILURES) if kind == "text"]
    (tmp_path / "mine.py").write_text(WRONG, encoding="utf-8")
    given = re.search(r"`(mask-conformance run [^`]+)`", FAILURES)
    assert given
    said = command(tmp_path, given[1], status=1)
    lines = [line for line in shown.splitlines() if "..." not in line]
    assert [line for line in lines if line not in said.splitlines()] == []


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=str)
def test_every_page_is_in_the_menu_and_readme_leads_to_it(page: Path) -> None:
    menu = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    assert f": {page.name}\n" in menu
    if page.name in {"index.md", "cases.md", "mutants.md", "noise.md", "speed.md"}:
        return  # for contributors, or led to by the page before it
    linked = README + (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    assert f"docs/{page.name}" in linked
