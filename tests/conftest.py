"""Adapters made for one test, and the command in a process of its own."""

from __future__ import annotations

import ast
import gc
import os
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

import conformance
from conformance.check import diagnosis
from conformance.operations import load_oracle
from conformance.run.session import Session
from conformance.run.settings import Settings
from conformance.specification.selection import Selection
from conformance.trial.oracle import CachedOracle

if TYPE_CHECKING:
    from collections.abc import Callable

# A busy machine is slow, which is no finding; a gate's verdict must not move.
settings.register_profile(
    "shared",
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("shared")

# A diagnosis that raises is no diagnosis in a run, and an error here.
diagnosis.RAISES = True

HEAD = """\
# /// script
# dependencies = ["numpy"]
# [tool.mask-conformance]
# framework = "numpy"
# ///
import numpy as np
"""
MAIN = "from conformance.commands.cli import main; main()"
MEAN = Selection(level="core", operations=("masked_mean",))


def pytest_collection_finish() -> None:
    """Leave what was collected, a million objects, out of every later collection."""
    gc.collect()
    gc.freeze()


@pytest.fixture
def kept_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the diagnoses of a test share what their oracles answer, as a run's do."""
    oracles = cache(lambda name: CachedOracle(load_oracle(name)))
    monkeypatch.setattr(diagnosis, "load_oracle", oracles)


@pytest.fixture(scope="session")
def sources() -> dict[str, ast.Module]:
    """Parse the engine's files, once for all tests that read them."""
    engine = Path(conformance.__file__).parent
    return {
        str(path.relative_to(engine)): ast.parse(path.read_text(encoding="utf-8"))
        for path in sorted(engine.rglob("*.py"))
        if "_shared" not in path.parts
    }


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Write an adapter, its head in front unless it has one."""

    def write(body: str, *, name: str = "wrong.py") -> Path:
        path = tmp_path / name
        text = body if "# ///" in body or not body else HEAD + body
        path.write_text(text, encoding="utf-8")
        return path

    return write


@pytest.fixture
def opened(written: Callable[[str], Path]) -> Callable[..., Session]:
    """Open a session on an adapter's text, in this process."""

    def open_(body: str, selection: Selection = MEAN) -> Session:
        reference = str(written(body))
        return Session(Settings(reference=reference, selection=selection))

    return open_


@pytest.fixture(scope="session")
def command() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run ``mask-conformance`` as a user does."""

    def run(*arguments: object) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", MAIN, *map(str, arguments)],
            check=False,
            capture_output=True,
            text=True,
            cwd=Path(__file__).parents[1],
        )

    return run
