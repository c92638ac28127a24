"""Packed attention over an array namespace, which the mutants change."""

# ruff: noqa: PLR0917 - as many arguments as packed attention has

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import clean, places, read_mask
from conformance.operations.attention import mutants_formulas as attention
from conformance.operations.attention.mutants_formulas import (
    attend_seen,
    finish,
    mix_values,
    scores,
    shares,
    triangle,
)


def correct(
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    segments: Any,
    mask: Any,
    **options: Any,
) -> Any:
    """Return each query's mean of the values that its sequence lets it see."""
    how = {**options, "segments": segments}
    return attention.correct(xp, query, key, value, mask, **how)


def see(
    formula: Any,
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    segments: Any,
    mask: Any,
    *,
    causal: bool,
) -> Any:
    """Attend to the valid keys that ``formula(xp, keep, segments)`` lets be seen.

    It returns ``[B, query, key]``, the triangle aside.
    """
    keep, sees = _find_seen(formula, xp, query, segments, mask, causal)
    sees = sees[:, None] & keep[:, None, None, :]
    return attend_seen(xp, query, key, value, keep, sees)


def see_raw(
    formula: Any,
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    segments: Any,
    mask: Any,
    *,
    causal: bool,
) -> Any:
    """Attend to the keys that ``formula`` lets be seen, valid or not."""
    keep, sees = _find_seen(formula, xp, query, segments, mask, causal)
    numbers = scores(xp, clean(xp, query, keep), key) / query.shape[3] ** 0.5
    found = mix_values(xp, shares(xp, numbers, sees[:, None]), value)
    return finish(xp, found, keep, query)


def attend_inside(
    formula: Any,
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    segments: Any,
    mask: Any,
    **options: Any,
) -> Any:
    """Call a mistake of attention, the numbers said beside the triangle."""
    return formula(xp, query, key, value, mask, segments=segments, **options)


def _find_seen(
    formula: Any, xp: Any, query: Any, segments: Any, mask: Any, causal: object
) -> tuple[Any, Any]:
    """Return the mask, and what the formula and the triangle let be seen."""
    keep = read_mask(xp, query, mask)
    return keep, formula(xp, keep, segments) & reach(xp, keep, causal)


def reach(xp: Any, keep: Any, causal: object) -> Any:
    """Return what the triangle lets be seen, if there is one, ``[1, query, key]``."""
    return triangle(xp, keep)[None] if causal else xp.ones((1, 1, 1), dtype=xp.bool)


def same(segments: Any) -> Any:
    """Return which positions of a row have one number, ``[B, query, key]``."""
    return segments[:, :, None] == segments[:, None, :]


def begin(xp: Any, keep: Any, segments: Any) -> Any:
    """Return where each valid position's sequence begins, ``[B, T]``."""
    own = same(segments) & keep[:, None, :]
    return xp.min(xp.where(own, places(xp, keep)[:, None, :], keep.shape[1]), axis=2)


def number_at(xp: Any, keep: Any, segments: Any, place: Any) -> Any:
    """Return the number at one place of each row, ``[B, 1]``; 0 beyond it."""
    there = places(xp, keep) == place
    return xp.sum(xp.where(there, segments, 0), axis=1, keepdims=True)


def first_number(xp: Any, keep: Any, segments: Any) -> Any:
    """Return the number of each row's first valid position, ``[B, 1]``."""
    at = xp.where(keep, places(xp, keep), keep.shape[1])
    return number_at(xp, keep, segments, xp.min(at, axis=1, keepdims=True))
