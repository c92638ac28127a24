"""The k largest values made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import (
    clean,
    lengths,
    multiply_by_mask,
    over,
    through_bfloat16,
    widen,
)
from conformance.operations._common.family import add_empty, add_usual, call_formula
from conformance.operations._common.mutant import Mutants

INFINITE = float("inf")


def correct(xp: Any, x: Any, mask: Any, *, k: int) -> Any:
    """Return the k largest valid values, minus infinity where there are fewer."""
    return call_formula(choose, xp, x, mask, k=k)


def choose(xp: Any, x: Any, keep: Any, *, k: int, fill: float = -INFINITE) -> Any:
    """Return the k largest valid values, minus infinity where there are fewer."""
    return _finish(xp, _descend(xp, clean(xp, x, keep, fill)), x, keep, k)


def _descend(xp: Any, wide: Any) -> Any:
    """Return numbers, the largest first; NaN before all of them."""
    return xp.flip(xp.sort(wide, axis=1), axis=1)


def _cut(xp: Any, found: Any, k: int) -> Any:
    """Return the first k, minus infinity behind them where time is shorter."""
    lacks = max(k - found.shape[1], 0)
    shape = (found.shape[0], lacks, *found.shape[2:])
    none = xp.full(shape, -INFINITE, dtype=found.dtype)
    return xp.concat([found[:, :k], none], axis=1)


def _exist(xp: Any, found: Any, keep: Any) -> Any:
    """Return which of the places a row has a value for."""
    ones = xp.ones_like(xp.astype(found, xp.bool))
    return xp.cumulative_sum(xp.astype(ones, xp.int32), axis=1) <= over(
        lengths(xp, keep), found
    )


def _finish(
    xp: Any, found: Any, x: Any, keep: Any, k: int, *, missing: Any = -INFINITE
) -> Any:
    """Return the first k in the dtype of x, and what stands in missing places."""
    found = _cut(xp, found, k)
    return xp.astype(xp.where(_exist(xp, found, keep), found, missing), x.dtype)


MUTANTS = Mutants("masked_topk", correct, around=call_formula)
wrong, gradient = MUTANTS.wrong, MUTANTS.gradient
add_usual(MUTANTS, choose)
add_empty(MUTANTS, choose, 0.0, "minus infinity")

for _name, _fill, _clause, _url in (
    ("zero", "0", "value", "https://github.com/stellargraph/stellargraph/pull/1212"),
    ("minus-1e4", "-1e4", "large-values", ""),
    (
        "minus-1e9",
        "-1e9",
        "large-values",
        "https://github.com/facebookresearch/fairseq/issues/3575",
    ),
):
    MUTANTS.add(
        f"padding-is-{_name}",
        _clause,
        f"takes {_fill} for minus infinity at padding, which smaller values lose to",
        partial(call_formula, partial(choose, fill=float(_fill))),
        url=_url,
        dtypes=("float16", "float32"),
    )


@wrong("value")
def multiplies_by_the_mask(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Multiplies by the mask, so that zero at padding wins over negative values."""
    return _finish(xp, _descend(xp, multiply_by_mask(xp, x, keep)), x, keep, k)


