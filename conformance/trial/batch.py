"""A batch of padded rows, the one thing that laws transform and adapters are given."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from conformance.specification import Trim

    Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Inputs along batch and time, their mask, and weights that have neither axis.

    Attributes:
        arrays: Inputs by argument name, each ``[B, T, ...]``.
        mask: ``[B, T]``, true where a position counts.
        beside: Inputs along batch and a time axis of their own, ``[B, S, ...]``, such
            as the queries of other keys, or along batch alone, ``[B, F]``, such as
            initial states. What changes positions leaves them alone.
        weights: A layer's weights by ``forward.kernel`` and the like; the same object
            in every batch made from this one, so that a layer is built once.
    """

    arrays: Mapping[str, Array]
    mask: Array
    beside: Mapping[str, Array] = field(default_factory=dict)
    weights: Mapping[str, Array] = field(default_factory=dict)

    @property
    def inputs(self) -> dict[str, Array]:
        """All inputs of each row, in the order in which a function takes them."""
        return {**self.beside, **self.arrays}

    @property
    def rows(self) -> int:
        """The number of rows."""
        return int(self.mask.shape[0])

    @property
    def time(self) -> int:
        """The number of positions in a row, padding included."""
        return int(self.mask.shape[1])

    @property
    def counts(self) -> Array:
        """The number of valid positions in each row, ``[B]``."""
        return np.asarray(self.mask.sum(axis=1, dtype=np.int64))

    def each(self, change: Callable[[Array], Array]) -> Batch:
        """Return the batch with ``change`` applied to every array and the mask.

        It changes positions: inputs beside them have others.
        """
        arrays = {name: change(array) for name, array in self.arrays.items()}
        return replace(self, arrays=arrays, mask=change(self.mask))

    def take(self, rows: Sequence[int] | Array) -> Batch:
        """Return the given rows in the given order."""
        index = np.asarray(rows, dtype=np.int64)
        return self.change_beside(lambda array: array[index]).each(
            lambda array: array[index]
        )

    def change_beside(self, change: Callable[[Array], Array]) -> Batch:
        """Return the batch with ``change`` applied to the inputs beside the others."""
        beside = {name: change(array) for name, array in self.beside.items()}
        return replace(self, beside=beside)

    def cut(self, time: slice) -> Batch:
        """Return a stretch of every row."""
        return self.each(lambda array: array[:, time])

    def trim(self, row: int, trims: Trim = "padding") -> Batch:
        """Return one row alone, reduced to its valid positions, in their order.

        Args:
            row: The row.
            trims: ``outside`` keeps the gaps between its valid positions.
        """
        keep = self.mask[row]
        if trims == "outside":
            keep = extent(self.mask[row : row + 1])[0]
        return self.take([row]).each(lambda array: array[:, keep])


def extent(mask: Array) -> Array:
    """Return where each row is, from its first to its last valid position.

    >>> extent(np.asarray([[False, True, False, True, False]])).tolist()
    [[False, True, True, True, False]]
    """
    before = np.maximum.accumulate(mask, axis=1)
    behind = np.maximum.accumulate(mask[:, ::-1], axis=1)[:, ::-1]
    return np.asarray(before & behind)
