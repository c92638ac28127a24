"""What the benchmarks compute beside running commands."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from conformance.adapters.load import load_adapter
from conformance.check.runner import Runner
from conformance.run import catalogue
from conformance.specification.selection import Selection


@pytest.fixture
def benchmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = Path(__file__).parents[1] / "benchmarks"
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


@pytest.mark.usefixtures("benchmarks")
def test_an_exponent_is_the_power_of_the_growth() -> None:
    measure: Any = import_module("measure")

    assert measure.exponent([1, 10, 100], [3, 30, 300]) == pytest.approx(1)
    assert measure.exponent([1, 10, 100], [2, 200, 20000]) == pytest.approx(2)


@pytest.mark.usefixtures("benchmarks")
def test_a_command_that_fails_is_no_figure() -> None:
    measure: Any = import_module("measure")

    wrong = [sys.executable, "-c", "raise SystemExit(3)"]
    with pytest.raises(RuntimeError, match="exit status 3"):
        measure.cost(wrong)
    assert measure.cost(wrong, accepts=(3,)).wall > 0


@pytest.mark.usefixtures("benchmarks")
def test_examples_are_those_that_ran() -> None:
    rows: Any = import_module("rows")

    said = """
  - during reuse phase (0.00 seconds):
    - 1 passing, 0 failing, and 0 invalid test cases
  - during generate phase (0.33 seconds):
    - Typical runtimes: ~ 1-20 ms, of which ~ 0-16 ms in data generation
    - 30 passing, 0 failing, and 4 invalid test cases
  - Stopped because settings.max_examples=30
"""
    assert rows.passing(said) == 31


@pytest.mark.usefixtures("benchmarks")
def test_only_the_adapters_own_calls_are_timed() -> None:
    clock: Any = import_module("clock")
    adapter = load_adapter("numpy_reference")
    selection = Selection(checks=("masked_mean/value:float32:*",))
    check, *_ = catalogue.plan_checks(adapter.declaration, selection)
    with clock.clocked() as found:
        result: Any = Runner(adapter, catalogue.cases()).run(check)
    assert result.outcome == "passed"
    assert 0 < 1000 * found.seconds < result.ms
