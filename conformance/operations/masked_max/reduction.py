"""The largest value that is there, and maxima made wrong on purpose."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    multiply_by_mask,
    over,
    through_bfloat16,
    widen,
)
from conformance.operations._common.family import call_formula
from conformance.operations._common.mutant import compiled
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision

INFINITE = float("inf")


def _row(values: Sequence[float]) -> float | None:
    if not values:
        return None
    if any(map(math.isnan, values)):
        return math.nan
    return float(max(values)) + 0.0  # -0.0 equals 0.0, which is what is written


def ties(v: Valid) -> Array:
    """Return where the answer stands: all of its places, where several tie."""
    found: Array = v.mask & (v.x == v.answer[:, None])
    return found


def share_alike(v: Valid, tied: Array, g: Array) -> Array:
    """Return the cotangent, shared alike by the values that tie."""
    return v.where(tied, g[:, None] / tied.sum(axis=1, keepdims=True).clip(1))


def share_freely(v: Valid, tied: Array, g: Array) -> Array:
    """Return how far shares may be off: zero elsewhere, any share where some tie."""
    size = abs(g)[:, None]
    several = tied.sum(axis=1, keepdims=True) > 1
    return v.where(tied, v.where(several, size) + 2.0**-51 * size)


def slope(v: Valid, g: Array) -> Array:
    """Return the derivative with ties sharing alike.

    Other non-negative shares that sum to the cotangent are right too: see
    :func:`wrong_shares`.
    """
    return share_alike(v, ties(v), g)


def slope_error(v: Valid, g: Array, p: Precision) -> Array:
    """Return zero off the maxima; on tied ones any share of the cotangent.

    The sum of the shares is judged by :func:`wrong_shares`.
    """
    del p
    return share_freely(v, ties(v), g)


def wrong_shares(one: str, many: str, v: Valid, g: Array, got: Array) -> str:
    """Return what is wrong with the shares of tied values, or nothing.

    Shares must not have the opposite sign of the cotangent and must sum to it.
    """
    tied, sign = ties(v), (g > 0) * 1.0 - (g < 0)
    if (v.where(tied, got * sign[:, None]) < 0).any():
        return f"a tied {one} has a negative share of the cotangent"
    total = v.where(tied, got).sum(axis=1)
    if (tied.any(axis=1) & (abs(total - g) > 2.0**-48 * abs(g))).any():
        return f"the shares of tied {many} do not sum to the cotangent"
    return ""


def _max(xp: Any, x: Any, keep: Any, fill: float = -INFINITE) -> Any:
    return xp.astype(xp.max(clean(xp, x, keep, fill), axis=1), x.dtype)


REDUCTION = Reduction(
    name="masked_max",
    row=_row,
    neutral=-INFINITE,
    value=lambda v: v.some(v.x.max(axis=1, initial=-INFINITE)),
    slope=slope,
    slope_error=slope_error,
    shares=partial(wrong_shares, "maximum", "maxima"),
    smooth=False,
    formula=_max,
    skips="nanmax",
    without=(
        "zeroes-its-input",
        "inverts-the-mask-bitwise",
        "nan-becomes-zero",
        "gradient-of-the-other-branch",
        "compiled-with-the-padded-length",
    ),
)
MUTANTS = REDUCTION.mutants
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
for _name, _fill, _clause, _url in (
    ("zero", "0", "value", "https://github.com/thunlp/HATT-Proto/issues/12"),
    ("minus-one", "-1", "value", ""),
    ("minus-1e4", "-1e4", "large-values", ""),
    (
        "minus-1e9",
        "-1e9",
        "large-values",
        "https://github.com/facebookresearch/fairseq/issues/3575",
    ),
    ("minus-1e10", "-1e10", "large-values", ""),
):
    MUTANTS.add(
        f"padding-is-{_name}",
        _clause,
        f"takes {_fill} for minus infinity at padding, which smaller values lose to",
        partial(call_formula, partial(_max, fill=float(_fill))),
        url=_url,
        dtypes=("float16", "float32"),
    )


@wrong("empty-row")
def padding_is_the_smallest_number(xp: Any, x: Any, keep: Any) -> Any:
    """Takes the dtype's smallest number for minus infinity at padding."""
    return _max(xp, x, keep, float(xp.finfo(widen(xp, x).dtype).min))


