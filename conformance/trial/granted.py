"""Give a system only inputs that have what its adapter's head requires."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from conformance.specification.requirements import REQUIREMENTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conformance.trial.batch import Batch


_ROWS_ALONE = 2
"""Axes of what has no positions of its own, such as an initial state."""

_SEVERAL = 2
_THREE = 3


def find_lacking(batch: Batch, required: Iterable[str]) -> str:
    """Return the first requirement that a batch does not meet, or nothing."""
    return next((name for name in required if not _HOLDS[name](batch)), "")


def describe_lacking(name: str) -> str:
    """Return what an adapter requires that no input of a check has."""
    wanted = REQUIREMENTS[name]
    return f"the adapter requires that {wanted}: no input of this check is so"


def grant(batch: Batch, required: Iterable[str]) -> Batch:
    """Return a generated batch with what can be granted without another content.

    Rows are put in order, and the positions that are padding in every row are cut off.
    What a batch cannot get, such as a second position, it goes on lacking.
    """
    for name in required:
        if name in _GRANTS and not _HOLDS[name](batch):
            batch = _GRANTS[name](batch)
    return batch


def _has_full_row(batch: Batch) -> bool:
    return bool(batch.mask.all(axis=1).any())


def _is_sorted(batch: Batch) -> bool:
    return bool((np.diff(batch.counts) <= 0).all())


def _has_equal_times(batch: Batch) -> bool:
    beside = (array for array in batch.beside.values() if array.ndim > _ROWS_ALONE)
    return all(array.shape[1] == batch.time for array in beside)


def _cut_padding(batch: Batch) -> Batch:
    """Return a batch up to where its longest row ends, and from where one begins."""
    (used,) = np.nonzero(batch.mask.any(axis=0))
    return batch.cut(slice(used[0], used[-1] + 1)) if used.size else batch


def _sort(batch: Batch) -> Batch:
    return batch.take(np.argsort(-batch.counts, kind="stable"))


_HOLDS: Mapping[str, Callable[[Batch], bool]] = {
    "full-row": _has_full_row,
    "two-positions": lambda batch: batch.time >= _SEVERAL,
    "sorted-rows": _is_sorted,
    "rank-3": lambda batch: next(iter(batch.inputs.values())).ndim == _THREE,
    "equal-times": _has_equal_times,
}
_GRANTS: Mapping[str, Callable[[Batch], Batch]] = {
    "full-row": _cut_padding,
    "sorted-rows": _sort,
}
