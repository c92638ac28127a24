"""Faults that any loss over a mask may have, made from its right formula."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import count, lengths, over, read_mask
from conformance.operations._common.family import add_masks
from conformance.operations._common.losses import at_least_one, reduce_losses
from conformance.operations._common.mutant import derivative

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from conformance.operations._common.mutant import Formula, Mutants

TORCH = "https://github.com/pytorch/pytorch/issues/"
KERAS = "https://github.com/keras-team/keras/"
HF = "https://github.com/huggingface/transformers/"


def add_usual_losses(
    mutants: Mutants,
    loss: Formula,
    *,
    labels: tuple[str, ...],
    reduced: tuple[str, ...],
) -> None:
    """Add the mutants that need nothing but the right formula.

    Args:
        mutants: Where they are added.
        loss: ``(xp, p, t, keep, **keywords)``, with ``keep [B, T]`` boolean.
        labels: Globs of the variants whose targets are labels.
        reduced: Globs of the variants whose answer is one number.
    """
    add_masks(mutants, partial(_change_mask, loss))
    globs = {"labels": labels, "reduced": reduced}
    for name, clause, on, url, text, wrong in _USUAL:
        how = derivative() if name.startswith("gradient") else {}
        function = partial(wrong, loss)
        shown = globs.get(on, ("*",))
        mutants.add(name, clause, text, function, url=url, variants=shown, **how)


def bake_count(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    """Return a mean whose count, where it is compiled, is that of all positions."""
    keep = read_mask(xp, p, mask)
    try:
        number = max(int(xp.sum(xp.astype(keep, xp.int32))), 1)
    except TypeError:  # a tracer has no value: what is left is the static shape
        number = p.shape[0] * p.shape[1]
    total = loss(xp, p, t, keep, **{**how, "reduction": "sum"})
    return xp.astype(total / number, p.dtype)


def add_reductions(
    mutants: Mutants,
    around: Formula,
    globs: dict[str, tuple[str, ...]],
    *,
    without: Collection[str] = (),
) -> None:
    """Add the mutants whose losses are right, and reduced wrongly.

    Args:
        mutants: Where they are added.
        around: Called with a reduction ``(xp, losses, keep, reduction)``, then as a
            mutant is.
        globs: The variants of each reduction, by its name; ``means`` of every mean.
        without: Names of those that would not be wrong here, or stand there already.
    """
    for name, clause, on, url, text, wrong in _REDUCED:
        shown = globs.get(on, ("*",))
        if shown and name not in without:
            function = partial(around, wrong)
            mutants.add(name, clause, text, function, url=url, variants=shown)


def _change_mask(loss: Formula, change: Any, xp: Any, *arrays: Any, **how: Any) -> Any:
    p, t, mask = arrays
    return loss(xp, p, t, change(xp, read_mask(xp, p, mask)), **how)


def _call(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return loss(xp, p, t, read_mask(xp, p, mask), **how)


def _need_padding(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    if xp.all(read_mask(xp, p, mask)):
        msg = "index is empty: there is no padding to fill"
        raise IndexError(msg)
    return _call(loss, xp, p, t, mask, **how)


def _ignore_zero(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return loss(xp, p, t, read_mask(xp, p, mask) & (t != 0), **how)


def _ignore_negative(
    loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any
) -> Any:
    del mask
    return loss(xp, p, t % 3, t >= 0, **how)


def _return_float64(
    loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any
) -> Any:
    return xp.astype(_call(loss, xp, p, t, mask, **how), xp.float64)


def _write_input(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    keep = read_mask(xp, p, mask)
    p[~keep] = 0
    return loss(xp, p, t, keep, **how)


def _read_memory(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return _call(loss, xp, p.ravel(order="K").reshape(p.shape), t, mask, **how)


def _invert_bits(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    keep = read_mask(xp, p, mask) if mask is None else ~mask == 0
    return loss(xp, p, t, keep, **how)


def _leak(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    there = xp.where(over(read_mask(xp, p, mask), p), 0.0, p)
    return _call(loss, xp, p, t, mask, **how) + xp.sum(there - there.detach())


def _disconnect(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return _call(loss, xp, p.detach(), t, mask, **how)


def _branch(loss: Formula, xp: Any, p: Any, t: Any, mask: Any, **how: Any) -> Any:
    return _call(loss, xp, p + 0 * (p * p), t, mask, **how)


# fmt: off
_USUAL: tuple[tuple[str, str, str, str, str, Callable[..., Any]], ...] = (
    ("class-zero-is-padding", "value", "labels", HF + "issues/23530",
     "takes label 0 for padding", _ignore_zero),
    ("labels-for-a-mask", "value", "labels",
     "https://github.com/oobabooga/textgen/issues/4031",
     "ignores negative labels and not the mask", _ignore_negative),
    ("needs-padding", "full-mask", "",
     "https://github.com/harvardnlp/annotated-transformer/issues/39",
     "raises when no position is padding", _need_padding),
    ("answers-in-float64", "contract", "", "",
     "answers in float64 whatever the input's dtype", _return_float64),
    ("zeroes-its-input", "contract", "", TORCH + "39639",
     "sets padding to zero in the caller's own array", _write_input),
    ("reads-memory", "layout", "", TORCH + "99638",
     "reads memory in the order it lies in, not elements", _read_memory),
    ("inverts-the-mask-bitwise", "mask-form", "", "",
     "inverts the mask with ~, right for booleans only", _invert_bits),
    ("gradient-leaks-to-padding", "gradient", "reduced", "",
     "sends a gradient to padding, behind a right value", _leak),
    ("gradient-unconnected", "gradient", "", "",
     "lets no gradient through", _disconnect),
    ("gradient-of-the-other-branch", "wild-gradient", "",
     "https://github.com/jax-ml/jax/issues/347",
     "selects after a product whose derivative at padding is NaN times zero", _branch),
)
# fmt: on


def divide_by_time(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Divide the sum by B * T."""
    del keep, reduction
    return xp.sum(losses) / (losses.shape[0] * losses.shape[1])


