"""The table of bits tells rounding from a leak; the parts of the GPU's script."""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.adapters.load import load_adapter, read_declaration
from conformance.check.fixtures import Fixtures

if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = Path(__file__).parents[1] / "benchmarks"
SUM = """
def masked_sum(x, mask):
    keep = mask.reshape(mask.shape + (1,) * (x.ndim - 2))
    return {}
"""
RIGHT = "np.where(keep, x, 0).sum(1, dtype=x.dtype)"
LEAKS = "x.sum(1, dtype=x.dtype)"
ROUNDS = f"{RIGHT} * x.dtype.type(1 + 2**-23 * (len(x) % 16 != 0))"


@pytest.fixture
def benchmark(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Any]:
    monkeypatch.syspath_prepend(str(FOLDER))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return import_module


@pytest.mark.parametrize(
    ("body", "alone", "padding"),
    [(RIGHT, "bits", "bits"), (ROUNDS, "0.0", "bits"), (LEAKS, "bits", "LEAK")],
)
def test_the_class_of_bits_is_told(
    benchmark: Callable[[str], Any],
    written: Callable[[str], Path],
    body: str,
    alone: str,
    padding: str,
) -> None:
    bits = benchmark("bits")
    path = str(written(SUM.format(body)))
    (check,) = bits.checks_of(path, ["float32"], ["masked_sum"])
    found = bits.ask(Fixtures(load_adapter(path), 0), check)
    assert list(found) == list(bits.QUESTIONS)
    assert {found[name] for name in ("twice", "beside", "order", "larger")} == {"bits"}
    assert found["alone"].startswith(alone)
    assert found["padding"] == padding


def test_measurements_become_a_page(
    benchmark: Callable[[str], Any], tmp_path: Path
) -> None:
    bits = benchmark("bits")
    content = {
        "adapter": "mine",
        "device": "cpu",
        "versions": {"numpy": "2"},
        "environment": {"device": "cpu x86_64"},
        "promised": True,
        "questions": ["twice", "alone"],
        "rows": [
            ["masked_sum", "float32", "bits", "bits"],
            ["masked_sum", "float64", "bits", "bits"],
            ["stack", "float32", "bits", "0.1"],
        ],
    }
    file, page = tmp_path / "bits.json", tmp_path / "page.md"
    file.write_text(json.dumps(content), encoding="utf-8")
    page.write_text(f"before\n{bits.BEGIN}\nold\n{bits.END}\nafter\n", encoding="utf-8")
    assert bits.main(["--page", str(page), str(file)]) == 0
    text = page.read_text(encoding="utf-8")
    assert "The same bits in all six, float32, float64: `masked_sum`." in text
    assert "| `stack` | float32 | bits | 0.1 |" in text
    assert "old" not in text
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")


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
