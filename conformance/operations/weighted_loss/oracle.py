"""The exact ``weighted_loss`` in float64: the losses of ``masked_loss``, weighed."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.loss_oracle import (
    bound_reduced,
    reduce_losses,
    weigh_positions,
)
from conformance.operations._common.oracle import over_time, select_valid
from conformance.operations.masked_loss import oracle as masked_loss
from conformance.operations.weighted_loss import MEANS, WEIGHED
from conformance.operations.weighted_mean.oracle import draw_weights
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 4

_DIVIDED = {
    "by_weights": "weighted_mean",
    "by_nonzero": "weighted_mean",
    "by_count": "mean",
}
"""The usual reduction of positions that are weighed already."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``; each row has a first weight that is not zero."""
    arrays = masked_loss.generate(options, draw, mask)
    return {**arrays, "weight": draw_weights(draw, mask)}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact loss, ``[]`` or ``[B, T]``; 0 where nothing weighs."""
    losses = masked_loss.positions(options, batch)[0] * _weight(batch)
    return reduce_losses(_reduction(options), batch, losses, _worth(options, batch))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    A product with the weight, which may have been divided by the divisor before, or
    multiplied by a share of it. A sum of weights is off by as many roundings as it
    has terms.
    """
    p = PRECISIONS[dtype]
    losses, each = _positions(options, batch, dtype)
    weight = _weight(batch)
    size, reduction = weight * losses, options["reduction"]
    rounded = (3 if reduction in MEANS else 1) * p.u
    if reduction == "by_weights":
        rounded += float(batch.counts.sum()) * p.v
    each = weight * each + rounded * size + p.eta
    worth = _worth(options, batch)
    return bound_reduced(_reduction(options), batch, dtype, size, each, worth=worth)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through the predictions or logits, and the weights."""
    slope = masked_loss.slopes(options, batch)[0]
    share = _share(options, batch, cotangent)
    losses = masked_loss.positions(options, batch)[0]
    if options["reduction"] == "by_weights":
        losses = losses - answer(options, batch)
    return {
        "predictions": slope * over_time(share * _weight(batch), slope),
        "weight": np.where(batch.mask, share * losses, 0.0),
    }


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    The slope's own error, two products, a division and a cast for its weight, and the
    roundings of a sum of weights. The weights' derivative is the loss, less the mean
    where weights divide: of l / W and of the sum of w l over W^2. It is infinite
    where weights divide that are all zero.
    """
    p = PRECISIONS["float64"]
    slope, error = masked_loss.slopes(options, batch)
    share = np.abs(_share(options, batch, cotangent))
    weight = over_time(share * _weight(batch), slope)
    terms = 2 * int(batch.counts.sum()) if options["reduction"] == "by_weights" else 0
    total = weight * (error + (12 + terms) * p.u * np.abs(slope)) + p.eta
    losses, each = _positions(options, batch, "float64")
    if options["reduction"] == "by_weights":
        losses = losses + answer(options, batch)
        each = each + bound(options, batch, "float64")
    pulled = share * (each + (12 + terms) * p.u * losses) + p.eta
    if options["reduction"] in WEIGHED and divisor(options, batch) == 0:
        total, pulled = (np.full(each.shape, np.inf) for each in (total, pulled))
    return {
        "predictions": np.where(over_time(batch.mask, slope), p.factor * total, 0.0),
        "weight": np.where(batch.mask, p.factor * pulled, 0.0),
    }


def allows(options: Mapping[str, str], batch: Batch) -> bool:
    """Tell whether a batch may be asked: no weight that counts is below zero."""
    del options
    return not bool((_weight(batch) < 0).any())


def weightless(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which rows give what an empty row gives: no weight is their divisor."""
    if options["reduction"] not in WEIGHED:
        return np.zeros(batch.rows, bool)
    return np.asarray((_weight(batch) == 0).all(axis=1))


def divisor(options: Mapping[str, str], batch: Batch) -> float:
    """Return what a reduction divides by; 0 where it is a sum."""
    worth = _worth(options, batch)
    if worth is not None:
        return float(worth.sum())
    return float(batch.mask.sum()) if options["reduction"] == "by_count" else 0.0


def _reduction(options: Mapping[str, str]) -> str:
    reduction = options["reduction"]
    return _DIVIDED.get(reduction, reduction)


def _weight(batch: Batch) -> Array:
    return select_valid(batch, "weight", 0.0)


def _worth(options: Mapping[str, str], batch: Batch) -> Array | None:
    """Return what each position adds to a divisor that weights make."""
    if options["reduction"] not in WEIGHED:
        return None
    weight = _weight(batch)
    if options["reduction"] == "by_weights":
        return weight
    return np.asarray(weight != 0, np.float64)


def _share(options: Mapping[str, str], batch: Batch, cotangent: Array) -> Array:
    """Return the cotangent of each weighed position, zero at padding."""
    worth = _worth(options, batch)
    return weigh_positions(_reduction(options), batch, cotangent, worth)


def _positions(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array]:
    """Return each position's loss without its weight, and its bound."""
    p = PRECISIONS[dtype]
    losses, coefficient = masked_loss.positions(options, batch)
    width = batch.arrays["predictions"].shape[-1]
    terms = width + 1 if options["kind"] == "mse" else width
    return losses, p.u * coefficient + terms * p.v * losses + 4 * p.eta
