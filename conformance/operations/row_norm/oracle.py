"""The exact ``row_norm`` in float64, its error bound and its derivative."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.norms import EPSILON
from conformance.operations._common.oracle import select_valid, to_float64
from conformance.trial.draw import GARBAGE, VALUES, Draw, fill_padding
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from conformance.trial.batch import Array, Batch

ROWS = 16
FEATURES = 2


def generate(options: Mapping[str, str], draw: Draw, mask: Array) -> dict[str, Array]:
    """Return inputs for ``mask``, ``x [B, T, F]``."""
    del options
    shape = (*mask.shape, FEATURES)
    valid = draw.rows_of(VALUES, shape)
    return {"x": fill_padding(valid, draw.rows_of(GARBAGE, shape), mask)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowNorm:
    """What is normed and what comes of it, in float64; statistics are ``[B, 1, F]``.

    Attributes:
        x: The inputs, zero at padding.
        here: Where a position counts, ``[B, T, 1]``.
        axes: What the statistics are taken over.
        n: How many numbers a mean is of, at least 1.
        k: What the squares are divided by.
        inside: Whether epsilon stands under the root.
    """

    x: Array
    here: Array
    axes: tuple[int, ...]
    n: Array
    k: Array
    inside: bool

    @classmethod
    def of(cls, options: Mapping[str, str], batch: Batch) -> RowNorm:
        """Return the rows of a batch."""
        x, group = select_valid(batch, "x", 0.0), options["over"] == "group"
        n = batch.counts[:, None, None] * (x.shape[2] if group else 1)
        return cls(
            x=x,
            here=batch.mask[..., None],
            axes=(1, 2) if group else (1,),
            n=np.maximum(n, 1),
            k=np.maximum(n - int(options["ddof"]), 1),
            inside=options["epsilon"] == "inside",
        )

    def add(self, array: Array) -> Array:
        """Return the sum over the row's valid positions, with its axes kept."""
        valid = np.where(self.here, array, 0.0)
        return np.asarray(valid.sum(axis=self.axes, keepdims=True))

    @property
    def mean(self) -> Array:
        """The mean."""
        return self.add(self.x) / self.n

    @property
    def away(self) -> Array:
        """The distances to the mean, at padding that of zero."""
        return self.x - self.mean

    @property
    def deviation(self) -> Array:
        """The root of the variance."""
        return np.sqrt(self.add(self.away**2) / self.k)

    @property
    def divisor(self) -> Array:
        """The root with its epsilon."""
        if self.inside:
            return np.sqrt(self.deviation**2 + EPSILON)
        return self.deviation + EPSILON

    def errors(self, v: float) -> tuple[Array, Array, Array]:
        """Return how far the mean, the deviation and, relatively, a divisor is off."""
        # The mean of one number is that number.
        mean = np.where(self.n > 1, (self.n + 1) * v, 0.0)
        mean = mean * self.add(np.abs(self.x)) / self.n
        away, s, r = np.abs(self.away), self.deviation, self.divisor
        off = mean + v * away
        moved = self.add(off * (2 * away + off)) / self.k + (self.n + 2) * v * s**2
        known = moved < s**2
        under = s + np.sqrt(np.where(known, s**2 - moved, 0.0))
        near = np.sqrt(moved)
        root = np.where(known, moved / np.where(under > 0, under, 1.0), near)
        # No variance is below zero: a divisor is the one of epsilon at least.
        least = np.sqrt(EPSILON) if self.inside else EPSILON
        if not self.inside:
            return mean, root, root / np.maximum(r - root, least) + 4 * v
        share, most = moved / r**2, r / least
        close = share < 0.5  # noqa: PLR2004 - there (1 - q)^(-1/2) - 1 <= q / 2 + q^2
        share = share / 2 + share**2
        return mean, root, np.where(close, np.minimum(share, most), most) + 3 * v

    def solve(self, x: Array, dtype: str) -> tuple[Array, Array]:
        """Return the exact answer of any positions, and its bound."""
        p, r = PRECISIONS[dtype], self.divisor
        mean, _, share = self.errors(p.v)
        away = np.abs(x - self.mean)
        off = mean + p.v * away
        found = (x - self.mean) / r
        error = (off * (1 + share) + away * share) / r
        # As (x - m) / r, or as x a - m a.
        error = error + p.v * (np.abs(x) + np.abs(self.mean) + away) / r + 2 * p.eta
        if p.low:
            error = error + 2 * p.u * np.abs(found)
        error = p.factor * error
        # Where the answer is NaN it is nothing else.
        return found, np.nan_to_num(error, nan=0.0, posinf=np.inf)

    def pull_back(self, cotangent: Array) -> Array:
        """Return the derivative through x."""
        g, r = np.where(self.here, cotangent, 0.0), self.divisor
        through = self.away * self.add(g * self.away) / (self.k * r**2)
        under = r if self.inside else self.deviation
        # A deviation of zero moves nothing: its distances are zero, too.
        steep = np.where(under > 0, through / np.where(under > 0, under, 1.0), 0.0)
        return np.where(self.here, (g - self.add(g) / self.n) / r - steep, 0.0)

    def pull_back_bound(self, cotangent: Array) -> Array:
        """Return its bound in float64.

        Distances and divisor carry their errors into each of the three terms, and the
        mean's own derivative is zero but for the rounding of the distances. Near a
        deviation of zero any distance over it is at most root(n).
        """
        p = PRECISIONS["float64"]
        mean, root, share = self.errors(p.u)
        g, away = np.abs(np.where(self.here, cotangent, 0.0)), np.abs(self.away)
        off, r, s = mean + p.u * away, self.divisor, self.deviation
        rounds = share + (self.n + 8) * p.u
        direct = (g + self.add(g) / self.n) / r * rounds
        pulled = self.add(g * away)
        moved = (off + self.add(off) / self.n) * pulled + away * self.add(g * off)
        under = r if self.inside else s
        safe = np.where(under > 0, under, 1.0)
        relative = np.where(self.inside, rounds, root / safe + p.u)
        through = moved + away * pulled * (3 * rounds + 2 * relative)
        far = through / (self.k * r**2 * safe)
        if not self.inside:
            least = np.maximum(r - root, EPSILON)
            close = 4 * np.sqrt(self.n) * self.add(g * (away + off)) / least**2
            far = np.where(s > 4 * root, far, close / self.k)
        return np.where(self.here, p.factor * (2 * (direct + far) + p.eta), 0.0)


