"""Cross attention over an array namespace, which the mutants change."""

# ruff: noqa: PLR0917 - as many arguments as cross attention has

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, read_mask
from conformance.operations.attention.mutants_formulas import (
    finish,
    mix_values,
    scores,
    shares,
)

if TYPE_CHECKING:
    from collections.abc import Callable


def correct(
    xp: Any, query: Any, asks: Any, key: Any, value: Any, mask: Any, *, grouped: bool
) -> Any:
    """Return each query's mean of the values in its row, zero at padded queries."""
    del grouped
    keep = read_mask(xp, key, mask)
    return attend(xp, query, asks, key, value, keep[:, None, None, :])


def attend(
    xp: Any,
    query: Any,
    asks: Any,
    key: Any,
    value: Any,
    sees: Any,
    *,
    weigh: Callable[[Any, Any, Any], Any] = shares,
    scale: Callable[[Any], float] | None = None,
    shared: Callable[[Any, Any, int], Any] | None = None,
) -> Any:
    """Attend to the keys that are seen.

    Args:
        xp: The array namespace.
        query: Queries ``[B, S, H, D]``.
        asks: Their mask ``[B, S]``.
        key: Keys ``[B, T, N, D]``.
        value: Values likewise.
        sees: Which key each query sees, ``[B, 1, 1 or S, T]``.
        weigh: From scores to weights.
        scale: What scores are divided by, the root of D by default.
        shared: From the keys' heads to the queries'.
    """
    seen = xp.any(sees, axis=2)[:, 0]
    k, v = (
        (shared or repeat_heads)(xp, clean(xp, x, seen), query.shape[2])
        for x in (key, value)
    )
    q = clean(xp, query, asks)
    root = q.shape[3] ** 0.5 if scale is None else scale(q)
    weights = weigh(xp, scores(xp, q, k) / root, sees)
    return finish(xp, mix_values(xp, weights, v), asks, query)


def attend_without_cleaning(
    weigh: Callable[[Any, Any, Any], Any],
    xp: Any,
    query: Any,
    asks: Any,
    key: Any,
    value: Any,
    mask: Any,
    *,
    grouped: bool,
) -> Any:
    """Weigh raw keys by ``weigh(xp, scores, sees)``, and take raw values."""
    del grouped
    keep = read_mask(xp, key, mask)
    k, v = (repeat_heads(xp, x, query.shape[2]) for x in (key, value))
    numbers = scores(xp, clean(xp, query, asks), k) / query.shape[3] ** 0.5
    weights = weigh(xp, numbers, keep[:, None, None, :])
    return finish(xp, mix_values(xp, weights, v), asks, query)


def change_mask(
    change: Callable[[Any, Any], Any],
    xp: Any,
    query: Any,
    asks: Any,
    key: Any,
    value: Any,
    mask: Any,
    *,
    grouped: bool,
) -> Any:
    """Attend with a mask of the keys gone wrong."""
    del grouped
    keep = change(xp, read_mask(xp, key, mask))
    return attend(xp, query, asks, key, value, keep[:, None, None, :])


def rescale(
    scale: Callable[[Any], float],
    xp: Any,
    query: Any,
    asks: Any,
    key: Any,
    value: Any,
    mask: Any,
    *,
    grouped: bool,
) -> Any:
    """Attend with scores divided by another number."""
    del grouped
    keep = read_mask(xp, key, mask)[:, None, None, :]
    return attend(xp, query, asks, key, value, keep, scale=scale)


def repeat_heads(xp: Any, x: Any, heads: int) -> Any:
    """Return keys or values with each head repeated for the queries that share it."""
    return x[:, :, xp.arange(heads) // (heads // x.shape[2])]


def tile_heads(xp: Any, x: Any, heads: int) -> Any:
    """Return keys or values with their heads one behind the other, again and again."""
    return x[:, :, xp.arange(heads) % x.shape[2]]


def fit_mask(xp: Any, mask: Any, time: int, *, fill: bool) -> Any:
    """Return a mask ``[B, any]`` cut on the right, or filled, to so many positions."""
    rows, length = mask.shape
    if length >= time:
        return mask[:, :time]
    tail = xp.full((rows, time - length), fill, dtype=xp.bool)
    return xp.concat([mask, tail], axis=1)