@wrong("wild-padding", url="https://github.com/huggingface/transformers/pull/17306")
def adds_minus_1e9(xp: Any, x: Any, keep: Any) -> Any:
    """Adds -1e9 to padding, which keeps what stood there."""
    wider = widen(xp, x)
    weight = xp.astype(over(keep, x), wider.dtype)
    return xp.astype(xp.max(wider + (1 - weight) * -1e9, axis=1), x.dtype)


@wrong("value")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by the mask, so that zero wins over negative values."""
    return xp.astype(xp.max(multiply_by_mask(xp, x, keep), axis=1), x.dtype)


@wrong("empty-row", url="https://github.com/dmlc/dgl/pull/669")
def fills_below_the_smallest(xp: Any, x: Any, keep: Any) -> Any:
    """Fills padding with the batch's smallest number less one."""
    found = xp.max(clean(xp, x, keep, float(xp.min(widen(xp, x))) - 1), axis=1)
    there = xp.any(keep, axis=1).reshape((-1,) + (1,) * (found.ndim - 1))
    return xp.astype(found * xp.astype(there, found.dtype), x.dtype)


REDUCTION.give_empty_rows(0.0, "minus infinity")


@wrong("value")
def starts_from_zero(xp: Any, x: Any, keep: Any) -> Any:
    """Starts the maximum from zero, padding or not."""
    found = _max(xp, x, keep)
    return xp.where(found < 0, xp.zeros_like(found), found)


@wrong("value")
def largest_magnitude(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the largest magnitude, without the sign."""
    return _max(xp, xp.abs(x), keep, 0.0)


@wrong("value", url="https://github.com/huggingface/transformers/issues/16372")
def last_valid_value(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the last valid value, not the largest."""
    at = lengths(xp, keep) - 1
    at = xp.astype(xp.where(at < 0, 0, at), xp.int64)
    at = xp.broadcast_to(over(at, x), (x.shape[0], 1, *x.shape[2:]))
    return xp.take_along_axis(x, at, axis=1)[:, 0]


@wrong("value")
def rounds_to_bfloat16(xp: Any, x: Any, keep: Any) -> Any:
    """Rounds the maximum to bfloat16 on its way."""
    return through_bfloat16(xp, _max(xp, x, keep))


@wrong("contract", url="https://github.com/pytorch/pytorch/issues/39639")
def fills_its_input(xp: Any, x: Any, keep: Any) -> Any:
    """Fills padding in the caller's own array."""
    x[~keep] = -INFINITE
    return _max(xp, x, keep)


@wrong("mask-form", raw=True)
def mask_as_index(xp: Any, x: Any, mask: Any) -> Any:
    """Uses a mask of numbers as indices."""
    if mask is None or mask.dtype == xp.bool:
        return call_formula(_max, xp, x, mask)
    at = over(xp.astype(mask, xp.int64), x)
    at = xp.broadcast_to(at, tuple(x.shape))
    return xp.max(xp.take_along_axis(x, at, axis=1), axis=1)


@gradient()
def gradient_whole_at_each_tie(xp: Any, x: Any, keep: Any) -> Any:
    """Gives each of several equal maxima the whole gradient."""
    top = _max(xp, x, keep).detach()
    tied = over(keep, x) & (x == top[:, None])
    return top + xp.sum(xp.where(tied, x - x.detach(), 0.0), axis=1)


_FIRST: dict[tuple[int, ...], Any] = {}


@wrong("route", **compiled("torch"))
def compiled_with_the_first_mask(xp: Any, x: Any, keep: Any) -> Any:
    """Keeps the first mask that the compiled function saw."""
    if xp.compiler.is_compiling():
        keep = _FIRST.setdefault(tuple(x.shape), keep)
    return _max(xp, x, keep)
