"""Faults that any norm may have, made into mutants."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common import norm_formulas as formulas
from conformance.operations._common.layers import MASK_ROWS, add_changed, add_compiled
from conformance.operations._common.mutant import ANY, Mutants, derivative

if TYPE_CHECKING:
    from collections.abc import Callable

    from conformance.operations._common.mutant import Row

# fmt: off
_COMMON: tuple[Row, ...] = (
    ("small-epsilon", "value", ANY, "",
     "adds 1e-5 to the variance, not 1e-3"),
    ("large-epsilon", "value", ANY, "",
     "adds 1e-2 to the variance, not 1e-3"),
    ("no-epsilon", "value", ANY, "",
     "adds nothing to the variance"),
    ("epsilon-outside", "value", ANY, "",
     "adds epsilon to the root, not under it"),
    ("divides-by-the-variance", "value", ANY, "",
     "divides by the variance, not its root"),
    ("unbiased", "value", ANY, "",
     "divides the variance by one less than n"),
    ("one-pass", "shift", ANY, "",
     "takes the square of the mean off the mean of squares, which cancels"),
    ("no-mean", "value", ANY, "",
     "does not take off the mean"),
    ("no-scale", "value", ANY, "",
     "leaves out the scale"),
    ("no-offset", "value", ANY, "",
     "leaves out the offset"),
    ("scale-less-one", "value", ANY, "",
     "takes the scale for one that is added to 1"),
    ("offset-is-scaled", "value", ANY, "",
     "adds the offset before the scale"),
    ("offset-at-padding", "padding-content", ANY, "",
     "leaves the normed padding in the answer"),
)
_INPUTS: tuple[Row, ...] = (
    ("zeroes-its-input", "contract", ANY,
     "https://github.com/pytorch/pytorch/issues/39639",
     "sets padding to zero in the caller's own array"),
    ("reads-memory", "layout", ANY, "https://github.com/pytorch/pytorch/issues/95118",
     "reads memory in the order it lies in, not elements"),
    ("bitwise", "mask-form", ANY, "",
     "inverts the mask with ~, which is right for booleans only"),
    ("empty-row-is-full", "empty-row", ANY, "",
     "takes a row without valid positions for a full one"),
)
# fmt: on

# fmt: off
_DERIVED: tuple[Row, ...] = (
    ("gradient-of-the-other-branch", "wild-gradient", ANY,
     "https://github.com/jax-ml/jax/issues/347",
     "selects after a product whose derivative at padding is NaN"),
    ("gradient-of-constant-statistics", "gradient", ANY, "",
     "takes mean and variance for constants in the gradient"),
    ("gradient-misses-the-scale", "gradient", ANY, "",
     "lets no gradient reach the scale"),
)
# fmt: on
_FAULTS = {
    "gradient-of-the-other-branch": "raw",
    "gradient-of-constant-statistics": "constant-statistics",
    "gradient-misses-the-scale": "frozen-scale",
}


def norm_mutants(
    operation: str, formula: Callable[..., Any], table: tuple[Row, ...], *, nan: str
) -> Mutants:
    """Return the mutants of a norm.

    Args:
        operation: The operation.
        formula: Its formula, with a place for each fault.
        table: Faults of its own, as rows of :meth:`Mutants.faults`.
        nan: The law that finds NaN taken for 0.
    """
    mutants = Mutants(operation, formula)
    shows_nan: Row = (
        "nan-becomes-zero",
        nan,
        ANY,
        "",
        "takes NaN at valid positions for 0",
    )

    def around(change: Callable[..., Any], xp: Any, *tensors: Any) -> Any:
        return formulas.change_answer(change, formula, xp, *tensors)

    def leaking(xp: Any, x: Any, *tensors: Any) -> Any:
        return formula(xp, x, *tensors) + (x - x.detach()).sum()

    def make(name: str) -> Callable[..., Any]:
        return partial(formula, fault=_FAULTS.get(name, name))

    mutants.faults(make, (*MASK_ROWS, *_COMMON, shows_nan, *_INPUTS, *table))
    add_changed(mutants, around)
    mutants.add(
        "cut-to-the-longest-row",
        "extra-padding",
        "cuts the answer to the longest row",
        partial(around, formulas.cut_to_longest),
    )
    mutants.add(
        "gradient-leaks-to-padding",
        "gradient",
        "sends a gradient to padding, behind a right value",
        leaking,
        **derivative(),
    )
    mutants.faults(make, _DERIVED, **derivative())
    url = "https://github.com/tensorflow/tensorflow/issues/31636"
    add_compiled(mutants, make("baked"), url=url)
    return mutants
