"""Every torch module that is wrong on purpose is found and placed; its twin passes."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.probe.examine import Report

torch = pytest.importorskip("torch")

HERE = Path(__file__).parent
SEEDS = range(1, 1 + int(os.environ.get("MASK_SEEDS", "1")))


def load(name: str) -> Any:
    """Import a module beside this one; the folder is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


wrong_torch = load("wrong_torch")
CASES = wrong_torch.CASES


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def probed(case: Any, seed: int, *, wrong: bool, locate: bool = True) -> Report:
    model = case.make(seed, wrong=wrong)
    settings = ProbeSettings(seed=seed, locate=locate, **case.said)
    return examine(wrap(model, case.name), settings)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_module_is_found_and_placed(case: Any) -> None:
    report = probed(case, 0, wrong=True)
    questions = {answer.question for answer in report.leaks}
    assert questions
    assert not case.question or case.question in questions
    if not case.placed:
        return
    location = report.locations.get(case.question) or next(
        iter(report.locations.values())
    )
    site, before = location.site, location.before
    if case.between:
        assert before is not None
        assert case.module in {before.path, site.path}
        return
    assert before is None
    assert site.path == case.module
    assert site.line in case.lines
    assert site.file == wrong_torch.__file__
    assert location.checked


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_right_twin_passes(case: Any, seed: int) -> None:
    report = probed(case, seed, wrong=False, locate=False)
    assert [(each.question, each.text, each.why) for each in report.leaks] == []
    assert any(each.kind in {"same", "noise"} for each in report.answers)


def test_there_are_at_least_forty_wrong_modules() -> None:
    assert len(CASES) >= 40
    assert len({case.name for case in CASES}) == len(CASES)
