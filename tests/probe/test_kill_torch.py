"""Every torch module that is wrong on purpose is found and placed; its twin passes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

torch = pytest.importorskip("torch")

TABLES = {"wrong_torch": "torch"}

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


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


def test_there_are_at_least_forty_wrong_modules(load: Callable[[str], Any]) -> None:
    cases = load("wrong_torch").CASES
    assert len(cases) >= 40
    assert len({case.name for case in cases}) == len(cases)
