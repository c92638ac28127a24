"""The second oracle of ``accumulated_loss``: fractions, micro-batch by micro-batch.

It adds up what each micro-batch adds, with the divisor of the whole batch; the first
oracle never splits. Its losses are exact fractions or have 50 digits.
"""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

from conformance.operations.accumulated_loss import LENGTH
from conformance.operations.masked_loss.exact import cross_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    Nested = Any
    Mask = Sequence[Sequence[bool]]
    Loss = Fraction | float  # a float is infinite or NaN, which fractions are not


def axes(options: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Return the axes that each array, and the answer, may have."""
    del options
    return {"predictions": ("B T C",), "targets": ("B T",), "want": ("",)}


def answer(
    options: Mapping[str, str],
    inputs: Mapping[str, Nested],
    mask: Mask,
    weights: Mapping[str, Nested],
) -> Nested:
    """Return the loss; None where an adapter declares.

    >>> inputs = {"predictions": [[[0, 0], [0, 0]], [[0, 0], [5, 5]]],
    ...           "targets": [[0, 1], [1, 1]]}
    >>> options = {"reduction": "sum", "rows": "1", "labels": "same"}
    >>> round(answer(options, inputs, [[True, True], [True, False]], {}) / 3, 6)
    0.693147

    Raises:
        ValueError: A label that is predicted is no class.
    """
    del weights
    behind = 1 if options["labels"] == "next" else 0
    rows = [
        [
            cross_entropy(logits[at], labels[at + behind])
            for at in range(len(keep) - behind)
            if keep[at] and keep[at + behind]
        ]
        for logits, labels, keep in zip(
            inputs["predictions"], inputs["targets"], mask, strict=True
        )
    ]
    divisor = _divisor(options["reduction"], rows)
    if divisor is None:
        return None
    size = int(options["rows"])
    whole: Loss = Fraction(0)
    for first in range(0, len(rows), size):
        whole += _part(options["reduction"], rows[first : first + size]) / divisor
    return float(whole)


def _divisor(reduction: str, rows: Sequence[Sequence[Loss]]) -> int | None:
    """Return what the whole batch divides by; None where that is nothing."""
    numbers = sum(map(len, rows))
    there = sum(1 for row in rows if row)
    if reduction in {"sum", "sum_norm"}:
        return LENGTH if reduction == "sum_norm" else 1
    if not there:
        return None
    if reduction == "token_mean":
        return numbers
    return there * (LENGTH if reduction == "seq_mean_token_sum_norm" else 1)


def _part(reduction: str, rows: Sequence[Sequence[Loss]]) -> Loss:
    """Return a micro-batch's sum, of losses or of its rows' means."""
    total: Loss = Fraction(0)
    for row in rows:
        mean = reduction == "seq_mean_token_mean" and row
        total += sum(row, Fraction(0)) / (len(row) if mean else 1)
    return total
