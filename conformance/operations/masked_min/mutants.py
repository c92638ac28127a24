"""Minima made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import clean, kept, over, wide
from conformance.operations._common.family import FLOATS, called, usual
from conformance.operations._common.mutant import Mutant

BOTH = ("float16", "float32")


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the smallest valid value, infinity for a row without any."""
    return called(_min, xp, x, mask)


def _min(xp: Any, x: Any, keep: Any, fill: float = float("inf")) -> Any:
    return xp.astype(xp.min(clean(xp, x, keep, fill), axis=1), x.dtype)


def _filled(fill: float, xp: Any, x: Any, mask: Any) -> Any:
    return _min(xp, x, kept(xp, x, mask), fill)


def _finfo_max(xp: Any, x: Any, mask: Any) -> Any:
    return _min(xp, x, kept(xp, x, mask), float(xp.finfo(wide(xp, x).dtype).max))


def _added(xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(over(kept(xp, x, mask), x), wider.dtype)
    return xp.astype(xp.min(wider + (1 - weight) * 1e9, axis=1), x.dtype)


def _product(xp: Any, x: Any, mask: Any) -> Any:
    wider = wide(xp, x)
    weight = xp.astype(over(kept(xp, x, mask), x), wider.dtype)
    return xp.astype(xp.min(wider * weight, axis=1), x.dtype)


def _maximum(xp: Any, x: Any, mask: Any) -> Any:
    found = clean(xp, x, kept(xp, x, mask), float("-inf"))
    return xp.astype(xp.max(found, axis=1), x.dtype)


def _magnitude(xp: Any, x: Any, mask: Any) -> Any:
    return _min(xp, xp.abs(x), kept(xp, x, mask))


def _empty_is_zero(xp: Any, x: Any, mask: Any) -> Any:
    found = correct(xp, x, mask)
    there = xp.any(kept(xp, x, mask), axis=1).reshape((-1,) + (1,) * (found.ndim - 1))
    return xp.where(there, found, xp.zeros_like(found))


def _whole_share_each(xp: Any, x: Any, mask: Any) -> Any:
    low = correct(xp, x, mask).detach()
    tied = over(kept(xp, x, mask), x) & (x == low[:, None])
    return low + xp.sum(xp.where(tied, x - x.detach(), 0.0), axis=1)


_mutant = partial(Mutant, operation="masked_min")
MUTANTS: tuple[Mutant, ...] = (
    *usual("masked_min", _min),
    *(
        _mutant(
            name=f"padding-is-{name}",
            text=f"takes {fill} for infinity at padding, which larger values lose to",
            clause=law,
            url=url,
            dtypes=BOTH,
            function=partial(_filled, float(fill)),
        )
        for name, fill, law, url in (
            ("zero", "0", "value", "https://github.com/thunlp/HATT-Proto/issues/12"),
            ("1e4", "1e4", "large-values", ""),
            (
                "1e9",
                "1e9",
                "large-values",
                "https://github.com/facebookresearch/fairseq/issues/3575",
            ),
        )
    ),
    _mutant(
        name="padding-is-the-largest-number",
        text="takes the dtype's largest number for infinity at padding",
        clause="empty-row",
        function=_finfo_max,
    ),
    _mutant(
        name="adds-1e9",
        text="adds 1e9 to padding, which keeps what stood there",
        clause="wild-padding",
        url="https://github.com/huggingface/transformers/pull/17306",
        function=_added,
    ),
    _mutant(
        name="multiplies-by-the-mask",
        text="multiplies by the mask, so that zero wins over positive values",
        clause="value",
        function=_product,
    ),
    _mutant(
        name="gives-the-maximum",
        text="gives the largest valid value",
        clause="value",
        function=_maximum,
    ),
    _mutant(
        name="smallest-magnitude",
        text="gives the smallest magnitude, without the sign",
        clause="value",
        function=_magnitude,
    ),
    _mutant(
        name="empty-row-is-zero",
        text="gives 0 for a row without valid positions, infinity declared",
        clause="empty-row",
        function=_empty_is_zero,
    ),
    _mutant(
        name="gradient-whole-at-each-tie",
        text="gives each of several equal minima the whole gradient",
        clause="gradient",
        kind="gradient",
        framework="torch",
        dtypes=FLOATS,
        function=_whole_share_each,
    ),
)
"""Every mutant of the minimum."""
