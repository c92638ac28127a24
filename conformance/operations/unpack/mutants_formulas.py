"""What mutants of unpacking are made of: which value goes where, and the rest."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import over, read_mask
from conformance.operations.pack.mutants_formulas import key_of, sort


def call_formula(
    formula: Any, xp: Any, values: Any, x: Any, mask: Any, *, order: str
) -> Any:
    """Return the formula's answer for any form of the mask."""
    return formula(xp, values, read_mask(xp, x, mask), order=order)


def change_mask(
    change: Any, xp: Any, values: Any, x: Any, mask: Any, *, order: str
) -> Any:
    """Return the right answer for another mask."""
    return unpack(xp, values, change(xp, read_mask(xp, x, mask)), order=order)


def correct(xp: Any, values: Any, x: Any, mask: Any, *, order: str) -> Any:
    """Return the values at their positions, and zeros at padding."""
    return call_formula(unpack, xp, values, x, mask, order=order)


def unpack(xp: Any, values: Any, keep: Any, *, order: str) -> Any:
    """Return the values at their positions, and zeros at padding."""
    return write(xp, values, keep, key_of(xp, keep, order))


def write(xp: Any, values: Any, keep: Any, key: Any) -> Any:
    """Return values in the order of a key, and zeros at padding."""
    return put(xp, values, keep, place_of(xp, keep, key))


def place_of(xp: Any, keep: Any, key: Any) -> Any:
    """Return which value each position has, ``[B, T]``; padding the ones behind."""
    return xp.reshape(xp.argsort(sort(xp, keep, key)), tuple(keep.shape))


def put(xp: Any, values: Any, keep: Any, place: Any) -> Any:
    """Return the values of these numbers, and zeros at padding."""
    found = take(xp, values, place)
    return xp.where(over(keep, found), found, xp.zeros_like(found))


def take(xp: Any, values: Any, place: Any) -> Any:
    """Return the values of these numbers, the last one beyond it."""
    flat = flatten(xp, values)
    top = max(flat.shape[0] - 1, 0)
    inside = xp.where(place < top, place, xp.full_like(place, top))
    inside = xp.where(inside > 0, inside, xp.zeros_like(inside))
    found = xp.take(flat, xp.reshape(inside, (-1,)), axis=0)
    return xp.reshape(found, (*place.shape, *values.shape[2:]))


def flatten(xp: Any, values: Any) -> Any:
    """Return the values one behind another."""
    size = values.shape[0] * values.shape[1]
    return xp.reshape(values, (size, *values.shape[2:]))
