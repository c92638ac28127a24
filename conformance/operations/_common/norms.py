"""What norms share: numbers less their mean, over the root of their variance.

Positions stand one below the other, ``[N, F]``; ``axis`` says what the statistics are
taken over: 0 of a batch norm, 1 of a layer norm.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import select_valid, to_float64
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw

EPSILON = 1e-3
"""What is added to the variance."""

SCALES = (1.0, 2.0, -0.5, 0.25, 1.5, -1.0, 3.0, 0.1)
OFFSETS = (0.0, 1.0, -0.5, 2.0, -1.3, 0.25)


def generated_weights(draw: Draw, features: int) -> dict[str, Array]:
    """Return a scale and an offset ``[F]``."""
    return {
        "scale": draw.of(SCALES, (features,)),
        "offset": draw.of(OFFSETS, (features,)),
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Norm:
    """What is normed and what comes of it, in float64.

    Attributes:
        x: The valid positions, ``[N, F]``.
        scale: ``[F]``.
        offset: ``[F]``.
        mean: The mean, kept as an axis of length one.
        variance: The variance, divided by n, likewise.
        n: How many numbers a mean is of.
        axis: What the statistics are taken over.
    """

    x: Array
    scale: Array
    offset: Array
    mean: Array
    variance: Array
    n: int
    axis: int

    @classmethod
    def of(cls, batch: Batch, axis: int) -> Norm:
        """Return the norm of a batch's valid positions."""
        x = select_valid(batch, "x", 0.0)[batch.mask]
        n = max(x.shape[axis], 1)
        mean = x.sum(axis=axis, keepdims=True) / n
        return cls(
            x=x,
            scale=to_float64(batch.weights["scale"]),
            offset=to_float64(batch.weights["offset"]),
            mean=mean,
            variance=((x - mean) ** 2).sum(axis=axis, keepdims=True) / n,
            n=n,
            axis=axis,
        )

    @property
    def root(self) -> Array:
        """The root of the variance and epsilon."""
        return np.sqrt(self.variance + EPSILON)

    @property
    def normal(self) -> Array:
        """The distances to the mean, over the root."""
        return (self.x - self.mean) / self.root

    def answer(self, at: Array | None = None) -> Array:
        """Return the exact answer ``[N, F]``, of other positions if any are given."""
        normal = self.normal if at is None else (at - self.mean) / self.root
        return normal * self.scale + self.offset

    def mean_error(self, v: float) -> Array:
        """Return how far the mean may be off."""
        size = np.abs(self.x).sum(axis=self.axis, keepdims=True) / self.n
        return np.asarray((self.n + 1) * v * size)

    def errors(self, v: float) -> tuple[Array, Array]:
        """Return how far a distance may be off, and a root relatively."""
        away = np.abs(self.x - self.mean)
        off = self.mean_error(v) + v * away
        moved = (off * (2 * away + off)).sum(axis=self.axis, keepdims=True) / self.n
        moved = moved + (self.n + 4) * v * self.variance
        share = moved / (self.variance + EPSILON)
        # No sum of squares is below zero: the root is that of epsilon at least.
        most = self.root / np.sqrt(EPSILON)
        near = share < 0.5  # noqa: PLR2004 - where (1 - q)^(-1/2) - 1 is at most q
        return off, np.where(near, np.minimum(share, most), most) + 3 * v

    def bound(self, dtype: str, at: Array | None = None) -> Array:
        """Return how far a right implementation may be from the answer."""
        p = PRECISIONS[dtype]
        x = self.x if at is None else at
        share = self.errors(p.v)[1]
        away, factor = np.abs(x - self.mean), np.abs(self.scale) / self.root
        off = self.mean_error(p.v) + p.v * away
        error = factor * (off * (1 + share) + away * share)
        # As (x - m) a + b, or as x a + (b - m a).
        error += 4 * p.v * factor * (np.abs(x) + np.abs(self.mean) + away)
        error += 4 * p.v * np.abs(self.offset) + 2 * p.u * np.abs(self.answer(at))
        return np.asarray(p.factor * (error + 2 * p.eta))

    def pull_back(self, cotangent: Array) -> dict[str, Array]:
        """Return the derivative through x, scale and offset."""
        g, normal = cotangent * self.scale, self.normal
        through = self._mean(g) + normal * self._mean(g * normal)
        return {
            "x": (g - through) / self.root,
            "scale": (cotangent * normal).sum(axis=0),
            "offset": cotangent.sum(axis=0),
        }

    def pull_back_bound(self, cotangent: Array) -> dict[str, Array]:
        """Return its bound in float64.

        The normal distances carry the errors of mean and root; each of the three
        terms is a sum of n products, whatever is added first.
        """
        p = PRECISIONS["float64"]
        off, share = self.errors(p.u)
        pull, normal = np.abs(cotangent), np.abs(self.normal)
        g = pull * np.abs(self.scale)
        error = off / self.root + normal * share
        whole = g + self._mean(g) + normal * self._mean(g * normal)
        moved = error * self._mean(g * normal) + normal * self._mean(g * error)
        # The mean's own derivative is zero, but for the rounding of the distances.
        moved = moved + self._mean(g) * (self._mean(error) + normal * self._mean(error))
        count = len(self.x) + 4
        found = {
            "x": (whole * (share + (self.n + 8) * p.u) + moved) / self.root,
            "scale": (pull * (error + count * p.u * normal)).sum(axis=0),
            "offset": count * p.u * pull.sum(axis=0),
        }
        return {name: p.factor * (2 * each + p.eta) for name, each in found.items()}

    def _mean(self, numbers: Array) -> Array:
        return np.asarray(numbers.sum(axis=self.axis, keepdims=True) / self.n)


