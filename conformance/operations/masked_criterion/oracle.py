"""The exact ``masked_criterion`` in float64: positions first, then their reduction."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.loss_oracle import (
    bound_reduced,
    reduce_losses,
    weigh_positions,
)
from conformance.operations._common.oracle import over_time, select_valid
from conformance.operations.masked_criterion import CLASSES, DELTA, KINDS
from conformance.operations.masked_loss import oracle as masked_loss
from conformance.trial.draw import GARBAGE, LOGITS, SIGNALS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.operations.masked_criterion import Kind
    from conformance.trial.batch import Array, Batch

ROWS = 4
SHARES = (
    (1.0, 0.0, 0.0),
    (0.0, 1.0, 0.0),
    (0.0, 0.0, 1.0),
    (0.5, 0.25, 0.25),
    (0.125, 0.125, 0.75),
    (0.0, 0.5, 0.5),
    (0.1, 0.2, 0.7),
    (1 / 3, 2 / 3, 0.0),
)
"""Soft targets, some with classes that have no share at all."""

PAIR = 2
"""A mean and the logarithm of a variance."""

HALF_LOG_TAU = math.log(math.tau) / 2

_CROSS_ENTROPY = {"kind": "cross_entropy"}


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return predictions and targets of the kind, garbage at padding in both."""
    kind = KINDS[options["kind"]]
    if kind.labels:
        return masked_loss.generate({**options, **_CROSS_ENTROPY}, draw, mask)
    shape = (*mask.shape, CLASSES if kind.shares else 2)
    predictions = draw.rows_of(LOGITS, shape)
    if kind.shares:
        targets = np.asarray(SHARES)[draw.below(len(SHARES), mask.shape)]
    else:
        targets = draw.rows_of(LOGITS, shape)
    garbage = draw.rows_of(GARBAGE, shape)
    if kind.pairs:
        predictions = np.stack([predictions, draw.rows_of(SIGNALS, shape)], axis=-1)
        garbage = np.stack([garbage, draw.rows_of(GARBAGE, shape)], axis=-1)
    return {
        "predictions": fill_padding(predictions, garbage, mask),
        "targets": fill_padding(targets, draw.rows_of(GARBAGE, shape), mask),
    }


