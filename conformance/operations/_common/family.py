"""Faults that any operation on x and a mask may have, made from its right formula."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import MASKS, kept, lengths, over
from conformance.operations._common.mutant import Mutant

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    Formula = Callable[[Any, Any, Any], Any]

FLOATS = ("float32", "float64")


def called(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    """Return the formula's answer for any form of the mask.

    The formula takes an array namespace, x and the mask as booleans ``[B, T]``.
    """
    return formula(xp, x, kept(xp, x, mask))


def _masked(formula: Formula, change: Any, xp: Any, x: Any, mask: Any) -> Any:
    return formula(xp, x, change(xp, kept(xp, x, mask)))


def _sorted(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    order = xp.argsort(-lengths(xp, kept(xp, x, mask))[:, 0], stable=True)
    return called(formula, xp, x, mask)[order]


def _doubled(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    return xp.astype(called(formula, xp, x, mask), xp.float64)


def _written(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask)
    x[~keep] = 0
    return formula(xp, x, keep)


def _in_memory(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    return called(formula, xp, x.ravel(order="K").reshape(x.shape), mask)


def _bitwise(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    keep = kept(xp, x, mask) if mask is None else ~mask == 0
    return formula(xp, x, keep)


def _squeezed(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    found = called(formula, xp, x, mask)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _no_nan(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    return called(formula, xp, xp.where(xp.isnan(x), xp.zeros_like(x), x), mask)


def _leaking(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    found = called(formula, xp, x, mask)
    away = xp.where(over(kept(xp, x, mask), x), xp.zeros_like(x), xp.clip(x, -1, 1))
    each = xp.sum(away - away.detach(), axis=1)
    return found + (each if found.ndim < x.ndim else each[:, None])


def _broken_branch(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    # What is not selected at padding still has the derivative 0 * 2 x there.
    keep = over(kept(xp, x, mask), x)
    return called(formula, xp, xp.where(keep, x, 0 * (x * x)), mask)


def _baked_length(formula: Formula, xp: Any, x: Any, mask: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, kept(xp, x, mask))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    keep = xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
    return formula(xp, x, keep)


_USUAL = (
    (
        "rows-stay-sorted",
        "sorts the rows by length and does not sort the answers back",
        "value",
        "",
        _sorted,
    ),
    (
        "answers-in-float64",
        "answers in float64 whatever the input's dtype",
        "contract",
        "",
        _doubled,
    ),
    (
        "zeroes-its-input",
        "sets padding to zero in the caller's own array",
        "contract",
        "https://github.com/pytorch/pytorch/issues/39639",
        _written,
    ),
    (
        "reads-memory",
        "reads memory in the order it lies in, not elements",
        "layout",
        "https://github.com/pytorch/pytorch/issues/99638",
        _in_memory,
    ),
    (
        "inverts-the-mask-bitwise",
        "inverts the mask with ~, which is right for booleans only",
        "mask-form",
        "",
        _bitwise,
    ),
    (
        "squeezes-every-axis",
        "squeezes every axis of length one, the batch's too",
        "length-one",
        "",
        _squeezed,
    ),
    (
        "nan-becomes-zero",
        "takes NaN at valid positions for 0",
        "valid-nan",
        "https://github.com/numpy/numpy/issues/12461",
        _no_nan,
    ),
)
_DERIVED = (
    (
        "gradient-leaks-to-padding",
        "sends a gradient to padding, behind a right value",
        "gradient",
        "",
        _leaking,
    ),
    (
        "gradient-of-the-other-branch",
        "selects after a product whose derivative at padding is NaN times zero",
        "wild-gradient",
        "https://github.com/jax-ml/jax/issues/347",
        _broken_branch,
    ),
)


def mask_faults(operation: str, wrong: Callable[..., Any]) -> tuple[Mutant, ...]:
    """Return a mutant for each way in which a mask goes wrong.

    Args:
        operation: The operation.
        wrong: Takes the change of the mask, then what a mutant's function takes.
    """
    return tuple(
        Mutant(
            name=name,
            operation=operation,
            text=text,
            clause=clause,
            url=url,
            function=partial(wrong, change),
        )
        for name, (change, text, clause, url) in MASKS.items()
    )


_FILLS = (
    ("zero", "0", "shift", "https://github.com/allenai/allennlp/pull/893"),
    ("minus-1e4", "-1e4", "large-values", ""),
    (
        "minus-1e9",
        "-1e9",
        "large-values",
        "https://github.com/facebookresearch/fairseq/issues/3575",
    ),
)


def fill_faults(operation: str, filled: Callable[..., Any]) -> tuple[Mutant, ...]:
    """Return a mutant for each number that people take for minus infinity.

    Args:
        operation: The operation, of logits.
        filled: The formula ``(number, xp, x, keep)``.
    """
    return tuple(
        Mutant(
            name=f"padding-is-{name}",
            operation=operation,
            text=f"takes {fill} for minus infinity at padding",
            clause=clause,
            url=url,
            function=partial(called, partial(filled, float(fill))),
        )
        for name, fill, clause, url in _FILLS
    )


def usual(
    operation: str, formula: Formula, *, without: Collection[str] = ()
) -> tuple[Mutant, ...]:
    """Return the mutants that need nothing of an operation but its right formula.

    Args:
        operation: The operation.
        formula: ``(xp, x, keep)``, with ``keep [B, T]`` boolean.
        without: Names of those that would not be wrong here.
    """
    masks = mask_faults(operation, partial(_masked, formula))
    forward = [
        Mutant(
            name=name,
            operation=operation,
            text=text,
            clause=clause,
            url=url,
            function=partial(function, formula),
        )
        for name, text, clause, url, function in _USUAL
    ]
    derived = [
        Mutant(
            name=name,
            operation=operation,
            text=text,
            clause=clause,
            url=url,
            kind="gradient",
            framework="torch",
            dtypes=FLOATS,
            function=partial(function, formula),
        )
        for name, text, clause, url, function in _DERIVED
    ]
    route = Mutant(
        name="compiled-with-the-padded-length",
        operation=operation,
        text="bakes the padded length into the compiled function",
        clause="route",
        kind="route",
        framework="jax",
        url="https://github.com/tensorflow/tensorflow/issues/31636",
        function=partial(_baked_length, formula),
    )
    found = (*masks, *forward, *derived, route)
    return tuple(each for each in found if each.name not in without)
