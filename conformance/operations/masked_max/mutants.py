"""Maxima made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    MASKS,
    clean,
    kept,
    lengths,
    over,
    wide,
)
from conformance.operations._common.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable

BOTH = ("float16", "float32")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the largest valid value, -inf for a row without any."""
    return _max(xp, x, kept(xp, x, mask))


def _max(xp: Any, x: Any, keep: Any, fill: float = float("-inf")) -> Any:
    return xp.astype(xp.max(clean(xp, x, keep, fill), axis=1), x.dtype)


def _masked(change: Callable[[Any, Any], Any], xp: Any, x: Any, mask: Any) -> Any:
    return _max(xp, x, change(xp, kept(xp, x, mask)))


def _filled(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    return _max(xp, x, kept(xp, x, mask), fill)


def _finfo_min(xp: Any, x: Any, mask: Any) -> Any:
    return _max(xp, x, kept(xp, x, mask), float(xp.finfo(wide(xp, x).dtype).min))


def _added(xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(over(kept(xp, x, mask), x), wider.dtype)
    return xp.astype(xp.max(wider + (1 - weight) * -1e9, axis=1), x.dtype)


def _product(xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(over(kept(xp, x, mask), x), wider.dtype)
    return xp.astype(xp.max(wider * weight, axis=1), x.dtype)


def _below_all(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    found = xp.max(clean(xp, x, keep, float(xp.min(wide(xp, x))) - 1), axis=1)
    there = xp.any(keep, axis=1).reshape((-1,) + (1,) * (found.ndim - 1))
    return xp.astype(found * xp.astype(there, found.dtype), x.dtype)


def _empty_is_zero(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    there = xp.any(kept(xp, x, mask), axis=1).reshape((-1,) + (1,) * (found.ndim - 1))
    return xp.where(there, found, xp.zeros_like(found))


def _from_zero(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return xp.where(found < 0, xp.zeros_like(found), found)


def _magnitude(xp: Any, x: Any, mask: Any) -> Any:
    return _max(xp, xp.abs(x), kept(xp, x, mask), 0.0)


def _last(xp: Any, x: Any, mask: Any) -> Any:
    at = lengths(xp, kept(xp, x, mask)) - 1
    at = xp.astype(xp.where(at < 0, 0, at), xp.int64)
    at = xp.broadcast_to(over(at, x), (x.shape[0], 1, *x.shape[2:]))
    return xp.take_along_axis(x, at, axis=1)[:, 0]


def _skips_nan(xp: Any, x: Any, mask: Any) -> Any:
    low = xp.full_like(x, float("-inf"))
    return correct(xp, xp.where(xp.isnan(x), low, x), mask)


def _sorted(xp: Any, x: Any, mask: Any) -> Any:
    order = xp.argsort(-lengths(xp, kept(xp, x, mask))[:, 0], stable=True)
    return correct(xp, x, mask)[order]


def _doubled(xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(correct(xp, x, mask), xp.float64)


def _through_bfloat16(xp: Any, x: Any, mask: Any) -> Any:
    # Seven bits of mantissa, as a cast to bfloat16 leaves them.
    mantissa, exponent = xp.frexp(wide(xp, correct(xp, x, mask)))
    return xp.astype(xp.ldexp(xp.round(mantissa * 256) / 256, exponent), x.dtype)


def _in_place(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    x[~keep] = float("-inf")
    return _max(xp, x, keep)


def _in_memory(xp: Any, x: Any, mask: Any) -> Any:
    return correct(xp, x.ravel(order="K").reshape(x.shape), mask)


def _as_index(xp: Any, x: Any, mask: Any) -> Any:
    if mask is None or mask.dtype == xp.bool:
        return correct(xp, x, mask)
    at = over(xp.astype(mask, xp.int64), x)
    at = xp.broadcast_to(at, tuple(x.shape))
    return xp.max(xp.take_along_axis(x, at, axis=1), axis=1)


def _squeezed(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _leaking(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    mean = xp.sum(xp.where(over(keep, x), x, xp.clip(x, -1, 1)), axis=1)
    return correct(xp, x, mask) + (mean - mean.detach())


def _whole_share_each(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    top = correct(xp, x, mask).detach()
    tied = over(keep, x) & (x == top[:, None])
    return top + xp.sum(xp.where(tied, x - x.detach(), 0.0), axis=1)


def _first_mask(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    if xp.compiler.is_compiling():
        keep = _FIRST.setdefault(tuple(x.shape), keep)
    return _max(xp, x, keep)


_FIRST: dict[tuple[int, ...], Any] = {}
_BELOW = "takes {} for minus infinity at padding, which smaller values lose to"
_FP16 = "https://github.com/facebookresearch/fairseq/issues/3575"
_mutant = partial(Mutant, operation="masked_max")
MUTANTS: tuple[Mutant, ...] = (
    *(
        _mutant(
            name=name, text=text, clause=law, url=url, function=partial(_masked, change)
        )
        for name, (change, text, law, url) in MASKS.items()
    ),
    *(
        _mutant(
            name=f"padding-is-{name}",
            text=_BELOW.format(fill),
            clause=law,
            url=url,
            dtypes=BOTH,
            function=partial(_filled, float(fill)),
        )
        for name, fill, law, url in (
            ("zero", "0", "value", "https://github.com/thunlp/HATT-Proto/issues/12"),
            ("minus-one", "-1", "value", ""),
            ("minus-1e4", "-1e4", "large-values", ""),
            ("minus-1e9", "-1e9", "large-values", _FP16),
            ("minus-1e10", "-1e10", "large-values", ""),
        )
    ),
    _mutant(
        name="padding-is-the-smallest-number",
        text="takes the dtype's smallest number for minus infinity at padding",
        clause="empty-row",
        function=_finfo_min,
    ),
    _mutant(
        name="adds-minus-1e9",
        text="adds -1e9 to padding, which keeps what stood there",
        clause="wild-padding",
        url="https://github.com/huggingface/transformers/pull/17306",
        function=_added,
    ),
    _mutant(
        name="multiplies-by-the-mask",
        text="multiplies by the mask, so that zero wins over negative values",
        clause="value",
        function=_product,
    ),
    _mutant(
        name="fills-below-the-smallest",
        text="fills padding with the batch's smallest number less one",
        clause="empty-row",
        url="https://github.com/dmlc/dgl/pull/669",
        function=_below_all,
    ),
    _mutant(
        name="empty-row-is-zero",
        text="gives 0 for a row without valid positions, minus infinity declared",
        clause="empty-row",
        function=_empty_is_zero,
    ),
    _mutant(
        name="starts-from-zero",
        text="starts the maximum from zero, padding or not",
        clause="value",
        function=_from_zero,
    ),
    _mutant(
        name="largest-magnitude",
        text="gives the largest magnitude, without the sign",
        clause="value",
        function=_magnitude,
    ),
    _mutant(
        name="last-valid-value",
        text="gives the last valid value, not the largest",
        clause="value",
        url="https://github.com/huggingface/transformers/issues/16372",
        function=_last,
    ),
    _mutant(
        name="skips-nan",
        text="leaves NaN at valid positions out, as nanmax does",
        clause="valid-nan",
        url="https://github.com/numpy/numpy/issues/27797",
        function=_skips_nan,
    ),
    _mutant(
        name="rows-stay-sorted",
        text="sorts the rows by length and does not sort the answers back",
        clause="value",
        function=_sorted,
    ),
    _mutant(
        name="rounds-to-bfloat16",
        text="rounds the maximum to bfloat16 on its way",
        clause="value",
        function=_through_bfloat16,
    ),
    _mutant(
        name="answers-in-float64",
        text="answers in float64 whatever the input's dtype",
        clause="contract",
        function=_doubled,
    ),
    _mutant(
        name="fills-its-input",
        text="fills padding in the caller's own array",
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
        name="mask-as-index",
        text="uses a mask of numbers as indices",
        clause="mask-form",
        function=_as_index,
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
        name="gradient-whole-at-each-tie",
        text="gives each of several equal maxima the whole gradient",
        clause="gradient",
        kind="gradient",
        framework="torch",
        dtypes=("float32", "float64"),
        function=_whole_share_each,
    ),
    _mutant(
        name="compiled-with-the-first-mask",
        text="keeps the first mask that the compiled function saw",
        clause="route",
        kind="route",
        framework="torch",
        function=_first_mask,
    ),
)
"""Every mutant of the maximum."""