def enlarge(options: Mapping[str, str], old: Array, large: Array) -> Array:
    """Return the predictions that large values make.

    Where the exponential of a prediction is taken it stays what it is: of 1e10 there
    is none.
    """
    if not KINDS[options["kind"]].pairs:
        return large
    return np.stack([large[..., 0], old[..., 1]], axis=-1)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact loss, ``[]`` or ``[B, T]``; 0 without valid positions."""
    losses = _positions(options, batch)[0]
    return reduce_losses(options["reduction"], batch, losses, _worth(options, batch))


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    p = PRECISIONS[dtype]
    losses, coefficient, summed = _positions(options, batch)
    each = p.u * coefficient + p.v * summed + 4 * p.eta
    size, worth = np.abs(losses), _worth(options, batch)
    return bound_reduced(options["reduction"], batch, dtype, size, each, worth=worth)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through the predictions or logits."""
    slope = _slopes(options, batch)[0]
    worth = _worth(options, batch)
    weight = weigh_positions(options["reduction"], batch, cotangent, worth)
    return {"predictions": slope * over_time(weight, slope)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    The slope's own error, and a division, a product and a cast for the weight; a sum
    of weights is off by as many roundings as it has terms.
    """
    p = PRECISIONS["float64"]
    slope, error = _slopes(options, batch)
    worth = _worth(options, batch)
    weight = weigh_positions(options["reduction"], batch, cotangent, worth)
    weight = np.abs(over_time(weight, slope))
    terms = 0 if worth is None else 2 * int(batch.counts.sum())
    total = weight * (error + (8 + terms) * p.u * np.abs(slope)) + p.eta
    return {"predictions": np.where(weight > 0, p.factor * total, 0.0)}


def _worth(options: Mapping[str, str], batch: Batch) -> Array | None:
    """Return the weight of each position's label, where a mean divides by their sum."""
    if options["reduction"] != "weighted_mean":
        return None
    weights = np.asarray(KINDS[options["kind"]].class_weights)
    return np.where(batch.mask, weights[_labels(batch)], 0.0)


def _labels(batch: Batch) -> Array:
    return np.where(batch.mask, batch.arrays["targets"], 0).astype(np.int64)


def _positions(options: Mapping[str, str], batch: Batch) -> tuple[Array, Array, Array]:
    """Return each position's loss, and what multiplies u and v in its bound."""
    kind = KINDS[options["kind"]]
    if kind.labels or kind.shares:
        return _weigh_classes(options, batch)
    if kind.pairs:
        return _take_density(batch)
    z, y = (select_valid(batch, name, 0.0) for name in ("predictions", "targets"))
    r, terms = np.abs(z - y), z.shape[-1] + 1
    if options["kind"] == "l1":
        losses, coefficient = r, 3 * r
    else:
        near = r <= DELTA
        losses = np.where(near, r**2 / 2, DELTA * (r - DELTA / 2))
        coefficient = np.where(near, 5 * r**2 / 2, 5 * DELTA * r)
    losses = losses.mean(axis=-1)
    return losses, coefficient.mean(axis=-1), terms * losses


def _take_density(batch: Batch) -> tuple[Array, Array, Array]:
    """Return the negative logarithm of each feature's density, their mean.

    The bound holds for the three ways in which libraries take it: with exp(-s), with
    the variance exp(s) and its logarithm, or with the deviation exp(s / 2), which is
    squared, and its logarithm. An exponential is off by 4 u of itself, and its
    logarithm by 4 u and by 4 u of itself.
    """
    quadratic, half = _split_density(batch)
    features = quadratic.shape[-1]
    sizes = quadratic + np.abs(half) + 1  # the constant is less than one
    losses = (quadratic + half + HALF_LOG_TAU).mean(axis=-1)
    coefficient = (13 * quadratic + 4 * np.abs(half) + 4 + 2 * sizes).mean(axis=-1)
    summed = (features + 1) * sizes.mean(axis=-1)
    # At padding two zeros still have a density.
    losses = np.where(batch.mask, losses, 0.0)
    return losses, coefficient, summed


def _split_density(batch: Batch) -> tuple[Array, Array]:
    """Return r^2 exp(-s) / 2 and s / 2 of each feature.

    Raises:
        ValueError: The predictions are no pairs.
    """
    z, y = (select_valid(batch, name, 0.0) for name in ("predictions", "targets"))
    if z.shape != (*y.shape, PAIR):
        msg = f"predictions {z.shape} are no pairs for targets {y.shape}"
        raise ValueError(msg)
    return (z[..., 0] - y) ** 2 * np.exp(-z[..., 1]) / 2, z[..., 1] / 2


def _weigh_classes(
    options: Mapping[str, str], batch: Batch
) -> tuple[Array, Array, Array]:
    """Return the sum of the losses that each class alone would have, weighted."""
    shares = _shares(options, batch)
    classes = shares.shape[-1]
    losses, coefficient, summed = (np.zeros(batch.mask.shape) for _ in range(3))
    made = _count_roundings(KINDS[options["kind"]])
    terms = (shares > 0).sum(axis=-1)
    for label in range(classes):
        labels = np.full(batch.mask.shape, label)
        arrays = {**batch.arrays, "targets": labels}
        own, bounds = masked_loss.positions(
            _CROSS_ENTROPY, replace(batch, arrays=arrays)
        )
        # A class without a share is no term, also where its loss is infinite.
        share = shares[..., label]
        some = share > 0
        losses += np.where(some, share * np.where(some, own, 0.0), 0.0)
        coefficient += share * np.where(some, bounds + made * own, 0.0)
        # The sum of exp is off by C v, and so is its logarithm, whatever the loss is.
        adds = np.where(terms > 1, (terms - 1) * own, 0.0)
        summed += share * np.where(some, classes * np.minimum(own, 1.0) + adds, 0.0)
    if KINDS[options["kind"]].shares:
        entropy = shares * np.log(np.where(shares > 0, shares, 1.0))
        losses += entropy.sum(axis=-1)
        coefficient += 6 * np.abs(entropy).sum(axis=-1)
        summed += (classes - 1) * np.abs(entropy).sum(axis=-1)
        known = ((shares >= 0) & np.isfinite(shares)).all(axis=-1)
        losses = np.where(known, losses, np.nan)
    return losses, coefficient, summed


def _count_roundings(kind: Kind) -> int:
    """Return how often a term is rounded besides its logarithm, before it is added.

    A product, and what is smoothed / C, its sum and the product with a class's weight;
    a divergence is a difference.
    """
    if kind.shares:
        return 2
    return 1 + (2 if kind.smoothing else 0) + (1 if kind.class_weights else 0)


def _shares(options: Mapping[str, str], batch: Batch) -> Array:
    """Return what each class weighs at each position, nothing at padding."""
    kind = KINDS[options["kind"]]
    if kind.shares:
        return select_valid(batch, "targets", 0.0)
    classes = batch.arrays["predictions"].shape[-1]
    one_hot = np.arange(classes) == _labels(batch)[..., None]
    shares = (1 - kind.smoothing) * one_hot + kind.smoothing / classes
    if kind.class_weights:
        shares = shares * np.asarray(kind.class_weights)
    return np.where(batch.mask[..., None], shares, 0.0)


def _slopes(options: Mapping[str, str], batch: Batch) -> tuple[Array, Array]:
    """Return the derivative of each position's loss and its float64 error."""
    u = PRECISIONS["float64"].u
    kind = KINDS[options["kind"]]
    if kind.pairs:
        return _slope_density(batch)
    if not kind.labels and not kind.shares:
        z, y = (select_valid(batch, name, 0.0) for name in ("predictions", "targets"))
        features = z.shape[-1]
        if options["kind"] == "huber":
            slope = np.clip(z - y, -DELTA, DELTA) / features
            return slope, 4 * u * np.abs(slope)
        # Where they are equal, any share between the two sides' is right.
        slope = np.sign(z - y) / features
        return slope, np.where(z == y, 1 / features, 2 * u * np.abs(slope))
    shares = _shares(options, batch)
    whole = shares.sum(axis=-1, keepdims=True)
    softmax, error = masked_loss.softmax(select_valid(batch, "predictions", 0.0))
    rounded = (softmax.shape[-1] + 5) * u * (whole * softmax + shares)
    return whole * softmax - shares, whole * error + rounded


def _slope_density(batch: Batch) -> tuple[Array, Array]:
    """Return the derivatives through the mean and through the variance's logarithm.

    r exp(-s) and 1 / 2 - r^2 exp(-s) / 2, over F. Through a deviation, its square,
    what divides by that, and back, each term goes through six roundings more than its
    own 13, and a 1 that is made of a number and its inverse through twelve.
    """
    u = PRECISIONS["float64"].u
    quadratic, half = _split_density(batch)
    z, y = (select_valid(batch, name, 0.0) for name in ("predictions", "targets"))
    features = quadratic.shape[-1]
    away = (z[..., 0] - y) * np.exp(-2 * half)
    slopes = np.stack([away, 0.5 - quadratic], axis=-1) / features
    errors = np.stack([20 * np.abs(away), 6 + 26 * quadratic], axis=-1) / features
    return slopes, u * errors
