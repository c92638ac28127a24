"""Every wrong TensorFlow module is found and placed; its right twin passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from conformance.probe.examine import examine
from conformance.probe.settings import ProbeSettings
from conformance.probe.target import wrap

if TYPE_CHECKING:
    from collections.abc import Callable

pytest.importorskip("tensorflow")

TABLES = {"wrong_tensorflow": "tensorflow"}

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


def test_the_compiled_route_gives_what_eager_gives(load: Callable[[str], Any]) -> None:
    model = load("wrong_tensorflow").CASES[0].make(0, wrong=False)
    asked = ("compiled",)
    settings = ProbeSettings(questions=asked, routes=("eager", "compiled"))
    report = examine(wrap(model), settings)
    assert {each.kind for each in report.answers} <= {"same", "noise"}
