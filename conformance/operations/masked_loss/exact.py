"""The second oracle of ``masked_loss``: fractions, 50 digits and plain loops.

A position's loss is an exact fraction (mse) or one made of 50 digits; reductions add
fractions, so they round nothing. It shares nothing with ``oracle``, so that the two
can be held against each other.
"""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Loss = Fraction | float  # a float is infinite or NaN, which fractions are not

TINY = -1200
"""Exponent of two below which a loss is nothing; float64's least is -1074."""


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    predictions, targets = {
        "mse": ("B T F", "B T F"),
        "cross_entropy": ("B T C", "B T"),
        "binary_cross_entropy": ("B T", "B T"),
    }[options["kind"]]
    want = "B T" if options["reduction"] == "none" else ""
    return {"predictions": (predictions,), "targets": (targets,), "want": (want,)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the reduced loss; None where an adapter declares.

    >>> inputs = {"predictions": [[[1], [5], [0]]], "targets": [[[2], [8], [9]]]}
    >>> options = {"kind": "mse", "reduction": "mean"}
    >>> answer(options, inputs, [[True, True, False]], {})
    5.0

    Raises:
        ValueError: A label at a valid position is no class.
    """
    del weights
    loss = LOSSES[options["kind"]]
    rows = [
        [
            loss(p, y) if counts else None
            for p, y, counts in zip(predictions, targets, keep, strict=True)
        ]
        for predictions, targets, keep in zip(
            inputs["predictions"], inputs["targets"], mask, strict=True
        )
    ]
    return _reduce(rows, options["reduction"])


def _reduce(rows: Sequence[Sequence[Loss | None]], reduction: str) -> Nested:
    if reduction == "none":
        return [[0.0 if loss is None else float(loss) for loss in row] for row in rows]
    kept = [[loss for loss in row if loss is not None] for row in rows]
    if reduction == "sequence_mean":
        return _float(_mean([_mean(row) for row in kept if row]))
    together = [loss for row in kept for loss in row]
    return _float(_sum(together) if reduction == "sum" else _mean(together))


def _float(loss: Loss | None) -> float | None:
    return None if loss is None else float(loss)


def _sum(losses: Sequence[Loss]) -> Loss:
    strange = [loss for loss in losses if isinstance(loss, float)]
    return sum(strange) if strange else sum(losses, Fraction(0))


def _mean(losses: Sequence[Loss | None]) -> Loss | None:
    there = [loss for loss in losses if loss is not None]
    return _sum(there) / len(there) if there else None


def _mse(predictions: Sequence[float], targets: Sequence[float]) -> Loss:
    if not all(map(math.isfinite, (*predictions, *targets))):
        pairs = zip(predictions, targets, strict=True)
        return sum(float(p - y) * float(p - y) for p, y in pairs) / len(predictions)
    squares = [
        (Fraction(p) - Fraction(y)) ** 2
        for p, y in zip(predictions, targets, strict=True)
    ]
    return sum(squares, Fraction(0)) / len(squares)


def cross_entropy(logits: Sequence[float], label: int) -> Loss:
    """Return one position's loss, an exact fraction unless it is no number.

    Raises:
        ValueError: The label is no class.
    """
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    if not 0 <= label < len(logits):
        msg = f"label {label} is none of the {len(logits)} classes"
        raise ValueError(msg)
    top = max(logits)
    if any(map(math.isnan, logits)) or math.isinf(top):
        return math.nan
    if math.isinf(logits[label]):
        return math.inf
    others = list(logits)
    others.remove(top)
    with mpmath.workdps(50):
        # log1p of the others keeps the digits of a loss that is almost nothing.
        rest = mpmath.fsum(mpmath.exp(mpmath.mpf(z) - mpmath.mpf(top)) for z in others)
        behind = mpmath.mpf(top) - mpmath.mpf(logits[label])
        return as_fraction(mpmath.log1p(rest) + behind)


def _binary_cross_entropy(logit: float, target: float) -> Loss:
    import mpmath

    if not math.isfinite(logit) or not math.isfinite(target):
        return math.nan
    with mpmath.workdps(50):
        z = mpmath.mpf(logit)
        positive = z if logit > 0 else mpmath.mpf(0)
        return as_fraction(positive - z * target + mpmath.log1p(mpmath.exp(-abs(z))))


def as_fraction(value: Any) -> Fraction:
    """Return an ``mpf`` as the fraction that it is, or 0 far below any float64."""
    mantissa, exponent = value.man_exp
    if exponent + mantissa.bit_length() < TINY:
        return Fraction(0)  # exp(-2**40) would be a fraction of a terabit
    size = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
    return -size if value < 0 else size  # man_exp leaves the sign out


LOSSES: Mapping[str, Callable[[Any, Any], Loss]] = {
    "mse": _mse,
    "cross_entropy": cross_entropy,
    "binary_cross_entropy": _binary_cross_entropy,
}
"""Each kind's loss of a position."""
