"""The root of another reduction: bound and derivative follow from what is under it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.family import call_formula
from conformance.operations._common.mutant import derivative
from conformance.operations._common.reduction import Reduction

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from conformance.operations._common.mutant import Formula
    from conformance.operations._common.reduced import Valid
    from conformance.trial.batch import Array
    from conformance.trial.precision import Precision

    Error = Callable[[Valid, Precision], Array]
    SlopeError = Callable[[Valid, Array, Precision], Array]
    Under = Callable[..., Fraction | float | None]


def take_root(
    under: Reduction,
    *,
    name: str,
    of: str,
    row: Under,
    formula: Formula,
    steepest: Callable[[Valid], Array],
    skips: str = "",
) -> Reduction:
    """Return the reduction that is the root of another, which is never below zero.

    Args:
        under: What the root is taken of. It rounds, and its bounds must not read
            ``v.answer``, which is the root's.
        name: The operation.
        of: What is under the root, as a noun such as ``variance``.
        row: The second oracle of what is under the root, as an exact fraction.
        formula: The right formula of what is under the root, not yet stored.
        steepest: Return the root's greatest derivative anywhere ``[B, ...]``; any
            share of it is right at zero, where the root has none.
        skips: As :class:`Reduction` has it.

    Raises:
        TypeError: What is under the root has no bounds to derive others from.
    """
    error, slope_error = under.error, under.slope_error
    if error is None or not callable(slope_error):
        msg = (
            f"{under.name} declares no functions for error and slope_error, which the "
            f"bounds of {name} follow from; declare both"
        )
        raise TypeError(msg)
    found = Reduction(
        name=name,
        row=partial(_row, row),
        value=lambda v: under.value(v) ** 0.5,
        error=partial(_error, error),
        slope=lambda v, g: under.slope(v, g / (2 * _root_or_one(v))),
        slope_error=_SlopeError(error, slope_error, steepest),
        formula=lambda xp, x, keep, **how: root(xp, x, formula(xp, x, keep, **how)),
        neutral=under.neutral,
        features=under.features,
        smooth=False,
        skips=skips,
    )
    _add_mistakes(found, formula, of)
    return found


def _add_mistakes(reduction: Reduction, under: Formula, of: str) -> None:
    """Add what people do wrong with any root."""

    def add_epsilon(xp: Any, x: Any, keep: Any, **how: Any) -> Any:
        return root(xp, x, under(xp, x, keep, **how) + 1e-5)

    def take_it_at_zero(xp: Any, x: Any, keep: Any, **how: Any) -> Any:
        return xp.sqrt(under(xp, x, keep, **how))

    reduction.mutants.add(
        "adds-epsilon-under-the-root",
        "value",
        "adds 1e-5 under the root",
        partial(call_formula, add_epsilon),
    )
    reduction.mutants.add(
        "gradient-is-nan-at-zero",
        "gradient",
        f"takes the root of a {of} of zero, whose derivative is infinity times zero",
        partial(call_formula, take_it_at_zero),
        **derivative(),
    )


def _row(under: Under, values: Sequence[float], **keywords: str) -> float | None:
    import mpmath  # here, so that reading cases, which asks for axes, goes without

    found = under(values, **keywords)
    if not isinstance(found, Fraction):
        return found
    with mpmath.workdps(50):
        return float(mpmath.sqrt(mpmath.mpf(found.numerator) / found.denominator))


def _root_or_one(v: Valid) -> Array:
    return v.where(v.answer > 0, v.answer, 1.0)


def _error(under: Error, v: Valid, p: Precision) -> Array:
    """Return how far the root is off where its square is off by E.

    The root of E less is off by E / (root + root(root^2 - E)), that of E more by less;
    near 0, where E is the larger, it is off by root(E) at most.
    """
    error = under(v, p) + (2.0**-126 if p.low else p.eta)
    far = error < v.answer**2
    lower = v.answer + (v.answer**2 - v.where(far, error, 0.0)) ** 0.5
    found: Array = v.where(far, error / v.where(far, lower, 1.0), error**0.5)
    return found + 3 * p.v * v.answer


@dataclass(frozen=True)
class _SlopeError:
    """How far the derivative may be off: by any share of g where the root is near 0."""

    error: Error
    under: SlopeError
    steepest: Callable[[Valid], Array]

    def __call__(self, v: Valid, g: Array, p: Precision) -> Array:
        half, size = 2 * _root_or_one(v), abs(g)
        share = _error(self.error, v, p) * 2 / half
        near = (v.answer == 0) | (share > 0.5)  # noqa: PLR2004 - 1 / (1 - q) is below 1 + 2 q
        slope = abs(v.reduction.slope(v, g)) * (2 * share + 8 * p.u)[:, None]
        far = self.under(v, size / half, p) + p.factor * slope
        loose = p.factor * (4 * size * self.steepest(v))[:, None]
        return v.only(v.where(near[:, None], loose, far) + p.factor * p.eta)


def root(xp: Any, x: Any, square: Any) -> Any:
    """Return the root in the dtype of ``x``, with the derivative zero at zero.

    The root itself has none there: NaN spreads from it.
    """
    there = square > 0
    found = xp.sqrt(xp.where(there, square, 1.0 + 0 * square))
    flat = xp.where(square == 0, 0.0 * square, square + float("nan"))
    return xp.astype(xp.where(there, found, flat), x.dtype)
