"""A batch of padded rows, the one thing that laws transform and adapters are given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Inputs along batch and time, their mask, and weights that have neither axis.

    Attributes:
        arrays: Inputs by argument name, each ``[B, T, ...]``.
        mask: ``[B, T]``, true where a position counts.
        weights: A layer's weights by ``forward.kernel`` and the like; the same object
            in every batch made from this one, so that a layer is built once.
    """

    arrays: Mapping[str, Array]
    mask: Array
    weights: Mapping[str, Array] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return int(self.mask.shape[0])

    @property
    def time(self) -> int:
        """How many positions a row has, padding included."""
        return int(self.mask.shape[1])

    @property
    def counts(self) -> Array:
        """How many positions of each row count, ``[B]``."""
        return np.asarray(self.mask.sum(axis=1, dtype=np.int64))

    def each(self, change: Callable[[Array], Array]) -> Batch:
        """Return the batch with ``change`` applied to every array and the mask."""
        arrays = {name: change(array) for name, array in self.arrays.items()}
        return replace(self, arrays=arrays, mask=change(self.mask))

    def take(self, rows: Sequence[int] | Array) -> Batch:
        """Return the given rows in the given order."""
        index = np.asarray(rows, dtype=np.int64)
        return self.each(lambda array: array[index])

    def cut(self, time: slice) -> Batch:
        """Return a stretch of every row."""
        return self.each(lambda array: array[:, time])

    def trimmed(self, row: int) -> Batch:
        """Return one row reduced to its valid positions, in their order."""
        keep = self.mask[row]
        return self.each(lambda array: array[row][keep][None])
