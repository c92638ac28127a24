"""The last position that counts, and last positions made wrong on purpose."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    after_last,
    over,
    places,
    through_bfloat16,
    widen,
)
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array


def _row(values: Sequence[float]) -> float | None:
    # -0.0 equals 0.0, which is what is written.
    return float(values[-1]) + 0.0 if values else None


def _here(v: Valid) -> Array:
    """Return true at each row's last valid position alone."""
    behind: Array = v.mask[:, ::-1].cumsum(axis=1)[:, ::-1]
    found: Array = v.mask & (behind == 1)
    return found


def _value(v: Valid) -> Array:
    # The largest of one number: a sum would give 0.0 for -0.0.
    low = float("-inf")
    return v.some(v.where(_here(v), v.x, low).max(axis=1, initial=low))


def _only(xp: Any, x: Any, here: Any) -> Any:
    chosen = xp.where(over(here, x), widen(xp, x), 0.0)
    return xp.astype(xp.sum(chosen, axis=1), x.dtype)


def _last(xp: Any, x: Any, keep: Any) -> Any:
    return _only(xp, x, keep & (places(xp, keep) == after_last(xp, keep) - 1))


REDUCTION = Reduction(
    name="last_valid",
    row=_row,
    value=_value,
    slope=lambda v, g: v.where(_here(v), g[:, None]),
    formula=_last,
    skips="a forward fill",
    without=("everything-up-to-the-last",),
)
wrong = REDUCTION.mutants.wrong


def _at(xp: Any, x: Any, at: Any) -> Any:
    """Read at a position of each row, from the end where it is negative."""
    at = xp.where(at < 0, at + x.shape[1], at)
    here = xp.astype(places(xp, xp.ones_like(x[..., 0] if x.ndim > 2 else x)), at.dtype)  # noqa: PLR2004 - features
    return _only(xp, x, here == at)


@wrong("value", url="https://github.com/huggingface/transformers/issues/16372")
def last_position(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the last position, padding or not."""
    del xp, keep
    return x[:, -1]


@wrong("earlier-values")
def first_valid_position(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the first valid position."""
    seen = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1)
    return _only(xp, x, keep & (seen == 1))


@wrong("empty-row")
def empty_row_wraps(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the last position of a row without valid ones, zero declared."""
    return _at(xp, x, after_last(xp, keep) - 1)


@wrong("gaps", url="https://github.com/unslothai/unsloth/pull/4078")
def before_the_first_padding(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the position before the first padded one."""
    # The last position where nothing is padded.
    gone = xp.cumulative_sum(xp.astype(~keep, xp.int32), axis=1)
    first = xp.sum(xp.astype(gone == 0, xp.int32), axis=1, keepdims=True)
    return _at(xp, x, first - 1)


@wrong("ascending", url="https://github.com/speechbrain/speechbrain/issues/1129")
def one_before_the_last(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the position before the last valid one."""
    return _at(xp, x, after_last(xp, keep) - 2)


@wrong("value", url="https://github.com/microsoft/onnxruntime-genai/pull/1694")
def last_that_is_not_zero(xp: Any, x: Any, keep: Any) -> Any:
    """Gives the last valid position that does not hold zeros."""
    there = (x != 0) if x.ndim == 2 else xp.any(x != 0, axis=-1)  # noqa: PLR2004 - [B, T]
    return _last(xp, x, keep & there)


@wrong("wild-padding", url="https://github.com/numpy/numpy/issues/8003")
def multiplies_by_a_choice(xp: Any, x: Any, keep: Any) -> Any:
    """Multiplies by ones and zeros, so that NaN elsewhere gives NaN."""
    here = keep & (places(xp, keep) == after_last(xp, keep) - 1)
    wider = widen(xp, x)
    weight = xp.astype(over(here, x), wider.dtype)
    return xp.astype(xp.sum(wider * weight, axis=1), x.dtype)


@wrong("value")
def rounds_to_bfloat16(xp: Any, x: Any, keep: Any) -> Any:
    """Rounds the answer to bfloat16 on its way."""
    return through_bfloat16(xp, _last(xp, x, keep))
