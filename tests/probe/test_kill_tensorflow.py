"""Every TensorFlow module that is wrong on purpose is found and placed."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

tf = pytest.importorskip("tensorflow")

HERE = Path(__file__).parent


def load(name: str) -> Any:
    """Import a module beside this one; the folder is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


wrong_tensorflow = load("wrong_tensorflow")
CASES = wrong_tensorflow.CASES


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_module_is_found_and_placed(case: Any) -> None:
    report = examine(
        wrap(case.make(0, wrong=True), case.name), ProbeSettings(**case.said)
    )
    questions = {answer.question for answer in report.leaks}
    assert questions
    assert not case.question or case.question in questions
    location = report.locations.get(case.question) or next(
        iter(report.locations.values())
    )
    assert location.before is None
    assert location.site.path == case.layer
    assert location.site.line in case.lines
    assert location.site.file == wrong_tensorflow.__file__
    assert location.checked


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_right_twin_passes(case: Any, seed: int) -> None:
    settings = ProbeSettings(seed=seed, locate=False, **case.said)
    report = examine(wrap(case.make(seed, wrong=False), case.name), settings)
    assert [(each.question, each.text, each.why) for each in report.leaks] == []
    assert any(each.kind in {"same", "noise"} for each in report.answers)


@pytest.mark.filterwarnings("ignore")
def test_the_compiled_route_gives_what_eager_gives() -> None:
    model = CASES[0].make(0, wrong=False)
    asked = ("compiled",)
    settings = ProbeSettings(questions=asked, routes=("eager", "compiled"))
    report = examine(wrap(model), settings)
    assert {each.kind for each in report.answers} <= {"same", "noise"}
