from __future__ import annotations

import pytest

from conformance.commands.pages.grid import page
from conformance.commands.pages.matrix import Matrix
from conformance.commands.pages.power import ROWS, Power, powers


@pytest.mark.parametrize(
    ("operation", "most"),
    [("masked_mean", 8), ("masked_softmax", 8), ("masked_loss", 16), ("birnn", 32)],
)
def test_a_law_about_values_catches_a_few_ulp(operation: str, most: int) -> None:
    found = powers(operation)

    assert found["value"].ulp <= most
    assert all(1 <= power.rows <= ROWS for power in found.values())


def test_a_law_about_something_else_has_no_figure() -> None:
    assert "contract" not in powers("masked_mean")


def test_an_answer_that_is_not_rounded_is_held_to_the_last_bit() -> None:
    assert powers("masked_max")["value"] == Power(ulp=1, rows=1)


def test_whole_numbers_and_truth_values_have_no_figures() -> None:
    assert powers("mask_from_ids") == {}


def test_the_page_shows_error_and_rows_behind_the_counts() -> None:
    text = page(
        Matrix(mutants=(), kills={}), {"masked_mean.value": Power(ulp=4, rows=12)}
    )

    assert "| masked_mean.value | 0 | 0 | 4 | 12 |" in text
