"""The strategies that other libraries' tests use."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from conformance import strategies
from conformance.errors import UnknownNameError, UsageError

if TYPE_CHECKING:
    from conformance.trial.batch import Array, Batch


@given(strategies.masks(rows=2, time=4, placement="left"))
def test_a_mask_owns_its_memory(mask: Array) -> None:
    assert all(stride >= 0 for stride in mask.strides)
    assert mask.flags["C_CONTIGUOUS"]


@given(strategies.batches("masked_loss"))
def test_an_operation_stands_for_its_variants(batch: Batch) -> None:
    assert set(batch.arrays) == {"predictions", "targets"}


@given(strategies.batches("masked_max", features=7))
def test_the_width_can_be_chosen(batch: Batch) -> None:
    assert batch.arrays["x"].shape[-1] == 7


@given(strategies.batches("masked_max", features=1))
def test_the_width_may_be_smaller_than_the_suites(batch: Batch) -> None:
    assert batch.arrays["x"].shape[-1] == 1


@pytest.mark.parametrize(
    ("name", "error"), [("masked_maxx", UnknownNameError), ("birnn", UsageError)]
)
def test_what_cannot_be_drawn_is_refused(name: str, error: type[Exception]) -> None:
    @given(strategies.batches(name, features=3))
    def draw(batch: Batch) -> None:
        del batch

    with pytest.raises(error):
        draw()
