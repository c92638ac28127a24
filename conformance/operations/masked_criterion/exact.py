"""The second oracle of ``masked_criterion``: fractions, 50 digits and plain loops."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations.masked_criterion import DELTA, KINDS
from conformance.operations.masked_loss.exact import as_fraction, cross_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from conformance.operations.masked_criterion import Kind

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Loss = Fraction | float  # a float is infinite or NaN, which fractions are not

LARGE = 700
"""A power of e that float64 still holds."""


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    predictions, targets = KINDS[options["kind"]].axes
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
    >>> options = {"kind": "huber", "reduction": "mean"}
    >>> answer(options, inputs, [[True, True, False]], {})
    1.9375

    Raises:
        ValueError: A label at a valid position is no class, or the classes are not
            those that have weights.
    """
    del weights
    kind, reduction = KINDS[options["kind"]], options["reduction"]
    rows = zip(inputs["predictions"], inputs["targets"], mask, strict=True)
    losses = [
        [
            _measure(options["kind"], p, t) if counts else None
            for p, t, counts in zip(predictions, targets, keep, strict=True)
        ]
        for predictions, targets, keep in rows
    ]
    if reduction == "none":
        return [
            [0.0 if each is None else float(each) for each in row] for row in losses
        ]
    kept = [each for row in losses for each in row if each is not None]
    total = _sum(kept)
    if reduction == "sum":
        return float(total)
    divisor = Fraction(len(kept))
    if reduction == "weighted_mean":
        labels = zip(inputs["targets"], mask, strict=True)
        divisor = sum(
            (
                Fraction(kind.class_weights[label])
                for row, keep in labels
                for label, counts in zip(row, keep, strict=True)
                if counts
            ),
            Fraction(0),
        )
    return float(total / divisor) if kept else None


def _measure(name: str, prediction: Any, target: Any) -> Loss:
    if name == "l1":
        return _mean([_distance(p, t) for p, t in zip(prediction, target, strict=True)])
    if name == "huber":
        pairs = zip(prediction, target, strict=True)
        return _mean([_bend(_distance(p, t)) for p, t in pairs])
    if name == "normal_nll":
        pairs = zip(prediction, target, strict=True)
        return _mean([_take_density(mean, log, t) for (mean, log), t in pairs])
    if name == "kl":
        if not all(math.isfinite(t) and t >= 0 for t in target):
            return math.nan
        return _weigh(prediction, [Fraction(t) for t in target], entropy=True)
    shares = _smooth(KINDS[name], target, len(prediction))
    return _weigh(prediction, shares)


def _smooth(kind: Kind, label: int, classes: int) -> list[Fraction]:
    """Return what each class weighs: its share of the label, times its own weight."""
    if not 0 <= label < classes:
        msg = f"label {label} is none of the {classes} classes"
        raise ValueError(msg)
    weights = kind.class_weights or (1.0,) * classes
    if len(weights) != classes:
        msg = f"{len(weights)} weights of classes for logits of {classes}"
        raise ValueError(msg)
    rest = Fraction(kind.smoothing)
    return [
        Fraction(weights[at]) * (rest / classes + (1 - rest if at == label else 0))
        for at in range(classes)
    ]


def _weigh(
    logits: Sequence[float], shares: Sequence[Fraction], *, entropy: bool = False
) -> Loss:
    """Return the weighted sum of the losses that each class alone would have."""
    if any(map(math.isnan, logits)) or math.isinf(max(logits)):
        return math.nan
    terms: list[Loss] = []
    for label, share in enumerate(shares):
        if share:
            loss = cross_entropy(logits, label)
            terms.append(loss if isinstance(loss, float) else share * loss)
        if share and entropy:
            terms.append(share * _log(share))
    return _sum(terms)


def _log(share: Fraction) -> Fraction:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    with mpmath.workdps(50):
        return as_fraction(mpmath.log(mpmath.mpf(float(share))))


def _take_density(mean: float, log_variance: float, target: float) -> Loss:
    """Return the negative logarithm of a normal density."""
    import mpmath

    distance, log = _distance(mean, target), float(log_variance)
    if isinstance(distance, float) or not math.isfinite(log):
        return (distance * distance * _power(-log) + log + math.log(math.tau)) / 2
    if log < -LARGE:
        return math.inf if distance else Fraction(log) / 2
    with mpmath.workdps(50):
        power = as_fraction(mpmath.exp(-mpmath.mpf(log)))
        constant = as_fraction(mpmath.log(2 * mpmath.pi))
    return (distance**2 * power + Fraction(log) + constant) / 2


def _power(exponent: float) -> float:
    """Return e to a power, infinite where float64 has no such number."""
    return math.exp(exponent) if exponent < LARGE else exponent * math.inf


def _distance(p: float, t: float) -> Loss:
    if not (math.isfinite(p) and math.isfinite(t)):
        return abs(float(p) - float(t))
    return abs(Fraction(p) - Fraction(t))


def _bend(distance: Loss) -> Loss:
    delta = Fraction(DELTA)
    if isinstance(distance, float):
        return distance
    if distance <= delta:
        return distance**2 / 2
    return delta * (distance - delta / 2)


def _sum(losses: Sequence[Loss]) -> Loss:
    strange = [loss for loss in losses if isinstance(loss, float)]
    return sum(strange) if strange else sum(losses, Fraction(0))


def _mean(losses: Sequence[Loss]) -> Loss:
    return _sum(losses) / len(losses)