@wrong("wild-padding", url="https://github.com/huggingface/transformers/pull/17306")
def adds_minus_1e9(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Adds -1e9 to padding, which keeps what stood there."""
    wider = widen(xp, x)
    weight = xp.astype(over(keep, x), wider.dtype)
    return _finish(xp, _descend(xp, wider + (1 - weight) * -1e9), x, keep, k)


@wrong("valid-nan", url="https://github.com/pytorch/pytorch/issues/1810")
def skips_nan(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Leaves NaN at valid positions out, as nlargest does."""
    wide = clean(xp, x, keep, -INFINITE)
    return _finish(
        xp, _descend(xp, xp.where(xp.isnan(wide), -INFINITE, wide)), x, keep, k
    )


@wrong("descends", url="https://github.com/ml-explore/mlx/issues/1428")
def ascending_order(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives the k largest in ascending order."""
    found = _cut(xp, _descend(xp, clean(xp, x, keep, -INFINITE)), k)
    there = _exist(xp, found, keep)
    # Those that a row lacks stand behind both ways.
    up = xp.sort(xp.where(there, found, INFINITE), axis=1)
    return xp.astype(xp.where(there, up, -INFINITE), x.dtype)


@wrong("descends", url="https://github.com/lethienhoa/DenseNet-NLP/issues/1")
def in_the_rows_order(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives the k largest in the order in which they stand in the row."""
    wide = clean(xp, x, keep, -INFINITE)
    order = xp.flip(xp.argsort(wide, axis=1), axis=1)[:, :k]
    behind = xp.where(_exist(xp, order, keep), order, x.shape[1])
    at = xp.sort(behind, axis=1)
    at = xp.where(at < x.shape[1], at, 0)
    return _finish(xp, xp.take_along_axis(wide, at, axis=1), x, keep, k)


@wrong("repeated-values")
def counts_equal_values_once(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Finds the largest k times, each time without all that equal it."""
    wide, found = clean(xp, x, keep, -INFINITE), []
    for _ in range(k):
        found.append(xp.max(wide, axis=1, keepdims=True))
        wide = xp.where(wide == found[-1], -INFINITE, wide)
    return _finish(xp, xp.concat(found, axis=1), x, keep, k)


@wrong(
    "missing-places", url="https://github.com/HKUSTDial/flash-sparse-attention/pull/138"
)
def fills_from_padding(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Fills missing places with the first values at padding."""
    order = xp.argsort(xp.astype(keep, xp.int32), axis=1, stable=True)
    order = xp.broadcast_to(over(order, x), tuple(x.shape))
    there = _cut(xp, xp.take_along_axis(widen(xp, x), order, axis=1), k)
    found = _cut(xp, _descend(xp, clean(xp, x, keep, -INFINITE)), k)
    shift = xp.where(_exist(xp, found, keep), 0, 1)
    at = xp.cumulative_sum(xp.astype(shift, xp.int64), axis=1) - 1
    other = xp.take_along_axis(there, xp.where(at < 0, 0, at), axis=1)
    return _finish(xp, found, x, keep, k, missing=other)


@wrong("missing-places", url="https://github.com/apache/mxnet/issues/6191")
def fills_with_the_smallest_number(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Shows the number that padding is filled with in missing places."""
    smallest = float(xp.finfo(widen(xp, x).dtype).min)
    found = _descend(xp, clean(xp, x, keep, -INFINITE))
    return _finish(xp, found, x, keep, k, missing=smallest)


@wrong("missing-places")
def repeats_the_smallest(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Repeats a row's smallest value in the places that it lacks."""
    least = xp.min(clean(xp, x, keep, INFINITE), axis=1, keepdims=True)
    found = _descend(xp, clean(xp, x, keep, -INFINITE))
    some = over(lengths(xp, keep) > 0, found)
    return _finish(xp, found, x, keep, k, missing=xp.where(some, least, -INFINITE))


@wrong("missing-places")
def missing_is_zero(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives zero in missing places, minus infinity declared."""
    found = _descend(xp, clean(xp, x, keep, -INFINITE))
    some = over(lengths(xp, keep) > 0, found)
    return _finish(xp, found, x, keep, k, missing=xp.where(some, 0.0, -INFINITE))


@wrong("missing-places", url="https://github.com/hpcgroup/loki/pull/1")
def cuts_k_to_the_padded_length(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives as many places as there are positions, padding counted."""
    return choose(xp, x, keep, k=min(k, x.shape[1]))


@wrong("batch-composition")
def cuts_k_to_the_shortest_row(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives no row more values than the batch's shortest has."""
    found = choose(xp, x, keep, k=k)
    number = lengths(xp, keep)
    number = xp.where(number > 0, number, x.shape[1])
    shortest = xp.min(number, axis=0, keepdims=True)
    ones = xp.astype(xp.ones_like(xp.astype(found, xp.bool)), xp.int32)
    within = xp.cumulative_sum(ones, axis=1) <= over(shortest, found)
    return xp.where(within, found, -INFINITE)


@wrong("value")
def positions_for_values(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives the positions of the largest values, not the values."""
    order = xp.flip(xp.argsort(clean(xp, x, keep, -INFINITE), axis=1), axis=1)
    return _finish(xp, xp.astype(order, widen(xp, x).dtype), x, keep, k)


@wrong("value")
def smallest_values(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives the k smallest values."""
    found = xp.sort(clean(xp, x, keep, INFINITE), axis=1)
    return _finish(xp, found, x, keep, k)


@wrong("value")
def largest_magnitudes(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Chooses by magnitude, and gives the values with their signs."""
    size = clean(xp, xp.abs(x), keep, -INFINITE)
    order = xp.flip(xp.argsort(size, axis=1), axis=1)
    found = xp.take_along_axis(clean(xp, x, keep), order, axis=1)
    return _finish(xp, found, x, keep, k)


@wrong("value")
def first_valid_values(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives the first k valid values, largest first."""
    first = keep & (xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1) <= k)
    return choose(xp, x, first, k=k)


@wrong("value", url="https://github.com/pyg-team/pytorch_geometric/issues/1174")
def chooses_by_the_last_feature(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives the positions where the last feature is largest, all features of them."""
    wide = clean(xp, x, keep, -INFINITE)
    last = wide if x.ndim == 2 else wide[:, :, -1]  # noqa: PLR2004 - no features
    order = xp.flip(xp.argsort(last, axis=1), axis=1)
    order = xp.broadcast_to(over(order, x), tuple(x.shape))
    return _finish(xp, xp.take_along_axis(wide, order, axis=1), x, keep, k)


@wrong("value", url="https://github.com/Callidon/bloom-filters/pull/24")
def leaves_the_largest_out(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Begins with the second largest value where the row has one."""
    found = choose(xp, x, keep, k=k + 1)
    return xp.where(found[:, 1:] == -INFINITE, found[:, :k], found[:, 1:])


@wrong("value")
def rounds_to_bfloat16(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Rounds each value to bfloat16 on its way."""
    return through_bfloat16(xp, choose(xp, x, keep, k=k))


@wrong("peak", url="https://github.com/jax-ml/jax/pull/29254")
def positions_in_int8(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Keeps positions in int8, which ends at 127."""
    wide = clean(xp, x, keep, -INFINITE)
    order = xp.flip(xp.argsort(wide, axis=1), axis=1)
    order = xp.astype(xp.astype(order, xp.int8), xp.int64) % max(x.shape[1], 1)
    return _finish(xp, xp.take_along_axis(wide, order, axis=1), x, keep, k)


@gradient("tied-shares")
def gradient_whole_at_each_tie(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Gives each of several equal values the whole cotangent."""
    found = choose(xp, x, keep, k=k).detach()
    tied = over(keep, x)[:, None] & (x[:, None] == found[:, :, None])
    moved = xp.where(tied, (x - x.detach())[:, None], 0.0)
    return found + xp.sum(moved, axis=2)


@gradient()
def gradient_of_the_largest_alone(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Sends the cotangents of all places but the first nowhere."""
    found = choose(xp, x, keep, k=k)
    return xp.concat([found[:, :1], found[:, 1:].detach()], axis=1)


@gradient()
def gradient_to_all_valid(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Sends each cotangent to all valid positions alike."""
    own = clean(xp, x - x.detach(), keep)
    mean = xp.mean(own, axis=1, keepdims=True)
    return choose(xp, x, keep, k=k).detach() + xp.astype(mean, x.dtype)


@gradient(url="https://github.com/ml-explore/mlx/issues/1428")
def gradient_to_the_first_valid(xp: Any, x: Any, keep: Any, *, k: int) -> Any:
    """Sends the cotangents to the first valid positions, as if nothing were sorted."""
    order = xp.argsort(xp.astype(~keep, xp.int32), axis=1, stable=True)
    order = xp.broadcast_to(over(order, x), tuple(x.shape))
    own = xp.take_along_axis(clean(xp, x - x.detach(), keep), order, axis=1)
    none = xp.zeros_like(own[:, :1])
    longer = xp.concat([own, *[none] * k], axis=1)[:, :k]
    return choose(xp, x, keep, k=k).detach() + xp.astype(longer, x.dtype)
