"""The deviation of what counts, and deviations made wrong on purpose."""

from __future__ import annotations

import math
from typing import Any

from conformance.operations._common.arrays import count
from conformance.operations._common.root import root, take_root
from conformance.operations.masked_variance import reduction as variance

REDUCTION = take_root(
    variance.REDUCTION,
    name="masked_std",
    of="variance",
    row=variance.exact_variance,
    formula=variance.spread,
    steepest=lambda v: variance.left(v) ** -0.5,
    skips="nanstd",
)
REDUCTION.give_empty_rows(math.nan, "zero")
wrong = REDUCTION.mutants.wrong


@wrong("value")
def gives_the_variance(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Does not take the root."""
    return REDUCTION.formula(xp, x, keep, ddof=ddof) ** 2


@wrong("value")
def takes_the_other_ddof(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Divides by n where n - 1 is asked for, and the other way round."""
    return REDUCTION.formula(xp, x, keep, ddof=1 - ddof)


@wrong("shift")
def mean_of_squares_less_squared_mean(xp: Any, x: Any, keep: Any, *, ddof: int) -> Any:
    """Takes the square of the mean off the mean of squares, which cancels."""
    total, mean = variance.sum_squares(xp, x, keep)
    squares = total - count(xp, keep, total) * mean**2
    squares = xp.where(squares > 0, squares, 0 * squares)
    return root(xp, x, variance.divide(xp, squares, keep, ddof))
