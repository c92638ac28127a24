"""Losses made wrong on purpose."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.mutation.arrays import MASKS, clean, count, kept, lengths, over, wide
from conformance.mutation.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable

MEAN = ("masked_loss.*.mean",)
ROWS = ("masked_loss.*.sequence_mean",)
REDUCED = ("masked_loss.*.mean", "masked_loss.*.sum", *ROWS)
NONE = ("masked_loss.*.none",)
LABELS = ("masked_loss.cross_entropy.*",)


def correct(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    """Return the loss over the valid positions, 0 without any."""
    keep = kept(xp, p, mask)
    return _loss(xp, p, t, keep, kind=kind, reduction=reduction)


def _loss(xp: Any, p: Any, t: Any, keep: Any, *, kind: str, reduction: str) -> Any:
    losses = _positions(xp, p, t, keep, kind)
    return xp.astype(_reduced(xp, losses, keep, reduction), p.dtype)


def _positions(xp: Any, p: Any, t: Any, keep: Any, kind: str) -> Any:
    z = clean(xp, p, keep)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    return xp.where(keep, _terms(xp, z, y, kind), 0.0)


def _terms(xp: Any, z: Any, y: Any, kind: str) -> Any:
    if kind == "cross_entropy":
        below = z - xp.max(z, axis=-1, keepdims=True)
        total = xp.log(xp.sum(xp.exp(below), axis=-1))
        at = xp.astype(y, xp.int64)[..., None]
        return total - xp.take_along_axis(below, at, axis=-1)[..., 0]
    y = xp.astype(y, z.dtype)
    if kind == "mse":
        return xp.mean((z - y) ** 2, axis=-1)
    top = xp.where(z > 0, z, 0.0)
    return top - z * y + xp.log1p(xp.exp(-xp.abs(z)))


def _reduced(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    if reduction == "none":
        return losses
    if reduction == "sum":
        return xp.sum(losses)
    if reduction == "mean":
        return xp.sum(losses) / _at_least_one(xp, lengths(xp, keep), losses)
    means = xp.sum(losses, axis=1) / count(xp, keep, losses[:, 0])
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return xp.sum(means) / _at_least_one(xp, there, losses)


def _at_least_one(xp: Any, numbers: Any, like: Any) -> Any:
    total = xp.sum(numbers)
    return xp.astype(xp.where(total > 0, total, 1), like.dtype)


def _masked(
    change: Callable[[Any, Any], Any], xp: Any, p: Any, t: Any, mask: Any, **how: Any
) -> Any:
    return _loss(xp, p, t, change(xp, kept(xp, p, mask)), **how)


def _from(
    reduce: Callable[..., Any],
    xp: Any,
    p: Any,
    t: Any,
    mask: Any,
    *,
    kind: str,
    reduction: str,
) -> Any:
    """Right losses, reduced by ``reduce(xp, losses, keep, reduction)``."""
    keep = kept(xp, p, mask)
    losses = _positions(xp, p, t, keep, kind)
    return xp.astype(reduce(xp, losses, keep, reduction), p.dtype)


def _by_size(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del keep, reduction
    return xp.sum(losses) / (losses.shape[0] * losses.shape[1])


def _by_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del keep, reduction
    return xp.sum(losses) / losses.shape[0]


def _as(other: str, xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return _reduced(xp, losses, keep, other)


def _all_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return (
        xp.sum(xp.sum(losses, axis=1) / count(xp, keep, losses[:, 0])) / keep.shape[0]
    )


def _rows_by_time(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return xp.sum(losses) / keep.shape[1] / _at_least_one(xp, there, losses)


def _unguarded(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    if reduction == "mean":
        return xp.sum(losses) / xp.sum(xp.astype(keep, losses.dtype))
    means = xp.sum(losses, axis=1) / xp.astype(lengths(xp, keep)[:, 0], losses.dtype)
    return xp.mean(means)


def _epsilon(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    return _reduced(xp, losses, keep, reduction) + 1e-3


def _count_plus(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    number = xp.sum(xp.astype(keep, losses.dtype))
    return xp.sum(losses) / (number + 1e-4)


def _in_int8(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    number = xp.astype(_at_least_one(xp, lengths(xp, keep), losses), xp.int8)
    return xp.sum(losses) / xp.astype(number, losses.dtype)


def _longest(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    top = xp.max(lengths(xp, keep)) * keep.shape[0]
    return xp.sum(losses) / _at_least_one(xp, top, losses)


def _skips_nan(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    return _reduced(xp, xp.where(xp.isnan(losses), 0.0, losses), keep, reduction)


def _averaged(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return losses / _at_least_one(xp, lengths(xp, keep), losses)


def _squeezed(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    found = _reduced(xp, losses, keep, reduction)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _sorted(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return losses[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


def _truncated(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    top = int(xp.max(lengths(xp, keep)))
    return _reduced(xp, losses[:, :top], keep[:, :top], reduction)


def _denominator_first_row(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return xp.sum(losses) / _at_least_one(xp, lengths(xp, keep)[:1] * len(keep), losses)


def _product(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    y = t % 3 if kind == "cross_entropy" else t
    losses = _terms(xp, wide(xp, p), y, kind)
    losses = losses * xp.astype(keep, losses.dtype)
    return xp.astype(_reduced(xp, losses, keep, reduction), p.dtype)


def _nan_at_padding(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return xp.where(keep, losses, float("nan"))


def _class_zero(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return _loss(xp, p, t, kept(xp, p, mask) & (t != 0), **how)


def _ignore_index(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    del mask
    return _loss(xp, p, t, t >= 0, **how)


def _gathers(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    losses = xp.where(keep, _terms(xp, clean(xp, p, keep), t, kind), 0.0)
    return xp.astype(_reduced(xp, losses, keep, reduction), p.dtype)


def _clipped(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    z = xp.clip(clean(xp, p, keep), -5.0, 5.0)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    losses = xp.where(keep, _terms(xp, z, y, kind), 0.0)
    return xp.astype(_reduced(xp, losses, keep, reduction), p.dtype)


def _smoothed(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    keep = kept(xp, p, mask)
    z = clean(xp, p, keep)
    below = z - xp.max(z, axis=-1, keepdims=True)
    logs = below - xp.log(xp.sum(xp.exp(below), axis=-1, keepdims=True))
    losses = 0.9 * _positions(xp, p, t, keep, kind) - 0.1 * xp.mean(logs, axis=-1)
    return xp.astype(_reduced(xp, losses, keep, reduction), p.dtype)


def _shifted(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return _loss(xp, p, xp.roll(t, 1, axis=1), kept(xp, p, mask), **how)


def _feature_sum(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p, t, mask, **how) * p.shape[-1]


def _magnitude(xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str) -> Any:
    del kind
    keep = kept(xp, p, mask)
    y = xp.where(over(keep, t), t, xp.zeros_like(t))
    losses = xp.mean(xp.abs(clean(xp, p, keep) - y), axis=-1)
    return xp.astype(_reduced(xp, losses, keep, reduction), p.dtype)


def _raw_powers(
    xp: Any, p: Any, t: Any, mask: Any, *, kind: str, reduction: str
) -> Any:
    keep = kept(xp, p, mask)
    z, y = clean(xp, p, keep), xp.where(over(keep, t), t, xp.zeros_like(t))
    if kind == "cross_entropy":
        at = xp.astype(y, xp.int64)[..., None]
        chosen = xp.take_along_axis(z, at, axis=-1)[..., 0]
        losses = xp.log(xp.sum(xp.exp(z), axis=-1)) - chosen
    else:
        losses = xp.log1p(xp.exp(z)) - z * y
    losses = xp.where(keep, losses, 0.0)
    return xp.astype(_reduced(xp, losses, keep, reduction), p.dtype)


def _doubled(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return xp.astype(correct(xp, p, t, mask, **how), xp.float64)


def _in_place(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    keep = kept(xp, p, mask)
    p[~keep] = 0
    return _loss(xp, p, t, keep, **how)


def _in_memory(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p.ravel(order="K").reshape(p.shape), t, mask, **how)


def _bitwise(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    keep = kept(xp, p, mask) if mask is None else ~mask == 0
    return _loss(xp, p, t, keep, **how)


def _leaking(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    there = xp.where(over(kept(xp, p, mask), p), 0.0, p)
    return correct(xp, p, t, mask, **how) + xp.sum(there - there.detach())


def _detached(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p.detach(), t, mask, **how)


def _gradient_by_size(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    other = _from(_by_size, xp, p, t, mask, **how)
    return correct(xp, p, t, mask, **how).detach() + (other - other.detach())


def _broken_branch(xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return correct(xp, p + 0 * (p * p), t, mask, **how)


_HF = "https://github.com/huggingface/transformers/"
_KERAS = "https://github.com/keras-team/keras/"
_TORCH = "https://github.com/pytorch/pytorch/issues/"
_mutant = partial(Mutant, operation="masked_loss")
_gradient = partial(
    _mutant,
    clause="gradient",
    kind="gradient",
    framework="torch",
    dtypes=("float32", "float64"),
)


def _divisors() -> tuple[Mutant, ...]:
    """Right losses, reduced wrongly."""
    rows = (
        (
            "divides-by-time",
            "divides by B * T, not by the number of valid positions",
            _by_size,
            "value",
            MEAN,
            "https://github.com/tensorflow/tensorflow/issues/39146",
        ),
        (
            "divides-by-rows",
            "divides by the number of rows",
            _by_rows,
            "value",
            MEAN,
            _KERAS + "issues/13329",
        ),
        (
            "mean-of-row-means",
            "takes the mean of the rows' means, not of all positions",
            partial(_as, "sequence_mean"),
            "value",
            MEAN,
            _HF + "issues/24725",
        ),
        (
            "sum-for-mean",
            "gives the sum where the mean is asked for",
            partial(_as, "sum"),
            "value",
            MEAN,
            "",
        ),
        (
            "mean-for-sum",
            "gives the mean where the sum is asked for",
            partial(_as, "mean"),
            "value",
            ("masked_loss.*.sum",),
            "",
        ),
        (
            "mean-over-positions",
            "takes the mean of all positions, not of the rows' means",
            partial(_as, "mean"),
            "value",
            ROWS,
            _HF + "issues/39241",
        ),
        (
            "counts-empty-rows",
            "divides by all rows, those without a valid position too",
            _all_rows,
            "empty-row",
            ROWS,
            "",
        ),
        (
            "row-means-by-time",
            "divides each row's sum by T",
            _rows_by_time,
            "value",
            ROWS,
            "https://github.com/NVIDIA/tacotron2/issues/80",
        ),
        (
            "divides-by-the-longest",
            "divides by B times the longest row's length",
            _longest,
            "value",
            MEAN,
            "",
        ),
        (
            "divides-by-the-first-row",
            "takes every row for as long as the first",
            _denominator_first_row,
            "value",
            MEAN,
            "",
        ),
        (
            "empty-batch-is-nan",
            "gives 0 / 0 = NaN without valid positions",
            _unguarded,
            "empty-row",
            (*MEAN, *ROWS),
            _TORCH + "70348",
        ),
        (
            "epsilon-behind-the-division",
            "adds 1e-3 to the quotient, not to its divisor",
            _epsilon,
            "value",
            MEAN,
            _KERAS + "pull/21908",
        ),
        (
            "adds-epsilon-to-the-count",
            "adds 1e-4 to the number of valid positions",
            _count_plus,
            "value",
            MEAN,
            "",
        ),
        (
            "counts-in-int8",
            "counts the valid positions in int8, which ends at 127",
            _in_int8,
            "long-rows",
            MEAN,
            "",
        ),
        (
            "skips-nan",
            "leaves a NaN loss at valid positions out",
            _skips_nan,
            "valid-nan",
            ("*",),
            "https://github.com/numpy/numpy/issues/27797",
        ),
        (
            "divides-unreduced",
            "divides the unreduced loss by the number of positions",
            _averaged,
            "value",
            NONE,
            "",
        ),
        (
            "unreduced-is-nan-at-padding",
            "gives NaN at padding instead of zero",
            _nan_at_padding,
            "value",
            NONE,
            "",
        ),
        (
            "squeezes-every-axis",
            "squeezes every axis of length one, the batch's too",
            _squeezed,
            "length-one",
            NONE,
            "",
        ),
        (
            "rows-stay-sorted",
            "sorts the rows by length and does not sort them back",
            _sorted,
            "value",
            NONE,
            "",
        ),
        (
            "cut-to-the-longest-row",
            "cuts the unreduced loss to the longest row",
            _truncated,
            "extra-padding",
            NONE,
            "",
        ),
    )
    return tuple(
        _mutant(
            name=name,
            text=text,
            clause=law,
            url=url,
            variants=variants,
            function=partial(_from, function),
        )
        for name, text, function, law, variants, url in rows
    )


def _formulas() -> tuple[Mutant, ...]:
    """Wrong before the reduction, or beside it."""
    bce, mse = ("masked_loss.binary_cross_entropy.*",), ("masked_loss.mse.*",)
    rows = (
        (
            "multiplies-by-the-mask",
            "multiplies the loss by the mask after it is NaN",
            _product,
            "wild-padding",
            ("*",),
            "https://github.com/numpy/numpy/issues/8003",
        ),
        (
            "class-zero-is-padding",
            "takes label 0 for padding",
            _class_zero,
            "value",
            LABELS,
            _HF + "issues/23530",
        ),
        (
            "labels-for-a-mask",
            "ignores negative labels and not the mask",
            _ignore_index,
            "value",
            LABELS,
            "https://github.com/oobabooga/textgen/issues/4031",
        ),
        (
            "gathers-before-the-mask",
            "looks up the labels of padding before it masks",
            _gathers,
            "padding-labels",
            LABELS,
            _TORCH + "15508",
        ),
        ("clips-logits", "clips logits to five", _clipped, "value", ("*",), ""),
        (
            "smooths-padding-too",
            "smooths labels, at padding too",
            _smoothed,
            "value",
            LABELS,
            _TORCH + "73205",
        ),
        (
            "labels-one-late",
            "compares with the label of the position before",
            _shifted,
            "value",
            ("*",),
            "",
        ),
        (
            "sums-features",
            "sums over the features instead of their mean",
            _feature_sum,
            "value",
            mse,
            "https://github.com/NVIDIA/tacotron2/issues/80",
        ),
        (
            "absolute-error",
            "takes the absolute error for the squared one",
            _magnitude,
            "value",
            mse,
            "",
        ),
        (
            "no-maximum-subtracted",
            "takes exp of logits as they are, which overflows",
            _raw_powers,
            "large-values",
            (*LABELS, *bce),
            "",
        ),
        (
            "answers-in-float64",
            "answers in float64 whatever the input's dtype",
            _doubled,
            "contract",
            ("*",),
            "",
        ),
        (
            "zeroes-its-input",
            "sets padding to zero in the caller's own array",
            _in_place,
            "contract",
            ("*",),
            _TORCH + "39639",
        ),
        (
            "reads-memory",
            "reads memory in the order it lies in, not elements",
            _in_memory,
            "layout",
            ("*",),
            _TORCH + "99638",
        ),
        (
            "inverts-the-mask-bitwise",
            "inverts the mask with ~, right for booleans only",
            _bitwise,
            "mask-form",
            ("*",),
            "",
        ),
    )
    return tuple(
        _mutant(
            name=name,
            text=text,
            clause=law,
            url=url,
            variants=variants,
            function=function,
        )
        for name, text, function, law, variants, url in rows
    )


MUTANTS: tuple[Mutant, ...] = (
    *(
        _mutant(
            name=name, text=text, clause=law, url=url, function=partial(_masked, change)
        )
        for name, (change, text, law, url) in MASKS.items()
    ),
    *_divisors(),
    *_formulas(),
    _gradient(
        name="gradient-leaks-to-padding",
        text="sends a gradient to padding, behind a right value",
        variants=REDUCED,
        function=_leaking,
    ),
    _gradient(
        name="gradient-unconnected",
        text="lets no gradient through",
        function=_detached,
    ),
    _gradient(
        name="gradient-divides-by-size",
        text="divides the gradient by B * T behind a right value",
        variants=MEAN,
        function=_gradient_by_size,
    ),
    _gradient(
        name="gradient-of-the-other-branch",
        text="selects after a product whose derivative at padding is NaN times zero",
        clause="wild-gradient",
        url="https://github.com/jax-ml/jax/issues/347",
        function=_broken_branch,
    ),
)
"""Every mutant of the loss."""
