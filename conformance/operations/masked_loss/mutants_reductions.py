"""Right losses, reduced wrongly."""

from __future__ import annotations

from functools import partial
from typing import Any

from conformance.operations._common.arrays import count, lengths
from conformance.operations._common.family import add_masks
from conformance.operations._common.mutant import Mutants
from conformance.operations.masked_loss.mutants_formulas import (
    as_other,
    at_least_one,
    change_mask,
    correct,
    reduce_losses,
    reduce_wrongly,
)

MEAN = ("masked_loss.*.mean",)
ROWS = ("masked_loss.*.sequence_mean",)


REDUCED = ("masked_loss.*.mean", "masked_loss.*.sum", *ROWS)
NONE = ("masked_loss.*.none",)


LABELS = ("masked_loss.cross_entropy.*",)
HF = "https://github.com/huggingface/transformers/"


KERAS = "https://github.com/keras-team/keras/"
TORCH = "https://github.com/pytorch/pytorch/issues/"


MSE = ("masked_loss.mse.*",)
BCE = ("masked_loss.binary_cross_entropy.*",)
MUTANTS = Mutants("masked_loss", correct)
wrong = partial(MUTANTS.wrong, around=reduce_wrongly)
add_masks(MUTANTS, change_mask)


@wrong(
    "value", url="https://github.com/tensorflow/tensorflow/issues/39146", variants=MEAN
)
def divides_by_time(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Divides by B * T, not by the number of valid positions."""
    del keep, reduction
    return xp.sum(losses) / (losses.shape[0] * losses.shape[1])


@wrong("value", url=KERAS + "issues/13329", variants=MEAN)
def divides_by_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Divides by the number of rows."""
    del keep, reduction
    return xp.sum(losses) / losses.shape[0]


MUTANTS.add(
    "mean-of-row-means",
    "value",
    "takes the mean of the rows' means, not of all positions",
    partial(reduce_wrongly, partial(as_other, "sequence_mean")),
    url=HF + "issues/24725",
    variants=MEAN,
)
MUTANTS.add(
    "sum-for-mean",
    "value",
    "gives the sum where the mean is asked for",
    partial(reduce_wrongly, partial(as_other, "sum")),
    variants=MEAN,
)
MUTANTS.add(
    "mean-for-sum",
    "value",
    "gives the mean where the sum is asked for",
    partial(reduce_wrongly, partial(as_other, "mean")),
    variants=("masked_loss.*.sum",),
)
MUTANTS.add(
    "mean-over-positions",
    "value",
    "takes the mean of all positions, not of the rows' means",
    partial(reduce_wrongly, partial(as_other, "mean")),
    url=HF + "issues/39241",
    variants=ROWS,
)


@wrong("empty-row", variants=ROWS)
def counts_empty_rows(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Divides by all rows, those without a valid position too."""
    del reduction
    return (
        xp.sum(xp.sum(losses, axis=1) / count(xp, keep, losses[:, 0])) / keep.shape[0]
    )


@wrong("value", url="https://github.com/NVIDIA/tacotron2/issues/80", variants=ROWS)
def row_means_by_time(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Divides each row's sum by T."""
    del reduction
    there = xp.astype(xp.any(keep, axis=1), xp.int32)
    return xp.sum(losses) / keep.shape[1] / at_least_one(xp, there, losses)


@wrong("value", variants=MEAN)
def divides_by_the_longest(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Divides by B times the longest row's length."""
    del reduction
    top = xp.max(lengths(xp, keep)) * keep.shape[0]
    return xp.sum(losses) / at_least_one(xp, top, losses)


@wrong("value", variants=MEAN)
def divides_by_the_first_row(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Takes every row for as long as the first."""
    del reduction
    return xp.sum(losses) / at_least_one(xp, lengths(xp, keep)[:1] * len(keep), losses)


@wrong("empty-row", url=TORCH + "70348", variants=(*MEAN, *ROWS))
def empty_batch_is_nan(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Gives 0 / 0 = NaN without valid positions."""
    if reduction == "mean":
        return xp.sum(losses) / xp.sum(xp.astype(keep, losses.dtype))
    means = xp.sum(losses, axis=1) / xp.astype(lengths(xp, keep)[:, 0], losses.dtype)
    return xp.mean(means)


@wrong("value", url=KERAS + "pull/21908", variants=MEAN)
def epsilon_behind_the_division(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Adds 1e-3 to the quotient, not to its divisor."""
    return reduce_losses(xp, losses, keep, reduction) + 1e-3


@wrong("value", variants=MEAN)
def adds_epsilon_to_the_count(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Adds 1e-4 to the number of valid positions."""
    del reduction
    number = xp.sum(xp.astype(keep, losses.dtype))
    return xp.sum(losses) / (number + 1e-4)


@wrong("long-rows", variants=MEAN)
def counts_in_int8(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Counts the valid positions in int8, which ends at 127."""
    del reduction
    number = xp.astype(at_least_one(xp, lengths(xp, keep), losses), xp.int8)
    return xp.sum(losses) / xp.astype(number, losses.dtype)


@wrong("valid-nan", url="https://github.com/numpy/numpy/issues/27797")
def skips_nan(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Leaves a NaN loss at valid positions out, of the count as well."""
    numbers = keep & ~xp.isnan(losses)
    found = reduce_losses(xp, xp.where(numbers, losses, 0.0), numbers, reduction)
    if found.ndim or reduction == "sum":
        return found
    alone = xp.any(keep) & ~xp.any(numbers)
    return xp.where(alone, xp.full_like(found, float("nan")), found)


@wrong("value", variants=NONE)
def divides_unreduced(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Divides the unreduced loss by the number of positions."""
    del reduction
    return losses / at_least_one(xp, lengths(xp, keep), losses)


@wrong("value", variants=NONE)
def unreduced_is_nan_at_padding(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Gives NaN at padding instead of zero."""
    del reduction
    return xp.where(keep, losses, float("nan"))


@wrong("length-one", variants=NONE)
def squeezes_every_axis(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Squeezes every axis of length one, the batch's too."""
    found = reduce_losses(xp, losses, keep, reduction)
    return found.reshape(tuple(size for size in found.shape if size != 1))


@wrong("value", variants=NONE)
def rows_stay_sorted(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Sorts the rows by length and does not sort them back."""
    del reduction
    return losses[xp.argsort(-lengths(xp, keep)[:, 0], stable=True)]


@wrong("extra-padding", variants=NONE)
def cut_to_the_longest_row(xp: Any, losses: Any, keep: Any, reduction: str) -> Any:
    """Cuts the unreduced loss to the longest row."""
    top = int(xp.max(lengths(xp, keep)))
    return reduce_losses(xp, losses[:, :top], keep[:, :top], reduction)