def answer(options: Mapping[str, str], batch: Batch) -> Array:
    """Return the exact answer ``[B, T, F]``; 0 at padding."""
    return _solve(options, batch, "float64")[0]


def bound(options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
    """Return how far a right implementation may be from :func:`answer`."""
    return _solve(options, batch, dtype)[1]


def normed(
    options: Mapping[str, str], batch: Batch, dtype: str
) -> tuple[Array, Array, Array]:
    """Return what padded positions get that are normed with their row's statistics.

    Returns:
        The answer at all positions, its bound, infinite where a number at padding is
        not finite, and true for the rows that have statistics.
    """
    rows, x = RowNorm.of(options, batch), to_float64(batch.arrays["x"])
    found, error = rows.solve(x, dtype)
    some = (batch.counts > 0)[:, None, None]
    error = np.where(np.isfinite(x) & some, error, np.inf)
    return found, error, np.ones((1, 1, 1), bool)


def gradient(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the derivative through x."""
    return {"x": RowNorm.of(options, batch).pull_back(cotangent)}


def gradient_bound(
    options: Mapping[str, str], batch: Batch, cotangent: Array
) -> dict[str, Array]:
    """Return the bound of :func:`gradient` in float64."""
    return {"x": RowNorm.of(options, batch).pull_back_bound(cotangent)}


def _solve(options: Mapping[str, str], batch: Batch, dtype: str) -> tuple[Array, Array]:
    rows = RowNorm.of(options, batch)
    found, error = rows.solve(rows.x, dtype)
    return np.where(rows.here, found, 0.0), np.where(rows.here, error, 0.0)
