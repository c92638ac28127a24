"""The exact ``masked_loss`` in float64: positions first, then their reduction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.loss_oracle import (
    bound_reduced,
    reduce_losses,
    weigh_positions,
)
from conformance.operations._common.oracle import over_time, select_valid
from conformance.trial.draw import GARBAGE, LOGITS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 4
CLASSES = 3
_SOFT = ((0.0, 1.0), (0.0, 1.0, 0.5, 0.25, 0.75), (1.0, 0.1, 0.9, 1 / 3))


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return predictions and targets of the kind, garbage at padding in both."""
    kind = options["kind"]
    width = {"mse": (2,), "cross_entropy": (CLASSES,)}.get(kind, ())
    shape = mask.shape + width
    valid = draw.rows_of(LOGITS, shape)
    predictions = fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)
    if kind == "cross_entropy":
        # A real class at padding too: what is no class is a law of its own.
        return {"predictions": predictions, "targets": draw.below(CLASSES, mask.shape)}
    table = LOGITS if kind == "mse" else _SOFT
    targets = fill_padding(
        draw.rows_of(table, shape), draw.rows_of(GARBAGE, shape), mask
    )
    return {"predictions": predictions, "targets": targets}


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact loss, ``[]`` or ``[B, T]``; 0 without valid positions."""
    losses = positions(options, batch)[0]
    return reduce_losses(options["reduction"], batch, losses)


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    p = PRECISIONS[dtype]
    losses, coefficient = positions(options, batch)
    width = batch.arrays["predictions"].shape[-1]
    terms = {"mse": width + 1, "cross_entropy": width}.get(options["kind"], 0)
    each = p.u * coefficient + terms * p.v * losses + 4 * p.eta
    return bound_reduced(options["reduction"], batch, dtype, losses, each)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through the predictions or logits."""
    slope = slopes(options, batch)[0]
    weight = weigh_positions(options["reduction"], batch, cotangent)
    return {"predictions": slope * over_time(weight, slope)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    The slope's own error and a division, a product and a cast for the weight.
    """
    p = PRECISIONS["float64"]
    slope, error = slopes(options, batch)
    weight = weigh_positions(options["reduction"], batch, cotangent)
    weight = np.abs(over_time(weight, slope))
    total = weight * (error + 8 * p.u * np.abs(slope)) + p.eta
    return {"predictions": np.where(weight > 0, p.factor * total, 0.0)}


def positions(options: Mapping[str, str], batch: Batch) -> tuple[Array, Array]:
    """Return each position's loss and what multiplies u in its bound."""
    kind = options["kind"]
    z = select_valid(batch, "predictions", 0.0)
    if kind == "cross_entropy":
        return _cross_entropy(batch, z)
    y = select_valid(batch, "targets", 0.0)
    if kind == "mse":
        losses = np.where(batch.mask, ((z - y) ** 2).mean(axis=-1), 0.0)
        return losses, 5 * losses
    tail = np.log1p(np.exp(-np.abs(z)))
    head = np.maximum(z, 0.0) - z * y
    losses = np.where(batch.mask, head + tail, 0.0)
    soft = (y != 0) & (y != 1)
    coefficient = (
        2 * np.abs(z) * (1 + soft)
        + np.abs(head)
        + (8 + np.minimum(np.abs(z), 1)) * tail
        + 2 * losses
    )
    return losses, coefficient


def _cross_entropy(batch: Batch, z: Array) -> tuple[Array, Array]:
    top = z.max(axis=-1)
    distance = top[..., None] - z
    weight = np.exp(-distance)
    log_sum = np.log(weight.sum(axis=-1))
    share = weight / weight.sum(axis=-1, keepdims=True)
    # A class of minus infinity is no term at all: it brings no rounding either.
    distance = np.where(np.isposinf(distance), 0.0, distance)
    chosen = _pick_class(batch, z)
    losses = np.where(batch.mask, log_sum + (top - chosen), 0.0)
    coefficient = (
        (share * distance).sum(axis=-1)
        + 4
        + 4 * log_sum
        + (top - chosen)
        + 2 * losses
        + np.abs(top)
        + np.abs(chosen)
    )
    return losses, coefficient


def _pick_class(batch: Batch, z: Array) -> Array:
    labels = np.where(batch.mask, batch.arrays["targets"], 0).astype(np.int64)
    return np.asarray(np.take_along_axis(z, labels[..., None], axis=-1)[..., 0])


def slopes(options: Mapping[str, str], batch: Batch) -> tuple[Array, Array]:
    """Return the derivative of each position's loss and its float64 error."""
    u = PRECISIONS["float64"].u
    kind = options["kind"]
    z = select_valid(batch, "predictions", 0.0)
    if kind == "cross_entropy":
        share, error = softmax(z)
        labels = np.where(batch.mask, batch.arrays["targets"], 0)
        one_hot = np.arange(z.shape[-1]) == labels[..., None]
        return share - one_hot, error + u * one_hot
    y = select_valid(batch, "targets", 0.0)
    if kind == "mse":
        slope = 2 * (z - y) / z.shape[-1]
        return slope, 4 * u * np.abs(slope)
    logistic = np.where(
        z >= 0,
        1 / (1 + np.exp(-np.abs(z))),
        np.exp(-np.abs(z)) / (1 + np.exp(-np.abs(z))),
    )
    # An implementation may take y + (1 - y) apart and meet again: one u of each.
    return logistic - y, u * (8 * logistic + 2 * np.abs(y) + 4)


def softmax(z: Array) -> tuple[Array, Array]:
    """Return the classes' shares, and how far they may be off in float64."""
    u = PRECISIONS["float64"].u
    distance = z.max(axis=-1, keepdims=True) - z
    weight = np.exp(-distance)
    share = weight / weight.sum(axis=-1, keepdims=True)
    # A class of minus infinity is no term at all: it brings no rounding either.
    distance = np.where(np.isposinf(distance), 0.0, distance)
    spread = (share * distance).sum(axis=-1, keepdims=True)
    return share, share * u * (distance + spread + 12 + z.shape[-1])
