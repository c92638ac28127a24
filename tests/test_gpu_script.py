"""The parts of the script for a GPU name what exists, and say what came of them."""

from __future__ import annotations

import argparse
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.adapters.load import read_declaration

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return import_module


def options(folder: Path, **more: Any) -> argparse.Namespace:
    given = {"device": "cpu", "quick": True, "processes": 1, "output": folder, **more}
    return argparse.Namespace(**given)


def test_the_parts_for_a_gpu_name_what_exists(
    benchmark: Callable[[str], Any], tmp_path: Path
) -> None:
    gpu = benchmark("gpu")
    found = list(gpu.parts(options(tmp_path, device="cuda", quick=False)))
    assert len({part.name for part in found}) == len(found)
    assert [part.name for part in found][:2] == [
        "torch_reference at robust",
        "jax_reference at robust",
    ]
    for part in found:
        assert read_declaration(part.needs).name == part.needs
        assert "--device" in part.command
        if part.command[0] != "-c":
            assert Path(part.command[0]).is_file()


def test_a_part_says_what_came_of_it(
    benchmark: Callable[[str], Any], tmp_path: Path
) -> None:
    gpu = benchmark("gpu")
    (tmp_path / "logs").mkdir()

    def perform(code: str, seconds: float = 60, needs: str = "") -> dict[str, Any]:
        part = gpu.Part(name="x", command=("-c", code), seconds=seconds, needs=needs)
        found: dict[str, Any] = gpu.perform(part, tmp_path, 60)
        return found

    assert perform("pass")["status"] == 0
    assert perform("raise SystemExit('no room')")["said"] == "no room"
    assert "stopped after" in perform("import time; time.sleep(60)", seconds=0.5)
    assert "left out" in perform("pass", needs="paddle_builtin")
