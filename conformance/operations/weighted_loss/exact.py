"""The second oracle of ``weighted_loss``: fractions, position by position."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations.masked_loss.exact import LOSSES
from conformance.operations.masked_loss.exact import axes as axes_of_loss

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Loss = Fraction | float  # a float is infinite or NaN, which fractions are not


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    return {**axes_of_loss(options), "weight": ("B T",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the reduced loss; None where an adapter declares.

    >>> inputs = {"predictions": [[[1], [5], [0]]], "targets": [[[2], [8], [9]]],
    ...           "weight": [[3, 0, 7]]}
    >>> [answer({"kind": "mse", "reduction": reduction}, inputs, [[True, True, False]],
    ...         {}) for reduction in ("sum", "by_weights", "by_count", "by_nonzero")]
    [3.0, 1.0, 1.5, 3.0]

    Raises:
        ValueError: A label at a valid position is no class.
    """
    del weights
    measure = LOSSES[options["kind"]]
    rows = [
        [
            _weigh(measure(p, t), share) if counts else None
            for p, t, share, counts in zip(*row, strict=True)
        ]
        for row in zip(
            inputs["predictions"],
            inputs["targets"],
            inputs["weight"],
            mask,
            strict=True,
        )
    ]
    if options["reduction"] == "none":
        return [[0.0 if each is None else float(each) for each in row] for row in rows]
    total = _sum([each for row in rows for each in row if each is not None])
    shares = [
        _read(share)
        for row, keep in zip(inputs["weight"], mask, strict=True)
        for share, counts in zip(row, keep, strict=True)
        if counts
    ]
    divisor = {
        "sum": Fraction(1),
        "by_weights": _sum(shares),
        "by_count": Fraction(len(shares)),
        "by_nonzero": Fraction(sum(1 for share in shares if share)),
    }[options["reduction"]]
    return float(total / divisor) if divisor else None


def _weigh(loss: Loss, share: float) -> Loss:
    if isinstance(loss, float) or not math.isfinite(share):
        return float(loss) * share
    return loss * Fraction(share)


def _read(share: float) -> Loss:
    return Fraction(share) if math.isfinite(share) else share


def _sum(losses: Sequence[Loss]) -> Loss:
    strange = [loss for loss in losses if isinstance(loss, float)]
    return sum(strange) if strange else sum(losses, Fraction(0))
