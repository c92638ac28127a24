"""The exact ``attention_pooling`` in float64, its error bound and its derivative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid
from conformance.operations.masked_softmax.oracle import soften
from conformance.trial.draw import GARBAGE, LOGITS, VALUES, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.precision import Precision

ROWS = 32
FEATURES = 2
FLOOR = 1e-4


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``: ``x [B, T, F]``, and scores as ``options`` say."""
    wide = (*mask.shape, FEATURES)
    shape = wide if options["per"] == "feature" else mask.shape
    drawn = {"x": draw.rows_of(VALUES, wide), "score": draw.rows_of(LOGITS, shape)}
    return {
        name: fill_padding(array, draw.rows_of(GARBAGE, array.shape), mask)
        for name, array in drawn.items()
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Pooled:
    """What is pooled and what comes of it, in float64.

    Attributes:
        x: The values ``[B, T, F]``, zero at padding.
        here: Where a position counts, ``[B, T, 1]``.
        share: The weights ``[B, T, 1 or F]``, zero at padding.
        distance: Each score's to the largest, likewise.
        deviates: Whether the deviation stands behind the mean.
    """

    x: Array
    here: Array
    share: Array
    distance: Array
    deviates: bool

    @classmethod
    def of(cls, options: Mapping[str, str], batch: Batch) -> Pooled:
        """Return the rows of a batch."""
        score = select_valid(batch, "score", -np.inf)
        here = batch.mask[..., None]
        if options["per"] == "position":
            score = score[..., None]
        share, distance = soften(score, here)
        return cls(
            x=select_valid(batch, "x", 0.0),
            here=here,
            share=share,
            distance=distance,
            deviates=options["pool"] == "mean_std",
        )

    @property
    def n(self) -> Array:
        """How many positions count, at least 1, ``[B, 1]``."""
        return np.asarray(np.maximum(self.here.sum(axis=1), 1))

    @property
    def mean(self) -> Array:
        """The mean ``[B, F]``."""
        return np.asarray((self.share * self.x).sum(axis=1))

    @property
    def away(self) -> Array:
        """The distances to the mean ``[B, T, F]``, zero at padding."""
        return np.where(self.here, self.x - self.mean[:, None], 0.0)

    @property
    def variance(self) -> Array:
        """The weighted mean of their squares ``[B, F]``."""
        return np.asarray((self.share * self.away**2).sum(axis=1))

    @property
    def deviation(self) -> Array:
        """The root of the variance or of the floor, whichever is larger; 0 of none."""
        # Not np.maximum: where the variance is NaN, so is its root.
        least = np.where(self.variance < FLOOR, FLOOR, self.variance)
        return np.where(self.here.any(axis=1), np.sqrt(least), 0.0)

    def share_error(self, p: Precision) -> Array:
        """Return how far off each weight may be, before it is divided and stored."""
        spread = (self.share * self.distance).sum(axis=1, keepdims=True)
        error = self.share * p.u * (2 * self.distance + 2 * spread + 8) + 2 * p.eta
        error = np.where(self.here, error, 0.0)
        # Weights sum to one: none is further off than all others together.
        return np.asarray(np.minimum(error, error.sum(axis=1, keepdims=True) - error))

    def mean_error(self, p: Precision) -> Array:
        """Return how far off the mean may be."""
        size = np.abs(self.x)
        mixed = (self.share * size).sum(axis=1)
        error = (self.share_error(p) * size).sum(axis=1)
        error += ((2 * self.n + 1) * p.v + 2 * p.u) * mixed
        error += 2 * p.u * np.abs(self.mean) + 2 * p.eta * (1 + size.sum(axis=1))
        return np.asarray(error)

    def variance_error(self, p: Precision) -> Array:
        """Return how far off the variance may be."""
        away = np.abs(self.away)
        off = np.where(self.here, self.mean_error(p)[:, None] + p.u * away, 0.0)
        moved = self.share_error(p) * (away + off) ** 2
        moved += self.share * off * (2 * away + off)
        rounding = (2 * p.u + (2 * self.n + 4) * p.v) * self.variance
        return np.asarray(moved.sum(axis=1) + rounding + 2 * p.eta)

    def deviation_error(self, p: Precision) -> Array:
        """Return how far off the root may be, from the variance's two ends."""
        size, moved = self.variance, self.variance_error(p)
        root = self.deviation
        low, high = (
            np.sqrt(np.maximum(size + sign * moved, FLOOR)) for sign in (-1, 1)
        )
        error = np.maximum(high - root, root - low) + (3 * p.u + 4 * p.v) * root
        # What the dtype cannot hold on the way is not asked for.
        over = (self.away**2 > p.largest).any(axis=1)
        return np.where(over, np.inf, np.where(self.here.any(axis=1), error, 0.0))

    def answer(self) -> Array:
        """Return the mean, and the deviation behind it."""
        return self._join(self.mean, self.deviation)

    def bound(self, p: Precision) -> Array:
        """Return how far off an answer may be."""
        error = self._join(self.mean_error(p), self.deviation_error(p))
        some = self.here.any(axis=1)
        # Where the answer is NaN it is nothing else.
        return np.where(
            some, p.factor * np.nan_to_num(error, nan=0.0, posinf=np.inf), 0
        )

    def _join(self, mean: Array, deviation: Array) -> Array:
        return np.concatenate([mean, deviation], axis=1) if self.deviates else mean

    def pull_back(self, cotangent: Array) -> tuple[Array, Array]:
        """Return the derivatives through x and the weights' logits ``[B, T, F]``."""
        of_mean, of_variance = self._slopes(cotangent)
        each = of_mean * self.x + of_variance * self.away**2
        inner = (self.share * each).sum(axis=1, keepdims=True)
        through = self.share * (of_mean + 2 * of_variance * self.away)
        return through, self.share * (each - inner)

    def pull_back_bound(self, cotangent: Array) -> tuple[Array, Array]:
        """Return their bounds in float64: magnitudes carried through the same steps.

        Where the variance is as near to the floor as it is exact, the deviation may
        have a derivative or none.
        """
        p = PRECISIONS["float64"]
        of_mean, of_variance = (np.abs(each) for each in self._slopes(cotangent))
        away, size, share = np.abs(self.away), np.abs(self.x), self.share
        moved, off = self.share_error(p), self.mean_error(p)[:, None] + p.u * away
        off = np.where(self.here, off, 0.0)
        steps = (self.n[:, None] + 12) * p.u
        # Of 1 / root: half of what the variance is off, relative to itself.
        slack = self.variance_error(p) / np.maximum(self.variance, FLOOR)
        slack = slack[:, None] + steps
        each = of_mean * size + of_variance * away**2
        loose = of_mean * size * steps
        loose = loose + of_variance * (2 * away * off + off**2 + away**2 * slack)
        # The derivative through the mean sums w a, which is zero but for roundings.
        lost = (share * off + moved * away).sum(axis=1, keepdims=True)
        stray = 2 * of_variance * (lost + steps * (share * away).sum(1, keepdims=True))
        direct = moved * (of_mean + 2 * of_variance * away)
        direct = direct + share * (of_mean * steps + 2 * of_variance * away * slack)
        direct = direct + share * (2 * of_variance * off + stray)
        loose = loose + stray * size
        inner = (share * each).sum(axis=1, keepdims=True)
        carried = (moved * each + share * loose).sum(axis=1, keepdims=True)
        score = moved * (each + inner) + share * (loose + carried)
        score = score + share * steps * (each + inner)
        limit = p.factor * direct + p.eta, p.factor * score + p.eta
        return np.where(self.here, limit[0], 0.0), np.where(self.here, limit[1], 0.0)

    def near_the_floor(self) -> Array:
        """Return where the variance may be on either side of the floor, ``[B, F]``."""
        p = PRECISIONS["float64"]
        near = p.factor * self.variance_error(p) + 4 * p.u * FLOOR
        return np.abs(self.variance - FLOOR) <= near

    def _slopes(self, cotangent: Array) -> tuple[Array, Array]:
        """Return the derivatives through the mean and the variance, ``[B, 1, F]``."""
        if not self.deviates:
            return cotangent[:, None], np.zeros_like(cotangent[:, None])
        features = self.x.shape[2]
        pulled = cotangent[:, features:]
        root = np.sqrt(np.maximum(self.variance, FLOOR))
        steep = np.where(self.variance > FLOOR, pulled / (2 * root), 0.0)
        return cotangent[:, None, :features], steep[:, None]


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, F]`` or ``[B, 2F]``; 0 for an empty row."""
    return Pooled.of(options, batch).answer()


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    return Pooled.of(options, batch).bound(PRECISIONS[dtype])


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x and the scores."""
    values, scores = Pooled.of(options, batch).pull_back(cotangent)
    return {"x": values, "score": _add_features(options, scores)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    pooled = Pooled.of(options, batch)
    values, scores = pooled.pull_back_bound(cotangent)
    if pooled.deviates:
        near = pooled.near_the_floor()[:, None] & pooled.here
        values, scores = (np.where(near, np.inf, each) for each in (values, scores))
    return {"x": values, "score": _add_features(options, scores)}


def _add_features(options: Mapping[str, str], scores: Array) -> Array:
    if options["per"] == "feature":
        return scores
    return np.asarray(scores.sum(axis=2))
