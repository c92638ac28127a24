"""The kill matrices: each wrong model is found and placed, and its right twin passes.

A framework's test file names its tables of wrong models in ``TABLES``, each with the
package that it needs. What came of them is counted at the end of the run.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.probe.examine import Report
    from conformance.probe.locate import Location

HERE = Path(__file__).parent
SEEDS = range(1, 1 + int(os.environ.get("MASK_SEEDS", "1")))
COUNTS = pytest.StashKey[Counter[str]]()


def load_table(name: str) -> Any:
    """Import a module beside this one; the folder is no package."""
    if name in sys.modules:
        return sys.modules[name]
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def load() -> Callable[[str], Any]:
    """Import a table of wrong models by its name."""
    return load_table


def pytest_configure(config: pytest.Config) -> None:
    """Count from nothing."""
    config.stash[COUNTS] = Counter()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give a test every wrong model of its file's tables that can be imported."""
    tables = getattr(metafunc.module, "TABLES", None)
    if tables is None or "case" not in metafunc.fixturenames:
        return
    cases = [
        pytest.param(
            load_table(name), case, id=f"{name.removeprefix('wrong_')}-{case.name}"
        )
        for name, needs in tables.items()
        if importlib.util.find_spec(needs)
        for case in load_table(name).CASES
    ]
    metafunc.parametrize(("table", "case"), cases)
    if "seed" in metafunc.fixturenames:
        metafunc.parametrize("seed", SEEDS)


def probed(case: Any, seed: int, *, wrong: bool) -> Report:
    """Probe one of the two models of a case."""
    settings = ProbeSettings(seed=seed, locate=wrong, **case.said)
    return examine(wrap(case.make(seed, wrong=wrong), case.name), settings)


@pytest.fixture
def assert_placed(
    request: pytest.FixtureRequest,
) -> Callable[[Any, Any], None]:
    """Fail unless a wrong model is found, and placed at its module and line."""
    counts = request.config.stash[COUNTS]

    def check(table: Any, case: Any) -> None:
        counts["wrong models"] += 1
        report = probed(case, 0, wrong=True)
        questions = {answer.question for answer in report.leaks}
        found = bool(questions) and case.question in {"", *questions}
        counts["found"] += found
        assert found, questions
        if not case.placed:
            counts["without a place in the forward pass"] += 1
            return
        places = report.locations
        location = places.get(case.question) or next(iter(places.values()), None)
        assert location is not None
        judge_place(counts, table, case, location)

    return check


def judge_place(
    counts: Counter[str], table: Any, case: Any, location: Location
) -> None:
    """Count a place, and fail unless it is where the model is wrong."""
    site, before = location.site, location.before
    if before is not None:
        counts["said as between"] += 1
        assert case.between
        assert case.module in {before.path, site.path}
        return
    module = site.path == case.module
    line = site.line in case.lines and site.file in {"", table.__file__}
    counts["module right"] += module
    counts["line right"] += line
    counts["wrong place"] += not module
    assert not case.between
    assert module, site.path
    assert line, (site.file, site.line)
    assert location.checked


@pytest.fixture
def assert_passes(request: pytest.FixtureRequest) -> Callable[[Any, int], None]:
    """Fail if a right twin leaks, or if nothing was asked of it."""
    counts = request.config.stash[COUNTS]

    def check(case: Any, seed: int) -> None:
        counts["probes of right twins"] += 1
        report = probed(case, seed, wrong=False)
        counts["false alarms"] += bool(report.leaks)
        assert [(each.question, each.text, each.why) for each in report.leaks] == []
        assert any(each.kind in {"same", "noise"} for each in report.answers)

    return check


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Say what came of the kill matrices."""
    counts = config.stash[COUNTS]
    if counts:
        told = ", ".join(f"{count} {name}" for name, count in counts.items())
        terminalreporter.write_line(f"kill matrix: {told}")
