"""The first oracle of a reduction: its formulas, called with the valid values."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import (
    draw_pooled,
    over_time,
    row_counts,
    select_valid,
)
from conformance.trial.draw import VALUES
from conformance.trial.precision import PRECISIONS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from conformance.operations._common.reduction import Reduction
    from conformance.trial.batch import Array, Batch
    from conformance.trial.draw import Draw


class Valid:
    """The valid values of a batch, as the formulas of a reduction take them.

    Attributes:
        x: The input ``[B, T, ...]`` in float64, the neutral number at padding.
        mask: Where a position counts, with as many axes as ``x``.
        batch: The whole batch.
        n: Each row's number of valid positions, at least 1, ``[B, 1, ...]``.
        options: The variant's keywords.
    """

    def __init__(
        self, reduction: Reduction, options: Mapping[str, str], batch: Batch
    ) -> None:
        self.reduction = reduction
        self.options = options
        self.batch = batch
        self.x = select_valid(batch, "x", reduction.neutral)
        self.mask = over_time(batch.mask, self.x)
        self.n = row_counts(batch, self.x.ndim - 1)

    @cached_property
    def answer(self) -> Array:
        """The exact answer ``[B, ...]``."""
        return np.asarray(self.reduction.value(self))

    @property
    def places(self) -> Array:
        """Each position's number, ``[1, T, ...]``, to be compared with one of a row."""
        return np.arange(self.x.shape[1]).reshape((1, -1) + (1,) * (self.x.ndim - 2))

    def only(self, array: Array | float) -> Array:
        """Return ``array`` at valid positions and zero at padding."""
        return np.where(self.mask, array, 0.0)

    def some(self, answer: Array) -> Array:
        """Return an answer, with zero for rows without valid positions."""
        return np.where(self.mask.any(axis=1), answer, 0.0)

    @staticmethod
    def where(
        condition: Array, array: Array | float, other: Array | float = 0.0
    ) -> Array:
        """Return ``array`` where the condition holds and ``other`` elsewhere."""
        return np.where(condition, array, other)


@dataclass(frozen=True, slots=True)
class Reduced:
    """The first oracle of a reduction."""

    reduction: Reduction
    ROWS: int = 32

    @property
    def gradient_shares(self) -> Callable[..., str] | None:
        """What judges the shares of tied values, where the reduction has ties."""
        return self._shares if self.reduction.shares else None

    def generate(
        self, options: Mapping[str, str], draw: Draw, mask: Array
    ) -> dict[str, Array]:
        """Return inputs for ``mask``: with features and without by turns."""
        del options
        how = self.reduction
        table = how.values or VALUES
        return {"x": draw_pooled(draw, mask, features=how.features, table=table)}

    def answer(self, options: Mapping[str, str], batch: Batch) -> Array:
        """Return the exact answer ``[B, ...]``; 0 for a row without any."""
        return Valid(self.reduction, options, batch).answer

    def bound(self, options: Mapping[str, str], batch: Batch, dtype: str) -> Array:
        """Return how far a right implementation may be from :meth:`answer`."""
        return self.solve(options, batch, dtype)[1]

    def solve(
        self, options: Mapping[str, str], batch: Batch, dtype: str
    ) -> tuple[Array, Array]:
        """Return the exact answer and its bound."""
        valid, p = Valid(self.reduction, options, batch), PRECISIONS[dtype]
        exact = set(options.values()) & set(self.reduction.unrounded)
        if self.reduction.error is None or exact:
            return valid.answer, np.zeros_like(valid.answer)
        error = self.reduction.error(valid, p)
        # The one rounding into a storage dtype is allowed twice.
        stores = p.low and self.reduction.stores
        stored = 2 * p.u * np.abs(valid.answer) if stores else 0.0
        return valid.answer, np.asarray(p.factor * (error + stored + p.eta))

    def gradient(
        self, options: Mapping[str, str], batch: Batch, cotangent: Array
    ) -> dict[str, Array]:
        """Return the derivative through x; nothing where positions come out."""
        if self.reduction.places:
            return {}
        valid = Valid(self.reduction, options, batch)
        return {"x": self.reduction.slope(valid, cotangent)}

    def gradient_bound(
        self, options: Mapping[str, str], batch: Batch, cotangent: Array
    ) -> dict[str, Array]:
        """Return the derivative's bound in float64."""
        if self.reduction.places:
            return {}
        valid, p = Valid(self.reduction, options, batch), PRECISIONS["float64"]
        error = self.reduction.slope_error
        if error is not None and not isinstance(error, int | float):
            return {"x": error(valid, cotangent, p)}
        slope = self.reduction.slope(valid, cotangent)
        if error is None:
            return {"x": np.zeros_like(slope)}
        return {"x": p.factor * (error * p.u * np.abs(slope) + p.eta)}

    def _shares(
        self, options: Mapping[str, str], batch: Batch, cotangent: Array, got: Array
    ) -> str:
        valid, shares = Valid(self.reduction, options, batch), self.reduction.shares
        return shares(valid, cotangent, got) if shares else ""
