"""The exact answer of a sample: the oracle's, and what the adapter declares of itself.

What nobody specifies, and no declaration says, is left open by a clause with a name.
"""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING

import numpy as np

from conformance.errors import AdapterError
from conformance.trial.exact import (
    EMPTY_RAISES,
    NEAR_TIE,
    OVERFLOW,
    STRANGE_PADDING,
    UNDECLARED_EMPTY,
    UNDECLARED_PADDING,
    Exact,
    find_judged,
)
from conformance.trial.oracle import solve
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from conformance.trial.batch import Array
    from conformance.trial.oracle import BarredOracle, WeighingOracle
    from conformance.trial.sample import Sample

_COMPUTED = {"attend": "attended", "normed": "normed", "held": "held"}
"""The oracle's function by what is declared of padded positions."""

_EMPTY_VALUES = {
    "zero": 0.0,
    "one": 1.0,
    "nan": np.nan,
    "negative-infinity": -np.inf,
    "infinity": np.inf,
    "no-tag": -1.0,
}


def exact(sample: Sample) -> Exact:
    """Return what must come out of a sample's batch.

    Raises:
        ValueError: The batch has no exact answer.
        IndexError: A label in it is none.
    """
    variant, batch = sample.variant, sample.batch
    with np.errstate(all="ignore"):  # wild values overflow; the verdict shows it
        both = solve(sample.oracle, variant.options, batch, sample.dtype)
        want, allowed = map(np.asarray, both)
    found = Exact(want, allowed)
    undecided = getattr(sample.oracle, "UNDECIDED", False)
    if undecided:
        found = found.leave(NEAR_TIE, np.isposinf(allowed))
    found = within_range(found, sample.dtype, _ordinary(sample, want))
    if variant.padding == "declared":
        found = found.where(sample.valid_elements(want), _at_padding(sample, want))
    empty = batch.counts < variant.least
    if hasattr(sample.oracle, "weightless"):
        # A divisor that weights make is 0 as well where all of them are.
        weightless = typing.cast("WeighingOracle", sample.oracle).weightless
        empty = empty | weightless(variant.options, batch)
    if variant.empty == "declared" and empty.any():
        filled = ~_rows(sample, empty, want)
        if variant.result == "row" and variant.padding == "declared":
            # Padding of inputs beside the row is padding, whatever the row has.
            filled = filled | ~sample.valid_elements(want)
        return found.where(filled, _empty(sample, want))
    return found


def within_range(found: Exact, dtype: str, ordinary: Array | None = None) -> Exact:
    """Return the answer with what the dtype cannot hold left open.

    Args:
        found: The answer.
        dtype: The dtype.
        ordinary: Where the answer is made of finite numbers alone, everywhere by
            default. An infinity or NaN is an overflow there; elsewhere it is the
            answer, and must come out.
    """
    largest = PRECISIONS[dtype].largest
    with np.errstate(all="ignore"):
        size = np.abs(found.want) + found.allowed
    strange = ~np.isfinite(size)
    expected = True if ordinary is None else ordinary
    beyond = np.where(strange, expected, size > largest)
    return found.leave(OVERFLOW, beyond & find_judged(found.open_by, found.want.shape))


def _ordinary(sample: Sample, want: Array) -> Array:
    """Return where an answer depends on finite numbers alone, as far as rows tell."""
    batch = sample.batch
    finite = np.ones(batch.rows, dtype=bool)
    for array in batch.arrays.values():
        if array.dtype.kind in "biu":
            continue
        wide = batch.mask.reshape(batch.mask.shape + (1,) * (array.ndim - 2))
        good = np.isfinite(array.astype(np.float64)) | ~wide
        finite &= good.all(axis=tuple(range(1, array.ndim)))
    for array in batch.beside.values():
        if array.dtype.kind not in "biu":
            good = np.isfinite(array.astype(np.float64))
            finite &= good.all(axis=tuple(range(1, array.ndim)))
    weights = batch.weights.values()
    if not all(np.isfinite(each.astype(np.float64)).all() for each in weights):
        finite[:] = False
    if hasattr(sample.oracle, "barred"):
        barred = typing.cast("BarredOracle", sample.oracle).barred
        finite &= ~barred(sample.variant.options, batch)
    if getattr(sample.oracle, "COUPLED", False):
        finite[:] = finite.all()
    return _rows(sample, finite, want)


def _rows(sample: Sample, rows: Array, want: Array) -> Array:
    """Return what holds of rows ``[B]`` in the answer's shape.

    It holds of one number for the whole batch if it does for every row.
    """
    if sample.variant.result == "scalar":
        return np.asarray(rows.all())
    return rows.reshape(rows.shape + (1,) * (want.ndim - 1))


def _at_padding(sample: Sample, like: Array) -> Exact:
    """Return what the adapter declares to stand at padding."""
    shape, zero = like.shape, np.zeros(like.shape)
    if sample.padding is None:
        return Exact.open(shape, UNDECLARED_PADDING)
    if sample.padding == "empty-row":
        return _empty(sample, like)
    if sample.padding in _COMPUTED:
        return _computed_answer(sample, sample.padding)
    if sample.padding == "kept":
        # In the input's own dtype: what is kept is the bits.
        first = next(iter(sample.batch.arrays.values()))
        return Exact(np.asarray(first, np.float64), zero)
    value = _EMPTY_VALUES[sample.padding]
    return Exact(np.full(shape, value), zero)


def _computed_answer(sample: Sample, word: str) -> Exact:
    """Return what padded positions get that are treated like the rest.

    Raises:
        AdapterError: The operation has no answer of that kind.
    """
    options, batch = sample.variant.options, sample.batch
    compute = getattr(sample.oracle, _COMPUTED[word], None)
    if compute is None:
        msg = (
            f"padding = {word!r} says nothing of {sample.variant.name}; declare "
            "another word for it in the adapter's head"
        )
        raise AdapterError(msg)
    with np.errstate(all="ignore"):
        want, allowed, sees = compute(options, batch, sample.dtype)
    found = _shown_answer(sample, want, allowed)
    return found.where(sees, _empty(sample, want))


def _shown_answer(sample: Sample, want: Array, allowed: Array) -> Exact:
    """Return an answer that padding shows in: infinite bounds are what stood there."""
    found = Exact(want, allowed).leave(STRANGE_PADDING, np.isposinf(allowed))
    return within_range(found, sample.dtype)


def _empty(sample: Sample, like: Array) -> Exact:
    """Return what the adapter declares that comes of nothing."""
    if sample.empty is None:
        return Exact.open(like.shape, UNDECLARED_EMPTY)
    if sample.empty in {"skip", "error"}:
        return Exact.open(like.shape, EMPTY_RAISES)
    if sample.empty == "uniform":
        return _uniform_answer(sample, like)
    value = _EMPTY_VALUES[sample.empty]
    return Exact(np.full(like.shape, value), np.zeros(like.shape))


def _uniform_answer(sample: Sample, like: Array) -> Exact:
    """Return what equal weights of all positions give, padding included."""
    options, batch = sample.variant.options, sample.batch
    if hasattr(sample.oracle, "uniform"):
        with np.errstate(all="ignore"):
            want, allowed = sample.oracle.uniform(options, batch, sample.dtype)
        return _shown_answer(sample, want, allowed)
    # exp(x - M) of equal fill values, over all T positions of the row
    share = 1.0 / max(batch.time, 1)
    bound = 4 * 2.0**-8 * share
    return Exact(np.full(like.shape, share), np.full(like.shape, bound))
