"""Means made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.mutation.arrays import (
    MASKS,
    clean,
    count,
    kept,
    lengths,
    over,
    wide,
)
from conformance.mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable

LOW = ("bfloat16", "float32")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the mean over the valid positions, 0 for a row without any."""
    return _mean(xp, x, kept(xp, x, mask))


def _mean(xp: Any, x: Any, keep: Any) -> Any:
    total = xp.sum(clean(xp, x, keep), axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _masked(change: Callable[[Any, Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    return _mean(xp, x, change(xp, kept(xp, x, mask)))


def _over(number: Callable[[Any, Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    """Divide the right sum by another number, ``[B, 1]`` or plain."""
    keep = kept(xp, x, mask)
    total = xp.sum(clean(xp, x, keep), axis=1)
    by = number(xp, keep)
    if not isinstance(by, int | float):
        by = xp.astype(by, total.dtype)
        by = by.reshape(tuple(by.shape)[:1] + (1,) * (total.ndim - 1))
    return xp.astype(total / by, x.dtype)


def _time(xp: Any, keep: Any) -> Any:
    return xp.full((keep.shape[0], 1), keep.shape[1])


def _in_int8(xp: Any, keep: Any) -> Any:
    number = xp.astype(lengths(xp, keep), xp.int8)
    return xp.where(number == 0, xp.ones_like(number), number)


def _plus_little(xp: Any, keep: Any) -> Any:
    return xp.astype(lengths(xp, keep), xp.float32) + 1e-5


def _plus_one(xp: Any, keep: Any) -> Any:
    return lengths(xp, keep) + 1


def _most(xp: Any, keep: Any) -> Any:
    top = xp.max(lengths(xp, keep), axis=0, keepdims=True)
    return xp.where(top > 0, top, 1) + 0 * lengths(xp, keep)


def _summed_in_storage(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.cumulative_sum(xp.where(over(keep, x), x, xp.zeros_like(x)), axis=1)
    total = wide(xp, total[:, -1])
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _counted_in_storage(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.sum(clean(xp, x, keep), axis=1)
    number = xp.cumulative_sum(xp.astype(keep, x.dtype), axis=1)[:, -1]
    number = wide(xp, xp.where(number > 0, number, xp.ones_like(number)))
    number = number.reshape(tuple(number.shape) + (1,) * (total.ndim - 1))
    return xp.astype(total / xp.astype(number, total.dtype), x.dtype)


def _product(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    wider = wide(xp, x)
    total = xp.sum(wider * xp.astype(over(keep, x), wider.dtype), axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _skips_nan(xp: Any, x: Any, mask: Any) -> Any:
    keep = over(kept(xp, x, mask), x) & ~xp.isnan(x)
    total = xp.sum(xp.where(keep, wide(xp, x), 0.0), axis=1)
    number = xp.sum(xp.astype(keep, xp.int32), axis=1)
    number = xp.astype(xp.where(number > 0, number, 1), total.dtype)
    return xp.astype(total / number, x.dtype)


def _nan_to_zero(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, xp.where(xp.isnan(x), xp.zeros_like(x), x), mask)


def _zeros_are_padding(xp: Any, x: Any, mask: Any) -> Any:
    there = (x != 0) if x.ndim == 2 else xp.any(x != 0, axis=-1)  # noqa: PLR2004 - [B, T]
    return _mean(xp, x, kept(xp, x, mask) & there)


def _nan_spreads(xp: Any, x: Any, mask: Any) -> Any:
    found = _over(lengths, xp, x, mask)
    return found + 0 * xp.sum(found, axis=0, keepdims=True)


def _sorted(xp: Any, x: Any, mask: Any) -> Any:
    order = xp.argsort(-lengths(xp, kept(xp, x, mask))[:, 0], stable=True)
    return correct(xp, x, mask)[order]


def _wrong_axis(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    if x.ndim == 2:  # noqa: PLR2004 - [B, T]: no other axis to mistake for time
        return _mean(xp, x, keep)
    features = keep[:, None, : x.shape[2]]
    total = xp.sum(xp.where(features, wide(xp, x), 0.0), axis=1)
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _doubled(xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(correct(xp, x, mask), xp.float64)


def _in_place(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    x[~keep] = 0
    return _mean(xp, x, keep)


def _in_memory(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.ravel(order="K").reshape(x.shape), mask)


def _bitwise(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask) if mask is None else ~mask == 0
    return _mean(xp, x, keep)


def _squeezed(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _truncated(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    total = xp.trunc(xp.sum(clean(xp, x, keep), axis=1))
    return xp.astype(total / count(xp, keep, total), x.dtype)


def _leaking(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    there = xp.sum(xp.where(over(keep, x), 0.0, wide(xp, x)), axis=1)
    return correct(xp, x, mask) + xp.astype(there - there.detach(), x.dtype)


def _broken_branch(xp: Any, x: Any, mask: Any) -> Any:
    # The product is not selected at padding, but its derivative is 0 * 2 x there.
    wider = wide(xp, x)
    return correct(xp, xp.astype(wider + 0 * (wider * wider), x.dtype), mask)


def _gradient_by_time(xp: Any, x: Any, mask: Any) -> Any:
    other = _over(_time, xp, x, mask)
    return correct(xp, x, mask).detach() + (other - other.detach())


def _baked_length(xp: Any, x: Any, mask: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, kept(xp, x, mask))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    keep = xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
    return _mean(xp, x, keep)


_KERAS = "https://github.com/keras-team/keras/"
_mutant = partial(Mutant, operation="masked_mean")
MUTANTS: tuple[Mutant, ...] = (
    *(
        _mutant(
            name=name, text=text, clause=law, url=url, function=partial(_masked, change)
        )
        for name, (change, text, law, url) in MASKS.items()
    ),
    _mutant(
        name="divides-by-time",
        text="divides by T, not by the number of valid positions",
        clause="value",
        url="https://github.com/pytorch/pytorch/issues/191965",
        function=partial(_over, _time),
    ),
    _mutant(
        name="divides-by-the-longest",
        text="divides by the longest row's number of valid positions",
        clause="value",
        function=partial(_over, _most),
    ),
    _mutant(
        name="divides-by-one-more",
        text="divides by one more than the number of valid positions",
        clause="value",
        function=partial(_over, _plus_one),
    ),
    _mutant(
        name="adds-epsilon-to-the-count",
        text="adds 1e-5 to the number of valid positions",
        clause="value",
        function=partial(_over, _plus_little),
    ),
    _mutant(
        name="counts-in-int8",
        text="counts the valid positions in int8, which ends at 127",
        clause="long-rows",
        function=partial(_over, _in_int8),
    ),
    _mutant(
        name="counts-in-storage-dtype",
        text="counts the valid positions in the input's dtype; bfloat16 ends at 256",
        clause="long-rows",
        url="https://github.com/oarriaga/paz/pull/415",
        dtypes=LOW,
        function=_counted_in_storage,
    ),
    _mutant(
        name="sums-in-storage-dtype",
        text="adds up in the input's dtype, where small terms are lost",
        clause="value",
        dtypes=LOW,
        function=_summed_in_storage,
    ),
    _mutant(
        name="multiplies-by-the-mask",
        text="multiplies by the mask, so that infinity or NaN at padding gives NaN",
        clause="wild-padding",
        url="https://github.com/numpy/numpy/issues/8003",
        function=_product,
    ),
    _mutant(
        name="empty-row-is-nan",
        text="gives 0 / 0 = NaN for a row without valid positions",
        clause="empty-row",
        url=_KERAS + "issues/18152",
        function=partial(_over, lengths),
    ),
    _mutant(
        name="empty-row-breaks-the-batch",
        text="lets the NaN of a row without valid positions reach every row",
        clause="empty-row",
        url="https://github.com/pytorch/pytorch/issues/4169",
        function=_nan_spreads,
    ),
    _mutant(
        name="skips-nan",
        text="leaves NaN at valid positions out, as nanmean does",
        clause="valid-nan",
        url="https://github.com/numpy/numpy/issues/27797",
        function=_skips_nan,
    ),
    _mutant(
        name="nan-becomes-zero",
        text="takes NaN at valid positions for 0",
        clause="valid-nan",
        url="https://github.com/numpy/numpy/issues/12461",
        function=_nan_to_zero,
    ),
    _mutant(
        name="zeros-are-padding",
        text="takes valid positions that hold zeros for padding",
        clause="value",
        url="https://github.com/microsoft/onnxruntime-genai/pull/1694",
        function=_zeros_are_padding,
    ),
    _mutant(
        name="mask-on-the-feature-axis",
        text="lays the mask along the feature axis, not along time",
        clause="value",
        url=_KERAS + "pull/13867",
        function=_wrong_axis,
    ),
    _mutant(
        name="rows-stay-sorted",
        text="sorts the rows by length and does not sort the answers back",
        clause="value",
        function=_sorted,
    ),
    _mutant(
        name="sum-truncated",
        text="truncates the sum to a whole number",
        clause="value",
        function=_truncated,
    ),
    _mutant(
        name="answers-in-float64",
        text="answers in float64 whatever the input's dtype",
        clause="contract",
        function=_doubled,
    ),
    _mutant(
        name="zeroes-its-input",
        text="sets padding to zero in the caller's own array",
        clause="contract",
        url="https://github.com/pytorch/pytorch/issues/39639",
        function=_in_place,
    ),
    _mutant(
        name="reads-memory",
        text="reads memory in the order it lies in, not elements",
        clause="layout",
        url="https://github.com/pytorch/pytorch/issues/99638",
        function=_in_memory,
    ),
    _mutant(
        name="inverts-the-mask-bitwise",
        text="inverts the mask with ~, which is right for booleans only",
        clause="mask-form",
        function=_bitwise,
    ),
    _mutant(
        name="squeezes-every-axis",
        text="squeezes every axis of length one, the batch's too",
        clause="length-one",
        function=_squeezed,
    ),
    _mutant(
        name="gradient-leaks-to-padding",
        text="sends a gradient to padding, behind a right value",
        clause="gradient",
        kind="gradient",
        framework="torch",
        dtypes=("float32", "float64"),
        function=_leaking,
    ),
    _mutant(
        name="gradient-divides-by-time",
        text="divides the gradient by T behind a right value",
        clause="gradient",
        kind="gradient",
        framework="torch",
        dtypes=("float32", "float64"),
        function=_gradient_by_time,
    ),
    _mutant(
        name="gradient-of-the-other-branch",
        text="selects after a product whose derivative at padding is NaN times zero",
        clause="wild-gradient",
        kind="gradient",
        framework="torch",
        dtypes=("float32", "float64"),
        url="https://github.com/jax-ml/jax/issues/347",
        function=_broken_branch,
    ),
    _mutant(
        name="compiled-with-the-padded-length",
        text="bakes the padded length into the compiled function",
        clause="route",
        kind="route",
        framework="jax",
        url="https://github.com/tensorflow/tensorflow/issues/31636",
        function=_baked_length,
    ),
)
"""Every mutant of the mean."""
