"""Last positions made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import after_last, kept, over, places, wide
from conformance.operations._common.family import called, usual
from conformance.operations._common.mutant import Mutant


def correct(xp: Any, x: Any, mask: Any) -> Any:
    """Return the last valid values, zero for a row without any."""
    return called(_last, xp, x, mask)


def _last(xp: Any, x: Any, keep: Any) -> Any:
    here = keep & (places(xp, keep) == after_last(xp, keep) - 1)
    return _only(xp, x, here)


def _only(xp: Any, x: Any, here: Any) -> Any:
    chosen = xp.where(over(here, x), wide(xp, x), 0.0)
    return xp.astype(xp.sum(chosen, axis=1), x.dtype)


def _at(xp: Any, x: Any, at: Any) -> Any:
    """Read at a position of each row, from the end where it is negative."""
    at = xp.where(at < 0, at + x.shape[1], at)
    here = xp.astype(places(xp, xp.ones_like(x[..., 0] if x.ndim > 2 else x)), at.dtype)  # noqa: PLR2004 - features
    return _only(xp, x, here == at)


def _padded_end(xp: Any, x: Any, mask: Any) -> Any:
    del xp, mask
    return x[:, -1]


def _first(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    seen = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1)
    return _only(xp, x, keep & (seen == 1))


def _wraps(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    return _at(xp, x, after_last(xp, keep) - 1)


def _before_padding(xp: Any, x: Any, mask: Any) -> Any:
    # The position before the first padded one, the last where nothing is padded.
    keep = kept(xp, x, mask)
    gone = xp.cumulative_sum(xp.astype(~keep, xp.int32), axis=1)
    first = xp.sum(xp.astype(gone == 0, xp.int32), axis=1, keepdims=True)
    return _at(xp, x, first - 1)


def _one_before(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    return _at(xp, x, after_last(xp, keep) - 2)


def _last_nonzero(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    there = (x != 0) if x.ndim == 2 else xp.any(x != 0, axis=-1)  # noqa: PLR2004 - [B, T]
    return _last(xp, x, keep & there)


def _product(xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    here = keep & (places(xp, keep) == after_last(xp, keep) - 1)
    wider = wide(xp, x)
    weight = xp.astype(over(here, x), wider.dtype)
    return xp.astype(xp.sum(wider * weight, axis=1), x.dtype)


def _through_bfloat16(xp: Any, x: Any, mask: Any) -> Any:
    # Seven bits of mantissa, as a cast to bfloat16 leaves them.
    mantissa, exponent = xp.frexp(wide(xp, correct(xp, x, mask)))
    return xp.astype(xp.ldexp(xp.round(mantissa * 256) / 256, exponent), x.dtype)


_mutant = partial(Mutant, operation="last_valid")
MUTANTS: tuple[Mutant, ...] = (
    *usual("last_valid", _last, without=("everything-up-to-the-last",)),
    _mutant(
        name="last-position",
        text="gives the last position, padding or not",
        clause="value",
        url="https://github.com/huggingface/transformers/issues/16372",
        function=_padded_end,
    ),
    _mutant(
        name="first-valid-position",
        text="gives the first valid position",
        clause="earlier-values",
        function=_first,
    ),
    _mutant(
        name="empty-row-wraps",
        text="gives the last position of a row without valid ones, zero declared",
        clause="empty-row",
        function=_wraps,
    ),
    _mutant(
        name="before-the-first-padding",
        text="gives the position before the first padded one",
        clause="gaps",
        url="https://github.com/unslothai/unsloth/pull/4078",
        function=_before_padding,
    ),
    _mutant(
        name="one-before-the-last",
        text="gives the position before the last valid one",
        clause="ascending",
        url="https://github.com/speechbrain/speechbrain/issues/1129",
        function=_one_before,
    ),
    _mutant(
        name="last-that-is-not-zero",
        text="gives the last valid position that does not hold zeros",
        clause="value",
        url="https://github.com/microsoft/onnxruntime-genai/pull/1694",
        function=_last_nonzero,
    ),
    _mutant(
        name="multiplies-by-a-choice",
        text="multiplies by ones and zeros, so that NaN elsewhere gives NaN",
        clause="wild-padding",
        url="https://github.com/numpy/numpy/issues/8003",
        function=_product,
    ),
    _mutant(
        name="rounds-to-bfloat16",
        text="rounds the answer to bfloat16 on its way",
        clause="value",
        function=_through_bfloat16,
    ),
)
"""Every mutant of the last valid position."""
