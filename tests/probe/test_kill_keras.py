"""Every Keras model that is wrong on purpose is found and placed; its twin passes.

Keras runs on the backend that KERAS_BACKEND names.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import find, wrap

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip(os.environ.get("KERAS_BACKEND", "tensorflow"))
pytest.importorskip("keras")

TABLES = {"wrong_keras": "keras"}

pytestmark = pytest.mark.filterwarnings("ignore")


def test_a_wrong_model_is_found_and_placed(
    table: Any, case: Any, assert_placed: Callable[[Any, Any], None]
) -> None:
    assert_placed(table, case)


def test_its_right_twin_passes(
    table: Any, case: Any, seed: int, assert_passes: Callable[[Any, int], None]
) -> None:
    del table
    assert_passes(case, seed)


def test_there_are_at_least_twenty_wrong_models(load: Callable[[str], Any]) -> None:
    cases = load("wrong_keras").CASES
    assert len(cases) >= 20
    assert len({case.name for case in cases}) == len(cases)


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
def test_where_the_mask_ends_is_said(
    name: str, where: str, load: Callable[[str], Any]
) -> None:
    wrong, right, _ = load("wrong_keras").MODELS[name]
    settings = ProbeSettings(questions=("repeat",), locate=False)
    assert where in examine(wrap(wrong()), settings).notes
    assert not any(
        "mask ends" in each for each in examine(wrap(right()), settings).notes
    )


@pytest.mark.parametrize(
    ("name", "leaks"),
    [
        ("Dense", False),
        ("GlobalMaxPooling1D", True),
        ("GlobalAveragePooling1D", False),
        ("MultiHeadAttention", False),
        # Its windows are whole: a row of n positions has n - 2 answers, and no window
        # of those reaches over the row's end.
        ("Conv1D", False),
        ("Embedding", False),
    ],
)
def test_a_layer_is_made_by_its_name(name: str, *, leaks: bool) -> None:
    settings = ProbeSettings(questions=("more-padding", "alone"), locate=False)
    report = examine(find(f"keras:{name}"), settings)
    assert bool(report.leaks) == leaks
    assert report.target.code[0] == "import keras"
