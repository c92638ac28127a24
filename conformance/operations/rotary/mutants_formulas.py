"""Rotary embeddings over an array namespace, which the mutants change."""

from __future__ import annotations

from typing import Any

from conformance.operations._common.arrays import clean, over

BASE = 10000.0


def turn(xp: Any, x: Any, keep: Any, *, layout: str) -> Any:
    """Return x with each valid token's features turned, zero at padding."""
    return turn_by(xp, x, keep, find_angles(xp, x, keep), layout)


def turn_by(xp: Any, x: Any, keep: Any, angles: Any, layout: str) -> Any:
    """Return x with features turned by ``angles [B, T, 1 or N, D / 2]``."""
    return mix(xp, x, keep, (xp.cos(angles), xp.sin(angles)), layout)


def mix(xp: Any, x: Any, keep: Any, parts: tuple[Any, Any], layout: str) -> Any:
    """Return x turned by the angles of these cosines and sines."""
    cos, sin = parts
    a, b = split(clean(xp, x, keep), layout)
    return finish(xp, join(xp, a * cos - b * sin, a * sin + b * cos, layout), x, keep)


def finish(xp: Any, found: Any, x: Any, keep: Any) -> Any:
    """Return the answer: zero at padding, of the input's dtype."""
    return xp.astype(xp.where(over(keep, x), found, 0.0), x.dtype)


def find_angles(xp: Any, x: Any, keep: Any, at: Any = None, rates: Any = None) -> Any:
    """Return the angles ``[B, T, 1, D / 2]`` of positions and rates."""
    dtype = clean(xp, x, keep).dtype
    at = count(xp, keep) if at is None else at
    rates = find_rates(x.shape[3]) if rates is None else rates
    return xp.astype(at, dtype)[:, :, None, None] * xp.asarray(rates, dtype=dtype)


def find_rates(features: int, base: float = BASE, step: float = 2.0) -> list[float]:
    """Return how far one position turns each pair."""
    return [base ** (-step * pair / features) for pair in range(features // 2)]


def count(xp: Any, keep: Any) -> Any:
    """Return each valid token's position, ``[B, T]``."""
    seen = xp.cumulative_sum(xp.astype(keep, xp.int32), axis=1)
    return xp.where(keep, seen - 1, 0)


def split(x: Any, layout: str) -> tuple[Any, Any]:
    """Return the first and the second features of all pairs."""
    if layout == "half":
        half = x.shape[-1] // 2
        return x[..., :half], x[..., half:]
    return x[..., ::2], x[..., 1::2]


def join(xp: Any, first: Any, second: Any, layout: str) -> Any:
    """Return pairs of features as they lie side by side."""
    if layout == "half":
        return xp.concat([first, second], axis=-1)
    pairs = xp.stack([first, second], axis=-1)
    return xp.reshape(pairs, (*first.shape[:-1], 2 * first.shape[-1]))
