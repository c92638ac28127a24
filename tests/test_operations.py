"""The oracles: derivatives against differences, bounds, and rows without positions."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.operations import (
    load_exact,
    load_mutants,
    load_operations,
    load_oracle,
    load_reduction,
)
from conformance.operations._common.root import take_root
from conformance.operations.apply_mask import oracle as apply_mask
from conformance.operations.attention import oracle as attention
from conformance.operations.birnn import oracle as birnn
from conformance.operations.conv1d import oracle as conv1d
from conformance.operations.crf_log_likelihood import oracle as crf_log_likelihood
from conformance.operations.layer_norm import oracle as layer_norm
from conformance.operations.masked_batch_norm import oracle as masked_batch_norm
from conformance.operations.masked_log_softmax import oracle as masked_log_softmax
from conformance.operations.masked_loss import oracle as masked_loss
from conformance.operations.masked_softmax import oracle as masked_softmax
from conformance.operations.masked_sum.reduction import REDUCTION
from conformance.operations.nested import oracle as nested
from conformance.operations.reverse_sequence import oracle as reverse_sequence
from conformance.operations.stack import oracle as stack
from conformance.strategies import batches
from conformance.trial.draw import COTANGENTS
from conformance.trial.exact import find_judged
from conformance.trial.precision import PRECISIONS
from conformance.trial.sample import Sample, cast, generate

if TYPE_CHECKING:
    from conformance.specification import Variant
    from conformance.trial.batch import Array, Batch
    from conformance.trial.oracle import Oracle

VARIANTS = [
    variant
    for operation in load_operations().values()
    for variant in operation.variants
]
NAMES = [variant.name for variant in VARIANTS]
STEP = 2.0**-20
REDUCTIONS = [each for name in load_operations() if (each := load_reduction(name))]
TIES = {each.name for each in REDUCTIONS if each.shares}
LOOSE = {each.name for each in REDUCTIONS if not each.smooth}
UNROUNDED = [
    variant
    for operation in load_operations().values()
    for variant in operation.variants
    if operation.bound.startswith("0")
    or variant.name.startswith(("masked_median.lower", "pool1d.maximum."))
]


def sample(variant: Variant, *, seed: int = 3, dtype: str = "float64") -> Sample:
    oracle = load_oracle(variant.operation)
    batch = generate(oracle, variant, seed=seed, turn=0, time=3, rows=2)
    return Sample(
        oracle=oracle,
        variant=variant,
        dtype=dtype,
        batch=cast(batch, dtype),
        empty="zero",
        padding="zero",
    )


def moved(batch: Batch, name: str, at: tuple[int, ...], by: float) -> Batch:
    owners = ("weights", "beside", "arrays")
    own = next(each for each in owners if name in getattr(batch, each))
    arrays = dict(getattr(batch, own))
    arrays[name] = arrays[name].copy()
    arrays[name][at] += by
    return replace(batch, **{own: arrays})  # type: ignore[arg-type]


def slope(one: Sample, cotangent: Array, name: str, at: tuple[int, ...]) -> float:
    ends = [
        (one.replace_batch(moved(one.batch, name, at, by)).want * cotangent).sum()
        for by in (STEP, -STEP)
    ]
    return float((ends[0] - ends[1]) / (2 * STEP))


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_the_derivative_is_what_differences_say(variant: Variant) -> None:
    one = sample(variant)
    if variant.operation in TIES:  # no derivative there
        distinct = np.arange(one.batch.arrays["x"].size, dtype=np.float64)
        x = distinct.reshape(one.batch.arrays["x"].shape)
        one = one.replace_batch(replace(one.batch, arrays={"x": x}))
    cotangent = one.cotangent()
    for name, exact in one.derivative(cotangent).items():
        for at in np.ndindex(exact.want.shape):
            want = slope(one, cotangent, name, at)
            assert exact.want[at] == pytest.approx(want, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_the_derivative_at_padding_is_zero_without_error(variant: Variant) -> None:
    one = sample(variant)
    cotangent = one.cotangent()
    for name, exact in one.derivative(cotangent).items():
        if name in one.batch.arrays:
            assert not exact.want[~one.batch.mask].any()
            assert (exact.allowed[~one.batch.mask] <= 2.0**-1000).all()


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_bounds_of_derivatives_are_small_and_of_their_shape(variant: Variant) -> None:
    one = sample(variant)
    cotangent = one.cotangent()
    loose = variant.operation in LOOSE
    for exact in one.derivative(cotangent).values():
        assert exact.allowed.shape == exact.want.shape
        assert (exact.allowed >= 0).all()
        assert loose or (exact.allowed < 1e-9).all()


@pytest.mark.parametrize("dtype", PRECISIONS)
@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_bounds_are_finite_and_positive_where_there_is_rounding(
    variant: Variant, dtype: str
) -> None:
    one = sample(variant, dtype=dtype)
    allowed, valid = one.allowed, one.counted
    asked = find_judged(one.open_by, one.want.shape)

    assert allowed.shape == one.want.shape
    if variant.operation == "crf_decode":  # a tag that rounding may turn is not held
        assert set(allowed[asked].tolist()) == {0.0}
        return
    if variant.operation in {"cross_attention", "decode"}:  # padding of its own
        assert not allowed[~valid].any()
        allowed, asked = allowed[valid], asked[valid]
    elif variant.result == "row":  # a shorter row has no answer
        enough = one.batch.counts >= variant.least
        allowed, asked = allowed[enough], asked[enough]
    assert np.isfinite(allowed[asked]).all()
    if variant in UNROUNDED:
        assert not allowed.any()
        return
    if variant.result == "position":
        assert not allowed[~valid].any()
        weighs = variant.operation != "moe_routing" or one.want[valid] != 0
        # An expert that has not taken a position weighs nothing, to the last bit.
        allowed, asked = allowed[valid], asked[valid] & weighs
    assert (allowed[asked] > 0).all()


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_a_coarser_dtype_has_a_wider_bound(variant: Variant) -> None:
    widths = [
        float(sample(variant, dtype=dtype).allowed.sum())
        for dtype in ("float64", "float32", "bfloat16")
    ]
    assert widths == sorted(widths)


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_nothing_but_zeros_comes_of_no_valid_position(variant: Variant) -> None:
    if variant.empty == "steps":  # they are valid by themselves
        return
    one = sample(variant)
    none = replace(one.batch, mask=np.zeros_like(one.batch.mask))
    oracle, options = one.oracle, variant.options

    begun = one.batch.beside["initial"] if variant.empty == "initial" else 0.0
    begun = np.inf if variant.empty == "impossible" else begun
    assert (oracle.answer(options, none) == begun).all()
    cotangent = np.ones_like(one.want)
    for name, exact in oracle.gradient(options, none, cotangent).items():
        returned = variant.empty == "initial" and name == "initial"
        assert (exact == (1.0 if returned else 0.0)).all()


@pytest.mark.parametrize("variant", VARIANTS, ids=NAMES)
def test_an_empty_row_leaves_the_other_rows_as_they_are(variant: Variant) -> None:
    one = sample(variant)
    mask = one.batch.mask.copy()
    mask[-1] = False
    some = one.replace_batch(replace(one.batch, mask=mask))
    rest = one.replace_batch(one.batch.take([0]))

    got = some.want if variant.result == "scalar" else some.want[:-1]
    # One row and several are multiplied by other routines: the last bit may differ.
    assert got == pytest.approx(rest.want, rel=1e-14)


@pytest.mark.parametrize("name", NAMES)
def test_what_stands_at_padding_never_reaches_the_oracle(name: str) -> None:
    variant = VARIANTS[NAMES.index(name)]
    oracle, options = load_oracle(variant.operation), variant.options

    @settings(max_examples=6, deadline=None, derandomize=True)
    @given(batches(name, placement="gaps"), st.sampled_from(COTANGENTS[0]))
    def holds(batch: Batch, pull: float) -> None:
        arrays = {
            key: array.copy() if array.dtype.kind == "i" else spoilt(array, batch.mask)
            for key, array in batch.arrays.items()
        }
        other = replace(batch, arrays=arrays)
        want = oracle.answer(options, batch)
        cotangent = np.full_like(want, pull)

        assert np.array_equal(oracle.answer(options, other), want)
        one = oracle.gradient(options, batch, cotangent)
        two = oracle.gradient(options, other, cotangent)
        assert all(np.array_equal(one[key], two[key]) for key in one)

    holds()


def spoilt(array: Array, mask: Array) -> Array:
    wide = mask.reshape(mask.shape + (1,) * (array.ndim - 2))
    return np.where(wide, array, np.asarray(np.nan, array.dtype))


def test_shares_of_tied_maxima_are_anything_fair() -> None:
    variant = VARIANTS[NAMES.index("masked_max")]
    one = sample(variant)
    x, mask = np.array([[2.0, 2.0, 1.0, 9.0]]), np.array([[True, True, True, False]])
    batch = replace(one.batch, arrays={"x": x}, mask=mask)
    cotangent = np.array([4.0])

    def wrong(*shares: float) -> str:
        got = np.array([shares])
        oracle: Any = one.oracle
        return str(oracle.gradient_shares({}, batch, cotangent, got))

    assert wrong(4, 0, 0, 0) == ""
    assert wrong(1, 3, 0, 0) == ""
    assert wrong(5, -1, 0, 0) == "a tied maximum has a negative share of the cotangent"
    assert wrong(1, 1, 0, 0) == "the shares of tied maxima do not sum to the cotangent"


def test_a_root_needs_bounds_that_its_own_follow_from() -> None:
    exact = load_reduction("last_valid")
    assert exact

    with pytest.raises(TypeError, match="last_valid declares no functions"):
        take_root(
            exact, name="x", of="x", row=max, formula=max, steepest=lambda v: v.answer
        )


def test_every_oracle_is_one_for_the_type_checker() -> None:
    modules: tuple[Oracle, ...] = (
        apply_mask,
        attention,
        birnn,
        conv1d,
        crf_log_likelihood,
        layer_norm,
        masked_batch_norm,
        masked_log_softmax,
        masked_loss,
        masked_softmax,
        nested,
        reverse_sequence,
        stack,
        REDUCTION.oracle,
    )

    assert all(each.ROWS for each in modules)


def test_each_operation_has_a_number_of_its_own_and_they_stand_in_its_order() -> None:
    found = [operation.number for operation in load_operations().values()]
    assert found == sorted(set(found))


def test_an_operation_is_a_room_with_everything_in_it() -> None:
    for name, operation in load_operations().items():
        assert operation.name == name
        for make in (load_oracle, load_exact, load_mutants):
            assert make(name).__doc__
