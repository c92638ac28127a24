"""What is wrong with a gradient behind a right answer."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from conformance.operations._common.oracle import over_time
from conformance.trial.sample import Sample

if TYPE_CHECKING:
    from collections.abc import Iterator

    from conformance.trial.batch import Array
    from conformance.trial.oracle import Oracle
    from conformance.trial.subject import Subject
    from conformance.trial.verdict import Verdict

CLOSE = 2.0**-10
"""How near, by its size, a float64 gradient must be to a rescaled exact one."""


def diagnose_gradient(subject: Subject, verdict: Verdict, oracle: Oracle) -> str:
    """Return what is wrong with a gradient, or nothing where the answer is wrong too.

    Args:
        subject: What failed.
        verdict: What the comparison of a gradient found.
        oracle: The operation's oracle.
    """
    batch, got = verdict.batch, verdict.got
    if batch is None or got is None:
        return ""
    sample = Sample(
        oracle=oracle, variant=subject.variant, dtype=subject.dtype, batch=batch
    )
    sample = _declare(subject, sample)
    if not subject.agrees(sample).passed:
        return ""  # checks of the answer name that
    return next(_name_mistakes(got, verdict, batch.mask), "")


def _declare(subject: Subject, sample: Sample) -> Sample:
    declaration, name = subject.adapter.declaration, subject.variant.name
    empty, padding = declaration.empty_row(name), declaration.at_padding(name)
    return replace(sample, empty=empty, padding=padding)


def _name_mistakes(got: Array, verdict: Verdict, mask: Array) -> Iterator[str]:
    if got.shape[: mask.ndim] == mask.shape:
        padded = np.broadcast_to(~over_time(mask, got), got.shape)
        if np.isnan(got[padded]).any() and np.isfinite(got[~padded]).all():
            yield (
                "selects behind a computation whose derivative at padding is NaN: "
                "NaN in the gradient, behind a right value"
            )
        if not np.isfinite(got).all():
            yield "multiplies what stands at padding by zero in the gradient"
        if (got[padded] != 0).any():
            yield (
                "applies the mask to the value and not to the gradient, which it "
                "sends to padding"
            )
    elif not np.isfinite(got).all():
        yield "lets what stands at padding reach the gradient of a parameter"
    if verdict.want is not None:
        yield from find_divisors(got, verdict.want, mask)


def find_divisors(got: Array, want: Array, mask: Array) -> Iterator[str]:
    """Yield by what a gradient was divided, where that is all that is wrong.

    Args:
        got: The gradient, ``[B, T, ...]``.
        want: The exact one.
        mask: ``[B, T]``, true where a position counts.
    """
    if not np.any(want) or got.shape[:1] != mask.shape[:1]:
        return
    counts, (rows, time) = mask.sum(axis=1), mask.shape
    wide = counts.reshape((-1,) + (1,) * (got.ndim - 1))
    for name, factor in (
        ("T, not by the number of valid positions", wide / time),
        ("B T, not by the number of valid positions", counts.sum() / (rows * time)),
        ("the number of valid positions once more", 1 / np.maximum(wide, 1)),
    ):
        told = want * factor
        if np.allclose(told, want, rtol=4 * CLOSE, atol=0.0):
            continue  # nothing was divided by: what is wrong is smaller, such as digits
        if np.allclose(got, told, rtol=CLOSE, atol=0.0):
            yield f"divides the gradient by {name}, behind a right value"
