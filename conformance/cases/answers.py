"""Compute a case's exact answer, and whether the case would notice another mask.

This module connects case files with operations, which it imports on use.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from conformance.cases.model import Vocabulary
from conformance.specification.numbers import decode, leaves, shape

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from conformance.cases.model import Case
    from conformance.specification import Level, Operation, Variant

    Mask = list[list[bool]]

NOTICED = 1e-3
"""The relative change of an element that counts as another answer."""


def vocabulary(operations: Iterable[Operation]) -> Vocabulary:
    """Return the words that the specification of ``operations`` defines."""
    from conformance.operations import load_exact
    from conformance.specification.laws import LAWS

    axes: dict[str, Mapping[str, tuple[str, ...]]] = {}
    clauses: dict[str, Mapping[str, Level]] = {}
    laws = {law.name for law in LAWS}
    padded: set[str] = set()
    for operation in operations:
        laws |= {law.name for law in operation.laws}
        for variant in operation.variants:
            axes[variant.name] = load_exact(operation.name).axes(variant.options)
            clauses[variant.name] = _clauses(operation, variant)
            padded |= {variant.name} if variant.padding == "declared" else set()
    return Vocabulary(axes=axes, clauses=clauses, laws=laws, padded=padded)


def _clauses(operation: Operation, variant: Variant) -> dict[str, Level]:
    from conformance.specification.laws import LAWS

    held = {clause.id: clause.level for clause in operation.clauses}
    for law in (*LAWS, *operation.laws):
        if operation.asks(law, variant):
            held[law.clause(operation.name).id] = law.level_for(variant.name)
    return held


def exact_answer(case: Case, mask: Mask | None = None) -> Any:
    """Return the second oracle's answer, under another mask if one is given.

    NaN and infinities are floats in it; None marks what each adapter declares.

    Raises:
        ValueError: There is no answer: a label at a valid position is not a class.
    """
    from conformance.operations import load_exact

    options = _variant(case).options
    inputs = {name: decode(array) for name, array in case.inputs.items()}
    weights = {
        direction: {name: decode(array) for name, array in arrays.items()}
        for direction, arrays in case.weights.items()
    }
    kept = case.mask if mask is None else mask
    return load_exact(case.operation).answer(options, inputs, kept, weights)


def _variant(case: Case) -> Variant:
    from conformance.operations import load_operations

    variants = load_operations()[case.operation].variants
    return next(each for each in variants if each.name == case.variant)


def find_vacuous(
    case: Case, answer: Callable[[Case, Mask], Any] = exact_answer
) -> list[str]:
    """Return the ways to spoil the mask that leave the answer as it is.

    A case that does not notice a dropped, inverted or moved mask checks nothing,
    unless it is a control. A mask that moving leaves alone says nothing either way,
    nor does moving one of which the answer is a count.
    """
    if case.control or _variant(case).makes_mask:
        return []  # no mask is given that could be spoilt
    spoilt = {
        "dropped": [[True] * len(row) for row in case.mask],
        "inverted": [[not counts for counts in row] for row in case.mask],
    }
    if _variant(case).placed:
        spoilt["moved"] = [row[-1:] + row[:-1] for row in case.mask]
    right = answer(case, case.mask)
    return [
        way
        for way, mask in spoilt.items()
        if mask != case.mask and not _notices(right, case, mask, answer)
    ]


def _notices(
    right: Any, case: Case, mask: Mask, answer: Callable[[Case, Mask], Any]
) -> bool:
    try:
        other = answer(case, mask)
    except ValueError:
        return True  # what stands at padding has no answer at all
    if shape(other) != shape(right):
        return True
    found = zip(leaves(right), leaves(other), strict=True)
    pairs = [(a, b) for (_, a), (_, b) in found]
    if _variant(case).padding == "declared":
        # Valid positions must tell; zeros stand where the other mask has padding.
        pairs = [(a, 0.0 if b is None else b) for a, b in pairs if a is not None]
    return any(_differ(a, b) for a, b in pairs)


def _differ(a: float | None, b: float | None) -> bool:
    if a is None or b is None:
        return a is not b
    if not math.isfinite(a) or not math.isfinite(b):
        return str(a) != str(b)
    return abs(a - b) > NOTICED * max(abs(a), abs(b))
