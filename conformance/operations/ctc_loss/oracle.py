"""The exact ``ctc_loss`` in float64, its error bound and its derivative."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time, select_valid
from conformance.operations.ctc_loss import oracle_paths as paths
from conformance.operations.masked_loss.oracle import softmax
from conformance.trial.draw import GARBAGE, LOGITS, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.precision import Precision

ROWS = 8
CLASSES = 3
LABELS = 4
"""Labels of a generated row, padding included: neither its frames nor its classes."""


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return logits for ``mask``, ``[B, T, C]``."""
    del options
    shape = (*mask.shape, CLASSES)
    valid = draw.rows_of(LOGITS, shape)
    return {"logits": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


def generate_beside(
    options: Mapping[str, str], draw: Draw, mask: Array
) -> dict[str, Array]:
    """Return labels ``[B, S]`` and their mask: as many as the row's frames can emit.

    Every row has at least one, if it has a frame, and real labels at padding too:
    rows without labels, impossible rows and no classes are laws of their own.
    """
    labels = draw.below(CLASSES - 1, (len(mask), LABELS))
    labels = labels + (options["blank"] == "first")
    repeats = np.cumsum(labels[:, 1:] == labels[:, :-1], axis=1)
    frames = np.arange(1, LABELS + 1) + np.pad(repeats, ((0, 0), (1, 0)))
    most = (frames <= mask.sum(axis=1, keepdims=True)).sum(axis=1)
    length = np.minimum(1 + draw.below(LABELS, len(mask)), most)
    return {"labels": labels, "label_mask": np.arange(LABELS) < length[:, None]}


def barred(options: Mapping[str, str], batch: Batch) -> Array:
    """Return which rows are impossible, ``[B]``."""
    return paths.read_labels(options, batch).impossible(batch.counts)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact losses ``[B]``, or their mean.

    Raises:
        ValueError: A valid label is the blank, or no class.
    """
    return solve(options, batch, "float64")[0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    return solve(options, batch, dtype)[1]


def solve(options: Mapping[str, str], batch: Batch, dtype: str) -> tuple[Array, Array]:
    """Return both, in one pass over the paths.

    Raises:
        ValueError: As :func:`answer`.
    """
    losses, error = _losses(options, batch, dtype)
    found = _reduce(options, batch, losses)
    return found, _bound(options, batch, losses, error, PRECISIONS[dtype])


def _bound(
    options: Mapping[str, str],
    batch: Batch,
    losses: Array,
    error: Array,
    p: Precision,
) -> Array:
    size = np.abs(losses)
    each = error + p.u * size + p.eta
    # Nothing is rounded on the way to infinity, or to what is put in its place.
    each = np.where(np.isfinite(size), p.factor * each, 0.0)
    if options["reduction"] == "none":
        return np.asarray(each)
    mean = np.abs(_reduce(options, batch, losses))
    own = (batch.rows + 2) * p.v * mean + p.u * mean + p.eta
    return np.asarray(_reduce(options, batch, each) + p.factor * own)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return p minus each class's share of the paths, 0 in impossible rows."""
    shares, taken = softmax(_logits(batch))[0], _count_uses(options, batch)
    weight = _weigh_rows(options, batch, cotangent)
    return {"logits": np.where(_live(options, batch), weight * (shares - taken), 0.0)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64.

    A class's share is a product of one softmax for each frame, each off by what the
    scores before it carry. Through the log-softmax the derivative is a share minus p
    times the sum of all shares, which is 1 but for their errors.
    """
    p = PRECISIONS["float64"]
    (shares, error), taken = softmax(_logits(batch)), _count_uses(options, batch)
    logs, each = paths.log_shares(batch, "float64")
    finite = np.where(np.isfinite(logs), np.abs(logs), 0.0).max(axis=2, initial=0.0)
    n = batch.counts[:, None, None]
    states = 2 * batch.beside["labels"].shape[1] + 1
    size = (finite * batch.mask).sum(axis=1)[:, None, None] + n * np.log(states)
    steps = (n + 1) * (4 * size + 16 + 2 * states) * p.u
    steps = 2 * (steps + (n + 1) * each.max(axis=(1, 2), keepdims=True, initial=0.0))
    own = taken * steps
    own = own + shares * (own.sum(axis=2, keepdims=True) + 2 * shares.shape[2] * p.u)
    total = own + 2 * error + 4 * p.u * (shares + taken)
    weight = np.abs(_weigh_rows(options, batch, cotangent))
    found = p.factor * (weight * (total + 8 * p.u) + p.eta)
    return {"logits": np.where(_live(options, batch), found, 0.0)}


def _losses(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array]:
    """Return each row's loss, and its error in ``dtype``."""
    labels = paths.read_labels(options, batch)
    value, error = paths.log_likelihood(batch, labels, dtype)
    # An implementation may as well go through the row from its end.
    turned = paths.log_likelihood(*paths.reverse(batch, labels), dtype)
    error = np.maximum(error, turned[1])
    if options["zero_infinity"] == "zeroed":
        none = np.isneginf(value)
        value, error = (np.where(none, 0.0, each) for each in (value, error))
    return -value, error


def _reduce(options: Mapping[str, str], batch: Batch, losses: Array) -> Array:
    if options["reduction"] == "none":
        return np.asarray(losses)
    each = np.where(batch.counts > 0, losses / _label_counts(batch), 0.0)
    return np.asarray(each.sum() / _count_rows(batch))


def _label_counts(batch: Batch) -> Array:
    return np.asarray(np.maximum(batch.beside["label_mask"].sum(axis=1), 1))


def _count_rows(batch: Batch) -> int:
    """Return how many rows have a frame, at least 1."""
    return max(int((batch.counts > 0).sum()), 1)


def _weigh_rows(options: Mapping[str, str], batch: Batch, cotangent: Array) -> Array:
    """Return what each row's loss weighs in the cotangent's product, ``[B, 1, 1]``."""
    weight = np.broadcast_to(cotangent, (batch.rows,)).astype(np.float64)
    if options["reduction"] == "mean":
        weight = weight / (_label_counts(batch) * _count_rows(batch))
    return weight[:, None, None]


def _live(options: Mapping[str, str], batch: Batch) -> Array:
    """Return where a derivative can be other than zero, ``[B, T, 1]``."""
    possible = ~barred(options, batch)
    return over_time(batch.mask & possible[:, None], batch.arrays["logits"])


def _logits(batch: Batch) -> Array:
    return select_valid(batch, "logits", 0.0)


def _count_uses(options: Mapping[str, str], batch: Batch) -> Array:
    """Return each class's share of the paths at each frame, ``[B, T, C]``."""
    labels = paths.read_labels(options, batch)
    logs = paths.log_shares(batch, "float64")[0]
    found = np.zeros_like(logs)
    for row in np.flatnonzero(~labels.impossible(batch.counts)):
        keep = batch.mask[row]
        found[row, keep] = paths.count_uses(logs[row, keep], *labels.states(int(row)))
    return found