def norm_answer(batch: Batch, axis: int) -> Array:
    """Return the exact answer ``[B, T, F]``; 0 at padding."""
    return _put(batch, Norm.of(batch, axis).answer())


def norm_bound(batch: Batch, axis: int, dtype: str) -> Array:
    """Return its bound; none at padding."""
    return _put(batch, Norm.of(batch, axis).bound(dtype))


def norm_everywhere(batch: Batch, axis: int, dtype: str) -> tuple[Array, Array, Array]:
    """Return what padded positions get that are normed like the rest.

    A batch norm's statistics stay those of the valid positions; a layer norm has those
    of each position.

    Returns:
        The answer at all positions, its bound, infinite where a number at padding is
        not finite, or too large to be squared, or nothing is valid, and true: every
        position has such an answer.
    """
    x = to_float64(batch.arrays["x"])
    flat = x.reshape(-1, x.shape[-1])
    if axis:
        norm = Norm.of(replace(batch, mask=np.ones_like(batch.mask)), axis)
        found, error = norm.answer(), norm.bound(dtype)
    else:
        norm = Norm.of(batch, axis)
        found, error = norm.answer(flat), norm.bound(dtype, flat)
    known = np.isfinite(flat).all(axis=1, keepdims=True)
    if axis:
        # A square beyond the range is no longer anybody's variance.
        squares = 4 * (flat * flat).sum(axis=1, keepdims=True)
        known &= squares <= PRECISIONS[dtype].largest
    error = np.where(known & (bool(axis) or batch.mask.any()), error, np.inf)
    return found.reshape(x.shape), error.reshape(x.shape), np.ones((1, 1, 1), bool)


def derivative(
    batch: Batch, axis: int, cotangent: Array, *, bound: bool = False
) -> dict[str, Array]:
    """Return the derivative through x, scale and offset, or its bound."""
    norm = Norm.of(batch, axis)
    pull = cotangent[batch.mask]
    found: Mapping[str, Array] = (norm.pull_back_bound if bound else norm.pull_back)(
        pull
    )
    return {**found, "x": _put(batch, found["x"])}


def _put(batch: Batch, valid: Array) -> Array:
    whole = np.zeros(batch.arrays["x"].shape)
    whole[batch.mask] = valid
    return whole
