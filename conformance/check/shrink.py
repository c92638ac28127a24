"""Shrink a failing batch: as small and as simple as it can be and still fail.

Not with Hypothesis: its shrinker works on the choices that a batch was drawn by, and
most failing batches were not drawn by it but by a seed, or come from a case file.

Rows first (the simplest failing one alone, else two, else halves), then columns, axes,
padding and values. Every step keeps a batch only if the same check still fails on it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import combinations
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from conformance.trial.batch import Array, Batch

    Fails = Callable[[Batch], bool]

SIMPLE = (0.0, 1.0, 2.0, -1.0)
"""Values that are tried in place of others, the simplest first."""

MANY = 64
"""Rows beyond which a batch is halved before its rows are tried one by one."""


@dataclass(slots=True)
class _Search:
    """The smallest failing batch so far, and the number of calls left."""

    best: Batch
    fails: Fails
    calls: int
    until: float
    empty: bool

    def take(self, candidate: Batch) -> bool:
        """Keep a candidate if it still fails, and is no other kind of input."""
        # Both limits: eager calls are quick and would go on for long, a compiled call
        # of a new shape may take seconds.
        if self.calls <= 0 or perf_counter() > self.until:
            return False
        # An empty row often fails for a reason of its own, such as 0 / 0. A failure on
        # other rows must not be shrunk to that one, and shown as it.
        if not self.empty and (candidate.counts == 0).any():
            return False
        self.calls -= 1
        if not self.fails(candidate):
            return False
        self.best = candidate
        return True

    def first(self, candidates: Iterable[Batch]) -> bool:
        """Keep the first candidate that still fails."""
        return any(self.take(candidate) for candidate in candidates)


def shrink(
    batch: Batch, fails: Fails, *, calls: int = 400, seconds: float = 10.0
) -> Batch:
    """Return the smallest batch found that still fails.

    Args:
        batch: A batch on which ``fails`` is true.
        fails: Whether the check fails on a batch, in the same way.
        calls: How many batches may be tried.
        seconds: How long it may take; where every shape is compiled, few calls fit.
    """
    until = perf_counter() + seconds
    search = _Search(batch, fails, calls, until, bool((batch.counts == 0).any()))
    _rows(search)
    _columns(search)
    while search.first(_narrow_batches(search.best)):
        pass
    _values(search)
    # Again: with simple values a position may turn out to have no part in it.
    _columns(search)
    return search.best


def complexity(batch: Batch) -> tuple[float, ...]:
    """Return a sort key for how hard a batch is to read; smaller is simpler."""
    floats = [np.asarray(a, np.float64).ravel() for a in batch.inputs.values()]
    values = np.concatenate(floats) if floats else np.zeros(0)
    odd = ~np.isfinite(values) | (values != np.round(values))
    size = np.abs(np.where(np.isfinite(values), values, 1e9)).sum()
    return (batch.rows * batch.time, float(odd.sum()), float(size))


def _rows(search: _Search) -> None:
    batch = search.best
    if batch.rows <= 1:
        return
    _halves(search, down_to=MANY)
    batch = search.best
    singles = sorted((batch.take([row]) for row in range(batch.rows)), key=complexity)
    if search.first(singles):
        return
    # No row fails alone, so rows disturb each other: two often show it. All pairs of
    # the 64 that may be left are 2,016; those of the six simplest are 15.
    few = sorted(range(batch.rows), key=lambda row: complexity(batch.take([row])))[:6]
    if search.first(batch.take(pair) for pair in combinations(sorted(few), 2)):
        return
    _halves(search, down_to=2)


def _halves(search: _Search, *, down_to: int) -> None:
    """Keep one half of the rows while one of them fails."""
    while search.best.rows > down_to:
        half = search.best.rows // 2
        rows = np.arange(search.best.rows)
        if not search.first(search.best.take(p) for p in (rows[:half], rows[half:])):
            return


def _columns(search: _Search) -> None:
    """Drop positions, the last first."""
    # From the end: right padding goes first, and positions before it keep their places.
    at = search.best.time - 1
    while at >= 0 and search.best.time > 1:
        keep = np.delete(np.arange(search.best.time), at)
        search.take(search.best.each(lambda array, keep=keep: array[:, keep]))  # type: ignore[misc]
        at -= 1
    at = _time_beside(search.best) - 1
    while at >= 0 and _time_beside(search.best) > 1:
        keep = np.delete(np.arange(_time_beside(search.best)), at)
        search.take(search.best.change_beside(lambda a, keep=keep: a[:, keep]))  # type: ignore[misc]
        at -= 1


def _time_beside(batch: Batch) -> int:
    """Return the positions of inputs that have others, 0 where there are none."""
    # What has two axes has no time, or is the mask of what has it.
    times = (a.shape[1] for a in batch.beside.values() if a.ndim > 2)  # noqa: PLR2004
    return next(times, 0)


def _narrow_batches(batch: Batch) -> Iterator[Batch]:
    """Yield the batch with one element of a trailing axis, then without the axis."""
    for name, array in batch.arrays.items():
        # Other arrays and weights would have to be narrowed in step with this one, by
        # what only the operation knows.
        lone = len(batch.inputs) == 1 and not batch.weights
        if array.ndim > 2 and lone:  # noqa: PLR2004 - [B, T, ...]
            for at in range(array.shape[2]):
                yield _replace_array(batch, name, array[:, :, at])
            for at in range(array.shape[2] if array.shape[2] > 1 else 0):
                yield _replace_array(batch, name, array[:, :, at : at + 1])
    wide = [array for array in batch.arrays.values() if array.ndim > 2]  # noqa: PLR2004
    if wide and not batch.weights and wide[0].shape[2] > 1:
        least = wide[0].shape[2]

        def cut(array: Array) -> Array:
            if array.ndim <= 2:  # noqa: PLR2004 - lengths, labels, or a mask
                return array
            # Where several heads share a key's, they go with it.
            return array[:, :, : array.shape[2] - max(array.shape[2] // least, 1)]

        def cut_beside(array: Array) -> Array:
            states = array.ndim == 2 and array.dtype.kind not in "biu"  # noqa: PLR2004
            return array[:, : least - 1] if states else cut(array)

        arrays = {name: cut(array) for name, array in batch.arrays.items()}
        yield replace(batch.change_beside(cut_beside), arrays=arrays)


def _values(search: _Search) -> None:
    """Simplify padding as a whole, then each value by itself."""
    for name in search.best.arrays:
        _padding(search, name)
    for name, array in search.best.inputs.items():
        masks = array.dtype.kind == "b"
        for flat in range(0 if masks else min(array.size, 64)):
            _value(search, name, flat)
    for name in search.best.weights:
        for simple in (0.0, 1.0):
            array = search.best.weights[name]
            changed = {**search.best.weights, name: np.full_like(array, simple)}
            if search.take(replace(search.best, weights=changed)):
                break


def _padding(search: _Search, name: str) -> None:
    array = search.best.arrays[name]
    wide = search.best.mask.reshape(
        search.best.mask.shape + (1,) * max(array.ndim - 2, 0)
    )
    if search.best.mask.all():
        return
    # 100 comes last, for a leak that a smaller number hides in the error bound.
    for simple in (*SIMPLE, 100.0):
        filled = np.where(wide, array, np.asarray(simple, array.dtype))
        if np.array_equal(filled, array):
            return
        if search.take(_replace_array(search.best, name, filled)):
            return


def _value(search: _Search, name: str, flat: int) -> None:
    array = search.best.inputs[name]
    old = float(np.asarray(array.flat[flat], dtype=np.float64))
    for simple in (*SIMPLE, float(np.trunc(old)) if np.isfinite(old) else 0.0):
        if simple == old:
            return
        changed = array.copy()
        changed.flat[flat] = simple
        if search.take(_replace_array(search.best, name, changed)):
            return


def _replace_array(batch: Batch, name: str, array: Array) -> Batch:
    if name in batch.beside:
        return replace(batch, beside={**batch.beside, name: array})
    return replace(batch, arrays={**batch.arrays, name: array})