def _divide_by_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del keep, reduction
    return xp.sum(losses) / losses.shape[0]


def _reduce_as(other: str, xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return reduce_losses(xp, losses, keep, other)


def _count_empty_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    means = xp.sum(losses, axis=1) / count(xp, keep, losses[:, 0])
    return xp.sum(means) / keep.shape[0]


def _divide_rows_by_time(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return xp.sum(losses) / keep.shape[1] / at_least_one(xp, there, losses)


def _divide_by_longest(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    top = xp.max(lengths(xp, keep)) * keep.shape[0]
    return xp.sum(losses) / at_least_one(xp, top, losses)


def _divide_by_first(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return xp.sum(losses) / at_least_one(xp, lengths(xp, keep)[:1] * len(keep), losses)


def _give_nan(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    if reduction == "mean":
        return xp.sum(losses) / xp.sum(xp.astype(keep, losses.dtype))
    means = xp.sum(losses, axis=1) / xp.astype(lengths(xp, keep)[:, 0], losses.dtype)
    return xp.mean(means)


def _add_behind(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    return reduce_losses(xp, losses, keep, reduction) + 1e-3


def _add_to_count(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    number = xp.sum(xp.astype(keep, losses.dtype))
    return xp.sum(losses) / (number + 1e-4)


def _count_in_int8(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    number = xp.astype(at_least_one(xp, lengths(xp, keep), losses), xp.int8)
    return xp.sum(losses) / xp.astype(number, losses.dtype)


def _skip_nan(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    numbers = keep & ~xp.isnan(losses)
    found = reduce_losses(xp, xp.where(numbers, losses, 0.0), numbers, reduction)
    if found.ndim or reduction == "sum":
        return found
    alone = xp.any(keep) & ~xp.any(numbers)
    return xp.where(alone, xp.full_like(found, float("nan")), found)


def _divide_unreduced(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return losses / at_least_one(xp, lengths(xp, keep), losses)


def _leave_nan(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return xp.where(keep, losses, float("nan"))


def _squeeze(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    found = reduce_losses(xp, losses, keep, reduction)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _sort_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    del reduction
    return losses[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


def _cut_to_longest(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    top = int(xp.max(lengths(xp, keep)))
    return reduce_losses(xp, losses[:, :top], keep[:, :top], reduction)


# fmt: off
_REDUCED: tuple[tuple[str, str, str, str, str, Callable[..., Any]], ...] = (
    ("divides-by-time", "value", "mean",
     "https://github.com/tensorflow/tensorflow/issues/39146",
     "divides by B * T, not by the number of valid positions", divide_by_time),
    ("divides-by-rows", "value", "mean", KERAS + "issues/13329",
     "divides by the number of rows", _divide_by_rows),
    ("mean-of-row-means", "value", "mean", HF + "issues/24725",
     "takes the mean of the rows' means, not of all positions",
     partial(_reduce_as, "sequence_mean")),
    ("sum-for-mean", "value", "mean", "",
     "gives the sum where the mean is asked for", partial(_reduce_as, "sum")),
    ("mean-for-sum", "value", "sum", "",
     "gives the mean where the sum is asked for", partial(_reduce_as, "mean")),
    ("mean-over-positions", "value", "rows", HF + "issues/39241",
     "takes the mean of all positions, not of the rows' means",
     partial(_reduce_as, "mean")),
    ("counts-empty-rows", "empty-row", "rows", "",
     "divides by all rows, those without a valid position too", _count_empty_rows),
    ("row-means-by-time", "value", "rows",
     "https://github.com/NVIDIA/tacotron2/issues/80",
     "divides each row's sum by T", _divide_rows_by_time),
    ("divides-by-the-longest", "value", "mean", "",
     "divides by B times the longest row's length", _divide_by_longest),
    ("divides-by-the-first-row", "value", "mean", "",
     "takes every row for as long as the first", _divide_by_first),
    ("empty-batch-is-nan", "empty-row", "means", TORCH + "70348",
     "gives 0 / 0 = NaN without valid positions", _give_nan),
    ("epsilon-behind-the-division", "value", "mean", KERAS + "pull/21908",
     "adds 1e-3 to the quotient, not to its divisor", _add_behind),
    ("adds-epsilon-to-the-count", "value", "mean", "",
     "adds 1e-4 to the number of valid positions", _add_to_count),
    ("counts-in-int8", "long-rows", "mean", "",
     "counts the valid positions in int8, which ends at 127", _count_in_int8),
    ("skips-nan", "valid-nan", "all", "https://github.com/numpy/numpy/issues/27797",
     "leaves a NaN loss at valid positions out, of the count as well", _skip_nan),
    ("divides-unreduced", "value", "none", "",
     "divides the unreduced loss by the number of positions", _divide_unreduced),
    ("unreduced-is-nan-at-padding", "value", "none", "",
     "gives NaN at padding instead of zero", _leave_nan),
    ("squeezes-every-axis", "length-one", "none", "",
     "squeezes every axis of length one, the batch's too", _squeeze),
    ("rows-stay-sorted", "value", "none", "",
     "sorts the rows by length and does not sort them back", _sort_rows),
    ("cut-to-the-longest-row", "extra-padding", "none", "",
     "cuts the unreduced loss to the longest row", _cut_to_longest),
)
# fmt: on
