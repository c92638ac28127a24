"""Faults that any operation on x and a mask may have, made from its right formula."""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any

from conformance.operations._common.arrays import (
    MASKS,
    lengths,
    over,
    read_mask,
    unless_empty,
)
from conformance.operations._common.mutant import compiled, derivative

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from conformance.operations._common.mutant import Formula, Mutants


def call_formula(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    """Return the formula's answer for any form of the mask.

    The formula takes an array namespace, x and the mask as booleans ``[B, T]``.
    """
    return formula(xp, x, read_mask(xp, x, mask), **how)


def _change_mask(
    formula: Formula, change: Any, xp: Any, x: Any, mask: Any, **how: Any
) -> Any:
    return formula(xp, x, change(xp, read_mask(xp, x, mask)), **how)


def sort_rows(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    """Return the answers of the rows sorted by length, in that order."""
    order = xp.argsort(-lengths(xp, read_mask(xp, x, mask))[:, 0], stable=True)
    return call_formula(formula, xp, x, mask, **how)[order]


def _return_float64(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    return xp.astype(call_formula(formula, xp, x, mask, **how), xp.float64)


def _write_input(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    keep = read_mask(xp, x, mask)
    x[~keep] = 0
    return formula(xp, x, keep, **how)


def _read_memory_order(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    return call_formula(formula, xp, x.ravel(order="K").reshape(x.shape), mask, **how)


def _invert_bits(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    keep = read_mask(xp, x, mask) if mask is None else ~mask == 0
    return formula(xp, x, keep, **how)


def squeeze(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    """Return the answer without any axis of length one."""
    found = call_formula(formula, xp, x, mask, **how)
    return found.reshape(tuple(size for size in found.shape if size != 1))


def _ignore_nan(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    return call_formula(
        formula, xp, xp.where(xp.isnan(x), xp.zeros_like(x), x), mask, **how
    )


def _leak_gradient(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    found = call_formula(formula, xp, x, mask, **how)
    away = xp.where(
        over(read_mask(xp, x, mask), x), xp.zeros_like(x), xp.clip(x, -1, 1)
    )
    each = xp.sum(away - away.detach(), axis=1)
    return found + (each if found.ndim < x.ndim else each[:, None])


def _branch_on_values(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    # What is not selected at padding still has the derivative 0 * 2 x there.
    keep = over(read_mask(xp, x, mask), x)
    return call_formula(formula, xp, xp.where(keep, x, 0 * (x * x)), mask, **how)


def _bake_length(formula: Formula, xp: Any, x: Any, mask: Any, **how: Any) -> Any:
    try:
        known = [int(number) for number in lengths(xp, read_mask(xp, x, mask))[:, 0]]
    except TypeError:  # a tracer has no value: what is left is the static shape
        known = [x.shape[1]] * x.shape[0]
    keep = xp.arange(x.shape[1])[None] < xp.asarray(known)[:, None]
    return formula(xp, x, keep, **how)


# fmt: off
_USUAL: tuple[tuple[str, str, str, str, Callable[..., Any]], ...] = (
    ("rows-stay-sorted", "value", "",
     "sorts the rows by length and does not sort the answers back", sort_rows),
    ("answers-in-float64", "contract", "",
     "answers in float64 whatever the input's dtype", _return_float64),
    ("zeroes-its-input", "contract", "https://github.com/pytorch/pytorch/issues/39639",
     "sets padding to zero in the caller's own array", _write_input),
    ("reads-memory", "layout", "https://github.com/pytorch/pytorch/issues/99638",
     "reads memory in the order it lies in, not elements", _read_memory_order),
    ("inverts-the-mask-bitwise", "mask-form", "",
     "inverts the mask with ~, which is right for booleans only", _invert_bits),
    ("squeezes-every-axis", "length-one", "",
     "squeezes every axis of length one, the batch's too", squeeze),
    ("nan-becomes-zero", "valid-nan", "https://github.com/numpy/numpy/issues/12461",
     "takes NaN at valid positions for 0", _ignore_nan),
    ("gradient-leaks-to-padding", "gradient", "",
     "sends a gradient to padding, behind a right value", _leak_gradient),
    ("gradient-of-the-other-branch", "wild-gradient",
     "https://github.com/jax-ml/jax/issues/347",
     "selects after a product whose derivative at padding is NaN times zero",
     _branch_on_values),
    ("compiled-with-the-padded-length", "route",
     "https://github.com/tensorflow/tensorflow/issues/31636",
     "bakes the padded length into the compiled function", _bake_length),
)
_FILLS = (
    ("zero", "shift", "https://github.com/allenai/allennlp/pull/893"),
    ("minus-1e4", "large-values", ""),
    ("minus-1e9", "large-values",
     "https://github.com/facebookresearch/fairseq/issues/3575"),
)
# fmt: on


def add_masks(
    mutants: Mutants, wrong: Formula, *, without: Collection[str] = ()
) -> None:
    """Add a mutant for each way in which a mask goes wrong.

    Args:
        mutants: Where they are added.
        wrong: Takes the change of the mask, then what a mutant's function takes.
        without: Names of those that would not be wrong here.
    """
    for name, (change, text, clause, url) in MASKS.items():
        if name not in without:
            mutants.add(name, clause, text, partial(wrong, change), url=url)


def add_fills(mutants: Mutants, filled: Formula) -> None:
    """Add a mutant for each number that people take for minus infinity.

    Args:
        mutants: Where they are added; those of an operation on logits.
        filled: The formula ``(number, xp, x, keep)``.
    """
    for name, clause, url in _FILLS:
        fill = name.replace("minus-", "-").replace("zero", "0")
        text = f"takes {fill} for minus infinity at padding"
        function = partial(call_formula, partial(filled, float(fill)))
        mutants.add(f"padding-is-{name}", clause, text, function, url=url)


def _replace_empty(
    formula: Formula, other: float, xp: Any, x: Any, keep: Any, **how: Any
) -> Any:
    return unless_empty(xp, formula(xp, x, keep, **how), keep, other)


def add_empty(
    mutants: Mutants, formula: Formula, other: float, declared: str, **how: Any
) -> None:
    """Add the mutant that answers a row without valid positions with a number.

    Args:
        mutants: Where it is added.
        formula: ``(xp, x, keep)``, with ``keep [B, T]`` boolean.
        other: What it gives: zero or NaN.
        declared: What is right, such as ``minus infinity``.
        how: Whatever else :class:`Mutant` takes.
    """
    slug, gives = ("nan", "NaN") if math.isnan(other) else ("zero", "0")
    mutants.add(
        f"empty-row-is-{slug}",
        "empty-row",
        f"gives {gives} for a row without valid positions, {declared} declared",
        partial(call_formula, partial(_replace_empty, formula, other)),
        **how,
    )


def _skipping(formula: Formula, xp: Any, x: Any, keep: Any, **how: Any) -> Any:
    """Reduce as nanmean and its like do: over the numbers of each feature alone.

    A row of NaN alone is NaN for them, too.
    """
    rows, time = x.shape[:2]
    size = math.prod(x.shape[2:])
    flat = xp.permute_dims(x.reshape((rows, time, size)), (0, 2, 1))
    flat = flat.reshape((rows * size, time))
    there = xp.broadcast_to(keep[:, None], (rows, size, time)).reshape(flat.shape)
    numbers = there & ~xp.isnan(flat)
    found = formula(xp, xp.where(numbers, flat, 0.0), numbers, **how)
    alone = xp.any(there, axis=1) & ~xp.any(numbers, axis=1)
    found = xp.where(alone, xp.full_like(found, float("nan")), found)
    return found.reshape((rows, *x.shape[2:]))


def add_skipping(mutants: Mutants, formula: Formula, like: str) -> None:
    """Add the mutant that leaves NaN out, as NumPy, bottleneck and xarray do.

    Args:
        mutants: Where it is added.
        formula: ``(xp, x, keep)``, with ``keep [B, T]`` boolean.
        like: The function that does, such as ``nanmean``.
    """
    mutants.add(
        "skips-nan",
        "valid-nan",
        f"leaves NaN at valid positions out, as {like} does",
        partial(call_formula, partial(_skipping, formula)),
        url="https://github.com/numpy/numpy/issues/27797",
    )


def add_usual(
    mutants: Mutants, formula: Formula, *, without: Collection[str] = ()
) -> None:
    """Add the twenty mutants that need nothing but the right formula.

    Args:
        mutants: Where they are added.
        formula: ``(xp, x, keep)``, with ``keep [B, T]`` boolean.
        without: Names of those that would not be wrong here.
    """
    add_masks(mutants, partial(_change_mask, formula), without=without)
    for name, clause, url, text, function in _USUAL:
        how = {"gradient": derivative(), "compiled": compiled()}.get(
            name.partition("-")[0], {}
        )
        if name not in without:
            mutants.add(name, clause, text, partial(function, formula), url=url, **how)
