"""Attention over an array namespace, which the mutants change."""

# ruff: noqa: PLR0917 - as many arguments as attention has

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import clean, over, read_mask, widen

if TYPE_CHECKING:
    from collections.abc import Callable

INFINITE = float("-inf")


def correct(
    xp: Any, query: Any, key: Any, value: Any, mask: Any, **options: Any
) -> Any:
    """Return each query's mean of the values that it sees, zero at padding."""
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, keep, keep, **options)


def attend(
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    keep: Any,
    queries: Any,
    *,
    scale: Callable[[Any], float] | None = None,
    **reach: Any,
) -> Any:
    """Attend from the valid ``queries`` to the keys that are to ``keep``.

    ``reach`` is what :func:`visible_keys` takes.
    """
    q, k = clean(xp, query, queries), clean(xp, key, keep)
    sees = visible_keys(xp, keep, **reach)
    root = q.shape[3] ** 0.5 if scale is None else scale(q)
    weights = shares(xp, scores(xp, q, k) / root, sees)
    return finish(xp, mix_values(xp, weights, clean(xp, value, keep)), queries, query)


def attend_seen(xp: Any, query: Any, key: Any, value: Any, keep: Any, sees: Any) -> Any:
    """Attend from the valid positions to the keys ``[B, 1, query, key]`` seen."""
    q, k, v = (clean(xp, each, keep) for each in (query, key, value))
    weights = shares(xp, scores(xp, q, k) / q.shape[3] ** 0.5, sees)
    return finish(xp, mix_values(xp, weights, v), keep, query)


def visible_keys(
    xp: Any,
    keep: Any,
    *,
    causal: bool,
    diagonal: int = 0,
    window: int | None = None,
    segments: Any = None,
) -> Any:
    """Return which key ``[B, 1, query, key]`` each query sees."""
    time = keep.shape[1]
    sees = xp.broadcast_to(keep[:, None, None, :], (keep.shape[0], 1, time, time))
    if window is not None:
        sees = sees & (xp.abs(distance(xp, keep)) <= window)
    if segments is not None:
        sees = sees & (segments[:, None, :, None] == segments[:, None, None, :])
    return sees & triangle(xp, keep, diagonal) if causal else sees


def triangle(xp: Any, keep: Any, diagonal: int = 0) -> Any:
    """Return which position each one may see, itself included."""
    return distance(xp, keep) >= -diagonal


def distance(xp: Any, keep: Any) -> Any:
    """Return how many positions each query is behind each key, ``[query, key]``."""
    at = xp.arange(keep.shape[1])
    return at[:, None] - at[None, :]


def scores(xp: Any, query: Any, key: Any) -> Any:
    """Return the products of all positions, ``[B, N, query, key]``."""
    apart = xp.permute_dims(widen(xp, query), (0, 2, 1, 3))
    return apart @ xp.permute_dims(widen(xp, key), (0, 2, 3, 1))


def shares(xp: Any, numbers: Any, sees: Any) -> Any:
    """Return the softmax over what is seen; zeros where that is nothing."""
    some = xp.any(sees, axis=3, keepdims=True)
    found = softmax(xp, xp.where(some, xp.where(sees, numbers, INFINITE), 0.0))
    return xp.where(sees, found, 0.0)


def softmax(xp: Any, numbers: Any, axis: int = 3) -> Any:
    """Return the softmax over an axis."""
    powers = xp.exp(numbers - xp.max(numbers, axis=axis, keepdims=True))
    return powers / xp.sum(powers, axis=axis, keepdims=True)


def mix_values(xp: Any, weights: Any, value: Any) -> Any:
    """Return the weighted sums ``[B, T, N, D]``."""
    apart = weights @ xp.permute_dims(widen(xp, value), (0, 2, 1, 3))
    return xp.permute_dims(apart, (0, 2, 1, 3))


def finish(xp: Any, found: Any, queries: Any, like: Any) -> Any:
    """Return the answer: zero at padded queries, of the input's dtype."""
    return xp.astype(xp.where(over(queries, found), found, 0.0), like.dtype)


def change_mask(
    change: Callable[[Any, Any], Any],
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    **options: Any,
) -> Any:
    """Attend with a mask gone wrong."""
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, change(xp, keep), keep, **options)


def weigh_raw(
    weigh: Callable[[Any, Any, Any], Any],
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    **options: Any,
) -> Any:
    """Weigh raw keys by ``weigh(xp, scores, sees)``, and take raw values."""
    keep = read_mask(xp, query, mask)
    q = clean(xp, query, keep)
    numbers = scores(xp, q, key) / q.shape[3] ** 0.5
    weights = weigh(xp, numbers, visible_keys(xp, keep, **options))
    # A row without valid positions keeps what comes of it.
    shown = keep | xp.logical_not(xp.any(keep, axis=1, keepdims=True))
    return finish(xp, mix_values(xp, weights, value), shown, query)


def add_fill(fill: float, xp: Any, numbers: Any, sees: Any) -> Any:
    """Add a number to what is not seen."""
    return softmax(xp, numbers + (1 - xp.astype(sees, numbers.dtype)) * fill)


def fill(fill: float, xp: Any, numbers: Any, sees: Any) -> Any:
    """Put a number where nothing is seen."""
    return softmax(xp, xp.where(sees, numbers, fill))


def weigh_clean(
    weigh: Callable[[Any, Any, Any], Any],
    xp: Any,
    query: Any,
    key: Any,
    value: Any,
    mask: Any,
    **options: Any,
) -> Any:
    """Weigh as ``weigh_raw`` does, what stands at padding replaced by zeros."""
    keep = read_mask(xp, query, mask)
    k, v = clean(xp, key, keep), clean(xp, value, keep)
    found = weigh_raw(weigh, xp, query, k, v, mask, **options)
    return xp.astype(found, query.dtype)


def move_triangle(diagonal: int, xp: Any, *tensors: Any, **options: Any) -> Any:
    """Attend with the triangle's diagonal moved."""
    query, key, value, mask = tensors
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, keep, keep, diagonal=diagonal, **options)


def rescale(
    scale: Callable[[Any], float], xp: Any, *tensors: Any, **options: Any
) -> Any:
    """Attend with scores divided by another number."""
    query, key, value, mask = tensors
    keep = read_mask(xp, query, mask)
    return attend(xp, query, key, value, keep, keep, scale=scale, **options)
