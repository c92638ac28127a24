"""The example library: its gate is green, and was red for the bugs in its history.

`nox -s examples` runs this on the built wheel, in an environment with torch.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("torch")

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "seqlayers"
MAIN = "from conformance.commands.cli import main; main()"
WHEEL = os.environ.get("MASK_WHEEL", "")
HISTORY = {
    "0.2.0-shorter-pooling": (
        ("--level", "core", "--operation", "masked_mean"),
        "FAILED masked_mean/value:float32:eager",
        "divides by T, not by the number of valid positions",
    ),
    "0.2.1-faster-loss": (
        ("--operation", "masked_loss"),
        "FAILED masked_loss.cross_entropy.mean/wild-padding:float32:eager",
        "clause masked_loss.wild-padding",
    ),
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """Copy the example, so that its history can be applied."""
    copy = tmp_path / "seqlayers"
    shutil.copytree(EXAMPLE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    return copy


def run(library: Path, *command: str) -> subprocess.CompletedProcess[str]:
    here = [] if WHEEL else [str(ROOT)]
    return subprocess.run(
        [sys.executable, *command],
        check=False,
        capture_output=True,
        text=True,
        cwd=library,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*here, str(library)])},
    )


def mask(library: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return run(library, "-c", MAIN, *arguments)


@pytest.mark.skipif(not WHEEL, reason="says where the wheel is installed")
def test_it_is_the_wheel_that_is_tried(library: Path) -> None:
    said = run(library, "-c", "import conformance; print(conformance.__file__)").stdout
    assert "site-packages" in said


def test_the_adapter_is_ready(library: Path) -> None:
    ended = mask(library, "smoke", "masking.py")
    assert (ended.returncode, "ready: 4 operations" in ended.stdout) == (0, True), (
        ended.stdout
    )


def test_its_own_tests_are_green_with_what_is_known(library: Path) -> None:
    ended = run(library, "-m", "pytest", "-q", "-p", "no:cacheprovider")
    assert ended.returncode == 0, ended.stdout[-2000:]
    assert "4 xfailed" in ended.stdout
    assert "failed" not in ended.stdout.replace("xfailed", "")


def test_the_gate_is_green_with_what_is_known(library: Path) -> None:
    ended = mask(library, "run", "masking.py", "-o", "out")
    assert ended.returncode == 0, ended.stdout
    assert "known, 2 checks: pack_padded_sequence refuses" in ended.stdout


@pytest.mark.parametrize("patch", HISTORY)
def test_the_gate_was_red_for_a_bug_of_its_history(patch: str, library: Path) -> None:
    options, failed, why = HISTORY[patch]
    assert mask(library, "run", "masking.py", *options).returncode == 0
    file = EXAMPLE / "history" / f"{patch}.patch"
    with file.open("rb") as given:
        subprocess.run(["patch", "-p1", "-s"], check=True, cwd=library, stdin=given)
    ended = mask(library, "run", "masking.py", *options)
    assert ended.returncode == 1
    assert failed in ended.stdout
    assert why in ended.stdout
    assert str(file.name) in (EXAMPLE / "README.md").read_text(encoding="utf-8")
