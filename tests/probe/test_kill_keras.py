"""Every Keras model that is wrong on purpose is found and placed; its twin passes.

Keras runs on the backend that KERAS_BACKEND names.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find, wrap

if TYPE_CHECKING:
    from conformance.probe.examine import Report

HERE = Path(__file__).parent
SEEDS = range(1, 1 + int(os.environ.get("MASK_SEEDS", "1")))

_BACKEND = os.environ.get("KERAS_BACKEND", "tensorflow")
pytest.importorskip(_BACKEND)
pytest.importorskip("keras")


def load(name: str) -> Any:
    """Import a module beside this one; the folder is no package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


wrong_keras = load("wrong_keras")
CASES = wrong_keras.CASES


def probed(case: Any, seed: int, *, wrong: bool, locate: bool = True) -> Report:
    model = case.make(seed, wrong=wrong)
    settings = ProbeSettings(seed=seed, locate=locate, **case.said)
    return examine(wrap(model, case.name), settings)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_wrong_model_is_found_and_placed(case: Any) -> None:
    report = probed(case, 0, wrong=True)
    questions = {answer.question for answer in report.leaks}
    assert questions
    assert not case.question or case.question in questions
    if not case.placed:
        return
    location = report.locations.get(case.question) or next(
        iter(report.locations.values())
    )
    assert location.before is None
    assert location.site.path == case.layer
    assert location.site.line in case.lines
    assert location.site.file in {"", wrong_keras.__file__}
    assert location.checked


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_its_right_twin_passes(case: Any, seed: int) -> None:
    report = probed(case, seed, wrong=False, locate=False)
    assert [(each.question, each.text, each.why) for each in report.leaks] == []
    assert any(each.kind in {"same", "noise"} for each in report.answers)


def test_there_are_at_least_twenty_wrong_models() -> None:
    assert len(CASES) >= 20
    assert len({case.name for case in CASES}) == len(CASES)


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "where"),
    [
        ("masking-convolution", "the mask ends at conv (Conv1D)"),
        (
            "masking-maximum",
            "the mask ends at pool (GlobalMaxPooling1D), which does not read it",
        ),
        ("nested", "the mask ends at inner/conv (Conv1D)"),
    ],
)
def test_where_the_mask_ends_is_said(name: str, where: str) -> None:
    wrong, right, _ = wrong_keras.MODELS[name]
    settings = ProbeSettings(questions=("repeat",), locate=False)
    assert where in examine(wrap(wrong()), settings).notes
    assert not any(
        "mask ends" in each for each in examine(wrap(right()), settings).notes
    )


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(
    ("name", "leaks"),
    [
        ("Dense", False),
        ("GlobalMaxPooling1D", True),
        ("GlobalAveragePooling1D", False),
        ("MultiHeadAttention", False),
        ("Conv1D", True),
        ("Embedding", False),
    ],
)
def test_a_layer_is_made_by_its_name(name: str, *, leaks: bool) -> None:
    settings = ProbeSettings(questions=("more-padding", "alone"), locate=False)
    report = examine(find(f"keras:{name}"), settings)
    assert bool(report.leaks) == leaks
    assert report.target.code[0] == "import keras"
