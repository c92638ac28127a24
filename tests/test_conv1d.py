"""Which positions of a convolution count, and what a row alone is without."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from conformance.adapters.load import load_adapter
from conformance.cases import decode
from conformance.cases.validate import _fits
from conformance.check.mutants import adapter, correct
from conformance.operations import load_operations, load_oracle
from conformance.operations._common.laws.batch import batch_composition
from conformance.operations._common.laws.special import valid_nan
from conformance.operations._common.mutant import Mutant, mutants
from conformance.run.catalogue import cases
from conformance.strategies import variant_named
from conformance.trial.attempt import attempt
from conformance.trial.batch import Batch, extent
from conformance.trial.frameworks import load_framework
from conformance.trial.sample import Sample, cast, generate
from conformance.trial.subject import Subject

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.trial.adapter import Adapter

ONES = {"kernel": np.ones((3, 1, 1)), "bias": np.array([0.5])}
VARIANTS = [variant.name for variant in load_operations()["conv1d"].variants]


def sample(variant: str, row: Sequence[float], mask: str) -> Sample:
    """One row, its mask written as ones and zeros, under a kernel of ones."""
    x = np.asarray(row, np.float64).reshape(1, -1, 1)
    keep = np.array([[each == "1" for each in mask]], dtype=bool)
    return Sample(
        oracle=load_oracle("conv1d"),
        variant=variant_named(f"conv1d.{variant}"),
        dtype="float64",
        batch=Batch(arrays={"x": x}, mask=keep, weights=ONES),
    )


def subject(found: Adapter, variant: str, dtype: str = "float64") -> Subject:
    return Subject(
        found,
        load_framework("numpy"),
        load_operations()["conv1d"],
        variant_named(f"conv1d.{variant}"),
        dtype=dtype,
        route="eager",
    )


def numbers(one: Sample) -> list[float]:
    return [float(each) for each in one.want[0, :, 0]]


@pytest.mark.parametrize(
    ("variant", "want"),
    [
        ("same.1", [3.5, 7.5, 6.5, 0.0]),
        ("same.2", [5.5, 2.5, 5.5, 0.0]),
        ("causal.1", [1.5, 3.5, 7.5, 0.0]),
        ("causal.2", [1.5, 2.5, 5.5, 0.0]),
        ("valid.1", [7.5, 0.0]),
    ],
)
def test_a_row_of_three_beside_padding(variant: str, want: list[float]) -> None:
    assert numbers(sample(variant, [1, 2, 4, 99], "1110")) == want


def test_a_gap_is_a_zero_that_keeps_its_place() -> None:
    assert numbers(sample("same.1", [1, 99, 4, 8], "1011")) == [1.5, 0.0, 12.5, 12.5]


def test_a_window_counts_from_the_first_valid_position_to_the_last() -> None:
    one = sample("valid.1", [99, 1, 98, 4, 8, 97], "010110")
    assert one.counted.tolist() == [[False, True, True, False]]
    assert numbers(one) == [0.0, 5.5, 12.5, 0.0]


@pytest.mark.parametrize("time", [0, 1, 2])
def test_a_batch_shorter_than_the_window_has_an_answer_of_no_positions(
    time: int,
) -> None:
    one = sample("valid.1", [1.0] * time, "1" * time)
    assert one.want.shape == (1, 0, 1)
    got = subject(load_adapter("numpy_reference"), "valid.1").agrees(one)
    assert got.passed


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_answer_that_is_nan_is_nothing_else(variant: str) -> None:
    one = sample(variant.removeprefix("conv1d."), [1, np.nan, 3, 4], "1111")
    nan = np.isnan(one.want)
    assert nan.any()
    assert not one.allowed[nan].any()


def test_a_row_is_from_its_first_valid_position_to_its_last() -> None:
    mask = np.array([[False, True, False, True, False], [False] * 5])
    assert extent(mask).tolist() == [[False, True, True, True, False], [False] * 5]


def test_what_a_row_alone_keeps_is_said_by_the_operation() -> None:
    batch = sample("same.1", [9, 1, 8, 4, 7], "01010").batch
    outside = batch.trim(0, "outside")
    assert outside.arrays["x"][0, :, 0].tolist() == [1, 8, 4]
    assert outside.mask.tolist() == [[True, False, True]]
    assert batch.trim(0).arrays["x"][0, :, 0].tolist() == [1, 4]
    kept = [o.name for o in load_operations().values() if o.trims == "outside"]
    assert kept == ["conv1d", "stack", "accumulated_loss", "windowed_attention"]


def gappy(variant: str) -> Sample:
    """Return a batch whose rows of three valid positions have a gap among them."""
    found = variant_named(f"conv1d.{variant}")
    oracle = load_oracle("conv1d")
    batch = generate(oracle, found, seed=0, turn=0)
    mask = batch.mask.copy()
    mask[mask.sum(axis=1) == batch.time] = [True, False, True, True, False]
    return Sample(
        oracle=oracle,
        variant=found,
        dtype="float64",
        batch=cast(replace(batch, mask=mask), "float64"),
    )


def said(found: Adapter, law: Any, one: Sample) -> str:
    variant = one.variant.name.removeprefix("conv1d.")
    return attempt(law, subject(found, variant), one).verdict.message


@pytest.mark.parametrize("variant", ["same.1", "same.2", "causal.2"])
def test_a_row_alone_keeps_its_gaps_in_the_law_of_batch_composition(
    variant: str,
) -> None:
    one = gappy(variant)
    closing = adapter(named("gaps-closed"))
    assert said(correct("conv1d"), batch_composition, one) == ""
    assert said(closing, batch_composition, one) != ""


def named(name: str) -> Mutant:
    return next(each for each in mutants("conv1d") if each.name == name)


def test_nan_is_put_where_the_exact_answer_shows_it() -> None:
    # The first row has one position, and no window of three.
    one = gappy("valid.1")
    assert one.batch.counts[0] == 1
    assert said(correct("conv1d"), valid_nan, one) == ""
    assert said(adapter(named("no-nan")), valid_nan, one) != ""


def test_an_axis_of_an_answer_may_have_any_length() -> None:
    sizes = {"B": 1, "C": 2}
    assert _fits((1, 7, 2), "B ? C", sizes, new=False)
    assert not _fits((1, 7, 3), "B ? C", sizes, new=False)
    assert not _fits((1, 2), "B ? C", sizes, new=False)


def test_shorter_answers_stand_in_the_case_files() -> None:
    own = [case for case in cases()["conv1d"] if ".valid." in case.variant]
    for case in own:
        time = len(case.mask[0]) - 2
        assert np.asarray(decode(case.want)).shape[1] == time
    assert len(own) >= 5
