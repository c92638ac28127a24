"""The exact ``accumulated_loss`` in float64: what counts, its loss, one division.

It is computed at once: that the parts of any split add up to it is what is asked.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, row_counts
from conformance.operations.accumulated_loss import LENGTH
from conformance.operations.masked_loss import oracle as masked_loss
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

ROWS = 5
"""Two micro-batches of two rows, and one of the row that is left."""

_KIND = {"kind": "cross_entropy"}


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return logits ``[B, T, C]`` and labels ``[B, T]``, garbage at padding."""
    return masked_loss.generate({**options, **_KIND}, draw, mask)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact loss, ``[]``; 0 where nothing counts."""
    pairs = predict(options, batch)
    return np.asarray((_losses(pairs)[0] * _weight(options, pairs)).sum())


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`.

    Each position's bound is carried through the weights. Whatever the parts, a term
    goes through N - 1 additions and a division, and through two more where rows are
    averaged. In half precision each part and each sum of parts may be stored.
    """
    p = PRECISIONS[dtype]
    pairs = predict(options, batch)
    losses, coefficient = _losses(pairs)
    weight = _weight(options, pairs)
    width = batch.arrays["predictions"].shape[-1]
    each = p.u * coefficient + width * p.v * losses + 4 * p.eta
    carried = (weight * np.where(pairs.mask, each, 0.0)).sum()
    total = (weight * losses).sum()
    parts = -(-batch.rows // int(options["rows"]))
    divided = 3 if options["reduction"].startswith("seq") else 1
    summed = (pairs.counts.sum() + divided) * p.v * total
    stored = (parts + 2 if p.low else 1) * (p.u * total + p.eta)
    return np.asarray(p.factor * (carried + summed + stored))


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through the logits, the whole batch's."""
    pairs = predict(options, batch)
    slope = masked_loss.slopes(_KIND, pairs)[0]
    weight = over_time(_weight(options, pairs) * cotangent, slope)
    return {"predictions": _restore(batch, slope * weight)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    The slope's own error, two divisions, a product and a cast for the weight.
    """
    p = PRECISIONS["float64"]
    pairs = predict(options, batch)
    slope, error = masked_loss.slopes(_KIND, pairs)
    weight = over_time(np.abs(_weight(options, pairs) * cotangent), slope)
    total = weight * (error + 10 * p.u * np.abs(slope)) + p.eta
    return {"predictions": _restore(batch, np.where(weight > 0, p.factor * total, 0.0))}


def predict(options: Mapping[str, str], batch: Batch) -> Batch:
    """Return the batch with each label beside the logits that predict it.

    With ``next`` the last position of each row predicts nothing and is left out.
    """
    if options["labels"] == "same":
        return batch
    arrays = {
        "predictions": batch.arrays["predictions"][:, :-1],
        "targets": batch.arrays["targets"][:, 1:],
    }
    return replace(batch, arrays=arrays, mask=batch.mask[:, :-1] & batch.mask[:, 1:])


def _restore(batch: Batch, derivative: Array) -> Array:
    """Return a derivative with zeros at the positions that predict nothing."""
    found = np.zeros(batch.arrays["predictions"].shape)
    found[:, : derivative.shape[1]] = derivative
    return found


def _losses(pairs: Batch) -> tuple[Array, Array]:
    return masked_loss.positions(_KIND, pairs)


def _weight(options: Mapping[str, str], pairs: Batch) -> Array:
    """Return what each position's loss weighs in the answer, ``[B, T]``."""
    reduction = options["reduction"]
    rows = max(int((pairs.counts > 0).sum()), 1)
    divisor = {
        "sum": 1.0,
        "token_mean": max(int(pairs.mask.sum()), 1),
        "seq_mean_token_sum": rows,
        "seq_mean_token_mean": rows * row_counts(pairs, 2),
        "sum_norm": LENGTH,
        "seq_mean_token_sum_norm": rows * LENGTH,
    }[reduction]
    return np.where(pairs.mask, 1 / np.asarray(divisor, np.float64), 0.0)
