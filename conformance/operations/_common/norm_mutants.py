"""Faults that any norm may have, made into mutants."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common import norm_formulas as formulas
from conformance.operations._common.arrays import MASKS
from conformance.operations._common.family import FLOATS
from conformance.operations._common.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable

    Table = tuple[tuple[str, str, str, str], ...]

COMMON: Table = (
    ("small-epsilon", "adds 1e-5 to the variance, not 1e-3", "value", ""),
    ("large-epsilon", "adds 1e-2 to the variance, not 1e-3", "value", ""),
    ("no-epsilon", "adds nothing to the variance", "value", ""),
    ("epsilon-outside", "adds epsilon to the root, not under it", "value", ""),
    ("divides-by-the-variance", "divides by the variance, not its root", "value", ""),
    ("unbiased", "divides the variance by one less than n", "value", ""),
    (
        "one-pass",
        "takes the square of the mean off the mean of squares, which cancels",
        "shift",
        "",
    ),
    ("no-mean", "does not take off the mean", "value", ""),
    ("no-scale", "leaves out the scale", "value", ""),
    ("no-offset", "leaves out the offset", "value", ""),
    ("scale-less-one", "takes the scale for one that is added to 1", "value", ""),
    ("offset-is-scaled", "adds the offset before the scale", "value", ""),
    (
        "offset-at-padding",
        "leaves the normed padding in the answer",
        "padding-content",
        "",
    ),
    ("nan-becomes-zero", "takes NaN at valid positions for 0", "", ""),
    (
        "zeroes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        "https://github.com/pytorch/pytorch/issues/39639",
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        "https://github.com/pytorch/pytorch/issues/95118",
    ),
    (
        "bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        "",
    ),
    (
        "empty-row-is-full",
        "takes a row without valid positions for a full one",
        "empty-row",
        "",
    ),
)
_CHANGED = (
    (
        "answers-in-float64",
        "answers in float64 whatever the input's dtype",
        "contract",
        formulas.doubled,
    ),
    (
        "squeezes-every-axis",
        "squeezes every axis of length one, the batch's too",
        "length-one",
        formulas.squeezed,
    ),
    (
        "rows-stay-sorted",
        "sorts the rows by length and does not sort the answers back",
        "value",
        formulas.rows_sorted,
    ),
    (
        "cut-to-the-longest-row",
        "cuts the answer to the longest row",
        "extra-padding",
        formulas.cut,
    ),
)


def norm_mutants(
    operation: str, formula: Callable[..., Any], table: Table, *, nan: str
) -> tuple[Mutant, ...]:
    """Return the mutants of a norm.

    Args:
        operation: The operation.
        formula: Its formula, with a place for each fault.
        table: Faults of its own: name, text, law and thread.
        nan: The law that finds NaN taken for 0.
    """
    mutant = partial(Mutant, operation=operation)
    masks = tuple((name, *told) for name, (_, *told) in MASKS.items())
    gradient = partial(mutant, kind="gradient", framework="torch", dtypes=FLOATS)
    around = partial(partial, formulas.around)
    return (
        *(
            mutant(
                name=name,
                text=text,
                clause=law or nan,
                url=url,
                function=partial(formula, fault=name),
            )
            for name, text, law, url in (*masks, *COMMON, *table)
        ),
        *(
            mutant(name=name, text=text, clause=law, function=around(change, formula))
            for name, text, law, change in _CHANGED
        ),
        gradient(
            name="gradient-leaks-to-padding",
            text="sends a gradient to padding, behind a right value",
            clause="gradient",
            function=around(formulas.leaking, formula),
        ),
        gradient(
            name="gradient-of-the-other-branch",
            text="selects after a product whose derivative at padding is NaN",
            clause="wild-gradient",
            url="https://github.com/jax-ml/jax/issues/347",
            function=partial(formula, fault="raw"),
        ),
        gradient(
            name="gradient-of-constant-statistics",
            text="takes mean and variance for constants in the gradient",
            clause="gradient",
            function=partial(formula, fault="constant-statistics"),
        ),
        gradient(
            name="gradient-misses-the-scale",
            text="lets no gradient reach the scale",
            clause="gradient",
            function=partial(formula, fault="frozen-scale"),
        ),
        mutant(
            name="compiled-with-the-padded-length",
            text="bakes the padded length into the compiled function",
            clause="route",
            kind="route",
            framework="jax",
            url="https://github.com/tensorflow/tensorflow/issues/31636",
            function=partial(formula, fault="baked"),
        ),
    )
