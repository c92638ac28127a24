"""What mutants of packing are made of: where each place comes from, and the rest."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import lengths, over, places
from conformance.operations._common.family import call_formula


def correct(xp: Any, x: Any, mask: Any, *, order: str) -> Any:
    """Return the valid positions one behind another, zeros behind them."""
    return call_formula(pack, xp, x, mask, order=order)


def pack(xp: Any, x: Any, keep: Any, *, order: str) -> Any:
    """Return the valid positions one behind another, zeros behind them."""
    return read(xp, x, keep, key_of(xp, keep, order))


def key_of(xp: Any, keep: Any, order: str) -> Any:
    """Return a number for each position, in whose order valid ones are packed."""
    if order == "rows":
        return number(xp, keep)
    by_length = xp.argsort(-lengths(xp, keep)[:, 0], stable=True)
    return by_steps(xp, keep, xp.argsort(by_length))


def by_steps(xp: Any, keep: Any, rows: Any) -> Any:
    """Return the numbers of steps, in which rows have an order ``[B]``."""
    return rank(xp, keep) * keep.shape[0] + rows[:, None]


def rank(xp: Any, keep: Any) -> Any:
    """Return which of its row's valid positions each one is, from 0 on."""
    return xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1) - 1


def number(xp: Any, keep: Any) -> Any:
    """Return each position's number in the batch, row by row."""
    rows = xp.arange(keep.shape[0])[:, None]
    return places(xp, keep) + rows * keep.shape[1]


def row_of(xp: Any, keep: Any) -> Any:
    """Return each position's row, ``[B, T]``."""
    return number(xp, keep) // max(keep.shape[1], 1)


def read(xp: Any, x: Any, keep: Any, key: Any) -> Any:
    """Return what is read in the order of a key, zeros behind what counts."""
    found = take(xp, x, sort(xp, keep, key))
    return xp.where(over(first(xp, keep), x), found, xp.zeros_like(x))


def sort(xp: Any, keep: Any, key: Any) -> Any:
    """Return the flat place of each packed position, those of padding at the end."""
    size = keep.shape[0] * keep.shape[1]
    # Behind every key of a valid position, padding in its own order.
    last = number(xp, keep) + 8 * size
    return xp.argsort(xp.reshape(xp.where(keep, key, last), (size,)), stable=True)


def take(xp: Any, x: Any, source: Any) -> Any:
    """Return x, read at a flat place for each place."""
    size = x.shape[0] * x.shape[1]
    flat = xp.reshape(x, (size, *x.shape[2:]))
    return xp.reshape(xp.take(flat, source, axis=0), tuple(x.shape))


def first(xp: Any, keep: Any) -> Any:
    """Return true at as many of the first places as there are valid positions."""
    return number(xp, keep) < xp.sum(xp.astype(keep, xp.int32))


def scatter(xp: Any, x: Any, keep: Any, place: Any) -> Any:
    """Return x with each valid position written to a flat place; the last one wins.

    NumPy alone: what is written to one place twice is nothing to differentiate.
    """
    size = keep.shape[0] * keep.shape[1]
    flat = xp.zeros((size, *x.shape[2:]), dtype=x.dtype)
    inside = keep & (place >= 0) & (place < size)
    flat[place[inside]] = x[inside]
    return flat.reshape(x.shape)


def place_of(xp: Any, keep: Any, starts: Any) -> Any:
    """Return where each valid position goes if its row begins at ``starts [B]``."""
    return starts[:, None] + rank(xp, keep)


def starts_of(xp: Any, keep: Any) -> Any:
    """Return where each row begins among the packed positions, ``[B]``."""
    count = lengths(xp, keep)[:, 0]
    return xp.cumulative_sum(count) - count
